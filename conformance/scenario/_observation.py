"""What a scenario saw, and what the engine makes of it: the one place that grades."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from conformance.scenario._clauses import Level


class BadScenarioError(Exception):
    """A scenario claims what its clause's level can't mean: our mistake, never the server's."""


@dataclass(frozen=True, slots=True)
class Held:
    """The server kept the clause.

    ``confirm`` marks a conclusion that rests on waiting or on a close, which the engine confirms like a finding.
    """

    seen: str = ""
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """The server did what the clause rules out."""

    expected: str
    seen: str


@dataclass(frozen=True, slots=True)
class Took:
    """The server took one of the branches that a MAY leaves open."""

    branch: str
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Unclear:
    """What was seen proves nothing, and why."""

    why: str


Observation = Held | Broken | Took | Unclear


class Verdict(enum.StrEnum):
    """The seven words of a report."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    DEVIATES = "deviates"
    NOTED = "noted"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not-applicable"
    ERROR = "error"


def verdict(seen: Observation, level: Level) -> Verdict:
    """Grade one observation of a clause of this level.

    Raises:
        BadScenarioError: a MAY was called broken, or a branch was taken where the clause leaves none.
    """
    match seen, level:
        case Unclear(), _:
            return Verdict.INCONCLUSIVE
        case Took(), Level.MAY:
            return Verdict.NOTED
        case Took(), _:
            raise BadScenarioError(f"only a MAY has branches, and this clause is a {level.value}")
        case Held(), _:
            return Verdict.PASS
        case Broken(), Level.MAY:
            raise BadScenarioError("a MAY can't be broken")
        case Broken(), Level.MUST | Level.MUST_NOT:
            return Verdict.FAIL
        case _:
            return Verdict.DEVIATES


FINDINGS = frozenset({Verdict.FAIL, Verdict.DEVIATES})
