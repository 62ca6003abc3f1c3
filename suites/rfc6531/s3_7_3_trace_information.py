"""RFC 6531 3.7.3 - Trace Information."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Store,
    accepted,
    added,
    fields_named,
    holds,
    presume,
    row,
    scenario,
    split_message,
    took,
)

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


A_LABEL, U_LABEL = b"xn--bcher-kva", "bücher".encode()


@scenario("rfc6531/3.7.3/u-label-in-trace", start=At.EHLO, offers=["SMTPUTF8"])
async def time_stamp_has_u_labels(smtp: Client, store: Store) -> Observation:
    """Where the time stamp of a message with SMTPUTF8 has the name of our EHLO, it is in U-labels."""
    presume(accepted(await smtp.ehlo(A_LABEL + b"." + smtp.helo_name)))
    sent = smtp.message(before="X-Gruss: Grüße\r\n".encode())
    await smtp.deliver(sent, parameters=b" SMTPUTF8")
    octets = b"".join(stamp.octets for stamp in fields_named(added(await store.message(), sent) or (), "Received"))
    if A_LABEL not in octets.lower() and U_LABEL not in octets.lower():
        raise NotReady("store", "no time stamp has our name")
    return holds(A_LABEL not in octets.lower(), expected=U_LABEL.decode(), seen=octets[:300])


@scenario("rfc6531/3.7.3/return-path-u-label", start=At.EHLO, offers=["SMTPUTF8"])
async def return_path_may_have_u_labels(smtp: Client, store: Store) -> Observation:
    """The Return-path of a message whose sender has a U-label has it too, or the A-label."""
    reverse_path = b"<sender@%b.%b>" % (U_LABEL, smtp.helo_name)
    await smtp.deliver(smtp.message(), reverse_path=reverse_path, parameters=b" SMTPUTF8")
    fields = fields_named(split_message((await store.message()).content)[0], "Return-Path")
    if not fields:
        raise NotReady("store", "there is no Return-path")
    body = fields[0].body
    if A_LABEL not in body.lower() and U_LABEL not in body.lower():
        raise NotReady("store", f"another name: {fields[0]}")
    return took("in A-labels" if A_LABEL in body.lower() else "in U-labels", fields[0])
