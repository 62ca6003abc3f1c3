"""Several runs side by side: what each server does about each clause, and where two or more differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.engine import End, Result, Run
from conformance.report._files import ReportError
from conformance.report._jsonl import read
from conformance.report._words import SHOWN_IN_FULL, Section, order, reason, safe, section_of, slim
from conformance.scenario import FINDINGS, Verdict

SIGNS = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✗",
    Verdict.DEVIATES: "≠",
    Verdict.NOTED: "•",
    Verdict.INCONCLUSIVE: "?",
    Verdict.NOT_APPLICABLE: "\u2013",
    Verdict.ERROR: "!",
}
"""One character for each verdict, those of the HTML report."""

GRAVEST_FIRST = (
    Verdict.ERROR,
    Verdict.FAIL,
    Verdict.DEVIATES,
    Verdict.INCONCLUSIVE,
    Verdict.PASS,
    Verdict.NOTED,
    Verdict.NOT_APPLICABLE,
)


@dataclass(frozen=True, slots=True)
class Tested:
    """One run over one server."""

    path: Path
    run: Run
    results: dict[str, Result]
    end: End

    @property
    def name(self) -> str:
        """The server's name, or its address where it has none."""
        return safe(self.run.target.name or self.run.target.address)

    @property
    def title(self) -> str:
        """The server and its version."""
        return safe(f"{self.name} {self.run.target.version}".strip())

    @property
    def counts(self) -> Counter[Verdict]:
        """How many results there are of each verdict."""
        return Counter(result.verdict for result in self.results.values())

    @property
    def longest(self) -> Result | None:
        """The result that took most time; ``None`` where there is none."""
        return max(self.results.values(), key=lambda result: result.seconds, default=None)

    def verdict(self, scenario: str) -> Verdict | None:
        """What came of the scenario; ``None`` where it did not run."""
        result = self.results.get(scenario)
        return result.verdict if result else None

    def gravest(self, clause: str) -> Verdict | None:
        """The gravest verdict of those about the clause."""
        there = {result.verdict for result in self.results.values() if result.clause == clause}
        return next((word for word in GRAVEST_FIRST if word in there), None)


def read_tested(path: Path, *, whole: bool = False) -> Tested:
    """Read a results file, or that of a folder; ``whole`` keeps a transcript of every result.

    Raises:
        ReportError: it is none, or not whole.
    """
    path = path / "results.jsonl" if path.is_dir() else path
    runs: list[Run] = []
    ends: list[End] = []
    results: dict[str, Result] = {}
    for event in read(path):
        match event:
            case Run():
                runs.append(event)
            case Result():
                results[event.scenario] = slim(event, with_evidence=whole or event.verdict in SHOWN_IN_FULL)
            case End():
                ends.append(event)
    if ends[0].problem:
        raise ReportError(f"{path}: not a usable run: {safe(ends[0].problem)}")
    return Tested(path, runs[0], results, ends[0])


@dataclass(frozen=True, slots=True)
class Row:
    """One subject, a clause or a scenario, over all servers; ``cells`` are in their order."""

    subject: str
    level: str
    says: str
    link: str
    cells: tuple[Verdict | None, ...]

    @property
    def signs(self) -> tuple[str, ...]:
        """A character for each cell, a blank where nothing ran."""
        return tuple(SIGNS[cell] if cell else " " for cell in self.cells)


def findings_by_clause(all_tested: Sequence[Tested]) -> list[Row]:
    """The clauses that at least one server breaks or deviates from, in the order of the RFCs."""
    about: dict[str, Result] = {}
    for each in all_tested:
        for result in each.results.values():
            if result.verdict in FINDINGS:
                about.setdefault(result.clause, result)
    chosen = sorted(about.values(), key=lambda result: (section_of(result.clause).order, result.lines, result.clause))
    gravest = [_gravest_by_clause(each) for each in all_tested]
    return [
        Row(result.clause, result.level, result.says, result.link, tuple(by.get(result.clause) for by in gravest))
        for result in chosen
    ]


def _gravest_by_clause(each: Tested) -> dict[str, Verdict]:
    verdicts: dict[str, set[Verdict]] = {}
    for result in each.results.values():
        verdicts.setdefault(result.clause, set()).add(result.verdict)
    return {clause: next(word for word in GRAVEST_FIRST if word in there) for clause, there in verdicts.items()}


@dataclass(frozen=True, slots=True)
class Kept:
    """How many clauses of a section a server keeps, of those that were decided."""

    kept: int
    decided: int
    gravest: Verdict | None


def sections(all_tested: Sequence[Tested]) -> list[tuple[Section, list[Kept]]]:
    """By section: how many clauses each server keeps of those that were decided about it."""
    by_server = [_gravest_by_clause(each) for each in all_tested]
    names = {section_of(clause) for by in by_server for clause in by}
    return [(section, [_kept(by, section) for by in by_server]) for section in sorted(names, key=lambda s: s.order)]


def _kept(by: dict[str, Verdict], section: Section) -> Kept:
    here = Counter(verdict for clause, verdict in by.items() if section_of(clause) == section)
    decided = here[Verdict.PASS] + here[Verdict.FAIL] + here[Verdict.DEVIATES] + here[Verdict.NOTED]
    gravest = next((word for word in GRAVEST_FIRST if here[word]), None)
    return Kept(here[Verdict.PASS] + here[Verdict.NOTED], decided, gravest)


@dataclass(frozen=True, slots=True)
class Difference:
    """One scenario that went differently at two servers or versions, in their order."""

    scenario: str
    results: tuple[Result | None, ...]

    @property
    def any(self) -> Result:
        """One of the results, to say what the scenario is about; a finding where there is one, as it says most."""
        there = [result for result in self.results if result is not None]
        return max(there, key=lambda result: (result.verdict in FINDINGS, bool(result.says)))


def differences(all_tested: Sequence[Tested], matters: Callable[[Sequence[Verdict | None]], bool]) -> list[Difference]:
    """The scenarios whose verdicts matter, in the order of the RFCs."""
    known: dict[str, Result] = {}
    for each in all_tested:
        known |= each.results
    chosen = [
        result.scenario
        for result in sorted(known.values(), key=order)
        if matters([each.verdict(result.scenario) for each in all_tested])
    ]
    return [Difference(name, tuple(each.results.get(name) for each in all_tested)) for name in chosen]


def differs(verdicts: Sequence[Verdict | None]) -> bool:
    """Whether the servers were found to do different things."""
    return len(set(verdicts)) > 1


def is_found(verdicts: Sequence[Verdict | None]) -> bool:
    """Whether one of the servers has a finding."""
    return any(verdict in FINDINGS for verdict in verdicts)


WITHOUT = frozenset({Verdict.PASS, Verdict.NOTED})
"""The verdicts that show a version without the finding."""


def change(names: Sequence[str], verdicts: Sequence[Verdict | None]) -> str:
    """Which version first shows a finding, and which first loses it; empty where all that were asked have it.

    A finding is there since a version only where the one before was seen without it.
    """
    told: list[str] = []
    found = [verdict in FINDINGS for verdict in verdicts]
    first = found.index(True) if True in found else len(found)
    if 0 < first < len(found):
        told.append(f"{'since' if verdicts[first - 1] in WITHOUT else 'first seen in'} {names[first]}")
    for place in range(first + 1, len(found)):
        if found[place - 1] and not found[place]:
            verdict = verdicts[place]
            told.append(f"{'gone' if verdict in WITHOUT else f'{verdict}'} in {names[place]}")
        elif found[place] and not found[place - 1]:
            told.append(f"again in {names[place]}")
    return ", ".join(told)


def seen(result: Result | None) -> str:
    """What was seen, in one line."""
    return reason(result) if result is not None else "did not run"


def names_of(all_tested: Iterable[Tested]) -> list[str]:
    """What tells the servers apart: their versions where they are versions of one, else both."""
    chosen = list(all_tested)
    if len({each.name for each in chosen}) == 1 and len({each.run.target.version for each in chosen}) == len(chosen):
        return [safe(each.run.target.version) or each.name for each in chosen]
    return [each.title for each in chosen]
