"""RFC 1985 2 - Framework for the ETRN Extension."""

from __future__ import annotations

from conformance import At, Client, Held, Observation, Reply, holds, recognised, refused, scenario, visible

UNABLE = frozenset({458, 459})
"""The server understood and does nothing, for now or for this client: an answer like any other (196-211)."""


@scenario("rfc1985/2/ehlo-keyword", start=At.EHLO, offers=["ETRN"])
async def keyword_has_no_parameters(smtp: Client) -> Observation:
    """Nothing stands behind ETRN in the reply to EHLO."""
    parameters = smtp.offers["ETRN"]
    return holds(not parameters.strip(), expected="ETRN alone", seen=f"ETRN {visible(parameters)}")


@scenario(
    "rfc1985/2/one-verb",
    start=At.EHLO,
    offers=["ETRN"],
    line={"name": b"ETRN %b", "subdomains": b"ETRN @%b", "lower": b"etrn %b"},
)
async def listed_command_is_known(line: bytes, smtp: Client) -> Observation:
    """A server that lists ETRN does not call it unknown."""
    outcome = await smtp.say(line % smtp.helo_name)
    if isinstance(outcome, Reply) and outcome.code in UNABLE:
        return Held(str(outcome))
    return recognised(outcome)


@scenario(
    "rfc5321/4.1.1.1/lists-all-optional-commands",
    start=At.EHLO,
    lacks=["ETRN"],
    argument={"name": b"client.example.test", "subdomains": b"@client.example.test", "queue": b"#queue"},
)
async def unlisted_command_does_not_work(argument: bytes, smtp: Client) -> Observation:
    """ETRN that EHLO does not list is refused."""
    outcome = await smtp.say(b"ETRN " + argument)
    if isinstance(outcome, Reply) and outcome.code in UNABLE:
        return Held(str(outcome))
    return refused(outcome)
