"""RFC 5321 3.8 - Terminating Sessions and Connections."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, accepted, presume, scenario, stays_open


@scenario(
    "rfc5321/3.8/no-close-on-unknown-command",
    start=At.EHLO,
    line={"unknown": b"BOGUS", "unknown-x": b"XBOGUS", "with-argument": b"BOGUS some argument", "empty": b""},
    segments=["octets"],
)
async def unknown_command_does_not_end_the_session(line: bytes, smtp: Client) -> Observation:
    """After a command that it does not know, the server goes on."""
    presume(accepted(await smtp.say(b"NOOP")))
    outcome = await smtp.say(line)
    if isinstance(outcome, Reply) and outcome.code != 421:
        outcome = await smtp.say(b"NOOP")
    return stays_open(outcome)
