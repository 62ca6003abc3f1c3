"""RFC 2852 4.1.3 - Time has expired; deliver-by-time reached or passed."""

from __future__ import annotations

import re

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    Observation,
    Received,
    Rule,
    Step,
    Unclear,
    delivery_report,
    holds,
    new_token,
    row,
    scenario,
    value_of,
    without_comments,
)

LONG = 3300.0
"""How long is waited for what comes when the time is over, in seconds; a slow scenario may take an hour."""

LEAST = 300
"""Seconds under BY, where the server has no longer shortest time: our next hop with DELIVERBY takes these."""

A_TICK = 30.0
"""Seconds that an attempt or a notification may seem early or late."""

A_MOMENT = 1.0

ZONE = re.compile(rb"[+-]\d{4}")
MINIMUM = re.compile(rb"\d{1,9}")
FACTS = ["delivery_within", "extended_next_hop"]


def seconds_for(smtp: Client) -> int:
    """The time that is asked for: short, and not less than the server and our next hop take."""
    match = MINIMUM.match(smtp.offers["DELIVERBY"].strip())
    return max(LEAST, int(match.group()) if match else 0)


async def kept_waiting(smtp: Client, hop: Hop, mode: bytes, notify: bytes, *, token: str | None = None) -> str:
    """A message whose recipient at the next hop with DELIVERBY is refused for now, always; the sender's token."""
    sender, mailbox = new_token(), hop.extended(token)
    hop.script(mailbox, Rule.answer(Step.RCPT, 450))
    by = b" BY=%d;%b" % (seconds_for(smtp), mode)
    content = smtp.message(token=token)
    await smtp.deliver(content, b"<%b>" % mailbox + notify, reverse_path=hop.path(sender), parameters=by)
    return sender


def status_of(told: Received, mailbox: bytes) -> bytes:
    """The status in the report about this mailbox."""
    found = delivery_report(told.content)
    group = found.about(mailbox) if found else None
    return without_comments(value_of(group or (found.recipients[0] if found and found.recipients else ()), "Status"))


async def asked_in_vain(smtp: Client, hop: Hop) -> bytes:
    """The mailbox of another message, without BY, that is refused for now, always."""
    token = new_token()
    mailbox = hop.mailbox(token)
    hop.script(mailbox, Rule.answer(Step.RCPT, 450))
    await smtp.deliver(smtp.message(token=token), b"<%b>" % mailbox)
    return mailbox


NOTIFY = {"no-notify": row(b""), "failure": row(b" NOTIFY=FAILURE", offers=["DSN"])}


@scenario("rfc2852/4.1.3/r-ends-delivery", start=At.EHLO, offers=["DELIVERBY"], facts=FACTS, slow=True, notify=NOTIFY)
async def message_to_return_comes_back_when_its_time_has_come(notify: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message with R that was refused for now is called failed with 5.4.7 when its time has come."""
    other = await asked_in_vain(smtp, hop)
    sender = await kept_waiting(smtp, hop, b"R", notify)
    first = await hop.attempt(hop.extended())
    if first is None:
        return Unclear("no attempt came")
    due = first.began + seconds_for(smtp)
    told = await hop.notification_saying(sender, "failed", within=LONG)
    if told is not None and told.began < due - A_TICK:
        return Unclear("it came back before its time")
    if told is not None:
        seen = status_of(told, hop.extended())
        return holds(seen == b"5.4.7", expected="failed, 5.4.7", seen=seen)
    if await hop.attempt(other, after=due + A_TICK, within=A_MOMENT):
        return Broken("a notification that says failed", "none, though other mail was tried after that time")
    return Unclear(f"nothing was tried after the time, and nothing told, within {LONG:g} s")


@scenario("rfc2852/4.1.3/r-ends-delivery", start=At.EHLO, offers=["DELIVERBY"], facts=FACTS, slow=True)
async def message_to_return_is_tried_no_more(smtp: Client, hop: Hop) -> Observation:
    """A message with R is not tried again once its time has come, though others are."""
    await kept_waiting(smtp, hop, b"R", b"")
    other = await asked_in_vain(smtp, hop)
    first = await hop.attempt(hop.extended())
    if first is None:
        return Unclear("no attempt came")
    due = first.began + seconds_for(smtp) + A_TICK
    if await hop.attempt(other, after=due, within=LONG) is None:
        return Unclear(f"no other mail was tried after the time within {LONG:g} s")
    late = await hop.attempt(hop.extended(), after=due, within=smtp.target.delivery_within)
    seen = f"one {late.began - first.began:.0f} s after the first" if late else "none, though other mail was tried"
    return holds(late is None, expected=f"no attempt after {seconds_for(smtp)} s", seen=seen)


async def untold(smtp: Client, hop: Hop, mode: bytes, notify: bytes, *, asks: bytes, action: str) -> Observation:
    """Whether nobody is told this of a late message whose NOTIFY does not ask for it, though one that asks is told."""
    sender = await kept_waiting(smtp, hop, mode, notify)
    twin = await kept_waiting(smtp, hop, mode, b" NOTIFY=" + asks, token=new_token())
    if await hop.attempt(hop.extended()) is None:
        return Unclear("no attempt came")
    if await hop.notification_saying(twin, action, within=LONG) is None:
        return Unclear(f"nobody is told of the one with {asks.decode('ascii')} either")
    told = await hop.notification_saying(sender, action, within=smtp.target.delivery_within)
    return holds(told is None, expected=f"no notification that says {action}", seen="one came" if told else "none")


UNWANTED = {"never": b" NOTIFY=NEVER", "success": b" NOTIFY=SUCCESS", "delay": b" NOTIFY=DELAY"}


@scenario(
    "rfc3461/5.2.6/none-without-failure",
    start=At.EHLO,
    offers=["DELIVERBY", "DSN"],
    facts=FACTS,
    slow=True,
    notify=UNWANTED,
)
async def return_is_not_told_where_it_is_not_wanted(notify: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message with R and NOTIFY without FAILURE makes no failed notification, though one with FAILURE does."""
    return await untold(smtp, hop, b"R", notify, asks=b"FAILURE", action="failed")


LATE = {"no-notify": row(b""), "delay": row(b" NOTIFY=DELAY", offers=["DSN"])}


@scenario("rfc2852/4.1.3/n-goes-on", start=At.EHLO, offers=["DELIVERBY"], facts=FACTS, slow=True, notify=LATE)
async def sender_is_told_that_the_time_has_come(notify: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message with N that was refused for now is called delayed with 4.4.7 when its time has come."""
    sender = await kept_waiting(smtp, hop, b"N", notify)
    first = await hop.attempt(hop.extended())
    if first is None:
        return Unclear("no attempt came")
    due = first.began + seconds_for(smtp)
    told = await hop.notification_saying(sender, "delayed", within=LONG)
    if told is not None and told.began < due - A_TICK:
        return Unclear("a delay was told before the time")
    if told is not None:
        seen = status_of(told, hop.extended())
        return holds(seen == b"4.4.7", expected="delayed, 4.4.7", seen=seen)
    if await hop.attempt(hop.extended(), after=due + A_TICK, within=A_MOMENT):
        return Broken("a notification that says delayed", "none, though the message was tried after its time")
    return Unclear(f"nothing was tried after the time, and nothing told, within {LONG:g} s")


@scenario("rfc2852/4.1.3/n-goes-on", start=At.EHLO, offers=["DELIVERBY"], facts=FACTS, slow=True)
async def message_to_notify_is_tried_on(smtp: Client, hop: Hop) -> Observation:
    """A message with N is tried again after its time, and not given back."""
    sender = await kept_waiting(smtp, hop, b"N", b"")
    first = await hop.attempt(hop.extended())
    if first is None:
        return Unclear("no attempt came")
    late = await hop.attempt(hop.extended(), after=first.began + seconds_for(smtp), within=LONG)
    if late is not None:
        return Held(f"tried again {late.began - first.began:.0f} s after the first attempt")
    if await hop.notification_saying(sender, "failed", within=A_MOMENT):
        return Broken("an attempt after the time", "it was given back")
    return Unclear(f"no attempt after the time, and nothing told, within {LONG:g} s")


@scenario("rfc3464/2.3.9/numeric-zone", start=At.EHLO, offers=["DELIVERBY"], facts=FACTS, slow=True)
async def last_try_of_a_late_message_has_a_numeric_zone(smtp: Client, hop: Hop) -> Observation:
    """Will-Retry-Until in the report that the time has come ends in an offset from Universal Time."""
    sender = await kept_waiting(smtp, hop, b"N", b"")
    told = await hop.notification_saying(sender, "delayed", within=LONG)
    found = delivery_report(told.content) if told else None
    dates = [value_of(group, "Will-Retry-Until") for group in found.recipients] if found else []
    if not any(dates):
        return Unclear("no Will-Retry-Until to look at")
    zone = dates[0].partition(b"(")[0].split()[-1]
    return holds(ZONE.fullmatch(zone) is not None, expected="an offset of four digits", seen=dates[0])


SILENT = {
    "never": b" NOTIFY=NEVER",
    "failure": b" NOTIFY=FAILURE",
    "success": b" NOTIFY=SUCCESS",
    "success-failure": b" NOTIFY=SUCCESS,FAILURE",
}


@scenario(
    "rfc3461/5.2.5/no-delay",
    start=At.EHLO,
    offers=["DELIVERBY", "DSN"],
    facts=FACTS,
    slow=True,
    notify=SILENT,
)
async def late_message_is_not_told_of_without_delay(notify: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message with N and NOTIFY without DELAY makes no delayed notification, though one with DELAY does."""
    return await untold(smtp, hop, b"N", notify, asks=b"DELAY", action="delayed")
