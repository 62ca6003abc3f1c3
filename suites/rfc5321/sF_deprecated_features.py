"""RFC 5321 F - Deprecated Features of RFC 821."""

from __future__ import annotations

from conformance import At, Client, Observation, holds, scenario


@scenario("rfc5321/F/no-deprecated-features", start=At.EHLO, lacks=["AUTH"])
async def turn_is_not_offered(smtp: Client) -> Observation:
    """A server that authenticates nobody does not list TURN."""
    return holds("TURN" not in smtp.offers, expected="no TURN in the EHLO reply", seen=smtp.hello)
