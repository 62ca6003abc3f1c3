"""RFC 3885 2 - SMTP Extension Overview."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, holds, not_refused_as, presume, refused, scenario, visible

REFUSED_AS_UNKNOWN = frozenset({500, 501, 502, 504, 555})


@scenario("rfc3885/2/ehlo-keyword", start=At.EHLO, offers=["MTRK"])
async def keyword_has_no_parameters(smtp: Client) -> Observation:
    """Nothing stands behind MTRK in the reply to EHLO."""
    parameters = smtp.offers["MTRK"].strip()
    return holds(not parameters, expected="MTRK alone", seen=f"MTRK {visible(parameters)}")


@scenario(
    "rfc3885/2/envid-is-known",
    start=At.EHLO,
    offers=["MTRK"],
    value={"unique": b"a1b2c3@client.example.test", "xtext": b"a+2Bb@client.example.test"},
)
async def envid_is_taken(value: bytes, smtp: Client, second: Client) -> Observation:
    """ENVID is known at MAIL, whether or not DSN is listed."""
    presume(accepted(await second.mail()))
    return not_refused_as(await smtp.mail(parameters=b" ENVID=" + value), REFUSED_AS_UNKNOWN)


@scenario("rfc3885/2/orcpt-is-known", start=At.MAIL, offers=["MTRK"])
async def orcpt_is_taken(smtp: Client, second: Client) -> Observation:
    """ORCPT is known at RCPT, whether or not DSN is listed."""
    presume(accepted(await second.mail()))
    presume(accepted(await second.rcpt()))
    parameter = b" ORCPT=rfc822;" + smtp.forward_path.strip(b"<>")
    return not_refused_as(await smtp.rcpt(parameters=parameter), REFUSED_AS_UNKNOWN)


@scenario(
    "rfc5321/4.1.1.11/555-for-unknown-parameter",
    start=At.EHLO,
    lacks=["MTRK"],
    value={"certifier": b"MTRK=6xGf4fGvEHHmn0xHTvSv5VRwPrk", "timeout": b"MTRK=6xGf4fGvEHHmn0xHTvSv5VRwPrk:86400"},
)
async def unlisted_parameter_is_refused(value: bytes, smtp: Client, second: Client) -> Observation:
    """MTRK where EHLO does not list it is refused."""
    presume(accepted(await second.mail()))
    return refused(await smtp.mail(parameters=b" " + value))
