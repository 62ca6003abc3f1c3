"""RFC 2852 4 - The extended MAIL FROM command."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Held,
    Observation,
    Reply,
    Unclear,
    accepted,
    answered,
    carries_status,
    holds,
    not_refused_as,
    presume,
    refused,
    row,
    scenario,
)

SYNTAX = "rfc2852/4/by-value-syntax"
RANGE = "rfc2852/4/by-time-range"
REFUSED_AS_SYNTAX = frozenset({500, 501, 502, 504})


@scenario(
    SYNTAX,
    start=At.EHLO,
    offers=["DELIVERBY"],
    value={
        "no-value": row(b"BY", "rfc2852/4/by-has-a-value"),
        "empty-value": row(b"BY=", "rfc2852/4/by-has-a-value"),
        "no-mode": b"BY=86400",
        "no-mode-behind-the-semicolon": b"BY=86400;",
        "no-time": b"BY=;N",
        "no-semicolon": b"BY=86400N",
        "unknown-mode": b"BY=86400;X",
        "trace-alone": b"BY=86400;T",
        "two-modes": b"BY=86400;NR",
        "words": b"BY=tomorrow;N",
        "fraction": b"BY=86400.5;N",
        "sign-alone": b"BY=-;N",
        "two-signs": b"BY=--5;N",
        "ten-digits": row(b"BY=1000000000;N", RANGE),
        "minus-ten-digits": row(b"BY=-1000000000;N", RANGE),
    },
)
async def malformed_by_is_refused(value: bytes, smtp: Client, second: Client) -> Observation:
    """A BY that does not fit the syntax is refused."""
    presume(accepted(await second.mail()))
    return refused(await smtp.mail(parameters=b" " + value))


@scenario(
    RANGE,
    start=At.EHLO,
    offers=["DELIVERBY"],
    value={
        "largest": b"999999999;N",
        "smallest": b"-999999999;N",
        "leading-zero": b"000086400;N",
        "largest-return": b"999999999;R",
    },
)
async def end_of_the_range_is_taken(value: bytes, smtp: Client, second: Client) -> Observation:
    """The longest times that nine digits can say are not called a syntax error."""
    presume(accepted(await second.mail()))
    return not_refused_as(await smtp.mail(parameters=b" BY=" + value), REFUSED_AS_SYNTAX)


@scenario(
    "rfc2852/4/n-may-be-past",
    start=At.EHLO,
    offers=["DELIVERBY"],
    value={"zero": b"0;N", "minus": b"-1;N", "plus-zero": b"+0;N", "long-ago": b"-86400;NT"},
)
async def past_time_is_taken_for_notification(value: bytes, smtp: Client, second: Client) -> Observation:
    """A time of zero or less with mode N is no error."""
    presume(accepted(await second.mail()))
    return not_refused_as(await smtp.mail(parameters=b" BY=" + value), REFUSED_AS_SYNTAX)


PAST = {"zero": b"0;R", "minus": b"-1;R", "plus-zero": b"+0;R", "trace": b"0;RT"}


@scenario("rfc2852/4/r-needs-a-future", start=At.EHLO, offers=["DELIVERBY"], value=PAST)
async def past_time_with_return_gets_501(value: bytes, smtp: Client, second: Client) -> Observation:
    """A time of zero or less with mode R is answered with 501."""
    presume(accepted(await second.mail()))
    return answered(await smtp.mail(parameters=b" BY=" + value), {501})


@scenario(
    "rfc2852/4/cannot-honour-codes",
    start=At.EHLO,
    offers=["DELIVERBY"],
    value={"soon": b"1;R", "in-an-hour": b"3600;R", "in-a-year": b"31536000;R", "notify": b"1;N"},
)
async def time_that_is_not_met_gets_455_or_555(value: bytes, smtp: Client, second: Client) -> Observation:
    """A valid time is accepted, or refused with 455 or 555."""
    presume(accepted(await second.mail()))
    return answered(await smtp.mail(parameters=b" BY=" + value), {250, 455, 555})


@scenario(
    "rfc2852/4/cannot-honour-status",
    start=At.EHLO,
    offers=["DELIVERBY", "ENHANCEDSTATUSCODES"],
    value={"soon": b"1;R", "soon-traced": b"2;RT", "half-a-minute": b"30;R"},
)
async def time_that_is_not_met_has_a_status(value: bytes, smtp: Client, second: Client) -> Observation:
    """A 455 or 555 to a valid time carries a status of its class."""
    presume(accepted(await second.mail()))
    outcome = await smtp.mail(parameters=b" BY=" + value)
    if not isinstance(outcome, Reply) or outcome.code not in {250, 455, 555}:
        return Unclear(str(outcome))
    if outcome.code == 250:
        return Held("this time is met")
    status = outcome.status or ""
    return holds(status.startswith(f"{outcome.severity}."), expected=f"{outcome.severity}.d.d", seen=outcome)


@scenario("rfc2852/4/r-needs-a-future-status", start=At.EHLO, offers=["DELIVERBY", "ENHANCEDSTATUSCODES"], value=PAST)
async def past_time_with_return_says_5_5_4(value: bytes, smtp: Client, second: Client) -> Observation:
    """The 501 to a time of zero or less with mode R carries 5.5.4."""
    presume(accepted(await second.mail()))
    return carries_status(await smtp.mail(parameters=b" BY=" + value), 501, {"5.5.4"})
