"""RFC 6531 3.7.3 - Trace Information."""

from __future__ import annotations

import re

from conformance import At, Client, Hop, NotReady, Observation, Store, added, fields_named, holds, row, scenario

PROTOCOL = re.compile(rb"\bwith\s+([A-Z0-9-]+)", re.IGNORECASE)
VALUES = frozenset(
    {b"UTF8SMTP", b"UTF8SMTPA", b"UTF8SMTPS", b"UTF8SMTPSA", b"UTF8LMTP", b"UTF8LMTPA", b"UTF8LMTPS", b"UTF8LMTPSA"}
)


@scenario(
    "rfc6531/3.7.3/with-utf8-values",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    reading={"values": "", "keywords": row("", "rfc6531/3.1/with-keywords")},
)
async def trace_says_that_the_extension_was_used(reading: str, smtp: Client, store: Store) -> Observation:
    """The time stamp of a message with SMTPUTF8 says by a protocol of that extension that it came."""
    del reading
    sent = smtp.message(before="X-Gruss: Grüße\r\n".encode())
    await smtp.deliver(sent, parameters=b" SMTPUTF8")
    stamps = fields_named(added(await store.message(), sent) or (), "Received")
    if not stamps:
        raise NotReady("store", "no time stamp can be told")
    # Who hands a message to its own store may add one more, with a protocol of its own.
    said = [found[1].upper() for stamp in stamps if (found := PROTOCOL.search(stamp.body))]
    return holds(bool(VALUES.intersection(said)), expected="UTF8SMTP or its like", seen=stamps[-1])


@scenario("rfc6531/3.7.3/ascii-trace-without-parameter", start=At.EHLO, offers=["SMTPUTF8"])
async def trace_is_ascii_without_the_parameter(smtp: Client, hop: Hop) -> Observation:
    """The trace fields of a message that goes on without the parameter are ASCII."""
    sent = smtp.message()
    await smtp.deliver(sent, hop.path())
    fields = added(await hop.message(), sent)
    if fields is None:
        raise NotReady("next hop", "the message was changed")
    octets = b"".join(field.octets for field in fields)
    return holds(octets.isascii(), expected="US-ASCII alone", seen=octets[:200])
