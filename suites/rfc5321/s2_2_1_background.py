"""RFC 5321 2.2.1 - Background of the extension model."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, not_refused_as, presume, recognised, row, scenario


@scenario("rfc5321/2.2.1/extension-mechanism", start=At.GREETING, segments=["octets", "line-ends"])
async def ehlo_is_supported_whatever_is_offered(smtp: Client) -> Observation:
    """EHLO is known, also to a server that offers nothing."""
    return recognised(await smtp.ehlo())


@scenario(
    "rfc5321/2.2.1/extension-mechanism",
    start=At.EHLO,
    parameter={"size": row(b" SIZE=1000", offers=["SIZE"]), "8bitmime": row(b" BODY=7BIT", offers=["8BITMIME"])},
    segments=["octets", "line-ends"],
)
async def parameter_of_an_offer_is_known(parameter: bytes, smtp: Client, second: Client) -> Observation:
    """A parameter that an offered extension gives to MAIL is not unknown to MAIL."""
    presume(accepted(await second.mail()))
    return not_refused_as(await smtp.mail(parameters=parameter), {500, 501, 502, 504, 555})
