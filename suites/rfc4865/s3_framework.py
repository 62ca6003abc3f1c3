"""RFC 4865 3 - Framework."""

from __future__ import annotations

import re

from conformance import At, Client, Observation, accepted, holds, presume, refused, scenario, visible

LINE = re.compile(rb"[1-9]\d{0,8} \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", re.IGNORECASE)


@scenario("rfc4865/3/ehlo-line", roles=["submission"], start=At.EHLO, offers=["FUTURERELEASE"])
async def keyword_has_its_form(smtp: Client) -> Observation:
    """Behind FUTURERELEASE stand a number of seconds and a date and time in UTC."""
    parameters = smtp.offers["FUTURERELEASE"]
    return holds(
        LINE.fullmatch(parameters) is not None,
        expected="FUTURERELEASE, seconds, a date and time that ends in Z",
        seen=f"FUTURERELEASE {visible(parameters)}",
    )


@scenario(
    "rfc5321/4.1.1.11/555-for-unknown-parameter",
    start=At.EHLO,
    lacks=["FUTURERELEASE"],
    value={"for": b"HOLDFOR=60", "until": b"HOLDUNTIL=2039-01-01T00:00:00Z"},
)
async def unlisted_parameter_is_refused(value: bytes, smtp: Client, second: Client) -> Observation:
    """HOLDFOR and HOLDUNTIL where EHLO does not list FUTURERELEASE are refused."""
    presume(accepted(await second.mail()))
    return refused(await smtp.mail(parameters=b" " + value))
