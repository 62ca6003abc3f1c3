"""Scenarios of a few lines, for tests of the kill matrix."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from conformance.client import At, Client
from conformance.scenario import Clause, Level, Observation, Scenario, answered


def clause(name: str, level: Level = Level.MUST) -> Clause:
    return Clause(
        id=f"rfc5321/4.1/{name}",
        rfc="rfc5321",
        section="4.1",
        lines=(1, 1),
        level=level,
        source="keyword",
        party="server",
        observed="wire",
        says="It is so.",
    )


def scenario(name: str, body: Callable[..., Awaitable[Observation]], **differing: Any) -> Scenario:
    values: dict[str, Any] = {
        "id": f"rfc5321/4.1/{name}",
        "clause": clause(name),
        "body": body,
        "says": "It is so.",
        "start": At.EHLO,
    }
    return Scenario(**values | differing)


async def noop(smtp: Client) -> Observation:
    return answered(await smtp.say(b"NOOP"), {250})
