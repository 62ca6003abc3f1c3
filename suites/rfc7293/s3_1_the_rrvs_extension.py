"""RFC 7293 3.1 - The "RRVS" SMTP Extension."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    accepted,
    holds,
    not_refused_as,
    presume,
    refused,
    row,
    scenario,
    visible,
)

SYNTAX = "rfc7293/3.1/parameter-syntax"
FRACTION = "rfc7293/3.1/no-fractions"


@scenario("rfc7293/3.1/ehlo-keyword", start=At.EHLO, offers=["RRVS"])
async def keyword_has_no_parameters(smtp: Client) -> Observation:
    """Nothing stands behind RRVS in the reply to EHLO."""
    parameters = smtp.offers["RRVS"].strip()
    return holds(not parameters, expected="RRVS alone", seen=f"RRVS {visible(parameters)}")


@scenario(
    SYNTAX,
    start=At.MAIL,
    offers=["RRVS"],
    value={
        "utc": b"2099-01-01T00:00:00Z",
        "offset": b"2099-01-01T00:00:00+01:00",
        "negative-offset": b"2099-01-01T00:00:00-05:30",
        "continue": b"2099-01-01T00:00:00Z;C",
        "reject": b"2099-01-01T00:00:00Z;R",
        "lower": b"2099-01-01t00:00:00z",
        "leap-day": b"2096-02-29T23:59:59Z",
    },
)
async def date_and_time_are_taken(value: bytes, smtp: Client, second: Client) -> Observation:
    """RRVS with a date and time is not called a syntax error."""
    presume(accepted(await second.mail()))
    presume(accepted(await second.rcpt()))
    return not_refused_as(await smtp.rcpt(parameters=b" RRVS=" + value), {500, 501, 502, 504, 555})


@scenario(
    SYNTAX,
    start=At.MAIL,
    offers=["RRVS"],
    value={
        "no-value": b"RRVS",
        "empty": b"RRVS=",
        "day-only": b"RRVS=2014-04-03",
        "no-zone": b"RRVS=2014-04-03T23:01:00",
        "no-such-month": b"RRVS=2014-13-03T23:01:00Z",
        "no-such-day": b"RRVS=2014-02-30T23:01:00Z",
        "no-such-hour": b"RRVS=2014-04-03T24:01:00Z",
        "seconds": b"RRVS=1396566060",
        "mail-date": b"RRVS=3-Apr-2014",
        "unknown-action": b"RRVS=2014-04-03T23:01:00Z;X",
        "no-action": b"RRVS=2014-04-03T23:01:00Z;",
        "two-actions": b"RRVS=2014-04-03T23:01:00Z;CR",
        "fraction": row(b"RRVS=2014-04-03T23:01:00.5Z", FRACTION),
        "fraction-and-action": row(b"RRVS=2014-04-03T23:01:00.123456Z;C", FRACTION),
    },
)
async def malformed_date_and_time_are_refused(value: bytes, smtp: Client, second: Client) -> Observation:
    """An RRVS that does not fit the syntax is refused."""
    presume(accepted(await second.mail()))
    presume(accepted(await second.rcpt()))
    return refused(await smtp.rcpt(parameters=b" " + value))


@scenario(
    "rfc5321/4.1.1.11/555-for-unknown-parameter",
    start=At.MAIL,
    lacks=["RRVS"],
    value={"plain": b"RRVS=2014-04-03T23:01:00Z", "continue": b"RRVS=2014-04-03T23:01:00Z;C"},
)
async def unlisted_parameter_is_refused(value: bytes, smtp: Client, second: Client) -> Observation:
    """RRVS where EHLO does not list it is refused."""
    presume(accepted(await second.mail()))
    presume(accepted(await second.rcpt()))
    return refused(await smtp.rcpt(parameters=b" " + value))
