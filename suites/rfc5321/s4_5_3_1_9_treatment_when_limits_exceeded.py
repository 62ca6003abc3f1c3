"""RFC 5321 4.5.3.1.9 - Treatment When Limits Exceeded."""

from __future__ import annotations

from collections.abc import Callable

from conformance import (
    CRLF,
    At,
    Client,
    Observation,
    Outcome,
    Reply,
    Unclear,
    one_message,
    presume,
    replies_to_lines,
    scenario,
    took,
)

LABEL = b"d" * 63
NAME_OF_256 = b".".join([LABEL, LABEL, LABEL, b"d" * 51]) + b".example.test"
PATH_OF_257 = b"<" + b"u" * 64 + b"@" + b".".join([LABEL, LABEL, b"d" * 49]) + b".example.test>"

OVER: dict[str, Callable[[Client], bytes]] = {
    "local-part": lambda smtp: b"MAIL FROM:<" + b"u" * 65 + b"@" + smtp.helo_name + b">",
    "domain": lambda _: b"EHLO " + NAME_OF_256,
    "path": lambda _: b"MAIL FROM:" + PATH_OF_257,
    "command-line": lambda _: b"NOOP " + b"x" * 506,
}
"""Lines in which one thing is one octet longer than a server must take."""


def _taken_or_refused(outcome: Outcome) -> Observation:
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else f"answers {outcome.code}", outcome)


@scenario("rfc5321/4.5.3.1.9/limit-codes", start=At.EHLO, line=OVER)
async def what_is_one_octet_too_long_is_taken_or_refused(line: Callable[[Client], bytes], smtp: Client) -> Observation:
    """What is one octet above a limit is taken, or refused with one code or another."""
    return _taken_or_refused(await smtp.say(line(smtp)))


@scenario("rfc5321/4.5.3.1.9/limit-codes", start=At.DATA, length={"1001": 1001, "2000": 2000})
async def text_line_above_the_limit_is_taken_or_refused(length: int, smtp: Client) -> Observation:
    """A message with a text line above the limit is taken, or refused with one code or another."""
    await smtp.raw(smtp.message(body=b"x" * (length - len(CRLF)) + CRLF) + b"." + CRLF)
    return _taken_or_refused(await smtp.reply())


LENGTHS = {str(length): length for length in (513, 1000, 1001, 2048, 4096, 4097, 8193, 70000)}
"""Octets of a line, its CRLF included: above the limit, and about the sizes of buffers."""


@scenario("rfc5321/4.2/one-reply", start=At.EHLO, length=LENGTHS)
async def overlong_command_line_brings_one_reply(length: int, smtp: Client, second: Client) -> Observation:
    """A command line of any length is one line: it brings one reply, and the next command another."""
    await second.raw(b"NOOP x" + CRLF + b"RSET" + CRLF)  # some servers take no more than one line at a time
    presume(replies_to_lines(await second.replies_until_quit(2), 2))
    await smtp.raw(b"NOOP " + b"NOOP " * ((length - 7) // 5) + b"x" * ((length - 7) % 5) + CRLF + b"RSET" + CRLF)
    return replies_to_lines(await smtp.replies_until_quit(2), 2)


BUFFERS = {str(length): length for length in (510, 512, 998, 1000, 1022, 1024, 2046, 2048, 4096, 8192, 16384, 65536)}
"""Where a server that cuts long lines could cut them, with its own line end counted or not."""


@scenario("rfc5321/4.5.2/stuffed-dot-does-not-end", start=At.DATA, length=BUFFERS)
async def dot_behind_a_long_line_does_not_end_the_data(length: int, smtp: Client) -> Observation:
    """A dot at the end of a long line is no line of its own, wherever a buffer ends."""
    await smtp.raw(smtp.message(body=b"x" * length + b"." + CRLF + b"second" + CRLF) + b"." + CRLF)
    return one_message(await smtp.replies_until_quit())
