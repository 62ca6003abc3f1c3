"""RFC 5321 4.1.1 - Command Semantics and Syntax."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Reply,
    Unclear,
    accepted,
    not_refused_as,
    presume,
    recognised,
    refused,
    row,
    scenario,
)

WHITE_SPACE = {"space": b" ", "tab": b"\t", "spaces": b"   "}
COMMANDS = {
    "noop": (b"NOOP", At.EHLO),
    "rset": (b"RSET", At.EHLO),
    "quit": (b"QUIT", At.EHLO),
    "data": (b"DATA", At.RCPT),
}


@scenario(
    "rfc5321/4.1.1/trailing-white-space",
    start=At.EHLO,
    line={
        f"{name}-{blank}": row((command, octets), start=start)
        for name, (command, start) in COMMANDS.items()
        for blank, octets in WHITE_SPACE.items()
    },
)
async def trailing_white_space_is_tolerated(line: tuple[bytes, bytes], smtp: Client, second: Client) -> Observation:
    """White space before the CRLF makes no difference to a command without an argument."""
    command, blank = line
    presume(recognised(await second.say(command)))
    return not_refused_as(await smtp.say(command + blank), {500, 501, 502})


@scenario("rfc5321/4.1.1/trailing-white-space", start=At.EHLO, blank=WHITE_SPACE)
async def trailing_white_space_after_a_path_is_tolerated(blank: bytes, smtp: Client) -> Observation:
    """White space before the CRLF makes no difference to MAIL."""
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.say(b"RSET")))
    return not_refused_as(await smtp.mail(parameters=blank), {500, 501, 502, 555})


@scenario(
    "rfc5321/4.1.1/verb-then-space-or-crlf",
    start=At.EHLO,
    line={
        "noop": b"NOOP argument",
        "help": row(b"HELP NOOP", offers=["HELP"]),
        "vrfy": b"VRFY postmaster",
        "expn": row(b"EXPN postmaster", offers=["EXPN"]),
    },
)
async def verb_ends_at_the_space(line: bytes, smtp: Client, second: Client) -> Observation:
    """A verb that is known alone is known with a parameter behind a space."""
    presume(recognised(await second.say(line.split()[0])))
    unknown, outcome = await second.say(b"BOGUS argument"), await smtp.say(line)
    said_otherwise = isinstance(outcome, Reply) and isinstance(unknown, Reply) and outcome.text != unknown.text
    if said_otherwise and isinstance(outcome, Reply) and outcome.code == 500:
        return Unclear(f"500, but not as to an unknown verb: {outcome}")
    return not_refused_as(outcome, {500})


@scenario(
    "rfc5321/4.1.1/no-arguments",
    start=At.EHLO,
    line={"rset": b"RSET now", "quit": b"QUIT now", "data": row(b"DATA now", start=At.RCPT)},
)
async def argument_where_none_may_be_is_refused(line: bytes, smtp: Client, second: Client) -> Observation:
    """RSET, QUIT and DATA with an argument are refused."""
    presume(recognised(await second.say(line.split()[0])))
    return refused(await smtp.say(line))
