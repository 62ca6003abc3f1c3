"""RFC 3461 5.2.6 - Failure of a conforming MTA to deliver a message."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Rule,
    Step,
    Store,
    Unclear,
    delivery_report,
    holds,
    new_token,
    presume,
    row,
    scenario,
    took,
)

FACTS = ["delivery_within", "extended_next_hop"]


async def fails(smtp: Client, hop: Hop, notify: bytes) -> str:
    """A message to the next hop that offers DSN and refuses the recipient; the sender's token."""
    sender = new_token()
    hop.script(hop.extended(), Rule.answer(Step.RCPT, 550))
    await smtp.deliver(smtp.message(), b"<%b>" % hop.extended() + notify, reverse_path=hop.path(sender))
    tried = await hop.transactions()
    if not any(each.recipients for each in tried):
        raise NotReady("next hop", "nothing was offered to it")
    return sender


@scenario(
    "rfc3461/5.2.6/failed",
    start=At.EHLO,
    offers=["DSN"],
    facts=FACTS,
    notify={
        "failure": row(b" NOTIFY=FAILURE"),
        "with-success": row(b" NOTIFY=SUCCESS,FAILURE"),
        "no-notify": row(b"", "rfc3461/5.2.6/failed-without-notify"),
    },
)
async def failure_is_told_where_it_was_asked_for(notify: bytes, smtp: Client, hop: Hop) -> Observation:
    """A failure under FAILURE, or without NOTIFY, makes a notification that says failed."""
    told = await hop.notification_arrival(await fails(smtp, hop, notify))
    if told is None:
        return holds(False, expected="a notification that says failed", seen="none")
    found = delivery_report(told.content)
    if found is None or not found.actions:
        return Unclear("the notification tells programs no action")
    return holds("failed" in found.actions, expected="failed", seen=", ".join(found.actions))


@scenario(
    "rfc3461/5.2.6/none-without-failure",
    start=At.EHLO,
    offers=["DSN"],
    facts=FACTS,
    notify={"never": b" NOTIFY=NEVER", "success": b" NOTIFY=SUCCESS", "delay": b" NOTIFY=DELAY"},
)
async def failure_is_not_told_otherwise(notify: bytes, smtp: Client, hop: Hop) -> Observation:
    """A failure under NOTIFY without FAILURE makes no notification."""
    sender = await fails(smtp, hop, notify)
    twin = await hop.refuses(smtp)
    return await hop.no_notification(sender, after=twin)


@scenario("rfc3461/5.2.6/may-tell-postmaster", start=At.EHLO, offers=["DSN"], facts=FACTS)
async def postmaster_may_learn_of_it(smtp: Client, hop: Hop, store: Store) -> Observation:
    """The postmaster gets mail about a failure under NOTIFY without FAILURE, or does not."""
    await fails(smtp, hop, b" NOTIFY=SUCCESS")
    later = new_token()
    await smtp.deliver(smtp.message(token=later))
    await store.message(later)
    came = await store.messages(at_least=1)
    return took("tells the postmaster" if came else "does not tell the postmaster")


@scenario(
    "rfc3461/5.2.6/dead-letters-are-failures",
    start=At.EHLO,
    offers=["DSN"],
    facts=["delivery_within", "fails_after_acceptance"],
)
async def failure_behind_the_acceptance_is_called_failed(smtp: Client, hop: Hop) -> Observation:
    """A message for a mailbox that can't be filled is called failed, wherever else it went."""
    sender = new_token()
    path = b"<%b>" % (smtp.target.fails_after_acceptance or "").encode("ascii")
    await smtp.deliver(smtp.message(), path + b" NOTIFY=SUCCESS,FAILURE", reverse_path=hop.path(sender))
    actions = (await hop.report(sender)).actions
    presume(holds(bool(actions), expected="an action", seen="none"))
    return holds(actions == ("failed",), expected="failed", seen=", ".join(actions))
