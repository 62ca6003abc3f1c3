"""RFC 5321 6.4 - Compensating for Irregularities: what a server may mend, and that it says so."""

from __future__ import annotations

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Reply,
    Store,
    Unclear,
    fields_named,
    row,
    scenario,
    split_message,
    took,
)

ORIGINAL = ("From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Date", "Message-ID", "Subject")
"""The fields that a message has from its author (RFC 5322 §3.6.1 to §3.6.5), as far as a server might touch them."""


@scenario("rfc5321/6.4/changes-recorded", start=At.EHLO)
async def changes_leave_a_trace(smtp: Client, store: Store) -> Observation:
    """A message that lacks two fields arrives as it was, or what was done to it has left a trace field of some sort."""
    sent = smtp.message(without=["Message-ID", "Date"])
    await smtp.deliver(sent)
    there, ours = (split_message(content)[0] for content in ((await store.message()).content, sent))
    changed = [
        name
        for name in ORIGINAL
        if [field.body.strip() for field in fields_named(there, name)]
        != [field.body.strip() for field in fields_named(ours, name)]
    ]
    if not changed:
        return Held("nothing was changed")
    known = {name.lower() for name in (*ORIGINAL, "Return-Path")}
    recorded = sorted({field.name for field in there} - known)
    if not recorded:
        return Broken("a trace field or a comment about the change", f"{', '.join(changed)} changed without a word")
    return Unclear(f"{', '.join(changed)} changed; {', '.join(recorded)} may tell of it")


@scenario(
    "rfc5321/6.4/may-add-message-id",
    start=At.EHLO,
    roles=["submission"],
    name={"message-id": "Message-ID", "date": row("Date", "rfc5321/6.4/may-add-date")},
)
async def missing_field_may_be_added(name: str, smtp: Client, hop: Hop) -> Observation:
    """A submission server adds a field that is missing, leaves it out, or refuses the message."""
    await smtp.transaction(hop.path())
    outcome = await smtp.data(smtp.message(without=[name]))
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return took("refuses the message", outcome)
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        raise NotReady("end of data", outcome)
    there = fields_named(split_message((await hop.message()).content)[0], name)
    return took(f"adds {name}" if there else f"leaves {name} out", [str(field) for field in there])


@scenario("rfc5321/6.4/may-qualify-addresses", start=At.EHLO, roles=["submission"])
async def short_address_may_be_completed(smtp: Client, hop: Hop) -> Observation:
    """A submission server completes an address without a domain in Cc, leaves it, or refuses the message."""
    await smtp.transaction(hop.path())
    outcome = await smtp.data(smtp.message(before=b"Cc: somebody\r\n"))
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return took("refuses the message", outcome)
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        raise NotReady("end of data", outcome)
    there = fields_named(split_message((await hop.message()).content)[0], "Cc")
    completed = any(b"somebody@" in field.body for field in there)
    return took("completes it" if completed else "leaves it", [str(field) for field in there])
