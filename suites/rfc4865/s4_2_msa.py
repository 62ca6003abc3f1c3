"""RFC 4865 4.2 - MSA."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from conformance import (
    At,
    Client,
    NotReady,
    Observation,
    accepted,
    answered,
    carries_status,
    holds,
    presume,
    refused,
    row,
    scenario,
)

INTERVAL = "rfc4865/4.2/invalid-interval-rejected"
DATE = "rfc4865/4.2/invalid-date-rejected"


def _limits(smtp: Client) -> tuple[int, datetime]:
    """The longest interval and the last date that EHLO lists.

    Raises:
        NotReady: they can't be read; a clause of its own says so.
    """
    seconds, _, date = smtp.offers["FUTURERELEASE"].strip().partition(b" ")
    try:
        return int(seconds), datetime.fromisoformat(date.decode("ascii").upper())
    except ValueError as error:
        raise NotReady("EHLO", "FUTURERELEASE is not in its form") from error


def _timestamp(when: datetime) -> bytes:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode("ascii")


@scenario("rfc4865/4.2/submission-port-only", roles=["mx", "relay"], start=At.EHLO)
async def mail_exchanger_does_not_list_it(smtp: Client) -> Observation:
    """A server that is not for submission does not list FUTURERELEASE."""
    return holds("FUTURERELEASE" not in smtp.offers, expected="no FUTURERELEASE in the list", seen=smtp.hello)


@scenario("rfc4865/4.2/lists-both-limits", roles=["submission"], start=At.EHLO, offers=["FUTURERELEASE"])
async def both_limits_are_listed(smtp: Client) -> Observation:
    """Two parameters stand behind FUTURERELEASE."""
    parameters = smtp.offers["FUTURERELEASE"].split()
    return holds(len(parameters) == 2, expected="two parameters", seen=smtp.hello)


@scenario(
    "rfc4865/4.2/valid-hold-accepted",
    roles=["submission"],
    start=At.EHLO,
    offers=["FUTURERELEASE"],
    seconds={"one-second": 1, "a-minute": 60, "the-limit": None},
)
async def interval_within_the_limit_is_accepted(seconds: int | None, smtp: Client, second: Client) -> Observation:
    """HOLDFOR up to the longest interval is accepted."""
    presume(accepted(await second.mail()))
    longest, _ = _limits(smtp)
    return accepted(await smtp.mail(parameters=b" HOLDFOR=%d" % min(seconds or longest, longest)))


@scenario(
    "rfc4865/4.2/valid-hold-accepted",
    roles=["submission"],
    start=At.EHLO,
    offers=["FUTURERELEASE"],
    seconds={"a-minute": 60, "the-limit": None},
)
async def date_within_the_limit_is_accepted(seconds: int | None, smtp: Client, second: Client) -> Observation:
    """HOLDUNTIL up to the last date is accepted."""
    presume(accepted(await second.mail()))
    longest, last = _limits(smtp)
    soon = datetime.now(UTC) + timedelta(seconds=min(seconds or longest, longest))
    return accepted(await smtp.mail(parameters=b" HOLDUNTIL=" + _timestamp(min(soon, last) if seconds else last)))


BAD = {
    "zero": row(b"HOLDFOR=0", INTERVAL),
    "leading-zero": row(b"HOLDFOR=060", INTERVAL),
    "negative": row(b"HOLDFOR=-60", INTERVAL),
    "plus": row(b"HOLDFOR=+60", INTERVAL),
    "ten-digits": row(b"HOLDFOR=1000000000", INTERVAL),
    "words": row(b"HOLDFOR=tomorrow", INTERVAL),
    "no-interval": row(b"HOLDFOR", INTERVAL),
    "date-for-interval": row(b"HOLDFOR=2039-01-01T00:00:00Z", INTERVAL),
    "no-date": row(b"HOLDUNTIL", DATE),
    "day-only": row(b"HOLDUNTIL=2039-01-01", DATE),
    "no-zone": row(b"HOLDUNTIL=2039-01-01T00:00:00", DATE),
    "no-such-day": row(b"HOLDUNTIL=2039-02-30T00:00:00Z", DATE),
    "no-such-hour": row(b"HOLDUNTIL=2039-01-01T25:00:00Z", DATE),
    "interval-for-date": row(b"HOLDUNTIL=60", DATE),
    "mail-date": row(b"HOLDUNTIL=1-Jan-2039", DATE),
    "both": row(b"HOLDFOR=60 HOLDUNTIL=%(soon)b", "rfc4865/4.2/two-holds-rejected"),
    "interval-twice": row(b"HOLDFOR=60 HOLDFOR=60", "rfc4865/4.2/two-holds-rejected"),
    "date-twice": row(b"HOLDUNTIL=%(soon)b HOLDUNTIL=%(soon)b", "rfc4865/4.2/two-holds-rejected"),
    "beyond-the-interval": row(b"HOLDFOR=%(longer)d", INTERVAL),
    "beyond-the-date": row(b"HOLDUNTIL=%(later)b", DATE),
}


def _written(value: bytes, smtp: Client) -> bytes:
    longest, last = _limits(smtp)
    return value % {
        b"soon": _timestamp(datetime.now(UTC) + timedelta(seconds=min(60, longest))),
        b"longer": longest + 1,
        b"later": _timestamp(last + timedelta(days=1)),
    }


@scenario(INTERVAL, roles=["submission"], start=At.EHLO, offers=["FUTURERELEASE"], value=BAD)
async def invalid_hold_is_refused(value: bytes, smtp: Client, second: Client) -> Observation:
    """A hold that is malformed, above the limit or given twice is refused."""
    presume(accepted(await second.mail()))
    return refused(await smtp.mail(parameters=b" " + _written(value, smtp)))


@scenario(
    "rfc4865/4.2/501-for-bad-holds",
    roles=["submission"],
    start=At.EHLO,
    offers=["FUTURERELEASE"],
    value={
        "zero": b"HOLDFOR=0",
        "words": b"HOLDFOR=tomorrow",
        "no-such-day": b"HOLDUNTIL=2039-02-30T00:00:00Z",
        "both": b"HOLDFOR=60 HOLDUNTIL=%(soon)b",
        "beyond-the-interval": b"HOLDFOR=%(longer)d",
        "beyond-the-date": b"HOLDUNTIL=%(later)b",
    },
)
async def invalid_hold_gets_501(value: bytes, smtp: Client, second: Client) -> Observation:
    """A hold that is malformed, above the limit or given twice is answered with 501."""
    presume(accepted(await second.mail()))
    return answered(await smtp.mail(parameters=b" " + _written(value, smtp)), {501})


@scenario(
    "rfc4865/4.2/5.5.4-for-bad-holds",
    roles=["submission"],
    start=At.EHLO,
    offers=["FUTURERELEASE", "ENHANCEDSTATUSCODES"],
    value={
        "zero": b"HOLDFOR=0",
        "no-such-day": b"HOLDUNTIL=2039-02-30T00:00:00Z",
        "both": b"HOLDFOR=60 HOLDUNTIL=%(soon)b",
        "beyond-the-interval": b"HOLDFOR=%(longer)d",
        "beyond-the-date": b"HOLDUNTIL=%(later)b",
    },
)
async def invalid_hold_says_5_5_4(value: bytes, smtp: Client, second: Client) -> Observation:
    """The 501 to an invalid hold carries 5.5.4."""
    presume(accepted(await second.mail()))
    return carries_status(await smtp.mail(parameters=b" " + _written(value, smtp)), 501, {"5.5.4"})
