"""RFC 5321 4.3.1 - Sequencing Overview."""

from __future__ import annotations

import re

from conformance import (
    CRLF,
    At,
    Broken,
    Client,
    Observation,
    Reply,
    Silence,
    Unclear,
    accepted,
    holds,
    presume,
    replies_to_lines,
    row,
    scenario,
    succeeds_with,
    took,
)

NAME = re.compile(rb"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.?|\[[\x21-\x5a\x5e-\x7e]+\]")


@scenario("rfc5321/4.3.1/name-in-greeting", start=At.GREETING)
async def greeting_begins_with_the_name(smtp: Client) -> Observation:
    """The first word of the greeting is a domain or an address literal."""
    if not isinstance(smtp.greeting, Reply):
        return Unclear(str(smtp.greeting))
    first = smtp.greeting.lines[0].text.split(b" ")[0]
    return holds(NAME.fullmatch(first) is not None, expected="220 and the server's name", seen=smtp.greeting)


@scenario("rfc5321/4.3.1/220-on-connection", start=At.CONNECT)
async def connection_is_greeted_with_220(smtp: Client) -> Observation:
    """A connection that the server accepts is greeted with 220."""
    outcome = await smtp.reply()
    if isinstance(outcome, Silence):
        return Broken("220", str(outcome))
    return succeeds_with(outcome, {220})


@scenario(
    "rfc5321/4.3.1/listed-replies",
    start=At.EHLO,
    command={
        "helo": row((b"HELO client.example.test", {250}), start=At.GREETING),
        "data": row((b"DATA", {354}), start=At.RCPT),
        "vrfy": row((b"VRFY postmaster", {250, 251, 252}), segments=False),
        "expn": row((b"EXPN staff", {250, 252}), offers=["EXPN"]),
        "help": row((b"HELP", {211, 214}), offers=["HELP"]),
    },
    segments=["octets", "line-ends"],
)
async def success_has_the_code_of_the_table(command: tuple[bytes, set[int]], smtp: Client) -> Observation:
    """A command that is served gets a code of success that the table lists for it."""
    line, codes = command
    return succeeds_with(await smtp.say(line), codes)


@scenario("rfc5321/4.3.1/listed-replies", start=At.RCPT, segments=["octets", "line-ends"])
async def end_of_data_has_the_code_of_the_table(smtp: Client) -> Observation:
    """Mail data that is taken gets 250."""
    presume(accepted(await smtp.say(b"DATA"), {354}))
    await smtp.raw(smtp.message() + b"." + CRLF)
    return succeeds_with(await smtp.reply(), {250})


@scenario("rfc5321/4.3.1/text-may-differ", start=At.RCPT)
async def text_of_354_may_differ(smtp: Client) -> Observation:
    """The 354 to DATA has the text of the RFC, or another."""
    outcome = await smtp.say(b"DATA")
    presume(accepted(outcome, {354}))
    listed = isinstance(outcome, Reply) and outcome.text.lower() == b"start mail input; end with <crlf>.<crlf>"
    return took("the text of the RFC" if listed else "a text of its own", outcome)


GROUPS = {
    "noops": [b"RSET", b"RSET", b"NOOP"],
    "resets": [b"RSET", b"MAIL FROM:<>", b"RSET", b"RSET", b"VRFY postmaster"],
    "transaction": [b"MAIL FROM:<>", b"RCPT TO:<postmaster>", b"RCPT TO:<postmaster>", b"RSET"],
    "refusals": [b"RCPT TO:<postmaster>", b"MAIL FROM:<>", b"MAIL FROM:<>", b"RSET", b"DATA"],
    "unknown": [b"MAIL FROM:<>", b"RSET", b"BOGUS"],
}
"""Commands that a client may send in one segment where it is offered PIPELINING (RFC 2920 §3.1).

Some commands may only be the last of such a group.
"""


@scenario("rfc5321/4.2/one-reply", start=At.EHLO, offers=["PIPELINING"], group=GROUPS, segments=["octets", "line-ends"])
async def group_brings_a_reply_to_each(group: list[bytes], smtp: Client) -> Observation:
    """Commands sent all at once bring one reply each, however they are cut."""
    await smtp.raw(b"".join(line + CRLF for line in group))
    return replies_to_lines(await smtp.replies_until_quit(len(group)), len(group))
