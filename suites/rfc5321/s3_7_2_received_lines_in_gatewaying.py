"""RFC 5321 3.7.2 - Received Lines in Gatewaying."""

from __future__ import annotations

from conformance import CRLF, At, Client, Observation, accepted, row, scenario

ODD_FORMS = {
    "no-date": b"Received: from mail.example.com by mail.example.net",
    "no-clauses": b"Received: ; Thu, 1 Jan 2026 00:00:00 +0000",
    "nothing": b"Received:",
    "words": b"Received: over the telephone, yesterday",
    "two-digit-year": b"Received: from a.example.com by b.example.net; Thu, 1 Jan 26 00:00:00 GMT",
    "clauses-in-another-order": b"Received: by b.example.net id 1 from a.example.com; Thu, 1 Jan 2026 00:00:00 +0000",
    "return-path-of-no-path": b"Return-Path: somebody at another network",
    "return-path-twice": b"Return-Path: <a@example.com>\r\nReturn-Path: <b@example.com>",
}
ODD_CONTENT = {
    "unknown-clause": b"Received: from a.example.com over pigeon by b.example.net; Thu, 1 Jan 2026 00:00:00 +0000",
    "unknown-protocol": b"Received: from a by b with X-OTHER; Thu, 1 Jan 2026 00:00:00 +0000",
    "unclosed-comment": b"Received: from a.example.com (by way of by b.example.net; Thu, 1 Jan 2026 00:00:00 +0000",
    "date-to-come": b"Received: from a.example.com by b.example.net; Mon, 1 Jan 2096 00:00:00 +0000",
    "no-such-date": b"Received: from a.example.com by b.example.net; Fri, 31 Feb 2026 25:61:00 +9999",
    "folded-everywhere": b"Received:\r\n from\r\n\ta.example.com by b.example.net;\r\n Thu, 1 Jan 2026 00:00:00 GMT",
    "long": b"Received: from " + b"a" * 900 + b" by b.example.net; Thu, 1 Jan 2026 00:00:00 +0000",
}


@scenario(
    "rfc5321/3.7.2/no-rejection-for-trace-format",
    start=At.EHLO,
    trace={
        **{name: row(field) for name, field in ODD_FORMS.items()},
        **{name: row(field, "rfc5321/3.7.2/robust-about-trace-fields") for name, field in ODD_CONTENT.items()},
    },
)
async def odd_trace_field_is_no_reason_to_refuse(trace: bytes, smtp: Client) -> Observation:
    """A message with an odd trace field is taken where the same message with a plain one is taken."""
    plain = b"Received: from a.example.com by b.example.net; Thu, 1 Jan 2026 00:00:00 +0000"
    await smtp.deliver(plain + CRLF + smtp.message())
    await smtp.transaction()
    return accepted(await smtp.data(trace + CRLF + smtp.message()))
