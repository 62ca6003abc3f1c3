"""RFC 4954 9 - Security Considerations."""

from __future__ import annotations

from conformance import At, Client, Held, Observation, scenario, stays_open

WRONG = b"AUTH PLAIN AG5vYm9keQB3cm9uZw=="


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
