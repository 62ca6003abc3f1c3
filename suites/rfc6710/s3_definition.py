"""RFC 6710 3 - Definition of the Priority SMTP Extension."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    Observation,
    accepted,
    holds,
    not_refused_as,
    presume,
    refused,
    scenario,
    took,
    visible,
)

PROFILE = re.compile(rb"[A-Za-z0-9._-]{1,20}")


@scenario("rfc6710/3/ehlo-line-syntax", start=At.EHLO, offers=["MT-PRIORITY"])
async def keyword_has_its_form(smtp: Client) -> Observation:
    """Behind MT-PRIORITY stands nothing, or the name of a policy."""
    profile = smtp.offers["MT-PRIORITY"].strip()
    return holds(
        not profile or PROFILE.fullmatch(profile) is not None,
        expected="MT-PRIORITY, and at most one name of 20 characters behind it",
        seen=f"MT-PRIORITY {visible(profile)}",
    )


@scenario("rfc6710/3/ehlo-line", start=At.EHLO, offers=["MT-PRIORITY"])
async def policy_may_be_named(smtp: Client) -> Observation:
    """Whether MT-PRIORITY is listed with the name of a policy."""
    profile = smtp.offers["MT-PRIORITY"].strip()
    return took("names its policy" if profile else "names no policy", visible(profile))


@scenario(
    "rfc6710/3/parameter-range",
    start=At.EHLO,
    offers=["MT-PRIORITY"],
    value={str(number): b"%d" % number for number in range(-9, 10)},
)
async def priority_in_range_is_taken(value: bytes, smtp: Client, second: Client) -> Observation:
    """A priority from -9 to 9 is not called a syntax error; whether it is granted is another matter."""
    presume(accepted(await second.mail()))
    return not_refused_as(await smtp.mail(parameters=b" MT-PRIORITY=" + value), {500, 501, 502, 504, 555})


@scenario(
    "rfc5321/4.1.1.11/555-for-unknown-parameter",
    start=At.EHLO,
    lacks=["MT-PRIORITY"],
    value={"up": b"MT-PRIORITY=3", "down": b"MT-PRIORITY=-3", "zero": b"MT-PRIORITY=0"},
)
async def unlisted_parameter_is_refused(value: bytes, smtp: Client, second: Client) -> Observation:
    """MT-PRIORITY where EHLO does not list it is refused."""
    presume(accepted(await second.mail()))
    return refused(await smtp.mail(parameters=b" " + value))
