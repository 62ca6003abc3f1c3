"""RFC 3461 5.2.5 - Delays in delivery."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    Hop,
    Observation,
    Rule,
    Step,
    Unclear,
    delivery_report,
    holds,
    new_token,
    presume,
    row,
    scenario,
    took,
    value_of,
)

LONG = 3200.0
"""How long a word about a delay is waited for, in seconds; a slow scenario may take an hour."""

FACTS = ["delivery_within"]


async def held_up(smtp: Client, hop: Hop, notify: bytes, *, token: str | None = None) -> str:
    """A message whose recipient at the next hop is refused for now, always; the sender's token."""
    sender, mailbox = new_token(), hop.mailbox(token)
    hop.script(mailbox, Rule.answer(Step.RCPT, 450))
    await smtp.deliver(smtp.message(token=token), b"<%b>" % mailbox + notify, reverse_path=hop.path(sender))
    return sender


async def waits(hop: Hop) -> None:
    """Else nothing is held up: the next hop was asked and has refused for now."""
    presume(holds(await hop.attempt(hop.mailbox()) is not None, expected="an attempt", seen="none"))


ABSENT = "rfc3461/4.1/absent-notify"
MAY_TELL = {
    "delay": row(b" NOTIFY=DELAY", "rfc3461/5.2.5/delay-asked"),
    "delay-failure": row(b" NOTIFY=FAILURE,DELAY", "rfc3461/5.2.5/delay-asked"),
    "all-three": row(b" NOTIFY=SUCCESS,FAILURE,DELAY", "rfc3461/5.2.5/may-delay"),
    "no-notify": row(b"", "rfc3461/5.2.5/delay-without-notify"),
    "absent": row(b"", ABSENT),
}


@scenario("rfc3461/5.2.5/may-delay", start=At.EHLO, offers=["DSN"], slow=True, notify=MAY_TELL)
async def delay_may_be_told(notify: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message that is held up for most of an hour makes a notification that says delayed, or makes none."""
    sender = await held_up(smtp, hop, notify)
    await waits(hop)
    told = await hop.notification_saying(sender, "delayed", within=LONG)
    return took("says delayed" if told else f"says nothing for {LONG:g} s")


SILENT = {
    "never": b" NOTIFY=NEVER",
    "failure": b" NOTIFY=FAILURE",
    "success": b" NOTIFY=SUCCESS",
    "success-failure": b" NOTIFY=SUCCESS,FAILURE",
}


@scenario("rfc3461/5.2.5/no-delay", start=At.EHLO, offers=["DSN"], facts=FACTS, slow=True, notify=SILENT)
async def delay_is_not_told_where_it_is_not_wanted(notify: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message that is held up under NOTIFY without DELAY makes no notification of it, though one with DELAY does."""
    sender = await held_up(smtp, hop, notify)
    twin = await held_up(smtp, hop, b" NOTIFY=DELAY", token=new_token())
    await waits(hop)
    if await hop.notification_saying(twin, "delayed", within=LONG) is None:
        return Unclear(f"nobody is told of a delay within {LONG:g} s")
    told = await hop.notification_saying(sender, "delayed", within=smtp.target.delivery_within)
    return holds(told is None, expected="no notification that says delayed", seen="one came" if told else "none")


@scenario("rfc3461/5.2.8/only-for-those-that-ask", start=At.EHLO, offers=["DSN"], facts=FACTS, slow=True)
async def delay_names_nobody_who_did_not_ask(smtp: Client, hop: Hop) -> Observation:
    """Of two recipients that are held up, the notification has a group for the one under DELAY only."""
    sender = new_token()
    silent, asked = hop.mailbox(local=b"silent-%b"), hop.mailbox(local=b"asked-%b")
    for mailbox in (silent, asked):
        hop.script(mailbox, Rule.answer(Step.RCPT, 450))
    paths = b"<%b> NOTIFY=FAILURE" % silent, b"<%b> NOTIFY=FAILURE,DELAY" % asked
    await smtp.deliver(smtp.message(), *paths, reverse_path=hop.path(sender))
    told = await hop.notification_saying(sender, "delayed", within=LONG)
    found = delivery_report(told.content) if told else None
    if found is None:
        return Unclear(f"nothing is told of a delay within {LONG:g} s")
    presume(holds(found.about(asked) is not None, expected="the other recipient", seen=found.actions))
    return holds(found.about(silent) is None, expected="one recipient", seen=f"{len(found.recipients)} recipients")


NAMED = {
    "remote-mta": row("Remote-MTA", "rfc3461/6.3/remote-mta"),
    "diagnostic-code": row("Diagnostic-Code", "rfc3461/6.3/diagnostic-code"),
    "status": row("Status", "rfc3461/6.3/status"),
}


@scenario("rfc3461/6.3/remote-mta", start=At.EHLO, offers=["DSN"], slow=True, name=NAMED)
async def delay_is_told_with_what_the_next_hop_said(name: str, smtp: Client, hop: Hop) -> Observation:
    """The report about a delay for which the next hop's reply is the reason names that host, its reply and a status."""
    sender = await held_up(smtp, hop, b" NOTIFY=FAILURE,DELAY")
    await waits(hop)
    told = await hop.notification_saying(sender, "delayed", within=LONG)
    found = delivery_report(told.content) if told else None
    if found is None or not found.recipients:
        return Unclear(f"nothing is told of a delay within {LONG:g} s")
    seen = value_of(found.recipients[0], name)
    return holds(bool(seen), expected=name, seen=seen or "no such field")


ZONE = re.compile(rb"[+-]\d{4}")


@scenario("rfc3464/2.3.9/numeric-zone", start=At.EHLO, slow=True)
async def last_try_has_a_numeric_zone(smtp: Client, hop: Hop) -> Observation:
    """Will-Retry-Until in a report that says delayed ends in an offset from Universal Time."""
    sender = await held_up(smtp, hop, b"")
    await waits(hop)
    told = await hop.notification_saying(sender, "delayed", within=LONG)
    found = delivery_report(told.content) if told else None
    dates = [value_of(group, "Will-Retry-Until") for group in found.recipients] if found else []
    if not any(dates):
        return Unclear("no Will-Retry-Until to look at")
    zone = dates[0].partition(b"(")[0].split()[-1]
    return holds(ZONE.fullmatch(zone) is not None, expected="an offset of four digits", seen=dates[0])
