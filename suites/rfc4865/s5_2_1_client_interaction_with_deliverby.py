"""RFC 4865 5.2.1 - SMTP Client Interaction with DELIVERBY."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from conformance import Agent, At, Held, NotReady, Observation, holds, scenario, visible

LONGEST = 3600
HOLD, LATER, SOONER = 600, 1800, 300
FOR = re.compile(rb"\bHOLDFOR=(\d+)", re.IGNORECASE)
BY = re.compile(rb"\bBY=(-?\d+)", re.IGNORECASE)


async def _asked(agent: Agent, by: int) -> bytes:
    """The MAIL of a message that is to be held, and delivered within so many seconds; empty where none was sent."""
    until = (datetime.now(UTC) + timedelta(seconds=LONGEST)).strftime("%Y-%m-%dT%H:%M:%SZ").encode("ascii")
    offers = [b"FUTURERELEASE %d %b" % (LONGEST, until), b"DELIVERBY"]
    used = await agent.use("hold_for_and_by", message=agent.message(), offers=offers, seconds=str(HOLD), by=str(by))
    return used.mail[0].octets.strip() if used.mail else b""


@scenario("rfc4865/5.2.1/by-after-hold", start=At.CONNECT, facts=["user_agent.hold_for_and_by"])
async def delivery_is_asked_for_behind_the_hold(agent: Agent) -> Observation:
    """Where a hold and a time of delivery are asked for together, the delivery is later."""
    usual = await _asked(agent, LATER)
    if not (FOR.search(usual) and BY.search(usual)):
        raise NotReady("control", f"it does not ask for both: {visible(usual)}")
    mail = await _asked(agent, SOONER)
    hold, by = FOR.search(mail), BY.search(mail)
    if hold is None or by is None:
        return Held(f"it does not ask for both: {visible(mail) or 'it sends nothing'}")
    return holds(int(by[1]) > int(hold[1]), expected="a time past the hold", seen=visible(mail))
