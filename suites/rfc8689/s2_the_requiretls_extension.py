"""RFC 8689 2 - The REQUIRETLS Service Extension."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, holds, not_refused_as, presume, refused, scenario, visible

UNDER_TLS = ["starttls_required"]
"""The target file says that the target is tested under TLS, where alone the extension is."""


@scenario(
    "rfc8689/2/advertised-after-starttls", start=At.EHLO, offers=["REQUIRETLS"], facts=UNDER_TLS, tags=["starttls"]
)
async def keyword_is_listed_under_tls_again(smtp: Client) -> Observation:
    """A server that lists REQUIRETLS under TLS lists it in every EHLO reply there."""
    presume(accepted(await smtp.ehlo()))
    return holds("REQUIRETLS" in smtp.offers, expected="REQUIRETLS in the list", seen=smtp.hello)


@scenario("rfc8689/7/keyword-no-parameters", start=At.EHLO, offers=["REQUIRETLS"], facts=UNDER_TLS, tags=["starttls"])
async def keyword_has_no_parameters(smtp: Client) -> Observation:
    """Nothing stands behind REQUIRETLS in the reply to EHLO."""
    parameters = smtp.offers["REQUIRETLS"].strip()
    return holds(not parameters, expected="REQUIRETLS alone", seen=f"REQUIRETLS {visible(parameters)}")


@scenario(
    "rfc8689/2/parameter-without-value",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=UNDER_TLS,
    parameters={"alone": b"REQUIRETLS", "lower": b"requiretls", "with-body": b"BODY=8BITMIME REQUIRETLS"},
    tags=["starttls"],
)
async def listed_parameter_is_taken(parameters: bytes, smtp: Client, second: Client) -> Observation:
    """REQUIRETLS under TLS is not called a syntax error."""
    presume(accepted(await second.mail()))
    return not_refused_as(await smtp.mail(parameters=b" " + parameters), {500, 501, 502, 504, 555})


@scenario(
    "rfc8689/2/parameter-without-value",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=UNDER_TLS,
    parameters={"yes": b"REQUIRETLS=YES", "number": b"REQUIRETLS=1", "twice": b"REQUIRETLS REQUIRETLS"},
    tags=["starttls"],
)
async def parameter_with_a_value_is_refused(parameters: bytes, smtp: Client, second: Client) -> Observation:
    """REQUIRETLS with a value, or twice, is refused."""
    presume(accepted(await second.mail()))
    return refused(await smtp.mail(parameters=b" " + parameters))


@scenario(
    "rfc5321/4.1.1.11/555-for-unknown-parameter",
    start=At.EHLO,
    lacks=["REQUIRETLS"],
    parameters={"alone": b"REQUIRETLS", "with-body": b"BODY=8BITMIME REQUIRETLS", "value": b"REQUIRETLS=YES"},
)
async def unlisted_parameter_is_refused(parameters: bytes, smtp: Client, second: Client) -> Observation:
    """REQUIRETLS where EHLO does not list it, as in clear, is refused."""
    presume(accepted(await second.mail()))
    return refused(await smtp.mail(parameters=b" " + parameters))
