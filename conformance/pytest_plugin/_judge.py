"""What a result is in pytest's words."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from conformance.engine import Result
from conformance.report import Expected
from conformance.report._words import reason, safe
from conformance.scenario import FINDINGS, Verdict


class Outcome(enum.Enum):
    """pytest's outcomes, an error in set-up apart from a failure."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome and its reason in one safe line."""

    outcome: Outcome
    why: str


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges results by the options: ``strict`` makes deviates fail, ``expected`` are known findings."""

    strict: bool = False
    expected: Expected | None = None

    def __call__(self, result: Result) -> Judgement:
        """Judge one result."""
        why = _why(result)
        if result.verdict is Verdict.ERROR:
            return Judgement(Outcome.ERROR, why)
        difference = self.expected.difference(result, strict=self.strict) if self.expected else None
        if difference is not None:
            return Judgement(Outcome.FAILED, f"{difference.kind}: {difference.says}")
        if result.verdict in FINDINGS:
            return self._of_finding(result, why)
        if result.verdict in {Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE}:
            return Judgement(Outcome.SKIPPED, f"{result.verdict}: {why}")
        return Judgement(Outcome.PASSED, why)

    def _of_finding(self, result: Result, why: str) -> Judgement:
        known = self.expected.entries.get(result.scenario) if self.expected else None
        if known is not None:
            link = f" ({known.link})" if known.link else ""
            return Judgement(Outcome.XFAILED, f"{known.reason}{link}")
        if result.verdict is Verdict.FAIL or self.strict:
            return Judgement(Outcome.FAILED, f"{result.verdict}: {why}")
        return Judgement(Outcome.PASSED, why)


def _why(result: Result) -> str:
    seen = result.observation
    if result.verdict in FINDINGS and seen is not None and seen.expected:
        return f"expected {safe(seen.expected)}, got {reason(result)}"
    return reason(result)


STATUS: dict[str, tuple[str, str, str | tuple[str, dict[str, bool]]]] = {
    Verdict.DEVIATES: ("deviates", "d", ("DEVIATES", {"yellow": True})),
    Verdict.NOTED: ("noted", "n", ("NOTED", {"green": True})),
    Verdict.INCONCLUSIVE: ("skipped", "i", "SKIPPED"),
    Verdict.NOT_APPLICABLE: ("skipped", "-", "SKIPPED"),
}
"""Category, letter and word of the verdicts that pytest has no word for."""


def status(verdict: str, outcome: str) -> tuple[str, str, str | tuple[str, dict[str, bool]]] | None:
    """Category, letter and word of a report with this verdict; a failure is pytest's own."""
    return None if outcome == "failed" else STATUS.get(verdict)
