"""Expected results: the findings that are known, each with an argument, so that only a change is news."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from conformance.engine import Event, Result, Run
from conformance.report._files import ReportError, replacing
from conformance.report._words import order, reason, safe, section_of
from conformance.scenario import FINDINGS, Verdict, nearest

HEAD = """\
# Expected results: known findings, each with its reason, argued from the RFC.
# seen is compared with what the report shows; * stands for any text and ? for any one character,
# so put * where a queue id, a time or a name changes from run to run.
"""

ANY_TEXT = "*"
BETWEEN = " | "
"""Stands between the replies of what was seen."""
COMPARED = 2
"""How many replies of what was seen are held against what is seen again."""
WATCH = "watch_"
"""What the name of a watch begins with."""

DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
TIME = r"\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?(?: [+-]\d{4}\b)?"
CHANGES = re.compile(
    rf"(?:\b{DAY},? )?\b\d{{1,2}} {MONTH} \d{{4}}\b(?: {TIME})?"  # as in a header field
    rf"|(?:\b{DAY} )?\b{MONTH} {{1,2}}\d{{1,2}}(?: {TIME})?(?: \d{{4}}\b)?"  # as ctime and logs have it
    rf"|\b\d{{4}}-\d\d-\d\d(?:T{TIME}|\b)"
    rf"|\b{TIME}"
    r"|(?:\\x[0-9a-f]{2}(?:(?! \| ).){0,8}){4,}(?:(?! \| ).)*"  # octets of a handshake, up to the next reply
    r"|(?<=connection )(?:closed|reset)\b"  # whichever our last write brings about
    r"|\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{6,}\b|\d{5,}"
)
"""What looks like a date, a time, an id or the end of a connection, and so may be another in every run."""

F = TypeVar("F")


def globbed(glob: str, text: str) -> bool:
    """Whether the text fits; only ``*`` and ``?`` are special."""
    wanted = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in glob)
    return re.fullmatch(wanted, text, re.DOTALL) is not None


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One known finding; ``seen`` is a glob over what the server did, ``link`` an issue or a discussion."""

    scenario: str
    verdict: Literal["fail", "deviates"]
    reason: str
    seen: str = ""
    link: str = ""

    def matches(self, seen: str) -> bool:
        """Whether what was seen is what is known; only ``*`` and ``?`` are special."""
        return globbed(self.seen or ANY_TEXT, seen)


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
    known = _entries(path)
    for entry in known.values():
        if not entry.reason.strip():
            raise ReportError(f"{path}: scenario {entry.scenario!r} has no reason: argue from the RFC why it is known")
    return Expected(path, known)


def _entries(path: Path) -> dict[str, Entry]:
    known: dict[str, Entry] = {}
    for entry in _read(path, _File).expected:
        if entry.scenario in known:
            raise ReportError(f"{path}: scenario {entry.scenario!r} stands there twice")
        if entry.verdict == "fail" and not entry.seen:
            raise ReportError(f"{path}: scenario {entry.scenario!r} is a fail and does not say what is seen")
        known[entry.scenario] = entry
    return known


def _read(path: Path, form: type[F]) -> F:
    try:
        with path.open("rb") as file:
            data: dict[str, Any] = tomllib.load(file)
        return msgspec.convert(data, form)
    except OSError as error:
        raise ReportError(f"{path}: can't be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ReportError(f"{path}: {error}") from error


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why scenarios are known to go as they do, at these servers or at all; ``scenarios`` and ``seen`` are globs."""

    scenarios: tuple[str, ...]
    reason: str
    servers: tuple[str, ...] = ()
    seen: str = ANY_TEXT
    link: str = ""

    def about(self, server: str, scenario: str, seen: str) -> bool:
        """Whether it argues this finding."""
        there = not self.servers or server in self.servers
        return there and any(globbed(each, scenario) for each in self.scenarios) and globbed(self.seen, seen)


class _Reasons(msgspec.Struct, forbid_unknown_fields=True):
    reason: list[Reason] = []


def read_reasons(path: Path) -> list[Reason]:
    """Read a file of reasons, which stand there once for many scenarios and servers.

    Raises:
        ReportError: it can't be read, or does not fit the form.
    """
    return _read(path, _Reasons).reason


def write_expected(events: Iterable[Event], path: Path, reasons: Sequence[Reason] = ()) -> list[str]:
    """Write an expected-results file of the findings among these events; returns the scenarios without a reason.

    Where there is a file already, what it says of a finding stays: its reason, its link, and what is seen as long as
    that fits. What is known of scenarios that did not run stays too; what is no finding any more goes. ``reasons`` are
    for findings that have none, the first that fits.

    Raises:
        ReportError: one of the files can't be read or written.
    """
    before = _entries(path) if path.is_file() and path.stat().st_size else {}
    server = ""
    ran: dict[str, tuple[object, ...]] = {}
    entries: dict[str, Entry] = {}
    for event in events:
        if isinstance(event, Run):
            server = event.target.name
        if isinstance(event, Result):
            ran[event.scenario] = order(event)
            if event.verdict in FINDINGS:
                entries[event.scenario] = _entry(event, before.get(event.scenario), server, reasons)
    entries |= {name: entry for name, entry in before.items() if name not in ran}
    with replacing(path) as file:
        file.write(HEAD.encode())
        for name in sorted(entries, key=lambda name: (section_of(name).order, ran.get(name, ()), name)):
            file.write(_lines(entries[name]).encode())
    return [name for name, entry in entries.items() if not entry.reason.strip()]


def _entry(result: Result, before: Entry | None, server: str, reasons: Sequence[Reason]) -> Entry:
    seen = reason(result)
    known = before is not None and before.verdict == result.verdict.value
    why, link = (before.reason, before.link) if before is not None else ("", "")
    if not why.strip():
        for each in reasons:
            if each.about(server, result.scenario, seen):
                why, link = each.reason, each.link or link or result.link
                break
    kept = before.seen if before is not None and known and before.matches(seen) else _light(result, seen)
    verdict: Literal["fail", "deviates"] = "fail" if result.verdict is Verdict.FAIL else "deviates"
    return Entry(scenario=result.scenario, verdict=verdict, seen=kept, reason=why, link=link)


def _light(result: Result, seen: str) -> str:
    """What was seen, with ``*`` for what will be another the next time: tokens, times and ids.

    Of more than two replies those behind the second are left open, as what follows a broken clause depends on when our
    octets arrive; and so is the whole where a watch found it, for the first reply of a run is another each time.
    """
    if result.scenario.rpartition("/")[2].startswith(WATCH):
        return ANY_TEXT
    for attempt in result.attempts:
        if attempt.token:
            seen = seen.replace(attempt.token, "*")
    replies = seen.split(BETWEEN)
    if len(replies) > COMPARED:
        seen = BETWEEN.join((*replies[:COMPARED], ANY_TEXT))
    return re.sub(r"\*{2,}", "*", CHANGES.sub("*", seen)) or ANY_TEXT


def _lines(entry: Entry) -> str:
    keys = {"scenario": entry.scenario, "verdict": entry.verdict, "seen": entry.seen, "reason": entry.reason}
    if entry.link:
        keys["link"] = entry.link
    return "\n[[expected]]\n" + "".join(f"{key} = {_quoted(text)}\n" for key, text in keys.items())


def _quoted(text: str) -> str:
    return '"' + safe(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
