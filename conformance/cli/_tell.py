"""``list``, ``explain``, ``show`` and ``expect``: what is there, what it means, what was found."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from conformance.cli._coverage import coverage
from conformance.cli._output import Output
from conformance.cli._problem import ProblemError
from conformance.engine import End
from conformance.reference.defects import load_defects
from conformance.report import (
    ConsoleReport,
    ReportError,
    Transcripts,
    exit_status,
    read,
    read_reasons,
    write_expected,
)
from conformance.scenario import Clause, Scenario, Suite, SuiteError, Suites, Watch, load, nearest


def _suites() -> Suites:
    try:
        return load()
    except SuiteError as error:
        raise ProblemError(str(error)) from error


def list_scenarios(selectors: tuple[str, ...], *, as_json: bool) -> None:
    """Print the scenarios and watches that are selected.

    Raises:
        ProblemError: a selector matches nothing.
    """
    try:
        scenarios, watches = Suite(selectors).select(_suites())
    except SuiteError as error:
        raise ProblemError(str(error)) from error
    chosen: list[Scenario | Watch] = [*scenarios, *watches]
    rows = [
        {"scenario": each.id, "clause": each.clause.id, "level": each.clause.level.value, "says": each.says}
        for each in chosen
    ]
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return
    for row in rows:
        sys.stdout.write(f"{row['scenario']}  {row['level']}  {row['clause']}\n")


def list_clauses(selectors: tuple[str, ...], *, as_json: bool) -> None:
    """Print the clauses that are selected.

    Raises:
        ProblemError: a selector matches nothing.
    """
    try:
        chosen = Suite(selectors).clauses(_suites())
    except SuiteError as error:
        raise ProblemError(str(error)) from error
    if as_json:
        rows = [{"clause": each.id, "level": each.level.value, "says": each.says} for each in chosen]
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return
    for clause in chosen:
        sys.stdout.write(f"{clause.id}  {clause.level.value}  {clause.says}\n")


def tell_coverage(selectors: tuple[str, ...], *, gaps: bool, as_json: bool, markdown: bool) -> None:
    """Print how much of the registers is checked and proven.

    Raises:
        ProblemError: a selector matches nothing.
    """
    try:
        coverage(_suites(), selectors, as_json=as_json, gaps=gaps, markdown=markdown)
    except SuiteError as error:
        raise ProblemError(str(error)) from error


def explain(name: str) -> None:
    """Print a clause, its scenarios and the defects that prove them; a scenario's name means its clause.

    Raises:
        ProblemError: there is neither a clause nor a scenario of this name.
    """
    suites = _suites()
    subjects: list[Scenario | Watch] = [*suites, *suites.watches.values()]
    clause = suites.register.clauses.get(name)
    chosen = [each for each in subjects if each.clause.id == name]
    if clause is None:
        chosen = [each for each in subjects if name in {each.id, each.id.partition("[")[0].partition("~")[0]}]
        if not chosen:
            known = [*suites.register.clauses, *(each.id for each in subjects)]
            raise ProblemError(f"neither a clause nor a scenario is called {name!r}{nearest(name, known)}")
        clause = chosen[0].clause
    out = sys.stdout
    _explain_clause(clause)
    if not chosen:
        out.write("\nNo scenario is about it.\n")
    for each in chosen:
        out.write(f"\n{each.id}\n    {each.says}\n")
        for defect in load_defects().values():
            if defect.proven([each.id]) or defect.varied([each.id]):
                out.write(f"    proven by {defect.name}: {defect.does}\n")


def _explain_clause(clause: Clause) -> None:
    out = sys.stdout
    out.write(f"{clause.id}\n\n{clause.says}\n\n")
    out.write(f"{clause.level.value}, from {'its keyword' if clause.source == 'keyword' else 'the prose'}; ")
    out.write(f"binds the {clause.party}; observed by: {clause.observed}\n")
    out.write(f"section {clause.section}, lines {clause.lines[0]} to {clause.lines[1]}: {clause.link}\n")
    for word, text in (
        ("reason", clause.reason),
        ("disputed", clause.disputed),
        ("a finding although several servers do otherwise", clause.argued),
        ("RFC 5321bis", clause.bis),
        ("says again", clause.restates),
        ("tags", ", ".join(clause.tags)),
    ):
        if text:
            out.write(f"{word}: {text}\n")


def show(results: Path, transcripts: Transcripts, *, broken_off: bool) -> int:
    """Print a results file as the run printed it; returns the exit status of that run.

    Raises:
        ProblemError: the file can't be read or is not whole.
    """
    console = Output()
    shown = ConsoleReport(console, total=0, transcripts=transcripts, quiet_lines=console.is_log)
    end: End | None = None
    try:
        for event in read(results, broken_off=broken_off):
            shown.event(event)
            end = event if isinstance(event, End) else end
    except ReportError as error:
        raise ProblemError(str(error)) from error
    finally:
        shown.close()
    return exit_status(end, strict=False)


def expect(results: Path, out: Path, reasons: Sequence[Path]) -> None:
    """Write an expected-results file of the findings in a results file; the reasons that stand in ``out`` stay.

    Raises:
        ProblemError: one of the files can't be read or written.
    """
    try:
        known = [reason for path in reasons for reason in read_reasons(path)]
        missing = write_expected(read(results), out, known)
    except ReportError as error:
        raise ProblemError(str(error)) from error
    for scenario in missing:
        sys.stdout.write(f"no reason yet: {scenario}\n")
    sys.stdout.write(f"{out}: {'fill in the reasons; without them it is refused' if missing else 'written'}\n")
