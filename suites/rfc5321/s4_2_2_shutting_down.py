"""RFC 5321 4.2.2 - Reply Codes by Function Groups: 421; slow, since it takes a session to its end."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, scenario, took

COMMANDS = 100


@scenario("rfc5321/4.2.2/421-to-any-command", start=At.EHLO, slow=True, alone=True, tags=["attack"])
async def session_ends_with_421_or_does_not(smtp: Client) -> Observation:
    """A session of nothing but NOOP is ended with 421 at one of them, or it is not."""
    for number in range(1, COMMANDS + 1):
        outcome = await smtp.say(b"NOOP")
        if not isinstance(outcome, Reply) or outcome.code == 421:
            return took("421" if isinstance(outcome, Reply) else "ends without 421", f"NOOP {number}: {outcome}")
    return took("goes on", outcome)
