"""RFC 1985 2 - Framework for the ETRN Extension."""

from __future__ import annotations

from conformance import At, Client, Observation, holds, recognised, refused, scenario, visible


@scenario("rfc1985/2/ehlo-keyword", start=At.EHLO, offers=["ETRN"])
async def keyword_has_no_parameters(smtp: Client) -> Observation:
    """Nothing stands behind ETRN in the reply to EHLO."""
    parameters = smtp.offers["ETRN"]
    return holds(not parameters.strip(), expected="ETRN alone", seen=f"ETRN {visible(parameters)}")


@scenario(
    "rfc1985/2/one-verb",
    start=At.EHLO,
    offers=["ETRN"],
    line={"name": b"ETRN %b", "subdomains": b"ETRN @%b", "lower": b"etrn %b", "without-a-name": b"ETRN"},
)
async def listed_command_is_known(line: bytes, smtp: Client) -> Observation:
    """A server that lists ETRN does not call it unknown."""
    return recognised(await smtp.say(line % smtp.helo_name if b"%" in line else line))


@scenario(
    "rfc5321/4.1.1.1/lists-all-optional-commands",
    start=At.EHLO,
    lacks=["ETRN"],
    argument={"name": b"client.example.test", "subdomains": b"@client.example.test", "queue": b"#queue"},
)
async def unlisted_command_does_not_work(argument: bytes, smtp: Client) -> Observation:
    """ETRN that EHLO does not list is refused."""
    return refused(await smtp.say(b"ETRN " + argument))
