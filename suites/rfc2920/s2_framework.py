"""RFC 2920 2 - Framework for the Command Pipelining Extension."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, holds, scenario, visible


@scenario("rfc2920/2/no-keyword-parameter", start=At.EHLO, offers=["PIPELINING"])
async def keyword_has_no_parameter(smtp: Client) -> Observation:
    """Nothing stands behind PIPELINING in the reply to EHLO."""
    parameters = smtp.offers["PIPELINING"]
    return holds(not parameters, expected="PIPELINING alone", seen=visible(b"PIPELINING " + parameters))


@scenario("rfc2920/2/ehlo-keyword", start=At.EHLO)
async def pipelining_is_listed_by_its_name(smtp: Client) -> Observation:
    """A line of the reply to EHLO that speaks of pipelining begins with the keyword PIPELINING."""
    lines = smtp.hello.lines[1:] if isinstance(smtp.hello, Reply) else ()
    speaking = [line.text for line in lines if b"PIPELIN" in line.text.upper()]
    good = all(text.split(b" ")[0].upper() == b"PIPELINING" for text in speaking)
    return holds(good, expected="PIPELINING", seen=b", ".join(speaking) or "not listed")
