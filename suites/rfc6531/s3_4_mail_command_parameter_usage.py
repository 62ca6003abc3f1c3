"""RFC 6531 3.4 - MAIL Command Parameter Usage."""

from __future__ import annotations

from conformance import At, Client, Observation, refused, scenario


@scenario(
    "rfc6531/3.4/no-value",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    parameter={"word": b" SMTPUTF8=yes", "digit": b" SMTPUTF8=1"},
)
async def parameter_with_a_value_is_refused(parameter: bytes, smtp: Client) -> Observation:
    """MAIL with a value of SMTPUTF8 is refused."""
    return refused(await smtp.mail(parameters=parameter))
