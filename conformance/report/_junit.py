"""JUnit XML, for the tools that read nothing else."""

from __future__ import annotations

import platform
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from conformance.engine import End, Event, Result, Run
from conformance.report._files import replacing
from conformance.report._words import (
    BROKE_OFF,
    Section,
    anchor,
    evidence,
    facts,
    order,
    reason,
    safe,
    section_of,
    transcript,
)
from conformance.scenario import Verdict

NAME = "smtp-conformance"


@dataclass(slots=True)
class _Suite:
    """One section: its counts, and where its cases lie in the spool."""

    failures: int = 0
    errors: int = 0
    skipped: int = 0
    seconds: float = 0.0
    cases: list[tuple[tuple[object, ...], int, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Suites:
    """All sections; the cases wait in a temporary file, since their counts come first."""

    spool: IO[bytes]
    sections: dict[Section, _Suite] = field(default_factory=dict)

    def add(self, result: Result) -> None:
        suite = self.sections.setdefault(section_of(result.scenario), _Suite())
        suite.failures += result.verdict is Verdict.FAIL
        suite.errors += result.verdict is Verdict.ERROR
        suite.skipped += result.verdict in {Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE}
        suite.seconds += result.seconds
        self._keep(suite, order(result), _case(result))

    def unusable(self, problem: str, end: End | None) -> None:
        """A suite of one error, for a run that proves nothing."""
        suite = self.sections.setdefault(Section("run", ""), _Suite())
        suite.errors += 1
        case = ET.Element("testcase", classname="run", name="the run is usable", time="0.000")
        ET.SubElement(case, "error", type="error", message=safe(problem)).text = safe(problem)
        if end is not None and end.evidence:
            ET.SubElement(case, "system-out").text = "\n".join(transcript(end.evidence))
        self._keep(suite, (), case)

    def _keep(self, suite: _Suite, place: tuple[object, ...], case: ET.Element) -> None:
        written = ET.tostring(case, encoding="utf-8")
        suite.cases.append((place, self.spool.tell(), len(written)))
        self.spool.write(written)


def write_junit(events: Iterable[Event], path: Path, *, hostname: str | None = None) -> None:
    """Write the run as JUnit XML: one suite a section, ``hostname`` (default: ours) is where the tests ran.

    fail is a failure, error an error, inconclusive and not-applicable are skipped, the other verdicts pass. A run
    that proves nothing carries one error more.

    Raises:
        ReportError: the file can't be written, or what ``events`` raises.
    """
    run: Run | None = None
    end: End | None = None
    with replacing(path) as file, tempfile.TemporaryFile() as spool:
        suites = _Suites(spool)
        for event in events:
            match event:
                case Run():
                    run = event
                case Result():
                    suites.add(event)
                case End():
                    end = event
        problem = BROKE_OFF if end is None else end.problem
        if problem:
            suites.unusable(problem, end)
        _write(file, suites, run, end, hostname if hostname is not None else platform.node())


def _write(file: IO[bytes], suites: _Suites, run: Run | None, end: End | None, hostname: str) -> None:
    all_suites = suites.sections.values()
    root = ET.Element(
        "testsuites",
        name=NAME,
        tests=str(sum(len(suite.cases) for suite in all_suites)),
        failures=str(sum(suite.failures for suite in all_suites)),
        errors=str(sum(suite.errors for suite in all_suites)),
        time=_seconds(end.seconds if end else sum(suite.seconds for suite in all_suites)),
    )
    file.write(b'<?xml version="1.0" encoding="utf-8"?>\n')
    opening, closing = _tags(root)
    file.write(opening + b"\n")
    for section in sorted(suites.sections, key=lambda section: section.order):
        _write_suite(file, section, suites, run, hostname)
    file.write(closing + b"\n")


def _write_suite(file: IO[bytes], section: Section, suites: _Suites, run: Run | None, hostname: str) -> None:
    suite = suites.sections[section]
    element = ET.Element(
        "testsuite",
        name=_dotted(section),
        tests=str(len(suite.cases)),
        failures=str(suite.failures),
        errors=str(suite.errors),
        skipped=str(suite.skipped),
        time=_seconds(suite.seconds),
        hostname=safe(hostname),
    )
    if run is not None:
        # Strict readers take a time without a zone only; it is UTC, as the property with the zone says.
        element.set("timestamp", safe(run.started.removesuffix("Z")))
        _properties(
            element,
            {
                "target": f"{run.target.name} {run.target.version}".strip(),
                "address": run.target.address,
                "suite-version": run.suite.version,
                "started": run.started,
            },
        )
    opening, closing = _tags(element)
    file.write(opening + b"\n")
    for _, start, length in sorted(suite.cases):
        suites.spool.seek(start)
        file.write(suites.spool.read(length) + b"\n")
    file.write(closing + b"\n")


def _tags(element: ET.Element) -> tuple[bytes, bytes]:
    """What stands before and after the children that are still to come."""
    written = ET.tostring(element, encoding="utf-8", short_empty_elements=len(element) > 0)
    opening, mark, name = written.rpartition(b"</")
    return opening, mark + name


def _case(result: Result) -> ET.Element:
    section = section_of(result.scenario)
    case = ET.Element("testcase", classname=_dotted(section), name=safe(result.scenario), time=_seconds(result.seconds))
    _properties(case, {"clause": result.clause, "level": result.level, "verdict": result.verdict.value})
    told = [
        f"{'' if number else fact.label + ':':>10} {line}"
        for fact in facts(result)
        for number, line in enumerate(fact.lines)
    ]
    match result.verdict:
        case Verdict.FAIL:
            message = f"{anchor(result)}: {result.says} Seen: {reason(result)}"
            ET.SubElement(case, "failure", type="fail", message=safe(message)).text = "\n".join(told)
        case Verdict.ERROR:
            ET.SubElement(case, "error", type="error", message=reason(result)).text = "\n".join(told)
        case Verdict.INCONCLUSIVE | Verdict.NOT_APPLICABLE as word:
            ET.SubElement(case, "skipped", type=word.value, message=f"{word}: {reason(result)}")
    attempt = evidence(result)
    shown = [] if result.verdict in {Verdict.FAIL, Verdict.ERROR} else told
    if attempt is not None:
        shown += transcript(attempt.connections)
    if shown:
        ET.SubElement(case, "system-out").text = "\n".join(shown)
    return case


def _properties(parent: ET.Element, values: dict[str, str]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=safe(value))


def _dotted(section: Section) -> str:
    return safe(".".join(part for part in section if part))


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
