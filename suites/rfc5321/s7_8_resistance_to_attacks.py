"""RFC 5321 7.8 - Resistance to Attacks; slow, since a server may keep the client waiting or out for a while."""

from __future__ import annotations

from conformance import At, Client, Observation, Outcome, Reply, Silence, Unclear, presume, refused, scenario, took

COMMANDS = 40
RECIPIENTS = 60


def _branch(number: int, outcome: Outcome) -> Observation:
    """What became of a session that was carried so far."""
    if isinstance(outcome, Silence):
        return Unclear(f"behind {number}: {outcome}")
    if isinstance(outcome, Reply) and outcome.code != 421:
        return took("answers them all", outcome)
    return took("closes" if not isinstance(outcome, Reply) else "421", f"behind {number}: {outcome}")


async def _repeat(line: bytes, count: int, smtp: Client) -> tuple[int, Outcome]:
    """Say the line so often, as long as it is answered; the number of the last one and its outcome."""
    number, outcome = 1, await smtp.say(line)
    while number < count and isinstance(outcome, Reply) and outcome.code != 421:
        number, outcome = number + 1, await smtp.say(line)
    return number, outcome


@scenario("rfc5321/7.8/may-defend-itself", start=At.EHLO, slow=True, alone=True, tags=["attack"])
async def many_unknown_commands_are_answered_or_not(smtp: Client) -> Observation:
    """Many commands that nobody knows are all answered, or the server puts an end to them."""
    return _branch(*await _repeat(b"BOGUS", COMMANDS, smtp))


@scenario(
    "rfc5321/7.8/may-close-under-attack", start=At.MAIL, slow=True, alone=True, facts=["refused"], tags=["attack"]
)
async def many_refused_recipients_are_answered_or_not(smtp: Client) -> Observation:
    """Many recipients that are refused are all answered, or the server puts an end to them."""
    line = b"RCPT TO:<%b>" % (smtp.target.refused or "").encode("ascii")
    presume(refused(await smtp.say(line)))
    return _branch(*await _repeat(line, RECIPIENTS, smtp))
