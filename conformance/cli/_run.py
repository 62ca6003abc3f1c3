"""``smtp-conformance run``: the target, the selection, the run, its reports and its exit status."""

from __future__ import annotations

import difflib
import os
import re
import shlex
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec

import msgspec
import trio

import conformance
from conformance.cli._facts import as_arguments
from conformance.cli._hint import hint
from conformance.cli._output import Output, mute
from conformance.cli._problem import STOPPED, UNUSABLE, ProblemError
from conformance.client import Dial, dialler
from conformance.engine import End, Engine, Event, Options, Result
from conformance.launchers import LAUNCHERS, LaunchError, launched
from conformance.report import (
    ConsoleReport,
    Difference,
    Expected,
    JsonlWriter,
    ReportError,
    Transcripts,
    exit_status,
    make_brief,
    read,
    read_expected,
    write_html,
    write_junit,
)
from conformance.scenario import Level, Scenario, Suite, SuiteError, Suites, Watch, load
from conformance.target import Target, TargetError, is_private, make_target, read_target

EMBEDDED = "aiosmtpd"
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
    brief: bool = False
    namespace: bool = False
    quiet: bool = False


def is_target(word: str) -> bool:
    """Whether a positional argument names a target, and not a part of the suite."""
    return "://" in word or word.startswith("lmtp+unix:") or word.endswith(".toml") or is_server(word)


def is_server(word: str) -> bool:
    """Whether the word means a server that we can start: ``name`` or ``name==version``."""
    return word.partition("==")[0] in LAUNCHERS


def meant(word: str, *others: str) -> str:
    """The end of an error message about a word that should perhaps have been a target, or one of ``others``."""
    if re.fullmatch(r".+:\d+", word):
        return f"; a server is written smtp://{word}"
    if near := difflib.get_close_matches(word.partition("==")[0], [*LAUNCHERS, *others], n=1):
        return f"; did you mean {near[0]!r}?"
    return "; a target is smtp://host:port, a .toml file, or one of: smtp-conformance servers"


def run(request: Request) -> int:
    """Do it; returns the exit status.

    Raises:
        ProblemError: something that the user can mend.
    """
    try:
        suites = load()
    except SuiteError as error:
        raise ProblemError(str(error)) from error
    try:
        scenarios, watches = select(suites, request)
        expected = read_expected(request.expect) if request.expect else None
        if expected is not None:
            expected.check([*suites.scenarios, *suites.watches])
    except SuiteError as error:
        mistaken = [word for word in request.selectors if f"by {word!r}" in str(error) and not {*"/@"} & {*word}]
        if mistaken:
            raise ProblemError(
                f"nothing is selected by {mistaken[0]!r}{meant(mistaken[0], *suites.register.text_sha256)}"
            ) from error
        raise ProblemError(str(error)) from error
    except ReportError as error:
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
    if request.namespace and not is_server(request.target):
        raise ProblemError("--namespace is for servers that we start by ourselves: yours stays where it is")
    try:
        if is_server(request.target):
            with launched(request.target, namespace=request.namespace) as target:
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
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ProblemError(f"{where}: the name can't be resolved: {why}", UNUSABLE) from error


def _all_private(host: str, port: int) -> bool:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return all(is_private(str(address[0])) for *_, address in found)


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
        results, junit, html = (out / name for name in ("results.jsonl", "junit.xml", "report.html"))
        try:
            for earlier in (junit, html):
                with suppress(NotADirectoryError):
                    earlier.unlink(missing_ok=True)  # else it would stay beside these results, should this run die
            writer = JsonlWriter(results)
        except ReportError as error:
            raise ProblemError(f"{error}; name another folder with --out") from error
        except OSError as error:
            says = f"{error.filename}: can't be replaced: {error.strerror}; name another folder with --out"
            raise ProblemError(says) from error
        try:
            with writer:
                end, stopped_by = self._run(scenarios, watches, writer)
            write_junit(read(results), junit)
            write_html(read(results), html, brief=self.request.brief)
            differences = self._differences(results)
            if self.request.brief:
                make_brief(results)
        except ReportError as error:
            raise ProblemError(str(error), UNUSABLE) from error
        for difference in differences or ():
            sys.stdout.write(f"not as expected: {difference}\n")
        if not self.request.quiet:
            sys.stdout.write(f"report: {html}\n")
        if stopped_by:
            return STOPPED + stopped_by
        if end.problem:
            sys.stderr.write(f"smtp-conformance: {end.problem}{hint(end, self.target)}\n")
        return exit_status(end, strict=self.request.strict, differences=differences)

    def _differences(self, results: Path) -> list[Difference] | None:
        if self.expected is None:
            return None
        found = (event for event in read(results) if isinstance(event, Result))
        return self.expected.compare(found, strict=self.request.strict)

    def _run(self, scenarios: Sequence[Scenario], watches: Sequence[Watch], writer: JsonlWriter) -> tuple[End, int]:
        console = Output(quiet=self.request.quiet)
        shown = ConsoleReport(
            console,
            total=len(scenarios) + len(watches),
            transcripts=self.request.transcripts,
            quiet_lines=console.is_log,
        )
        ends: list[End] = []
        unwritten: list[ReportError] = []
        stop = trio.CancelScope()

        def emit(event: Event) -> None:
            try:
                if not unwritten:
                    writer.write(event)
            except ReportError as error:
                unwritten.append(error)
                stop.cancel()
            _tell(shown.event, event)
            if isinstance(event, End):
                ends.append(event)

        engine = Engine(
            target=self.target,
            dial=self.dial,
            emit=emit,
            options=self.request.options,
            progress=lambda started: _tell(shown.started, started),
            repeat=self._repeat,
            version=conformance.__version__,
        )

        async def everything() -> None:
            with stop:
                await engine.run(scenarios, watches, len(self.suites.register))

        try:
            stopped_by = trio.run(_until_stopped, everything, stop, console)
        finally:
            _tell(shown.close)
        if unwritten:
            raise unwritten[0]
        return ends[-1], stopped_by

    def _repeat(self, *names: str) -> str:
        options = self.request.options
        words = ["smtp-conformance", "run", self.request.target, *as_arguments(self.request.facts)]
        if self.request.namespace:
            words.append("--namespace")
        if self.request.authorized:
            words.append("--authorized")
        if any(name in self.suites.scenarios and self.suites.scenarios[name].slow for name in names):
            words.append("--slow")
        if options.timeout != Options().timeout:
            words += ["--timeout", f"{options.timeout:g}"]
        return shlex.join([*words, *names])


P = ParamSpec("P")


def _tell(tell: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    """Print; a run goes on to its report where standard output has gone away."""
    try:
        tell(*args, **kwargs)
    except OSError as error:
        mute()
        if not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"smtp-conformance: standard output: {error.strerror or error}\n")


async def _until_stopped(everything: Callable[[], Awaitable[None]], stop: trio.CancelScope, console: Output) -> int:
    """Run to the end, or to the first Ctrl-C or SIGTERM, which still leaves a whole report; the second ends at once.

    Returns the number of the signal, 0 without one.
    """
    stopped_by = 0
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:

            async def listen() -> None:
                nonlocal stopped_by
                async for number in signals:
                    if stopped_by:
                        console.show_cursor()
                        os._exit(STOPPED + number)
                    stopped_by = number
                    stop.cancel()

            nursery.start_soon(listen)
            await everything()
            nursery.cancel_scope.cancel()
    return stopped_by
