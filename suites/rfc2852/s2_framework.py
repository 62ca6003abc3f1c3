"""RFC 2852 2 - Framework for the Deliver By SMTP service extension."""

from __future__ import annotations

import re

from conformance import At, Client, Observation, accepted, holds, presume, refused, scenario, visible

PARAMETER = re.compile(rb"(?:\d{1,9})?(?:,[!-+\--~]+)*")


@scenario("rfc2852/2/ehlo-parameter-syntax", start=At.EHLO, offers=["DELIVERBY"])
async def keyword_has_its_form(smtp: Client) -> Observation:
    """Behind DELIVERBY stands nothing, or a number of seconds and options."""
    parameter = smtp.offers["DELIVERBY"].strip()
    return holds(
        PARAMETER.fullmatch(parameter) is not None,
        expected="DELIVERBY, and at most a number of up to nine digits and options behind it",
        seen=f"DELIVERBY {visible(parameter)}",
    )


@scenario(
    "rfc5321/4.1.1.11/555-for-unknown-parameter",
    start=At.EHLO,
    lacks=["DELIVERBY"],
    value={"return": b"BY=120;R", "notify": b"BY=120;N", "trace": b"BY=120;NT", "bare": b"BY"},
)
async def unlisted_parameter_is_refused(value: bytes, smtp: Client, second: Client) -> Observation:
    """BY where EHLO does not list DELIVERBY is refused."""
    presume(accepted(await second.mail()))
    return refused(await smtp.mail(parameters=b" " + value))
