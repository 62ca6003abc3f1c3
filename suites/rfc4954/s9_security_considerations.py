"""RFC 4954 9 - Security Considerations."""

from __future__ import annotations

from conformance import At, Client, Held, Observation, Reply, Unclear, answered, presume, scenario, stays_open, took

WRONG = b"AUTH PLAIN AG5vYm9keQB3cm9uZw=="
MANY = 8
"""More failures than any user has by mistake."""


@scenario(
    "rfc4954/9/not-before-three-failures",
    start=At.UNAUTHENTICATED,
    offers=["AUTH PLAIN"],
    failures={"one": 1, "two": 2},
)
async def connection_survives_failures(failures: int, smtp: Client) -> Observation:
    """One failed attempt, and a second, do not end the connection."""
    for _ in range(failures):
        lasts = stays_open(await smtp.say(WRONG))
        if not isinstance(lasts, Held):
            return lasts
    return stays_open(await smtp.say(b"NOOP"))


@scenario("rfc4954/9/may-drop-after-failures", start=At.UNAUTHENTICATED, offers=["AUTH PLAIN"])
async def many_failures_may_end_the_connection(smtp: Client) -> Observation:
    """Eight failed attempts end the connection, or they do not."""
    presume(answered(await smtp.say(b"NOOP")))
    for number in range(MANY):
        outcome = await smtp.say(WRONG)
        if not isinstance(outcome, Reply) or outcome.code == 421:
            return took("closes", f"at failure {number + 1}: {outcome}") if number else Unclear(str(outcome))
    outcome = await smtp.say(b"NOOP")
    return took("stays open" if isinstance(stays_open(outcome), Held) else "closes", outcome)
