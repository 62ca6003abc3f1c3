"""RFC 5321 7.6 - Information Disclosure in Trace Fields."""

from __future__ import annotations

import re
from collections.abc import Sequence

from conformance import (
    At,
    Client,
    Delivered,
    Hop,
    NotReady,
    Observation,
    Received,
    Store,
    added,
    fields_named,
    holds,
    scenario,
    time_stamp,
    visible,
)


def named(mail: Received | Delivered, sent: bytes, mailboxes: Sequence[bytes]) -> list[bytes]:
    """Those of these mailboxes that the FOR clauses of new Received fields name."""
    new = added(mail, sent)
    if new is None:
        raise NotReady("message", "it is not what was sent with fields before it")
    clauses = [time_stamp(stamp.body.strip()).clause("FOR") for stamp in fields_named(new, "Received")]
    said = b" ".join(clause.text for clause in clauses if clause is not None).lower()
    words = re.split(rb"[\s<>(),]+", said)
    return [mailbox for mailbox in mailboxes if mailbox.lower() in words]


@scenario("rfc5321/7.6/for-with-several-recipients", start=At.EHLO)
async def for_names_no_other_recipient_at_the_next_hop(smtp: Client, hop: Hop) -> Observation:
    """With two recipients at the next hop no copy names one in FOR who is not its only recipient."""
    mailboxes = [hop.mailbox(), hop.mailbox(local=b"blind-%b")]
    sent = smtp.message()
    await smtp.deliver(sent, *(b"<%b>" % mailbox for mailbox in mailboxes))
    received = await hop.message()
    told = named(received, sent, mailboxes)
    alone = [path.lower() for path in received.forward_paths] == told
    return holds(not told or alone, expected="no recipient in FOR", seen=[visible(mailbox) for mailbox in told])


@scenario("rfc5321/7.6/for-with-several-recipients", start=At.EHLO, facts=["mailboxes"])
async def for_names_no_other_recipient_in_the_mailboxes(smtp: Client, store: Store) -> Observation:
    """With two mailboxes no recipient stands in FOR of both copies."""
    paths = smtp.forward_path, smtp.other_forward_path
    if paths[0] == paths[1]:
        raise NotReady("mailboxes", "the target file names one only")
    sent = smtp.message()
    await smtp.deliver(sent, *paths)
    copies = await store.messages(at_least=2)
    if len(copies) != 2:
        raise NotReady("store", f"{len(copies)} copies")
    told = [set(named(copy, sent, [path[1:-1] for path in paths])) for copy in copies]
    good = not told[0] & told[1] and all(len(each) <= 1 for each in told)
    seen = [[visible(mailbox) for mailbox in sorted(each)] for each in told]
    return holds(good, expected="nobody in FOR, or the recipient of the copy", seen=seen)
