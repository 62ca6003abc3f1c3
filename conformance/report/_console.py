"""The console: one live line while the run goes on, then the report in the order of the RFC."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from typing import Literal

from rich.console import Console
from rich.live import Live
from rich.text import Text

from conformance.engine import ConnectionRecord, End, Event, Result, Run, Started
from conformance.report._words import (
    BROKE_OFF,
    SHOWN_IN_FULL,
    Tally,
    counted,
    evidence,
    facts,
    lines,
    named,
    order,
    reason,
    safe,
    section_of,
    slim,
)
from conformance.scenario import FINDINGS, Verdict

Transcripts = Literal["all", "findings", "none"]

REFRESH = 0.1
"""Seconds between two live lines at least."""

DOUBTS_TOLD = 3
"""How many of the reasons that scenarios are inconclusive for the last lines of a run tell."""

STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.DEVIATES: "yellow",
    Verdict.NOTED: "cyan",
    Verdict.INCONCLUSIVE: "blue",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.ERROR: "bold magenta",
}
ARROW_STYLES = {"us": "cyan", "them": "", "note": "dim"}
ALWAYS_TOLD = frozenset({Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE})


class ConsoleReport:
    """Prints a run as its events come.

    ``total`` is how many results are to come, 0 where none are awaited (an old run that is shown again).
    ``quiet_lines`` is for logs: no live line, no style, no control character, but a line for each finding as it
    comes and for each tenth of the run.
    """

    def __init__(
        self, console: Console, *, total: int, transcripts: Transcripts = "findings", quiet_lines: bool
    ) -> None:
        self.console = console
        self.total = total
        self.transcripts = transcripts
        self.quiet_lines = quiet_lines
        self._tally = Tally()
        self._kept: list[Result] = []
        self._running: dict[str, str] = {}
        self._reported = False
        self._drawn = float("-inf")
        self._live: Live | None = None

    def started(self, started: Started) -> None:
        """A scenario began, for the live line."""
        self._running.pop(started.scenario, None)
        self._running[started.scenario] = started.purpose
        self._draw()

    def event(self, event: Event) -> None:
        """One more event of the run; ``End`` prints the report."""
        match event:
            case Run():
                self._head(event)
                self._draw()
            case Result():
                self._tally.add(event)
                self._running.pop(event.scenario, None)
                self._kept.append(slim(event, with_evidence=self._transcript_wanted(event)))
                self._line_in_a_log(event)
                self._draw()
            case End():
                self._report(event)

    def close(self) -> None:
        """End the live line; a run that never came to its ``End`` is reported as far as it went."""
        if self._tally.all and not self._reported:
            self._report(None)
        self._stop_live()

    def _transcript_wanted(self, result: Result) -> bool:
        return self.transcripts == "all" or (self.transcripts == "findings" and result.verdict in SHOWN_IN_FULL)

    def _head(self, run: Run) -> None:
        target = run.target
        name = "".join(f"{part} " for part in (target.name, target.version) if part)
        self._print((f"smtp-conformance {run.suite.version}: ", ""), (name, "bold"), (f"at {target.address}", ""))
        for label, text in (("greeting", target.greeting), ("EHLO", ", ".join(target.ehlo))):
            if text:
                self._print((f"{label:>9}  ", "dim"), (text, ""))

    def _line_in_a_log(self, result: Result) -> None:
        if not (self.quiet_lines and self.total):
            return
        if result.verdict in SHOWN_IN_FULL:
            self._print((f"{result.verdict}: {result.scenario}: {reason(result)}", ""))
        done = self._tally.all
        if done * 10 // self.total > (done - 1) * 10 // self.total:
            self._print((f"{done} of {self.total} done, {self._tally.findings} to look into", ""))

    def _report(self, end: End | None) -> None:
        self._reported = True
        self._stop_live()
        by_section = itertools.groupby(sorted(self._kept, key=order), key=lambda result: section_of(result.scenario))
        for section, group in by_section:
            results = list(group)
            self._section(section.title, Counter(result.verdict for result in results))
            blocks = [result for result in results if result.verdict in SHOWN_IN_FULL or self.transcripts == "all"]
            for result in blocks:
                self._block(result)
            if blocks:
                self._print()
        self._summary(end)

    def _section(self, title: str, verdicts: Counter[Verdict]) -> None:
        parts = [(f"{title:<22} ", "bold")]
        for word in Verdict:
            if verdicts[word]:
                parts += [(f"{verdicts[word]} {word}", STYLES[word]), ("  ", "")]
        self._print(*parts[:-1])

    def _block(self, result: Result) -> None:
        self._print()
        self._print((f"  {result.verdict.upper()}", STYLES[result.verdict]), (f"  {result.scenario}", "bold"))
        for fact in facts(result):
            if fact.label != "repeat":
                self._fact(fact.label, fact.lines)
        attempt = evidence(result)
        if attempt is not None and self._transcript_wanted(result):
            self._connections(attempt.connections)
        self._fact("repeat", [safe(result.repeat)])

    def _fact(self, label: str, told: list[str]) -> None:
        for number, line in enumerate(told):
            style = "bold" if label in {"expected", "seen"} else ""
            self._print((f"  {'' if number else label:>11}  ", "dim"), (line, style))

    def _connections(self, connections: tuple[ConnectionRecord, ...]) -> None:
        for connection in connections:
            self._print((f"  {'transcript':>11}  ", "dim"), (named(connection), ""))
            for line in lines(connection):
                self._print(("  ", ""), (str(line), ARROW_STYLES[line.sender]))

    def _summary(self, end: End | None) -> None:
        tally = self._tally
        self._print()
        if end and self.transcripts != "none":
            self._connections(end.evidence)
        took = f" in {end.seconds:.1f} s" if end else ""
        self._print((f"{tally.all} results{took}: {counted(tally.verdicts, ALWAYS_TOLD)}", "bold"))
        self._print((f"MUST clauses left inconclusive: {len(tally.inconclusive_musts)}", ""))
        often = [(why, number) for why, number in tally.doubts.most_common(DOUBTS_TOLD) if number > 1]
        if often:
            told = ", ".join(f"{why} ({number})" for why, number in often)
            self._print((f"inconclusive most often for: {told}", ""))
        if end and end.missing:
            missing = ", ".join(f"{fact} ({number})" for fact, number in end.missing.items())
            self._print((f"not applicable for want of: {missing}", ""))
        problem = end.problem if end else BROKE_OFF
        if problem:
            self._print((f"NOT A USABLE RUN: {problem}", "bold red"))

    def _draw(self) -> None:
        now = time.monotonic()
        if self.quiet_lines or not self.total or now - self._drawn < REFRESH:
            return
        self._drawn = now
        if self._live is None:
            self._live = Live(console=self.console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(self._live_line(), refresh=True)

    def _live_line(self) -> Text:
        tally = self._tally
        line = Text(no_wrap=True, overflow="crop")
        line.append(f"{tally.all}/{self.total} ", "bold")
        for word in (*sorted(FINDINGS), Verdict.ERROR):
            if tally.verdicts[word]:
                line.append(f" {tally.verdicts[word]} {word} ", STYLES[word])
        running = [f"{name} (again)" if purpose == "confirm" else name for name, purpose in self._running.items()]
        if running:
            line.append(self._fit(f" {len(running)} running: {', '.join(running)}"), "dim")
        return line

    def _stop_live(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _print(self, *parts: tuple[str, str]) -> None:
        """Print one line of safe text; a log gets neither styles nor line breaks of ours."""
        line = Text()
        for text, style in parts:
            line.append(self._fit(text), "" if self.quiet_lines else style)
        self.console.print(line, soft_wrap=True)

    def _fit(self, text: str) -> str:
        encoding = self.console.encoding
        return safe(text).encode(encoding, "backslashreplace").decode(encoding)
