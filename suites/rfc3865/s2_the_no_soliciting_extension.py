"""RFC 3865 2 - The No-Soliciting SMTP Service Extension."""

from __future__ import annotations

import re

from conformance import At, Client, Observation, accepted, holds, presume, refused, scenario, visible

KEYWORDS = re.compile(rb"[A-Za-z][A-Za-z0-9._:-]*(?:,[A-Za-z][A-Za-z0-9._:-]*)*")


@scenario("rfc3865/2/ehlo-line", start=At.EHLO, offers=["NO-SOLICITING"])
async def keyword_has_its_form(smtp: Client) -> Observation:
    """Behind NO-SOLICITING stands nothing, or a list of class keywords."""
    parameter = smtp.offers["NO-SOLICITING"].strip()
    return holds(
        not parameter or KEYWORDS.fullmatch(parameter) is not None,
        expected="NO-SOLICITING, and at most class keywords with commas behind it",
        seen=f"NO-SOLICITING {visible(parameter)}",
    )


@scenario("rfc3865/2.2/list-under-1000", start=At.EHLO, offers=["NO-SOLICITING"])
async def list_is_short_enough(smtp: Client) -> Observation:
    """The class keywords that are listed have less than 1000 characters."""
    length = len(smtp.offers["NO-SOLICITING"].strip())
    return holds(length < 1000, expected="less than 1000 characters", seen=f"{length} characters")


@scenario(
    "rfc5321/4.1.1.11/555-for-unknown-parameter",
    start=At.EHLO,
    lacks=["NO-SOLICITING"],
    value={"one": b"SOLICIT=net.example:ADV", "two": b"SOLICIT=net.example:ADV,org.example:ADV:ADLT"},
)
async def unlisted_parameter_is_refused(value: bytes, smtp: Client, second: Client) -> Observation:
    """SOLICIT where EHLO does not list NO-SOLICITING is refused."""
    presume(accepted(await second.mail()))
    return refused(await smtp.mail(parameters=b" " + value))
