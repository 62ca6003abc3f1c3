"""RFC 3885 3.1 - The MTRK parameter to the ESMTP MAIL command: the time that is left."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Rule,
    Step,
    Transaction,
    Unclear,
    holds,
    row,
    scenario,
)

MTRK = re.compile(rb"(?:^| )MTRK=[A-Za-z0-9+/]+(?::(-?\d+))?(?= |$)", re.IGNORECASE)
CERTIFIER = b"6xGf4fGvEHHmn0xHTvSv5VRwPrk"
DAY = 86400
"""As long as the shortest limit that a server may have of its own, so that none makes it less."""
SHORT = 60
A_TICK = 60.0
"""Seconds by which a server may count otherwise than we do, who see only when it calls."""
ON_ITS_WAY = 300
"""Seconds that a message that meets no obstacle may take at most."""
LONG = 3300.0
"""How long a second attempt is waited for, in seconds; a slow scenario may take an hour."""
PATIENCE = 30.0


async def sent(smtp: Client, hop: Hop, seconds: int) -> None:
    """A message with so many seconds to the next hop that offers MTRK."""
    envid = smtp.token.encode("ascii") + b"@client.example.test"
    parameters = b" MTRK=%b:%d ENVID=%b" % (CERTIFIER, seconds, envid)
    await smtp.deliver(smtp.message(), b"<%b>" % hop.extended(), parameters=parameters)


async def second_attempt(smtp: Client, hop: Hop, seconds: int) -> tuple[Transaction, float]:
    """The second attempt at a message whose first one we refuse for now, and the seconds between the two.

    Raises:
        NotReady: there was none.
    """
    hop.script(hop.extended(), Rule.answer(Step.RCPT, 450, times=1))
    await sent(smtp, hop, seconds)
    tried = await hop.transactions(at_least=2, within=LONG)
    if len(tried) < 2:
        raise NotReady("next hop", f"{len(tried)} attempts within {LONG:g} s")
    return tried[1], tried[1].began - tried[0].began


@scenario(
    "rfc3885/3.1/relays-remaining-time",
    start=At.EHLO,
    offers=["MTRK"],
    facts=["extended_next_hop"],
    seconds={"a-day": DAY, "an-hour": 3600},
)
async def time_that_is_left_is_passed_on(seconds: int, smtp: Client, hop: Hop) -> Observation:
    """A next hop that offers MTRK is given the time that came, or as much less as the message was on its way."""
    await sent(smtp, hop, seconds)
    received = await hop.message()
    found = MTRK.search(received.parameters)
    if found is None:
        raise NotReady("next hop", "no MTRK came, which another clause is about")
    left = int(found[1] or b"0")
    good = seconds - ON_ITS_WAY <= left <= seconds
    return holds(good, expected=f"{seconds} s or a little less", seen=received.parameters)


@scenario(
    "rfc3885/3.3/time-is-decremented",
    start=At.EHLO,
    offers=["MTRK"],
    facts=["extended_next_hop"],
    slow=True,
    reading={
        "decremented": row(""),
        "what-is-left": row("", "rfc3885/3.1/relays-remaining-time"),
    },
)
async def time_in_the_queue_is_taken_off(reading: str, smtp: Client, hop: Hop) -> Observation:
    """After a wait in the queue the next hop is given a time that is less by that."""
    del reading
    tried, waited = await second_attempt(smtp, hop, DAY)
    found = MTRK.search(tried.parameters)
    if found is None or not found[1]:
        return Unclear(f"no time came after {waited:.0f} s: {tried.parameters!r}")
    if waited < 2 * A_TICK:
        return Unclear(f"it had waited for {waited:.0f} s only")
    left = int(found[1])
    good = left <= DAY - waited + A_TICK
    return holds(good, expected=f"{DAY - waited:.0f} s", seen=f"{left} s after {waited:.0f} s")


@scenario(
    "rfc3885/3.1/expired-is-not-relayed",
    start=At.EHLO,
    offers=["MTRK"],
    facts=["extended_next_hop"],
    slow=True,
    seconds={"a-minute": SHORT},
)
async def certifier_goes_when_its_time_is_over(seconds: int, smtp: Client, hop: Hop) -> Observation:
    """A message that waited longer than its time goes on without MTRK."""
    tried, waited = await second_attempt(smtp, hop, seconds)
    if waited < seconds + PATIENCE:
        return Unclear(f"it had waited for {waited:.0f} s only")
    return judged(tried.parameters, seconds)


@scenario("rfc3885/3.1/expired-is-not-relayed", start=At.EHLO, offers=["MTRK"], facts=["extended_next_hop"])
async def certifier_without_a_second_does_not_go_on(smtp: Client, hop: Hop) -> Observation:
    """A message whose time is 0 goes on without MTRK."""
    await sent(smtp, hop, 0)
    return judged((await hop.message()).parameters, 0)


def judged(parameters: bytes, seconds: int) -> Observation:
    """No MTRK; one with more time than came, or with none, may be a server that goes by a time of its own."""
    found = MTRK.search(parameters)
    if found is None:
        return Held(f"no MTRK: {parameters!r}")
    if found[1] is None or int(found[1]) > seconds:
        return Unclear(f"the time may be the server's own: {parameters!r}")
    return holds(False, expected="no MTRK", seen=parameters)
