"""RFC 5321 4.5.3.1.4 - Command Line."""

from __future__ import annotations

from collections.abc import Callable

from conformance import (
    CRLF,
    At,
    Broken,
    Client,
    Held,
    Observation,
    Reply,
    Unclear,
    not_refused_as,
    presume,
    row,
    scenario,
    took,
)

Line = Callable[[Client], bytes]

FILLED: dict[str, tuple[Line, bytes]] = {
    "noop": (lambda _: b"NOOP ", b"x"),
    "vrfy": (lambda _: b"VRFY ", b"x"),
    "mail": (lambda smtp: b"MAIL FROM:" + smtp.reverse_path, b" "),
    "help": (lambda _: b"HELP ", b"x"),
}
"""Commands that can be of any length, and what fills them: white space behind a path is put up with (4.1.1)."""
LENGTHS = {"under": 511, "at": 512}
SYNTAX = {500, 501}


def _filled(command: tuple[Line, bytes], length: int, smtp: Client) -> bytes:
    """The command in a line of this many octets, its CRLF included."""
    line, filler = command
    begun = line(smtp)
    return begun + filler * (length - len(begun) - len(CRLF))


@scenario(
    "rfc5321/4.5.3.1.4/command-line-512",
    start=At.EHLO,
    command={
        f"{name}-{label}": row((FILLED[name], length), offers=offers, segments=f"{name}-{label}" == "noop-at")
        for name, offers in {"noop": [], "vrfy": [], "mail": [], "help": ["HELP"]}.items()
        for label, length in LENGTHS.items()
    },
    segments=["octets"],
)
async def line_of_512_octets_is_read(
    command: tuple[tuple[Line, bytes], int], smtp: Client, second: Client
) -> Observation:
    """A command in a line of 511 and of 512 octets is no syntax error unless it is one in a short line."""
    filled, length = command
    seen = not_refused_as(await smtp.say(_filled(filled, length, smtp)), SYNTAX)
    if isinstance(seen, Broken):
        short = not_refused_as(await second.say(_filled(filled, 60, smtp)), SYNTAX)
        if isinstance(short, Broken):
            return Held(f"refused, and not for its length: {short.seen}")
        presume(short)
    return seen


@scenario("rfc5321/4.5.3.1.4/extensions-lengthen", start=At.MAIL, offers=["DSN"])
async def rcpt_with_a_long_original_recipient_is_taken_or_refused(smtp: Client) -> Observation:
    """RCPT in a line of more than 512 octets, for which DSN makes room, is taken or refused."""
    line = b"RCPT TO:" + smtp.forward_path + b" ORCPT=rfc822;"
    outcome = await smtp.say(line + b"u" * 400 + b"@" + b"d" * 60 + b".example.test")
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else f"answers {outcome.code}", outcome)
