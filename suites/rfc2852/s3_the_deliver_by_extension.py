"""RFC 2852 3 - The Deliver By SMTP service extension."""

from __future__ import annotations

import re

from conformance import At, Client, Held, Observation, accepted, answered, not_refused_as, presume, scenario

SYNTAX = frozenset({500, 501, 502, 504})
MINIMUM = re.compile(rb"\d{1,9}")
DAY = 86400


def _minimum(smtp: Client) -> int:
    match = MINIMUM.match(smtp.offers.get("DELIVERBY", b"").strip())
    return int(match.group()) if match else 0


@scenario(
    "rfc2852/3/accepts-extended-mail",
    start=At.EHLO,
    offers=["DELIVERBY"],
    value={
        "notify": b"%d;N",
        "return": b"%d;R",
        "notify-trace": b"%d;NT",
        "return-trace": b"%d;RT",
        "plus": b"+%d;N",
        "lower": b"%d;n",
    },
)
async def listed_parameter_is_taken(value: bytes, smtp: Client, second: Client) -> Observation:
    """A BY above the shortest time that is listed is not called a syntax error."""
    presume(accepted(await second.mail()))
    seconds = _minimum(smtp) + DAY
    return not_refused_as(await smtp.mail(parameters=b" BY=" + value % seconds), SYNTAX)


@scenario(
    "rfc2852/3/rejects-below-minimum",
    start=At.EHLO,
    offers=["DELIVERBY"],
    value={"return": b"%d;R", "return-trace": b"%d;RT"},
)
async def time_below_the_minimum_is_refused(value: bytes, smtp: Client, second: Client) -> Observation:
    """Where a shortest time is listed, one second less with mode R is refused with 55z."""
    minimum = _minimum(smtp)
    if minimum <= 1:
        return Held("no shortest time is listed, and nothing is below it")
    presume(accepted(await second.mail()))
    return answered(await smtp.mail(parameters=b" BY=" + value % (minimum - 1)), range(550, 560))


@scenario("rfc2852/3/rejects-below-minimum", start=At.EHLO, offers=["DELIVERBY"])
async def minimum_does_not_bind_notification(smtp: Client, second: Client) -> Observation:
    """A time below the one listed is no error with mode N, for which it does not stand."""
    minimum = _minimum(smtp)
    if minimum <= 1:
        return Held("no shortest time is listed, and nothing is below it")
    presume(accepted(await second.mail(parameters=b" BY=%d;N" % (minimum + DAY))))
    return not_refused_as(await smtp.mail(parameters=b" BY=%d;N" % (minimum - 1)), {*SYNTAX, *range(550, 560)})
