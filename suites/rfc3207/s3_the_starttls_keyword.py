"""RFC 3207 3 - The STARTTLS Keyword."""

from __future__ import annotations

from conformance import At, Client, Observation, holds, scenario, visible


@scenario("rfc3207/3/keyword-no-parameters", start=At.EHLO, offers=["STARTTLS"])
async def keyword_has_no_parameters(smtp: Client) -> Observation:
    """Nothing stands behind STARTTLS in the reply to EHLO."""
    parameters = smtp.offers["STARTTLS"]
    return holds(not parameters, expected="STARTTLS alone", seen=f"STARTTLS {visible(parameters)}")
