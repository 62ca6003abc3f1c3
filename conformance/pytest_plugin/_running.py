"""Where results come from: one engine over the session, beside pytest's own protocol."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import trio

from conformance.engine import ConnectionRecord, End, Engine, Event, Result, TargetUnusableError
from conformance.pytest_plugin._judge import Judge, Outcome
from conformance.pytest_plugin._told import Told
from conformance.scenario import Scenario, Watch


class UnusableError(Exception):
    """There is no result, since the target does not work or the engine broke; ``evidence`` shows it once."""

    def __init__(self, problem: str, evidence: tuple[ConnectionRecord, ...] = ()) -> None:
        super().__init__(problem)
        self.evidence = evidence


class NotRunError(Exception):
    """There is no result, and nothing is wrong; the text says why."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a session asks for: scenarios and watches, and the clauses in their registers."""

    scenarios: tuple[Scenario, ...]
    watches: tuple[Watch, ...]
    clauses: int


class Results(Protocol):
    """Gives each item its result."""

    def of(self, subject: Scenario | Watch) -> Result:
        """The result, waited for.

        Raises:
            UnusableError: there is none and something is wrong.
            NotRunError: there is none and nothing is wrong.
        """

    def finish(self, *, abandoned: bool) -> Told:
        """End the run; ``abandoned`` when pytest does not want the rest any more."""


@dataclass(slots=True, eq=False)
class Overlapped:
    """One trio run over all of the session's scenarios, in a thread of its own.

    When ``maxfail`` results that fail have arrived the rest is given up: pytest would stop there too, once it came
    to report them.
    """

    engine: Engine
    work: Work
    judge: Judge
    maxfail: int
    _futures: dict[str, Future[Result]] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)
    _failed: int = 0
    _end: End | None = None
    _crash: BaseException | None = None
    _scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    _token: trio.lowlevel.TrioToken | None = None
    _started: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.engine.emit = self._take
        self._futures = {subject.id: Future() for subject in (*self.work.scenarios, *self.work.watches)}
        self._thread = threading.Thread(target=self._run, name="smtp-conformance", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def of(self, subject: Scenario | Watch) -> Result:
        """As ``Results`` says."""
        result = self._futures[subject.id].result()
        self._asked.add(subject.id)
        return result

    def finish(self, *, abandoned: bool) -> Told:
        """As ``Results`` says.

        Raises:
            UnusableError: all results were given, and then the run turned out to prove nothing.
        """
        complete = not abandoned and all(name in self._asked for name in self._futures)
        if not complete:
            self._cancel()
        self._thread.join()
        if complete and self._crash is None and self._end is not None and self._end.problem:
            raise UnusableError(self._end.problem, self._end.evidence)
        return Told.of(self.engine)

    def _cancel(self) -> None:
        self._started.wait()
        if self._token is not None:
            with suppress(trio.RunFinishedError):
                self._token.run_sync_soon(self._scope.cancel)

    def _run(self) -> None:
        try:
            trio.run(self._main)
        except BaseException as error:  # noqa: BLE001 - a thread has nobody else to tell
            self._crash = error
        finally:
            self._started.set()
            self._give_up()

    async def _main(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._started.set()
        with self._scope:
            await self.engine.run(self.work.scenarios, self.work.watches, self.work.clauses)

    def _take(self, event: Event) -> None:
        match event:
            case Result():
                self._futures[event.scenario].set_result(event)
                self._failed += self.judge(event).outcome in {Outcome.FAILED, Outcome.ERROR}
                if self.maxfail and self._failed >= self.maxfail:
                    self._scope.cancel()
            case End():
                self._end = event

    def _give_up(self) -> None:
        """Answer whoever still waits."""
        evidence = self._end.evidence if self._end is not None else ()
        for future in self._futures.values():
            if not future.done():
                future.set_exception(self._reason(evidence))
                evidence = ()

    def _reason(self, evidence: tuple[ConnectionRecord, ...]) -> Exception:
        if self._crash is not None:
            return UnusableError(f"the engine broke: {self._crash!r}")
        if self._scope.cancelled_caught or self._end is None:
            return NotRunError(f"not run: {self._failed} had failed before (--maxfail)")
        return UnusableError(self._end.problem, evidence)


T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Alone:
    """Scenarios one by one, as pytest comes to them: under xdist, and where a debugger wants to be alone.

    ``turn`` is held while a finding is confirmed. With ``folds`` the watches are folded here, at the end; else by
    xdist's controller, for no worker sees the whole run.
    """

    engine: Engine
    work: Work
    turn: AbstractContextManager[object] | None = None
    folds: bool = True
    _open: bool = False
    _problem: str = ""
    _interrupted: bool = False
    _watched: dict[str, Result] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engine.emit = self._take

    def of(self, subject: Scenario | Watch) -> Result:
        """As ``Results`` says."""
        self._begin()
        if isinstance(subject, Scenario):
            return self._trio(self.engine.one, subject, self.turn)
        if not self.folds:
            raise NotRunError("folded over all workers at the end of the run: see its summary")
        self._fold()
        return self._watched[subject.id]

    def finish(self, *, abandoned: bool) -> Told:
        """As ``Results`` says.

        Raises:
            UnusableError: the target no longer works, or what was found proves nothing.
        """
        if self._open and not self._problem and not abandoned and not self._interrupted:
            try:
                self._trio(self.engine.close)
            except TargetUnusableError as error:
                raise UnusableError(f"the target no longer works: {error}", error.evidence) from None
            if self.folds and (doubt := self.engine.doubt()):
                raise UnusableError(doubt)
        told = Told.of(self.engine)
        if self._open and not self.folds:
            self._fold()
            told.watched.extend(self._watched.values())
        return told

    def _begin(self) -> None:
        if self._problem:
            raise UnusableError(self._problem)
        if self._open:
            return
        try:
            self._trio(self.engine.open, self.work.watches)
        except TargetUnusableError as error:
            self._problem = str(error)
            raise UnusableError(self._problem, error.evidence) from None
        self._open = True
        if not any(True for _ in self.work.scenarios):
            return

    def _fold(self) -> None:
        if not self._watched:
            self.engine.fold()

    def _take(self, event: Event) -> None:
        if isinstance(event, Result):
            self._watched[event.scenario] = event

    def _trio(self, function: Callable[..., Any], *arguments: object) -> Any:
        try:
            return trio.run(function, *arguments)
        except KeyboardInterrupt:
            self._interrupted = True
            raise
        except BaseExceptionGroup as group:
            if group.subgroup(KeyboardInterrupt) is None:
                raise
            self._interrupted = True
            raise KeyboardInterrupt from None


@dataclass(slots=True)
class Turn:
    """A lock file per target address, so that xdist's workers confirm one after the other."""

    path: Path

    def __enter__(self) -> None: ...
