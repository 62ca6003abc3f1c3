"""RFC 6409 5.3 - Apply Shorter Timeouts."""

from __future__ import annotations

from conformance import CRLF, At, Client, NotReady, Observation, Reply, Silence, holds, scenario, stuff

TWO_MINUTES = 120.0

COMMANDS = ("MAIL", "RCPT", "DATA", "end of data", "NOOP", "RSET", "VRFY", "QUIT")


def _octets(command: str, smtp: Client) -> bytes:
    match command:
        case "MAIL":
            return b"MAIL FROM:" + smtp.reverse_path + CRLF
        case "RCPT":
            return b"RCPT TO:" + smtp.forward_path + CRLF
        case "VRFY":
            return b"VRFY " + smtp.forward_path.strip(b"<>") + CRLF
        case "end of data":
            return stuff(smtp.message()) + b"." + CRLF
        case _:
            return command.encode("ascii") + CRLF


@scenario(
    "rfc6409/5.3/two-minutes",
    roles=["submission"],
    start=At.EHLO,
    slow=True,
    command={each.replace(" ", "-"): each for each in COMMANDS},
)
async def command_is_answered_within_two_minutes(command: str, smtp: Client) -> Observation:
    """Each command, and the end of the mail data, is answered before two minutes are over."""
    before = COMMANDS[: COMMANDS.index(command)] if command in COMMANDS[:4] else ()
    for each in before:
        await smtp.raw(_octets(each, smtp))
        outcome = await smtp.reply(10 * TWO_MINUTES)
        if not (isinstance(outcome, Reply) and outcome.severity in {2, 3}):
            raise NotReady(each, outcome)
    await smtp.raw(_octets(command, smtp))
    outcome = await smtp.reply(TWO_MINUTES)
    late = isinstance(outcome, Silence)
    if late:
        await smtp.drop()
    return holds(not late, expected="a reply within two minutes", seen=f"{command}: {outcome}")
