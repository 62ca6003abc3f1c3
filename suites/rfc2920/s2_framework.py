"""RFC 2920 2 - Framework for the Command Pipelining Extension."""

from __future__ import annotations

from conformance import At, Client, Observation, holds, scenario, visible


@scenario("rfc2920/2/no-keyword-parameter", start=At.EHLO, offers=["PIPELINING"])
async def keyword_has_no_parameter(smtp: Client) -> Observation:
    """Nothing stands behind PIPELINING in the reply to EHLO."""
    parameters = smtp.offers["PIPELINING"]
    return holds(not parameters, expected="PIPELINING alone", seen=visible(b"PIPELINING " + parameters))
