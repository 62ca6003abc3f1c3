"""RFC 6409 5.1 - Enforce Address Syntax: what comes out behind the server."""

from __future__ import annotations

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    Observation,
    Reply,
    Unclear,
    added,
    fields_named,
    scenario,
    split_message,
    visible,
)

MALFORMED = {
    "two-ats": b"<user@@example.com>",
    "at-in-the-local-part": b"<user@name@example.com>",
    "no-local-part": b"<@example.com>",
    "no-domain": b"<user@>",
    "two-dots-in-the-domain": b"<user@example..com>",
    "space": b"<user name@example.com>",
    "unclosed": b"<user@example.com",
}


@scenario(
    "rfc6409/5.1/header-syntax-enforced", roles=["submission"], start=At.EHLO, facts=["next_hop"], address=MALFORMED
)
async def malformed_address_does_not_stay_in_a_header_that_is_changed(
    address: bytes, smtp: Client, hop: Hop
) -> Observation:
    """A message whose To is malformed, and which the server changes as it has no Message-ID, is not sent on so."""
    sent = smtp.message(without=["To", "Message-ID"], before=b"To: " + address + b"\r\n")
    await smtp.transaction(hop.path())
    outcome = await smtp.data(sent)
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    if outcome.severity == 5:
        return Held(f"refused: {outcome}")
    received = await hop.arrival()
    if received is None:
        return Unclear("taken, and nothing came")
    if added(received, sent) is not None:
        return Held("trace fields apart it was not changed")
    fields = fields_named(split_message(received.content)[0], "To")
    stays = any(address in each.octets for each in fields)
    shown = visible(b"".join(each.octets for each in fields), 200)
    return Broken("a refusal, or no such address", shown) if stays else Held(shown)
