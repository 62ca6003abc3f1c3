"""RFC 4865 6 - Security Considerations: the date that a client gives a message that is held."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from conformance import Agent, At, NotReady, Observation, fields_named, scenario, split_message, took, visible

LONGEST, HOLD = 86400, 36000
A_WHILE = timedelta(hours=1)


@scenario("rfc4865/6/date-of-release", start=At.CONNECT, facts=["user_agent.hold_for"])
async def message_may_be_dated_at_the_end_of_its_hold(agent: Agent) -> Observation:
    """The Date field of a message that is held is that of its release, or that of its sending."""
    now = datetime.now(UTC)
    until = (now + timedelta(seconds=LONGEST)).strftime("%Y-%m-%dT%H:%M:%SZ").encode("ascii")
    offers = [b"FUTURERELEASE %d %b" % (LONGEST, until)]
    used = await agent.use("hold_for", message=agent.message(), offers=offers, seconds=str(HOLD))
    if used.parameter(b"HOLDFOR") is None or not used.messages:
        raise NotReady("user agent", "it has no message held")
    dates = fields_named(split_message(used.messages[0].content)[0], "date")
    if not dates:
        raise NotReady("user agent", "the message has no date")
    said = dates[0].body.strip()
    try:
        date = parsedate_to_datetime(said.decode("ascii", "replace"))
    except ValueError:
        raise NotReady("user agent", f"{visible(said)} is no date") from None
    released = abs(date.astimezone(UTC) - now - timedelta(seconds=HOLD)) < A_WHILE
    return took("the end of the hold" if released else "another time", said)
