"""RFC 9422 4.3 - RCPTDOMAINMAX Limit."""

from __future__ import annotations

import re

from conformance import At, Client, Observation, Unclear, holds, scenario

VALUE = re.compile(rb"[1-9]\d{0,5}")


def _listed(smtp: Client) -> list[bytes]:
    limits = (limit.partition(b"=") for limit in smtp.offers["LIMITS"].split())
    return [value for name, _, value in limits if name.upper() == b"RCPTDOMAINMAX"]


@scenario("rfc9422/4.3/rcptdomainmax-syntax", start=At.EHLO, offers=["LIMITS"])
async def rcptdomainmax_is_a_number(smtp: Client) -> Observation:
    """The value of RCPTDOMAINMAX is one to six digits, and not 0."""
    values = _listed(smtp)
    if not values:
        return Unclear("RCPTDOMAINMAX is not listed")
    odd = [value for value in values if VALUE.fullmatch(value) is None]
    return holds(not odd, expected="a number from 1 to 999999", seen=smtp.hello)
