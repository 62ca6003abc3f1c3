"""RFC 3207 3 - The STARTTLS Keyword."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, holds, scenario, visible


@scenario("rfc3207/3/keyword-no-parameters", start=At.EHLO, offers=["STARTTLS"])
async def keyword_has_no_parameters(smtp: Client) -> Observation:
    """Nothing stands behind STARTTLS in the reply to EHLO."""
    parameters = smtp.offers["STARTTLS"]
    return holds(not parameters, expected="STARTTLS alone", seen=visible(b"STARTTLS " + parameters))


@scenario("rfc3207/3/keyword-means-able", start=At.EHLO, offers=["STARTTLS"], tags=["starttls"])
async def listed_starttls_gets_220(smtp: Client) -> Observation:
    """A server that lists STARTTLS answers it with 220; 454 says that it can't for now."""
    return accepted(await smtp.say(b"STARTTLS"), {220})
