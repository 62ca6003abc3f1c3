"""RFC 5321 F.1 - TURN."""

from __future__ import annotations

from conformance import At, Client, Observation, refused, scenario


@scenario("rfc5321/F.1/no-turn", start=At.EHLO)
async def turn_is_not_served(smtp: Client) -> Observation:
    """TURN from a client that has not authenticated is refused."""
    return refused(await smtp.say(b"TURN"))
