"""The session: its options, its order, its one run, and its last words."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

import conformance
from conformance.client._dial import dialler
from conformance.engine import Engine, Options
from conformance.pytest_plugin._items import JUDGE, ConformanceItem, Running
from conformance.pytest_plugin._judge import Judge, Outcome
from conformance.pytest_plugin._running import Alone, Overlapped, Results, Shared, Turn, Work
from conformance.pytest_plugin._target import as_target
from conformance.pytest_plugin._told import Told
from conformance.pytest_plugin._words import exchanged, told
from conformance.report import Expected, ReportError, read_expected
from conformance.scenario import Scenario, Verdict, Watch
from conformance.target import Target, TargetError

NAME = "smtp-conformance"


def check_options(config: pytest.Config) -> None:
    """Read what the options name, so that a mistake is told before anything is collected.

    Raises:
        pytest.UsageError: a target or a file of known findings is unusable.
    """
    try:
        given = config.getoption("smtp_target")
        if given:
            as_target(given, config.invocation_params.dir)
        _judge(config)
    except (TargetError, ReportError) as error:
        raise pytest.UsageError(str(error)) from None


def activate(config: pytest.Config) -> ConformanceSession:
    """The hooks of a session that has items of ours, registered with the first of them."""
    hooks = config.pluginmanager.get_plugin(f"{NAME}-session")
    if not isinstance(hooks, ConformanceSession):
        config.stash[JUDGE] = _judge(config)
        hooks = ConformanceSession(config)
        config.pluginmanager.register(hooks, f"{NAME}-session")
    return hooks


def _judge(config: pytest.Config) -> Judge:
    path: Path | None = config.getoption("smtp_expect")
    expected = read_expected(config.invocation_params.dir / path) if path else None
    return Judge(strict=config.getoption("smtp_strict"), expected=expected)


class ConformanceSession:
    """Hooks that only a session with items of ours needs."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.told = Told()
        self.heard = False
        self.over = False
        self.folded: list[tuple[str, Outcome, str]] = []
        self.doubt = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Slow scenarios come last, for they begin first; watches behind them, for they look at all the others."""
        items.sort(key=_place)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell a mistake before anything runs; a worker of xdist can't, there each item tells it."""
        items = ours(session.items)
        if not items or hasattr(self.config, "workerinput") or self.config.getoption("collectonly"):
            return
        if not self.config.getoption("smtp_target") and not any(item.target_is_overridden for item in items):
            from pytest_smtp_conformance import NO_TARGET  # noqa: PLC0415 - imported the other way round else

            raise pytest.UsageError(NO_TARGET)
        try:
            _check_expected(self.config.stash[JUDGE].expected, items)
        except ReportError as error:
            raise pytest.UsageError(str(error)) from None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Complete our own reports."""
        report = yield
        if isinstance(item, ConformanceItem) and call.when == "call":
            item.complete(report, call)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """What is torn down from now on was broken off; and under xdist the controller comes to its conclusion."""
        self.over = True
        if hasattr(self.config, "workerinput") or not self.heard:
            return
        judge = self.config.stash[JUDGE]
        for result in self.told.fold():
            judgement = judge(result)
            if judgement.outcome is not Outcome.PASSED:
                self.folded.append((result.scenario, judgement.outcome, f"{judgement.why}\n{told(result)}"))
        if exitstatus == pytest.ExitCode.OK:
            self.doubt = self.told.doubt()
            failing = {Outcome.FAILED, Outcome.ERROR}
            if self.doubt or any(outcome in failing for _, outcome, _ in self.folded):
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The verdicts, what was not asked and for want of what; under xdist the watches too."""
        if not self.told.counts:
            return
        terminalreporter.section(NAME)
        for name, outcome, text in self.folded:
            terminalreporter.line(f"{outcome.value.upper()} {name}", red=outcome in {Outcome.FAILED, Outcome.ERROR})
            if outcome is not Outcome.SKIPPED:
                terminalreporter.line(text)
        for word in (Verdict.DEVIATES, Verdict.NOTED):
            if word is Verdict.DEVIATES or self.config.get_verbosity() > 0:
                for report in terminalreporter.getreports(word.value):
                    terminalreporter.line(f"{word.upper()} {report.nodeid} - {report.smtp_why}")
        for line in self.told.lines():
            terminalreporter.line(line)
        if self.doubt:
            terminalreporter.line(f"NOT A USABLE RUN: {self.doubt}", red=True, bold=True)


def ours(items: Sequence[pytest.Item]) -> list[ConformanceItem]:
    """The items that are scenarios or watches."""
    return [item for item in items if isinstance(item, ConformanceItem)]


def _place(item: pytest.Item) -> int:
    match item:
        case ConformanceItem(subject=Watch()):
            return 2
        case ConformanceItem(subject=Scenario(slow=True)):
            return 1
        case _:
            return 0


def _check_expected(expected: Expected | None, items: Sequence[ConformanceItem]) -> None:
    if expected is not None:
        expected.check(name for item in items for name in (*item.suites.scenarios, *item.suites.watches))


def take_told(config: pytest.Config, encoded: str) -> None:
    """On xdist's controller: take what a worker tells."""
    hooks = activate(config)
    hooks.heard = True
    hooks.told.add(msgspec.json.decode(encoded, type=Told))


@contextmanager
def running(request: pytest.FixtureRequest, given: object) -> Iterator[Running]:
    """Run the session's scenarios against the target that was given."""
    config = request.config
    hooks = activate(config)
    items = ours(request.session.items)
    try:
        target = _permitted(as_target(given, config.invocation_params.dir), config)
        _check_expected(config.stash[JUDGE].expected, items)
    except (TargetError, ReportError) as error:
        pytest.fail(str(error), pytrace=False)
    results = _begin(request, target, items)
    yield Running(given, results)
    session = request.session
    problem = results.finish(abandoned=hooks.over or bool(session.shouldfail or session.shouldstop))
    hooks.told = results.told()
    if hasattr(config, "workeroutput"):
        config.workeroutput["smtp_conformance"] = msgspec.json.encode(hooks.told).decode()
    if problem is not None:
        pytest.fail("\n".join([str(problem), *exchanged(problem.evidence)]), pytrace=False)


def _permitted(target: Target, config: pytest.Config) -> Target:
    if not target.where.is_private and not config.getoption("smtp_authorized"):
        raise TargetError(
            f"{target.where} is neither loopback nor private: add --smtp-authorized if you may test this server"
        )
    return target


def _begin(request: pytest.FixtureRequest, target: Target, items: Sequence[ConformanceItem]) -> Results:
    config = request.config
    known = {item.subject.id: item for item in items}

    def repeat(*names: str) -> str:
        if all(name in known for name in names):
            return _command([known[name] for name in names], config)
        return shlex.join([NAME, "run", str(target.where), *names])

    engine = Engine(
        target,
        dialler(target.where),
        lambda _: None,
        Options(
            overlap=config.getoption("smtp_overlap"),
            timeout=config.getoption("smtp_timeout"),
            slow=config.getoption("smtp_slow"),
        ),
        repeat=repeat,
        version=conformance.__version__,
    )
    work = _work(items)
    if hasattr(config, "workerinput"):
        shared = request.getfixturevalue("tmp_path_factory").getbasetemp().parent
        name = hashlib.sha256(target.address.encode()).hexdigest()[:16]
        turn = Turn(shared / f"{NAME}-{name}.lock")
        shares = _shares(items, config)
        if not shares:
            return Alone(engine, work, turn, shared=True)
        return Shared(engine, work, config.stash[JUDGE], config.getoption("maxfail"), shares=shares, turn=turn)
    if config.getoption("usepdb") or config.getoption("trace"):
        return Alone(engine, work)
    return Overlapped(engine, work, config.stash[JUDGE], config.getoption("maxfail"))


def _command(items: Sequence[ConformanceItem], config: pytest.Config) -> str:
    words = ["pytest", *(item.nodeid for item in items)]
    if not items[0].target_is_overridden:
        words.append(f"--smtp-target={config.getoption('smtp_target')}")
    if any(isinstance(item.subject, Scenario) and item.subject.slow for item in items):
        words.append("--smtp-slow")
    return shlex.join(words)


def _shares(items: Sequence[ConformanceItem], config: pytest.Config) -> dict[str, int]:
    from conformance.pytest_plugin._sharing import SHARES, share_of  # noqa: PLC0415 - only where xdist is

    shares: int = getattr(config, "workerinput", {}).get(SHARES, 0)
    return {item.subject.id: share_of(item.nodeid, shares) for item in items} if shares else {}


def _work(items: Sequence[ConformanceItem]) -> Work:
    subjects = {item.subject.id: item.subject for item in items}
    scenarios = tuple(subject for subject in subjects.values() if isinstance(subject, Scenario))
    watches = tuple(subject for subject in subjects.values() if isinstance(subject, Watch))
    background = {} if scenarios else {scenario.id: scenario for item in items for scenario in item.background}
    registers = {id(item.suites): len(item.suites.register) for item in items}
    return Work(scenarios, watches, tuple(background.values()), sum(registers.values()))
