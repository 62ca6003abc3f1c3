"""``compare``, ``matrix`` and ``versions``: several servers, or versions of one, side by side."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.table import Table
from rich.text import Text

from conformance.cli._output import print_table
from conformance.cli._problem import UNUSABLE, ProblemError
from conformance.cli._run import Request, run
from conformance.launchers import LAUNCHERS, LaunchError, launcher_of
from conformance.report import (
    SIGNS,
    ReportError,
    Tested,
    change,
    differences,
    differs,
    findings_by_clause,
    is_found,
    names_of,
    read_tested,
    seen,
    write_comparison,
    write_matrix,
)
from conformance.scenario import Verdict


def compare(paths: Sequence[Path], html: Path | None) -> int:
    """Print where runs differ, and write the page with their transcripts; 1 where they do.

    Raises:
        ProblemError: one of the files is no whole run, or the page can't be written.
    """
    try:
        both = [read_tested(path, whole=True) for path in paths]
        found = differences(both, differs)
        names = names_of(both)
        if html is not None:
            write_comparison(both, found, html, " and ".join(names))
    except ReportError as error:
        raise ProblemError(str(error)) from error
    for each in found:
        sys.stdout.write(f"{each.scenario}\n")
        for name, result in zip(names, each.results, strict=True):
            sys.stdout.write(f"    {name}: {result.verdict if result else 'absent'}: {seen(result)}\n")
    sys.stdout.write(f"{len(found)} scenarios differ{f'; side by side: {html}' if html else ''}\n")
    return 1 if found else 0


def matrix(paths: Sequence[Path], out: Path | None) -> None:
    """Print what each server does about the clauses with findings, and write it as pages.

    Raises:
        ProblemError: one of the files is no whole run, or a page can't be written.
    """
    try:
        servers = [read_tested(path) for path in paths]
        written = write_matrix(servers, out) if out is not None else []
    except ReportError as error:
        raise ProblemError(str(error)) from error
    _print_counts(servers)
    table = Table("clause", "level", *_short(servers), title="Clauses with a finding")
    for row in findings_by_clause(servers):
        table.add_row(Text(row.subject), row.level, *row.signs)
    print_table(table)
    for path in written:
        sys.stdout.write(f"{path}\n")


def _short(servers: Sequence[Tested]) -> list[str]:
    """Names for the heads of columns: the versions stand in the table before."""
    names = [each.name for each in servers]
    return names if len(set(names)) == len(names) else names_of(servers)


def _print_counts(servers: Sequence[Tested]) -> None:
    table = Table("server", *(f"{SIGNS[word]} {word}" for word in Verdict), title="Results")
    for each in servers:
        table.add_row(Text(each.title), *(str(each.counts[word]) for word in Verdict))
    print_table(table)


def versions(name: str, wanted: Sequence[str], request: Request) -> None:
    """Run each version of a server and print its findings by version, with the first that shows or loses each.

    A version that broke down in the middle, as one that crashes does, is told of and left out of the table.

    Raises:
        ProblemError: there is no such server or version, or a run is of no use; the others are printed before.
    """
    if name not in LAUNCHERS:
        try:
            launcher_of(name)
        except LaunchError as error:
            raise ProblemError(str(error)) from error
    found: list[Tested] = []
    useless: list[str] = []
    for version in wanted:
        try:
            found.append(_tested(name, version, request))
        except ProblemError as error:
            if error.status != UNUSABLE:
                raise
            sys.stdout.write("of no use\n")
            useless.append(str(error))
    if found:
        usable = [each.run.target.version for each in found]
        _print_versions(name, usable, found)
        page = request.out / f"{name}.html"
        try:
            write_comparison(found, differences(found, is_found), page, f"{name} {', '.join(usable)}")
        except ReportError as error:
            raise ProblemError(str(error), UNUSABLE) from error
        sys.stdout.write(f"side by side: {page}\n")
    if useless:
        raise ProblemError("; ".join(useless), UNUSABLE)


def _tested(name: str, version: str, request: Request) -> Tested:
    """The run of one version.

    Raises:
        ProblemError: there is no such version, the run is of no use, or it was stopped.
    """
    word, out = f"{name}=={version}", request.out / f"{name}-{version}"
    sys.stdout.write(f"{word}: ")
    sys.stdout.flush()
    status = run(replace(request, target=word, out=out, quiet=True))
    if status == UNUSABLE:
        raise ProblemError(f"{word}: the run is of no use; see {out / 'report.html'}", UNUSABLE)
    if status > UNUSABLE:
        raise ProblemError("stopped", status)
    try:
        tested = read_tested(out)
    except ReportError as error:
        raise ProblemError(str(error), UNUSABLE) from error
    counts = tested.counts
    told = ", ".join(f"{counts[word]} {word}" for word in (Verdict.FAIL, Verdict.DEVIATES, Verdict.INCONCLUSIVE))
    sys.stdout.write(f"{told}; {out / 'report.html'}\n")
    return tested


def _print_versions(name: str, wanted: Sequence[str], found: Sequence[Tested]) -> None:
    table = Table("finding", *wanted, "change", title=f"{name} by version")
    chosen = differences(found, is_found)
    for each in chosen:
        verdicts = [result.verdict if result else None for result in each.results]
        signs = [SIGNS[verdict] if verdict else " " for verdict in verdicts]
        table.add_row(Text(each.scenario), *signs, change(wanted, verdicts))
    print_table(table)
    meaning = ", ".join(f"{SIGNS[word]} {word}" for word in Verdict)
    sys.stdout.write(f"{meaning}\n{len(chosen)} scenarios with a finding in at least one version\n")
