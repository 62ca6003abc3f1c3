"""``smtp-conformance run``: the target, the selection, the run, its reports and its exit status."""

from __future__ import annotations

import ipaddress
import os
import shlex
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import trio
from rich.console import Console

import conformance
from conformance.cli._facts import as_arguments
from conformance.cli._problem import UNUSABLE, ProblemError
from conformance.client import Dial, dialler
from conformance.engine import End, Engine, Event, Options, Result
from conformance.launchers import LAUNCHERS, LaunchError, launched
from conformance.report import (
    ConsoleReport,
    Expected,
    JsonlWriter,
    ReportError,
    Transcripts,
    exit_status,
    read,
    read_expected,
    write_html,
    write_junit,
)
from conformance.scenario import Level, Scenario, Suite, SuiteError, Suites, Watch, load
from conformance.target import Target, TargetError, make_target, read_target

EMBEDDED = "aiosmtpd"
INTERRUPTED = 130
LEVELS = {
    "must": frozenset({Level.MUST, Level.MUST_NOT}),
    "should": frozenset({Level.MUST, Level.MUST_NOT, Level.SHOULD, Level.SHOULD_NOT}),
    "may": frozenset(Level),
}


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for."""

    target: str
    selectors: tuple[str, ...]
    without: tuple[str, ...]
    level: str
    strict: bool
    options: Options
    expect: Path | None
    out: Path
    transcripts: Transcripts
    authorized: bool
    facts: dict[str, Any]


def is_target(word: str) -> bool:
    """Whether a positional argument names a target, and not a part of the suite."""
    return "://" in word or word.startswith("lmtp+unix:") or word.endswith(".toml") or word in LAUNCHERS


def run(request: Request) -> int:
    """Do it; returns the exit status.

    Raises:
        ProblemError: something that the user can mend.
    """
    try:
        suites = load()
        scenarios, watches = select(suites, request)
        expected = read_expected(request.expect) if request.expect else None
        if expected is not None:
            expected.check([*suites.scenarios, *suites.watches])
    except (SuiteError, ReportError) as error:
        raise ProblemError(str(error)) from error
    with _target(request) as target:
        return _Running(request, target, _dial(request, target), suites, expected).report(scenarios, watches)


def select(suites: Suites, request: Request) -> tuple[list[Scenario], list[Watch]]:
    """The scenarios and watches that are asked for.

    Raises:
        SuiteError: a selector matches nothing.
        ProblemError: what they leave is nothing.
    """
    scenarios, watches = Suite(request.selectors).select(suites)
    left_out: set[str] = set()
    for selector in request.without:
        unwanted, unwatched = Suite((selector,)).select(suites)
        left_out |= {each.id for each in unwanted} | {each.id for each in unwatched}
    levels = LEVELS[request.level]
    scenarios = [each for each in scenarios if each.id not in left_out and each.clause.level in levels]
    watches = [each for each in watches if each.id not in left_out and each.clause.level in levels]
    if not scenarios and not watches:
        raise ProblemError("nothing is selected: --not and --level leave no scenario of the selection")
    if not scenarios:
        scenarios = list(suites)  # a watch alone needs something to look at
    return scenarios, watches


@contextmanager
def _target(request: Request) -> Iterator[Target]:
    given = {name.replace("_", "-"): value for name, value in request.facts.items()}
    try:
        if request.target in LAUNCHERS:
            with launched(request.target) as target:
                yield _with_facts(target, given)
        elif request.target.endswith(".toml"):
            yield _with_facts(read_target(Path(request.target)), given)
        else:
            yield make_target({"address": request.target, **given}, "target")
    except TargetError as error:
        raise ProblemError(str(error)) from error
    except LaunchError as error:
        raise ProblemError(str(error), UNUSABLE) from error


def _with_facts(target: Target, given: dict[str, Any]) -> Target:
    """The target with what the options say in the place of what the file says."""
    facts: dict[str, Any] = {name: value for name, value in msgspec.to_builtins(target).items() if value is not None}
    return make_target(facts | given, "target") if given else target


def _dial(request: Request, target: Target) -> Dial:
    where = target.where
    try:
        if not where.is_private and not request.authorized and not _all_private(where.host, where.port):
            raise ProblemError(
                f"{where} is neither loopback nor private: add --authorized if you may test it, else leave it alone"
            )
        return dialler(where)
    except OSError as error:
        raise ProblemError(f"{where}: the name can't be resolved: {error.strerror or error}", UNUSABLE) from error


def _all_private(host: str, port: int) -> bool:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return all(ipaddress.ip_address(str(address[0]).partition("%")[0]).is_private for *_, address in found)


@dataclass(slots=True)
class _Running:
    """A run under way, and its reports."""

    request: Request
    target: Target
    dial: Dial
    suites: Suites
    expected: Expected | None

    def report(self, scenarios: Sequence[Scenario], watches: Sequence[Watch]) -> int:
        """Run, write the reports and say how it ended."""
        out = self.request.out
        try:
            out.mkdir(parents=True, exist_ok=True)
            results = out / "results.jsonl"
            with JsonlWriter(results) as writer:
                end, interrupted = self._run(scenarios, watches, writer)
            write_junit(read(results), out / "junit.xml")
            write_html(read(results), out / "report.html")
            differences = None
            if self.expected is not None:
                found = (event for event in read(results) if isinstance(event, Result))
                differences = self.expected.compare(found, strict=self.request.strict)
        except OSError as error:
            raise ProblemError(
                f"{out}: can't be written: {error.strerror or error}; name another folder with --out"
            ) from error
        except ReportError as error:
            raise ProblemError(str(error)) from error
        for difference in differences or ():
            sys.stdout.write(f"not as expected: {difference}\n")
        sys.stdout.write(f"report: {out / 'report.html'}\n")
        if interrupted:
            return INTERRUPTED
        if end.problem:
            sys.stderr.write(f"smtp-conformance: {end.problem}{hint(end, self.target)}\n")
        return exit_status(end, strict=self.request.strict, differences=differences)

    def _run(self, scenarios: Sequence[Scenario], watches: Sequence[Watch], writer: JsonlWriter) -> tuple[End, bool]:
        console = Console()
        shown = ConsoleReport(
            console,
            total=len(scenarios) + len(watches),
            transcripts=self.request.transcripts,
            quiet_lines=not console.is_terminal,
        )
        ends: list[End] = []

        def emit(event: Event) -> None:
            writer.write(event)
            shown.event(event)
            if isinstance(event, End):
                ends.append(event)

        engine = Engine(
            target=self.target,
            dial=self.dial,
            emit=emit,
            options=self.request.options,
            progress=shown.started,
            repeat=self._repeat,
            version=conformance.__version__,
        )
        try:
            interrupted = trio.run(_until_interrupted, engine, scenarios, watches, len(self.suites.register))
        finally:
            shown.close()
        return ends[-1], interrupted

    def _repeat(self, scenario: str) -> str:
        words = ["smtp-conformance", "run", self.request.target, *as_arguments(self.request.facts)]
        if self.request.authorized:
            words.append("--authorized")
        return shlex.join([*words, scenario])


async def _until_interrupted(
    engine: Engine, scenarios: Sequence[Scenario], watches: Sequence[Watch], clauses: int
) -> bool:
    """Run to the end or to the first Ctrl-C, which still leaves a whole report; the second ends at once."""
    interrupted = False
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:

            async def listen() -> None:
                nonlocal interrupted
                async for _ in signals:
                    if interrupted:
                        os._exit(INTERRUPTED)
                    interrupted = True
                    running.cancel()

            with trio.CancelScope() as running:
                nursery.start_soon(listen)
                await engine.run(scenarios, watches, clauses)
            nursery.cancel_scope.cancel()
    return interrupted


def hint(end: End, target: Target) -> str:
    """What the first octets of a target that is no SMTP server tell the user to do."""
    said = b"".join(entry.octets for link in end.evidence for entry in link.entries if entry.sender == "them")[:64]
    if said.startswith(b"HTTP/"):
        return "; it speaks HTTP: is it the right port?"
    if said[:2] in {b"\x15\x03", b"\x16\x03"}:
        return "; it speaks TLS: write smtps:// for a port that begins with TLS"
    if target.where.implicit_tls and said[:3].isdigit():
        return "; it speaks SMTP in clear: write smtp://"
    if not said and "greeting: no reply" in end.problem:
        return "; it says nothing: a port that begins with TLS is written smtps://"
    return ""
