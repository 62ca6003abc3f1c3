"""RFC 5321 3.8 - Terminating Sessions and Connections."""

from __future__ import annotations

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Observation,
    Process,
    Reply,
    Silence,
    Unclear,
    presume,
    scenario,
    stays_open,
)

LOOK = 0.2
"""Seconds between two looks at a session whose server is told to stop."""

LOOKS = 150
A_LAST_WORD = 1.0
"""Seconds for a 421 that comes unasked, once the server listens no more."""


@scenario(
    "rfc5321/3.8/no-close-on-unknown-command",
    start=At.EHLO,
    line={
        "unknown": b"BOGUS",
        "unknown-x": b"XBOGUS",
        "with-argument": b"BOGUS some argument",
        "empty": b"",
        "high-bit-set": b"BOG\xd5S",
        "control": b"BOG\x01S",
    },
    segments=["octets"],
)
async def unknown_command_does_not_end_the_session(line: bytes, smtp: Client) -> Observation:
    """After a command that it does not know, the server goes on."""
    presume(stays_open(await smtp.say(b"NOOP")))
    outcome = await smtp.say(line)
    if isinstance(outcome, Reply) and outcome.code != 421:
        outcome = await smtp.say(b"NOOP")
    return stays_open(outcome)


@scenario("rfc5321/3.8/421-on-forced-stop", start=At.EHLO, facts=["process.stop"], alone=True)
async def server_that_is_stopped_says_so(smtp: Client, process: Process) -> Observation:
    """A server that is stopped in the middle of a session sends 421 before the connection ends.

    It may wait for the next command with that. A server that lets the session go on was not forced.
    """
    presume(stays_open(await smtp.say(b"NOOP")))
    process.begin_to_stop()
    for _ in range(LOOKS):
        outcome = await smtp.reply(within=LOOK)
        if not isinstance(outcome, Silence) or not await process.listens():
            break
    if isinstance(outcome, Silence):
        outcome = await smtp.reply(within=A_LAST_WORD)
    if isinstance(outcome, Silence):
        outcome = await smtp.say(b"NOOP")
    if isinstance(outcome, Reply):
        return Held(str(outcome)) if outcome.code == 421 else Unclear(f"this session goes on: {outcome}")
    return Broken("421 before the connection ends", str(outcome))
