"""RFC 3207 2 - STARTTLS Extension."""

from __future__ import annotations

from conformance import At, Client, Held, Observation, Reply, Unclear, accepted, holds, presume, scenario, visible


@scenario("rfc3207/2/ehlo-keyword", start=At.GREETING, tags=["starttls"])
async def working_starttls_is_listed(smtp: Client) -> Observation:
    """STARTTLS that is answered with 220 in clear is listed in the reply to EHLO in clear."""
    if smtp.connection.secured:
        return Unclear("the session begins under TLS, where STARTTLS is not listed")
    presume(accepted(await smtp.ehlo()))
    if "STARTTLS" in smtp.offers:
        return Held("listed")
    outcome = await smtp.say(b"STARTTLS")
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    return holds(outcome.code != 220, expected="STARTTLS listed, or not working", seen=outcome)


@scenario("rfc3207/2/keyword-no-parameters", start=At.EHLO, offers=["STARTTLS"])
async def keyword_stands_alone(smtp: Client) -> Observation:
    """The line of STARTTLS in the reply to EHLO has no other word."""
    seen = smtp.offers["STARTTLS"]
    return holds(not seen, expected="STARTTLS alone", seen=visible(b"STARTTLS " + seen))
