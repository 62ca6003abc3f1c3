"""RFC 6409 8.1 - Add 'Sender'."""

from __future__ import annotations

import re

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    Observation,
    Reply,
    Unclear,
    fields_named,
    scenario,
    split_message,
)

ATEXT = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
MAILBOX = re.compile(
    rb"(?:%b(?:\.%b)*|\"(?:[^\"\\]|\\.)*\")@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|\[[^\[\]\s]+\])" % (ATEXT, ATEXT)
)
ANGLE = re.compile(rb"<([^<>]*)>\s*\Z")

OTHERS = {
    "other": b"<other@example.com>",
    "none-in-brackets": b"Other <other@example.com>",
    "two": b"<a@example.com>, <b@example.com>",
}


@scenario(
    "rfc6409/8.1/sender-is-valid",
    roles=["submission"],
    start=At.EHLO,
    offers=["AUTH"],
    facts=["credentials", "next_hop"],
    author=OTHERS,
)
async def sender_that_is_added_takes_mail(author: bytes, smtp: Client, second: Client, hop: Hop) -> Observation:
    """Where a Sender is added to a message with another author, it is a mailbox, and taken where it is the server's."""
    if not smtp.target.auth_required:
        await smtp.authenticate()
    sent = smtp.message(without=["From"], before=b"From: " + author + b"\r\n")
    await smtp.transaction(hop.path())
    outcome = await smtp.data(sent)
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return Held(f"refused: {outcome}")
    received = await hop.message()
    fields = fields_named(split_message(received.content)[0], "Sender")
    if not fields:
        return Held("no Sender was added")
    for field in fields:
        body = field.body.strip()
        angle = ANGLE.search(body)
        address = angle[1] if angle else body
        found = MAILBOX.fullmatch(address)
        if found is None:
            return Broken("a mailbox with a whole domain", str(field))
        if found[1].decode("ascii", "replace").lower() not in smtp.target.domains:
            continue
        await second.mail()
        taken = await second.rcpt(b"<%b>" % address)
        if not isinstance(taken, Reply) or taken.severity not in {2, 5}:
            return Unclear(f"{field}: {taken}")
        if taken.severity == 5:
            return Broken("a mailbox that takes mail", f"{field}: {taken}")
    return Held(str(fields[0]))
