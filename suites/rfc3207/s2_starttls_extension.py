"""RFC 3207 2 - STARTTLS Extension."""

from __future__ import annotations

from conformance import At, Client, Held, Observation, Reply, Unclear, holds, scenario


@scenario("rfc3207/2/ehlo-keyword", start=At.EHLO, tags=["starttls"])
async def working_starttls_is_listed(smtp: Client) -> Observation:
    """STARTTLS that is answered with 220 is listed in the reply to EHLO."""
    if not smtp.offers:
        return Unclear("EHLO lists nothing")
    if "STARTTLS" in smtp.offers:
        return Held("listed")
    outcome = await smtp.say(b"STARTTLS")
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    return holds(outcome.code != 220, expected="STARTTLS listed, or not working", seen=outcome)
