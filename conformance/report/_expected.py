"""Expected results: the findings that are known, each with an argument, so that only a change is news."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from conformance.engine import Result
from conformance.report._files import ReportError, replacing
from conformance.report._words import order, reason, safe
from conformance.scenario import FINDINGS, Verdict, nearest

HEAD = """\
# Expected results: known findings, each with its reason, argued from the RFC.
# seen is compared with what the report shows; * stands for any text and ? for any one character,
# so put * where a queue id, a time or a name changes from run to run.
"""

ANY_TEXT = "*"


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One known finding; ``seen`` is a glob over what the server did, ``link`` an issue or a discussion."""

    scenario: str
    verdict: Literal["fail", "deviates"]
    reason: str
    seen: str = ""
    link: str = ""

    def matches(self, seen: str) -> bool:
        """Whether what was seen is what is known; only ``*`` and ``?`` are special."""
        wanted = "".join(
            {"*": ".*", "?": "."}.get(character, re.escape(character)) for character in self.seen or ANY_TEXT
        )
        return re.fullmatch(wanted, seen) is not None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    expected: list[Entry] = []


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a run differs from what was expected; prints as one safe line."""

    scenario: str
    kind: Literal["unexpected finding", "seen differs", "unexpected pass", "not confirmed", "error"]
    says: str

    def __str__(self) -> str:
        return safe(f"{self.kind}: {self.scenario}: {self.says}")


@dataclass(frozen=True, slots=True)
class Expected:
    """The known findings, by scenario."""

    path: Path
    entries: Mapping[str, Entry]

    def check(self, known_ids: Iterable[str]) -> None:
        """See that every entry is about a scenario that exists.

        Raises:
            ReportError: one is not; the text names the nearest id.
        """
        known = set(known_ids)
        for scenario in self.entries:
            if scenario not in known:
                raise ReportError(f"{self.path}: no scenario {scenario!r}{nearest(scenario, known)}")

    def compare(self, results: Iterable[Result], *, strict: bool) -> list[Difference]:
        """Where these results differ; entries about scenarios without a result are not asked about."""
        found = (self.difference(result, strict=strict) for result in results)
        return [difference for difference in found if difference is not None]

    def difference(self, result: Result, *, strict: bool) -> Difference | None:
        """How one result differs, if it does.

        Without ``strict`` an unknown ``deviates``, and a known finding that could not be confirmed, are no difference.
        """
        entry = self.entries.get(result.scenario)
        seen = reason(result)
        match result.verdict:
            case Verdict.ERROR:
                return Difference(result.scenario, "error", seen)
            case Verdict.FAIL | Verdict.DEVIATES as word:
                return self._of_finding(entry, result.scenario, word, seen, strict=strict)
            case _ if entry is None:
                return None
            case Verdict.PASS | Verdict.NOTED as word:
                return Difference(result.scenario, "unexpected pass", f"expected {entry.verdict}, got {word}")
            case word:
                says = f"expected {entry.verdict}, got {word}: {seen}"
                return Difference(result.scenario, "not confirmed", says) if strict else None

    @staticmethod
    def _of_finding(entry: Entry | None, scenario: str, word: Verdict, seen: str, *, strict: bool) -> Difference | None:
        if entry is None:
            known = word is Verdict.DEVIATES and not strict
            return None if known else Difference(scenario, "unexpected finding", f"{word}: {seen}")
        if entry.verdict != word.value:
            return Difference(scenario, "unexpected finding", f"expected {entry.verdict}, got {word}: {seen}")
        if not entry.matches(seen):
            return Difference(scenario, "seen differs", f"expected {entry.seen}, got {seen}")
        return None


def read_expected(path: Path) -> Expected:
    """Read an expected-results file.

    Raises:
        ReportError: it can't be read, does not fit the form, or an entry has no reason.
    """
    try:
        with path.open("rb") as file:
            data: dict[str, Any] = tomllib.load(file)
        entries = msgspec.convert(data, _File).expected
    except OSError as error:
        raise ReportError(f"{path}: can't be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ReportError(f"{path}: {error}") from error
    known: dict[str, Entry] = {}
    for entry in entries:
        if entry.scenario in known:
            raise ReportError(f"{path}: scenario {entry.scenario!r} stands there twice")
        if not entry.reason.strip():
            raise ReportError(f"{path}: scenario {entry.scenario!r} has no reason: argue from the RFC why it is known")
        if entry.verdict == "fail" and not entry.seen:
            raise ReportError(f"{path}: scenario {entry.scenario!r} is a fail and does not say what is seen")
        known[entry.scenario] = entry
    return Expected(path, known)


def write_expected(results: Iterable[Result], path: Path) -> None:
    """Write an expected-results file of the findings among these results, each with an empty reason to fill in.

    Raises:
        ReportError: it can't be written.
    """
    findings = sorted((_light(result) for result in results if result.verdict in FINDINGS), key=lambda pair: pair[0])
    with replacing(path) as file:
        file.write(HEAD.encode())
        for _, lines in findings:
            file.write(lines.encode())


def _light(result: Result) -> tuple[tuple[object, ...], str]:
    seen = reason(result)
    for attempt in result.attempts:
        if attempt.token:
            seen = seen.replace(attempt.token, "*")
    keys = {"scenario": result.scenario, "verdict": result.verdict.value, "seen": seen or ANY_TEXT, "reason": ""}
    return order(result), "\n[[expected]]\n" + "".join(f"{key} = {_quoted(text)}\n" for key, text in keys.items())


def _quoted(text: str) -> str:
    return '"' + safe(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
