"""RFC 9422 4.2 - RCPTMAX Limit."""

from __future__ import annotations

import re

from conformance import At, Broken, Client, Held, Observation, Reply, Unclear, holds, scenario

VALUE = re.compile(rb"[1-9]\d{0,5}")


def _listed(smtp: Client) -> list[bytes]:
    limits = (limit.partition(b"=") for limit in smtp.offers["LIMITS"].split())
    return [value for name, _, value in limits if name.upper() == b"RCPTMAX"]


@scenario("rfc9422/4.2/rcptmax-syntax", start=At.EHLO, offers=["LIMITS"])
async def rcptmax_is_a_number(smtp: Client) -> Observation:
    """The value of RCPTMAX is one to six digits, and not 0."""
    values = _listed(smtp)
    if not values:
        return Unclear("RCPTMAX is not listed")
    odd = [value for value in values if VALUE.fullmatch(value) is None]
    return holds(not odd, expected="a number from 1 to 999999", seen=smtp.hello)


MANY = 200
"""As many recipients as one transaction here has at most."""


@scenario("rfc9422/4.2/rcptmax-accepted", start=At.MAIL, offers=["LIMITS"])
async def as_many_recipients_are_taken(smtp: Client) -> Observation:
    """RCPT is accepted as often as RCPTMAX says, though not more than 200 times here."""
    values = _listed(smtp)
    if not values or VALUE.fullmatch(values[0]) is None:
        return Unclear("RCPTMAX is not listed, or not in its form")
    paths = [smtp.forward_path, smtp.other_forward_path]
    for number in range(min(int(values[0]), MANY)):
        outcome = await smtp.rcpt(paths[number % 2])
        if not isinstance(outcome, Reply) or outcome.code == 421:
            return Unclear(f"number {number + 1}: {outcome}")
        if outcome.severity != 2:
            return (
                Broken(f"{values[0].decode()} recipients", f"number {number + 1}: {outcome}")
                if number
                else Unclear(str(outcome))
            )
    return Held(f"{min(int(values[0]), MANY)} recipients")
