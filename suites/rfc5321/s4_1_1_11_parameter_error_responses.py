"""RFC 5321 4.1.1.11 - Mail-Parameter and Rcpt-Parameter Error Responses."""

from __future__ import annotations

from conformance import At, Client, Observation, Unclear, accepted, answered, presume, refused_with, scenario

UNKNOWN = {"keyword": b" XCONFORMANCE", "keyword-and-value": b" XCONFORMANCE=1"}


@scenario("rfc5321/4.1.1.11/555-for-unknown-parameter", start=At.EHLO, unknown=UNKNOWN, segments=["octets"])
async def unknown_parameter_of_mail_gets_555(unknown: bytes, smtp: Client, second: Client) -> Observation:
    """MAIL with a parameter that nobody defined is answered with 555."""
    presume(accepted(await second.mail()))
    return answered(await smtp.mail(parameters=unknown), {555})


@scenario("rfc5321/4.1.1.11/555-for-unknown-parameter", start=At.MAIL, unknown=UNKNOWN, segments=["octets"])
async def unknown_parameter_of_rcpt_gets_555(unknown: bytes, smtp: Client) -> Observation:
    """RCPT with a parameter that nobody defined is answered with 555."""
    presume(accepted(await smtp.rcpt()))
    return answered(await smtp.rcpt(parameters=unknown), {555})


@scenario("rfc5321/4.1.1.11/codes-of-the-extension", start=At.EHLO, offers=["SIZE"])
async def too_great_a_size_gets_552(smtp: Client, second: Client) -> Observation:
    """A declared size above the limit that the server states is refused with 552 where it is refused (RFC 1870 6.1)."""
    limit = smtp.offers["SIZE"]
    if not limit.isdigit() or int(limit) == 0:
        return Unclear("the server states no limit")
    presume(accepted(await second.mail(parameters=b" SIZE=1000")))
    return refused_with(await smtp.mail(parameters=b" SIZE=%d" % (int(limit) + 1)), {552})
