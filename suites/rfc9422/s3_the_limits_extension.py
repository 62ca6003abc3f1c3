"""RFC 9422 3 - The LIMITS SMTP Extension."""

from __future__ import annotations

import re

from conformance import At, Client, Observation, holds, scenario, visible

LIMIT = re.compile(rb"[A-Za-z0-9_-]+(?:=[!-:<-~]+)?")


@scenario("rfc9422/3/ehlo-keyword", start=At.EHLO, offers=["LIMITS"])
async def keyword_has_a_limit(smtp: Client) -> Observation:
    """At least one limit stands behind LIMITS."""
    return holds(bool(smtp.offers["LIMITS"].strip()), expected="a limit behind LIMITS", seen=smtp.hello)


@scenario("rfc9422/3/parameter-syntax", start=At.EHLO, offers=["LIMITS"])
async def limits_have_their_form(smtp: Client) -> Observation:
    """Each limit is a name, and perhaps an equals sign and a value."""
    odd = [limit for limit in smtp.offers["LIMITS"].split() if LIMIT.fullmatch(limit) is None]
    return holds(not odd, expected="name or name=value", seen=f"LIMITS {visible(smtp.offers['LIMITS'])}")
