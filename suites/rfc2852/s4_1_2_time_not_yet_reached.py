"""RFC 2852 4.1.2 - Unsuccessful delivery; deliver-by-time not yet reached."""

from __future__ import annotations

import re

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    Observation,
    Rule,
    Step,
    Unclear,
    arrived,
    holds,
    new_token,
    row,
    scenario,
    took,
)

LONG = 3300.0
"""How long a second attempt is waited for, in seconds; a slow scenario may take an hour."""

A_MOMENT = 1.0

LATER = 7200
"""Seconds of a message whose time has not come when that is over."""

LONGEST = 999999999
"""Thirty years in seconds, the longest that BY can say: no server keeps mail that long."""

BY = re.compile(rb"BY=([+-]?\d{1,9});([NR])", re.IGNORECASE)
FACTS = ["extended_next_hop"]
MODES = {"return": b"R", "notify": b"N"}


async def refused_for_now(smtp: Client, hop: Hop, by: bytes, *, times: int | None) -> str:
    """A message with this BY that a next hop with DELIVERBY refuses for now, so many times or always; its sender."""
    sender = new_token()
    hop.script(hop.extended(), Rule.answer(Step.RCPT, 450, times=times))
    path = b"<%b>" % hop.extended()
    await smtp.deliver(smtp.message(), path, reverse_path=hop.path(sender), parameters=b" BY=" + by)
    return sender


@scenario("rfc2852/4.1.2/go-on-trying", start=At.EHLO, offers=["DELIVERBY"], facts=FACTS, slow=True, mode=MODES)
async def refused_for_now_is_tried_again(mode: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message under BY that the next hop refuses for now comes again before its time, and is not given back."""
    sender = await refused_for_now(smtp, hop, b"%d;%b" % (LATER, mode), times=1)
    first = await hop.attempt(hop.extended())
    if first is None:
        return Unclear("no attempt came")
    second = await hop.attempt(hop.extended(), after=first.began, within=LONG)
    if second is not None:
        return Held(f"tried again after {second.began - first.began:.0f} s")
    if await hop.notification_saying(sender, "failed", within=A_MOMENT):
        return Broken("a second attempt", "the message was given back after the first")
    return Unclear(f"no second attempt within {LONG:g} s, and no notification")


EARLY = {
    "return": row(b"R", "rfc2852/4.1/may-return-early"),
    "notify": row(b"N", "rfc2852/4.1/may-return-early"),
    "retention-return": row(b"R", "rfc2852/4.1.2/retention-may-end-it"),
    "retention-notify": row(b"N", "rfc2852/4.1.2/retention-may-end-it"),
}


@scenario("rfc2852/4.1/may-return-early", start=At.EHLO, offers=["DELIVERBY"], facts=FACTS, slow=True, mode=EARLY)
async def message_may_come_back_before_its_time(mode: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message that may take years and is refused for now is given back within the hour, or kept for longer."""
    sender = await refused_for_now(smtp, hop, b"%d;%b" % (LONGEST, mode), times=None)
    if await hop.attempt(hop.extended()) is None:
        return Unclear("no attempt came")
    told = await hop.notification_saying(sender, "failed", within=LONG)
    return took("gives it back before its time" if told else f"keeps it for {LONG:g} s")


# Longer than any server keeps mail.


@scenario("rfc2852/4.1.2/still-as-asked", start=At.EHLO, offers=["DELIVERBY"], facts=FACTS, mode=MODES)
async def longest_time_is_passed_on(mode: bytes, smtp: Client, hop: Hop) -> Observation:
    """A BY for longer than the server keeps mail goes on like any other."""
    path, parameter = b"<%b>" % hop.extended(), b" BY=%d;%b" % (LONGEST, mode)
    await smtp.deliver(smtp.message(), path, reverse_path=hop.path(new_token()), parameters=parameter)
    received = await hop.message()
    found = BY.search(received.parameters)
    good = found is not None and found[2].upper() == mode and 0 < int(found[1]) <= LONGEST
    return holds(good, expected=f"BY={LONGEST} or less, the same mode", seen=received.parameters or "no BY")


@scenario(
    "rfc2852/4.1.2/still-as-asked",
    start=At.EHLO,
    offers=["DELIVERBY"],
    facts=["delivery_within"],
    case={"return": (b"R", "failed"), "notify": (b"N", "relayed")},
)
async def longest_time_is_told_of(case: tuple[bytes, str], smtp: Client, hop: Hop) -> Observation:
    """Where such a BY meets a next hop without DELIVERBY, its sender is told: of a failure with R, else of relaying."""
    mode, action = case
    sender, parameter = new_token(), b" BY=%d;%b" % (LONGEST, mode)
    await smtp.deliver(smtp.message(), hop.path(), reverse_path=hop.path(sender), parameters=parameter)
    told = await hop.notification_saying(sender, action)
    return arrived(told, expected=f"a notification that says {action}", seen="none")
