"""RFC 6710 4.1 - Handling of the MT-PRIORITY Parameter by the Receiving SMTP Server."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, Unclear, accepted, presume, refused, scenario, took


@scenario(
    "rfc6710/4.1/invalid-value-refused",
    start=At.EHLO,
    offers=["MT-PRIORITY"],
    value={
        "no-value": b"MT-PRIORITY",
        "empty": b"MT-PRIORITY=",
        "ten": b"MT-PRIORITY=10",
        "minus-ten": b"MT-PRIORITY=-10",
        "plus": b"MT-PRIORITY=+3",
        "minus-zero": b"MT-PRIORITY=-0",
        "leading-zero": b"MT-PRIORITY=03",
        "fraction": b"MT-PRIORITY=3.5",
        "word": b"MT-PRIORITY=high",
        "sign-alone": b"MT-PRIORITY=-",
        "twice": b"MT-PRIORITY=3 MT-PRIORITY=3",
        "twice-in-two-cases": b"MT-PRIORITY=3 mt-priority=-3",
    },
)
async def invalid_priority_is_refused(value: bytes, smtp: Client, second: Client) -> Observation:
    """A priority that is malformed, out of range or given twice is refused."""
    presume(accepted(await second.mail()))
    return refused(await smtp.mail(parameters=b" " + value))


async def _granted(smtp: Client, value: bytes) -> Observation:
    outcome = await smtp.mail(parameters=b" MT-PRIORITY=" + value)
    if not isinstance(outcome, Reply) or outcome.code == 421:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else f"answers {outcome.code}", outcome)


@scenario(
    "rfc6710/4.1/downgrade-by-strangers",
    start=At.EHLO,
    offers=["MT-PRIORITY"],
    value={"a-little": b"-1", "most": b"-9"},
)
async def lower_priority_may_be_taken(value: bytes, smtp: Client) -> Observation:
    """What a priority below 0 is answered with."""
    return await _granted(smtp, value)


@scenario(
    "rfc6710/4.1/may-reject-by-priority",
    start=At.EHLO,
    offers=["MT-PRIORITY"],
    value={"lowest": b"-9", "highest": b"9"},
)
async def priority_may_be_a_reason_to_refuse(value: bytes, smtp: Client) -> Observation:
    """What the lowest and the highest priority are answered with."""
    return await _granted(smtp, value)
