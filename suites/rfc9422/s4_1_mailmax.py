"""RFC 9422 4.1 - MAILMAX Limit."""

from __future__ import annotations

import re

from conformance import At, Broken, Client, Held, Observation, Unclear, accepted, holds, presume, scenario

VALUE = re.compile(rb"[1-9]\d{0,5}")


def _listed(smtp: Client) -> list[bytes]:
    limits = (limit.partition(b"=") for limit in smtp.offers["LIMITS"].split())
    return [value for name, _, value in limits if name.upper() == b"MAILMAX"]


@scenario("rfc9422/4.1/mailmax-syntax", start=At.EHLO, offers=["LIMITS"])
async def mailmax_is_a_number(smtp: Client) -> Observation:
    """The value of MAILMAX is one to six digits, and not 0."""
    values = _listed(smtp)
    if not values:
        return Unclear("MAILMAX is not listed")
    odd = [value for value in values if VALUE.fullmatch(value) is None]
    return holds(not odd, expected="a number from 1 to 999999", seen=smtp.hello)


MANY = 30
"""As many transactions as one session here has at most."""


@scenario("rfc9422/4.1/mailmax-accepted", start=At.EHLO, offers=["LIMITS"])
async def as_many_transactions_are_taken(smtp: Client) -> Observation:
    """MAIL is accepted as often as MAILMAX says, though not more than 30 times here."""
    values = _listed(smtp)
    if not values or VALUE.fullmatch(values[0]) is None:
        return Unclear("MAILMAX is not listed, or not in its form")
    for number in range(min(int(values[0]), MANY)):
        outcome = await smtp.mail()
        seen = accepted(outcome)
        if not isinstance(seen, Held):
            return Broken(f"{values[0].decode()} transactions", f"number {number + 1}: {outcome}") if number else seen
        presume(accepted(await smtp.say(b"RSET")))
    return Held(f"{min(int(values[0]), MANY)} transactions")
