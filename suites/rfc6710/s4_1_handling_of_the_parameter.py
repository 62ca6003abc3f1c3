"""RFC 6710 4.1 - Handling of the MT-PRIORITY Parameter by the Receiving SMTP Server."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Outcome,
    Reply,
    Unclear,
    accepted,
    holds,
    presume,
    refused,
    refused_with,
    scenario,
    took,
)


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


LOWEST = -9


async def refused_for_its_priority(smtp: Client, second: Client, below: int) -> Outcome:
    """The reply to MAIL with a priority so much below the lowest that is taken, where the lowest one is taken.

    Raises:
        NotReady: the lowest is refused too.
    """
    least = smtp.target.limits.least_priority or 0
    presume(accepted(await second.mail(parameters=b" MT-PRIORITY=%d" % least)))
    return await smtp.mail(parameters=b" MT-PRIORITY=%d" % max(least - below, LOWEST))


TOO_LOW = {"just-below": 1, "far-below": 18}


@scenario(
    "rfc6710/4.1/450-or-550-for-priority",
    roles=["submission"],
    start=At.EHLO,
    offers=["MT-PRIORITY"],
    facts=["limits.least_priority"],
    below=TOO_LOW,
)
async def refusal_for_a_priority_has_one_of_two_codes(below: int, smtp: Client, second: Client) -> Observation:
    """A submission server that refuses a low priority says 450 or 550."""
    outcome = await refused_for_its_priority(smtp, second, below)
    if isinstance(outcome, Reply) and outcome.severity == 4 and outcome.code not in {421, 450}:
        return holds(False, expected="450 or 550", seen=outcome)
    return refused_with(outcome, {450, 550})


@scenario(
    "rfc6710/4.1/status-7.15",
    roles=["submission"],
    start=At.EHLO,
    offers=["MT-PRIORITY", "ENHANCEDSTATUSCODES"],
    facts=["limits.least_priority"],
    below=TOO_LOW,
)
async def refusal_for_a_priority_says_x_7_15(below: int, smtp: Client, second: Client) -> Observation:
    """A submission server that refuses a low priority says 4.7.15 or 5.7.15."""
    outcome = await refused_for_its_priority(smtp, second, below)
    if not (isinstance(outcome, Reply) and outcome.severity in {4, 5} and outcome.code != 421):
        return Unclear(f"no refusal to look at: {outcome}")
    return holds(outcome.status in {"4.7.15", "5.7.15"}, expected="4.7.15 or 5.7.15", seen=outcome)
