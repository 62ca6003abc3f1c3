"""RFC 1985 5.3 - Use Of ETRN to release mail for a subdomain or queue."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, Unclear, scenario, took


@scenario("rfc1985/5.3/number-sign-means-queue", start=At.EHLO, offers=["ETRN"])
async def queue_can_be_named(smtp: Client) -> Observation:
    """ETRN with # and the name of a queue that the server does not have."""
    outcome = await smtp.say(b"ETRN #queue")
    if not isinstance(outcome, Reply) or outcome.code == 421:
        return Unclear(str(outcome))
    return took("takes a queue's name" if outcome.severity == 2 else f"answers {outcome.code}", outcome)
