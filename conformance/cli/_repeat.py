"""``run --repeat``: the same run several times, and what did not come out the same each time."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rich.table import Table
from rich.text import Text

from conformance.cli._output import print_table
from conformance.cli._problem import UNUSABLE, ProblemError
from conformance.cli._run import Request, run
from conformance.engine import Result
from conformance.report import (
    SIGNS,
    ReportError,
    Tested,
    differences,
    differs,
    read_tested,
    seen,
    write_comparison,
)
from conformance.scenario import Verdict

TOLD = 120
"""Characters of what was seen that the table has room for; the page beside has all."""


def repeat(request: Request, times: int) -> int:
    """Run so many times and print the scenarios whose verdict was not the same each time; returns the exit status.

    A server that we start is a new one each time. What was stopped in the middle, or is of no use, is left out of the
    comparison.

    Raises:
        ProblemError: something that the user can mend, or a run of no use; what the others say is printed before.
    """
    found: dict[int, Tested] = {}
    useless: list[str] = []
    status = 0
    for number in range(1, times + 1):
        sys.stdout.write(f"{number} of {times}: ")
        sys.stdout.flush()
        out = request.out / str(number)
        ended = run(replace(request, out=out, quiet=True))
        if ended >= UNUSABLE:
            sys.stdout.write("of no use\n" if ended == UNUSABLE else "stopped\n")
            useless.append(f"run {number} is of no use; see {out / 'report.html'}")
            status = ended
            if ended > UNUSABLE:
                break
            continue
        status = max(status, ended)
        try:
            found[number] = read_tested(out, whole=True)
        except ReportError as error:
            raise ProblemError(str(error), UNUSABLE) from error
        sys.stdout.write(f"{_counted(found[number])}; {out / 'report.html'}\n")
    if len(found) > 1:
        status = max(status, _compare(request, found))
    if status == UNUSABLE:
        raise ProblemError("; ".join(useless), UNUSABLE)
    return status


def _counted(tested: Tested) -> str:
    counts = tested.counts
    told = (Verdict.PASS, Verdict.FAIL, Verdict.DEVIATES, Verdict.INCONCLUSIVE, Verdict.ERROR)
    return f"{', '.join(f'{counts[word]} {word}' for word in told)} in {tested.end.seconds:.0f} s"


def _compare(request: Request, found: dict[int, Tested]) -> int:
    """Print what differs, and write the page with the transcripts; 1 where something does."""
    unlike = differences(list(found.values()), differs)
    rows = len({name for each in found.values() for name in each.results})
    if unlike:
        table = Table(title=f"Not the same in all of {len(found)} runs")
        for heading in ("scenario", "verdicts", "the rarest"):
            table.add_column(heading, overflow="fold")
        longest = max(len(each.scenario) for each in unlike)
        for each in unlike:
            signs = "".join(SIGNS[result.verdict] if result else " " for result in each.results)
            table.add_row(Text(each.scenario), signs, Text(_rarest(each.results, list(found))))
        print_table(table, longest + len(found) + TOLD)  # a name that is cut can't be run again
        meaning = ", ".join(f"{SIGNS[word]} {word}" for word in Verdict)
        page = request.out / "repeat.html"
        try:
            write_comparison(list(found.values()), unlike, page, f"{len(found)} runs")
        except ReportError as error:
            raise ProblemError(str(error), UNUSABLE) from error
        sys.stdout.write(f"{meaning}\nside by side: {page}\n")
    sys.stdout.write(f"{len(unlike)} of {rows} scenarios were not the same in all of {len(found)} runs\n")
    return 1 if unlike else 0


def _rarest(results: Sequence[Result | None], numbers: Sequence[int]) -> str:
    """The verdict that came least often, in which runs, and what was seen there first."""
    verdicts = [result.verdict if result else None for result in results]
    rarest = min(Counter(verdicts).items(), key=lambda counted: counted[1])[0]
    places = [place for place, verdict in enumerate(verdicts) if verdict is rarest]
    where = ", ".join(str(numbers[place]) for place in places)
    told = seen(results[places[0]])
    return f"{rarest or 'absent'} in {where}: {told if len(told) <= TOLD else told[:TOLD] + '…'}"
