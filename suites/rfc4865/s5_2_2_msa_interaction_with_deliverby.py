"""RFC 4865 5.2.2 - MSA Interaction with DELIVERBY."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    NotReady,
    Observation,
    accepted,
    answered,
    carries_status,
    presume,
    refused,
    scenario,
)

LATE = {"notify": b"N", "return": b"R"}


def _late(smtp: Client, mode: bytes) -> bytes:
    """A hold that ends a minute after the time of delivery.

    Raises:
        NotReady: the longest hold can't be read; a clause of its own says so.
    """
    words = smtp.offers["FUTURERELEASE"].split()
    if not (words and words[0].isdigit()):
        raise NotReady("EHLO", "FUTURERELEASE is not in its form")
    longest = int(words[0])
    listed = smtp.offers["DELIVERBY"].split(b",")[0].strip()
    soonest = int(listed) if listed.isdigit() else 1
    by = max(60, soonest)
    return b" HOLDFOR=%d BY=%d;%b" % (min(by + 60, longest), by, mode)


@scenario(
    "rfc4865/5.2.2/hold-after-by-rejected",
    roles=["submission"],
    start=At.EHLO,
    offers=["FUTURERELEASE", "DELIVERBY"],
    mode=LATE,
)
async def hold_past_the_delivery_time_is_refused(mode: bytes, smtp: Client, second: Client) -> Observation:
    """A hold that ends after the time of BY is refused."""
    presume(accepted(await second.mail(parameters=b" HOLDFOR=60")))
    return refused(await smtp.mail(parameters=_late(smtp, mode)))


@scenario(
    "rfc4865/5.2.2/501-for-hold-after-by",
    roles=["submission"],
    start=At.EHLO,
    offers=["FUTURERELEASE", "DELIVERBY"],
    mode=LATE,
)
async def hold_past_the_delivery_time_gets_501(mode: bytes, smtp: Client, second: Client) -> Observation:
    """A hold that ends after the time of BY is answered with 501."""
    presume(accepted(await second.mail(parameters=b" HOLDFOR=60")))
    return answered(await smtp.mail(parameters=_late(smtp, mode)), {501})


@scenario(
    "rfc4865/5.2.2/5.5.4-for-hold-after-by",
    roles=["submission"],
    start=At.EHLO,
    offers=["FUTURERELEASE", "DELIVERBY", "ENHANCEDSTATUSCODES"],
    mode=LATE,
)
async def hold_past_the_delivery_time_says_5_5_4(mode: bytes, smtp: Client, second: Client) -> Observation:
    """The 501 to a hold that ends after the time of BY carries 5.5.4."""
    presume(accepted(await second.mail(parameters=b" HOLDFOR=60")))
    return carries_status(await smtp.mail(parameters=_late(smtp, mode)), 501, {"5.5.4"})
