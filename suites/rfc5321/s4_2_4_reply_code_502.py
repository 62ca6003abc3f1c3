"""RFC 5321 4.2.4 - Reply Code 502."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    accepted,
    answered,
    not_refused_as,
    presume,
    recognised,
    row,
    scenario,
)


@scenario(
    "rfc5321/4.2.4/500-for-unknown",
    start=At.EHLO,
    line={"plain": b"BOGUS", "with-argument": b"BOGUS argument"},
    segments=["octets", "line-ends"],
)
async def unknown_command_gets_500(line: bytes, smtp: Client) -> Observation:
    """A command that the server does not know is answered with 500."""
    return answered(await smtp.say(line), {500})


@scenario(
    "rfc5321/4.2.4/no-500-for-listed",
    start=At.EHLO,
    line={
        "expn": row(b"EXPN postmaster", offers=["EXPN"]),
        "help": row(b"HELP", offers=["HELP"]),
        "starttls": row(b"STARTTLS", offers=["STARTTLS"]),
        "vrfy": row(b"VRFY postmaster", offers=["VRFY"]),
    },
)
async def listed_capability_is_known(line: bytes, smtp: Client) -> Observation:
    """A capability that EHLO lists is not answered with 500 or 502."""
    return recognised(await smtp.say(line))


@scenario(
    "rfc5321/4.2.4/no-500-for-listed",
    start=At.EHLO,
    parameter={
        "8bitmime": row(b" BODY=8BITMIME", offers=["8BITMIME"]),
        "size": row(b" SIZE=1000", offers=["SIZE"]),
    },
)
async def listed_parameter_is_known(parameter: bytes, smtp: Client) -> Observation:
    """A MAIL parameter of a listed extension is not answered with 500 or 502 where MAIL alone is taken."""
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.say(b"RSET")))
    return recognised(await smtp.mail(parameters=parameter))


@scenario(
    "rfc5321/4.2.4/502-for-not-implemented",
    start=At.EHLO,
    line={
        "send": b"SEND FROM:<postmaster@client.example.test>",
        "soml": b"SOML FROM:<postmaster@client.example.test>",
        "saml": b"SAML FROM:<postmaster@client.example.test>",
        "turn": b"TURN",
    },
)
async def command_of_old_is_not_blamed_on_its_argument(line: bytes, smtp: Client) -> Observation:
    """An obsolete command in its proper form is served or refused as a whole, not for its argument."""
    return not_refused_as(await smtp.say(line), {501, 504, 555})
