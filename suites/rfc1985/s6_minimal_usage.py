"""RFC 1985 6 - Minimal usage."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, Unclear, scenario, took


@scenario("rfc1985/6/minimal-server-always-250", start=At.EHLO, offers=["ETRN"])
async def any_name_may_get_250(smtp: Client) -> Observation:
    """What ETRN gets for a domain that nobody serves."""
    outcome = await smtp.say(b"ETRN elsewhere.example")
    if not isinstance(outcome, Reply) or outcome.code == 421:
        return Unclear(str(outcome))
    return took("250 for any domain" if outcome.code == 250 else f"answers {outcome.code}", outcome)
