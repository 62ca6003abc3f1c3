"""RFC 3461 5.2.3 - Local delivery of messages."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Hop,
    Observation,
    Store,
    Unclear,
    delivery_report,
    holds,
    new_token,
    presume,
    row,
    scenario,
    value_of,
)

FACTS = ["delivery_within"]


@scenario(
    "rfc3461/5.2.3/delivered",
    start=At.EHLO,
    offers=["DSN"],
    facts=FACTS,
    notify={"success": b" NOTIFY=SUCCESS", "with-others": b" NOTIFY=SUCCESS,FAILURE,DELAY"},
)
async def delivery_is_told_where_success_was_asked_for(
    notify: bytes, smtp: Client, hop: Hop, store: Store
) -> Observation:
    """SUCCESS and a delivery into a mailbox here make a notification that says delivered."""
    sender = new_token()
    await smtp.deliver(smtp.message(), smtp.forward_path + notify, reverse_path=hop.path(sender))
    await store.message()
    told = await hop.notification_arrival(sender)
    if told is None:
        return holds(False, expected="a notification that says delivered", seen="none")
    found = delivery_report(told.content)
    if found is None or not found.actions:
        return Unclear("the notification tells programs no action")
    return holds("delivered" in found.actions, expected="delivered", seen=", ".join(found.actions))


@scenario("rfc3463/2/class-2", start=At.EHLO, offers=["DSN"])
async def delivery_has_a_status_of_class_2(smtp: Client, hop: Hop) -> Observation:
    """The report about a delivery has a status of class 2."""
    sender = new_token()
    await smtp.deliver(smtp.message(), smtp.forward_path + b" NOTIFY=SUCCESS", reverse_path=hop.path(sender))
    found = await hop.report(sender)
    presume(holds("delivered" in found.actions, expected="delivered", seen=found.actions))
    seen = value_of(found.recipients[0], "Status")
    return holds(seen.startswith(b"2."), expected="2.d.d", seen=seen)


@scenario(
    "rfc3461/5.2.3/none-without-success",
    start=At.EHLO,
    offers=["DSN"],
    facts=FACTS,
    notify={
        "failure": row(b" NOTIFY=FAILURE"),
        "delay": row(b" NOTIFY=DELAY"),
        "failure-delay": row(b" NOTIFY=FAILURE,DELAY"),
        "never": row(b" NOTIFY=NEVER"),
        "no-notify": row(b"", "rfc3461/5.2.3/none-without-notify"),
    },
)
async def delivery_is_not_told_otherwise(notify: bytes, smtp: Client, hop: Hop, store: Store) -> Observation:
    """A delivery into a mailbox here makes no notification where SUCCESS was not asked for."""
    sender = new_token()
    await smtp.deliver(smtp.message(), smtp.forward_path + notify, reverse_path=hop.path(sender))
    await store.message()
    twin = await hop.refuses(smtp)
    return await hop.no_notification(sender, after=twin)
