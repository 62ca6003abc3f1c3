"""Where results come from: one engine over the session, beside pytest's own protocol."""

from __future__ import annotations

import fcntl
import math
import threading
import traceback
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol, TypeVar, TypeVarTuple

import trio

from conformance.engine import ConnectionRecord, End, Engine, Event, Result, TargetUnusableError
from conformance.pytest_plugin._judge import Judge, Outcome
from conformance.pytest_plugin._told import Told
from conformance.scenario import Scenario, Watch

Subject = Scenario | Watch
"""What an item is about."""

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class UnusableError(Exception):
    """There is no result, since the target does not work or the engine broke; ``evidence`` shows it."""

    def __init__(self, problem: str, evidence: tuple[ConnectionRecord, ...] = ()) -> None:
        super().__init__(problem)
        self.evidence = evidence


class NotRunError(Exception):
    """There is no result, and nothing is wrong; the text says why."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a session asks for.

    ``background`` runs for the watches' sake only, where nothing but watches was selected; ``clauses`` is the size
    of the registers.
    """

    scenarios: tuple[Scenario, ...]
    watches: tuple[Watch, ...] = ()
    background: tuple[Scenario, ...] = ()
    clauses: int = 0


class Results(Protocol):
    """Gives each item its result."""

    def of(self, subject: Subject) -> Result:
        """The result, waited for.

        Raises:
            UnusableError: there is none and something is wrong.
            NotRunError: there is none and nothing is wrong.
        """

    def finish(self, *, abandoned: bool) -> UnusableError | None:
        """End the run, and say why it proves nothing, if that is so.

        It is cancelled where it was ``abandoned``, for nobody wants the rest.
        """

    def told(self) -> Told:
        """What there is to tell when the run has ended."""


@dataclass(slots=True, eq=False)
class Overlapped:
    """One trio run over all of the session's scenarios, in a thread of its own.

    As soon as ``maxfail`` results that fail have arrived the rest is given up: pytest will stop when it comes to
    report them, and it need not wait until then.
    """

    engine: Engine
    work: Work
    judge: Judge
    maxfail: int = 0
    _futures: dict[str, Future[Result]] = field(default_factory=dict)
    _failed: int = 0
    _ended: bool = False
    _problem: str = ""
    _evidence: tuple[ConnectionRecord, ...] = ()
    _crash: str = ""
    _complained: bool = False
    _scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    _token: trio.lowlevel.TrioToken | None = None
    _started: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.engine.emit = self._take
        subjects: tuple[Subject, ...] = (*self.work.scenarios, *self.work.watches)
        self._futures = {subject.id: Future() for subject in subjects}
        self._thread = threading.Thread(target=self._run, name="smtp-conformance", daemon=True)
        self._thread.start()

    def of(self, subject: Subject) -> Result:
        """As ``Results`` says."""
        try:
            return self._futures[subject.id].result()
        except UnusableError:
            self._complained = True
            raise

    def finish(self, *, abandoned: bool) -> UnusableError | None:
        """As ``Results`` says."""
        if abandoned:
            self._tell(self._scope.cancel)
        self._thread.join()
        if abandoned or self._complained:
            return None
        if self._crash or not self._ended:
            return UnusableError(self._crash)
        return UnusableError(self._problem, self._evidence) if self._problem else None

    def told(self) -> Told:
        """As ``Results`` says."""
        return Told.of(self.engine)

    def _tell(self, function: Callable[[*Ts], object], *arguments: *Ts) -> None:
        self._started.wait()
        if self._token is not None:
            with suppress(trio.RunFinishedError):
                self._token.run_sync_soon(function, *arguments)

    def _run(self) -> None:
        try:
            trio.run(self._main)
        except BaseException as error:  # noqa: BLE001 - a thread has nobody else to tell
            self._crash = _broke(_leaf(error))
        finally:
            self._started.set()
            self._answer_the_rest()

    async def _main(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._started.set()
        with self._scope:
            await self._run_all()

    async def _run_all(self) -> None:
        scenarios = (*self.work.scenarios, *self.work.background)
        await self.engine.run(scenarios, self.work.watches, self.work.clauses)

    def _take(self, event: Event) -> None:
        match event:
            case Result() if event.scenario in self._futures:
                self._futures[event.scenario].set_result(event)
                self._failed += self.judge(event).outcome in {Outcome.FAILED, Outcome.ERROR}
                if self.maxfail and self._failed >= self.maxfail:
                    self._scope.cancel()
            case End():
                self._ended, self._problem, self._evidence = True, event.problem, event.evidence

    def _answer_the_rest(self) -> None:
        evidence = self._evidence
        for future in self._futures.values():
            if not future.done():
                future.set_exception(self._why_none(evidence))
                evidence = ()  # once is enough

    def _why_none(self, evidence: tuple[ConnectionRecord, ...]) -> Exception:
        if self._scope.cancel_called:
            return NotRunError(f"not run: {self._failed} had failed before")
        if self._crash or not self._ended:
            return UnusableError(self._crash)
        return UnusableError(self._problem, evidence)


@dataclass(slots=True, eq=False)
class Shared(Overlapped):
    """One trio run as ``Overlapped``'s over this worker's share of a session that xdist has divided.

    A share is begun when pytest comes to its first item; ``shares`` says to which one each scenario belongs. ``turn``
    is what ``Engine.some`` wants where several processes share a target. No watch is folded here, for each worker
    sees but a part of the run; what the watches saw is told instead.
    """

    shares: Mapping[str, int] = field(default_factory=dict)
    turn: AbstractContextManager[object] = field(default_factory=nullcontext)
    _begun: set[int] = field(default_factory=set)
    _before_folding: Told = field(default_factory=Told)
    _asked: trio.MemorySendChannel[int] = field(init=False)
    _asked_of_us: trio.MemoryReceiveChannel[int] = field(init=False)

    def __post_init__(self) -> None:
        self._asked, self._asked_of_us = trio.open_memory_channel[int](math.inf)
        super(Shared, self).__post_init__()

    def of(self, subject: Subject) -> Result:
        """As ``Results`` says."""
        if isinstance(subject, Watch):
            raise NotRunError("folded over all workers when the run ends: its summary has the result")
        share = self.shares[subject.id]
        if share not in self._begun:
            self._begun.add(share)
            self._tell(self._asked.send_nowait, share)
        return super(Shared, self).of(subject)

    def finish(self, *, abandoned: bool) -> UnusableError | None:
        """As ``Results`` says."""
        self._tell(self._asked.close)
        return super(Shared, self).finish(abandoned=abandoned)

    def told(self) -> Told:
        """As ``Results`` says."""
        told = self._before_folding
        seen = (self._futures[watch.id] for watch in self.work.watches)
        told.watched = [future.result() for future in seen if future.done() and future.exception() is None]
        return told

    async def _run_all(self) -> None:
        try:
            await self.engine.open(self.work.watches, self.turn)
            async for share in self._asked_of_us:
                theirs = [each for each in self.work.scenarios if self.shares[each.id] == share]
                await self.engine.some(theirs, self.turn)
            self._before_folding = Told.of(self.engine)
            self.engine.fold()
            await self._close()
        except TargetUnusableError as error:
            self._problem, self._evidence = str(error), error.evidence
        self._ended = True

    async def _close(self) -> None:
        try:
            await self.engine.close(self.turn)
        except TargetUnusableError as error:
            raise TargetUnusableError(f"the target no longer works: {error}", error.evidence) from None


@dataclass(slots=True, eq=False)
class Alone:
    """Scenarios one by one, as pytest comes to them.

    So it is where a debugger wants to be alone, and where xdist leaves it open which items a worker gets. ``turn`` is
    held while a finding is confirmed. Where ``shared`` with other workers no watch is folded here, for each worker
    sees but a part of the run; what the watches saw is told instead.
    """

    engine: Engine
    work: Work
    turn: AbstractContextManager[object] = field(default_factory=nullcontext)
    shared: bool = False
    _opened: bool = False
    _problem: str = ""
    _interrupted: bool = False
    _watched: dict[str, Result] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engine.emit = self._take

    def of(self, subject: Subject) -> Result:
        """As ``Results`` says."""
        self._open()
        if isinstance(subject, Scenario):
            return self._trio(self.engine.one, subject, self.turn)
        if self.shared:
            raise NotRunError("folded over all workers when the run ends: its summary has the result")
        self._fold()
        return self._watched[subject.id]

    def finish(self, *, abandoned: bool) -> UnusableError | None:
        """As ``Results`` says."""
        if abandoned or self._interrupted or self._problem or not self._opened:
            return None
        try:
            self._trio(self.engine.close, self.turn)
        except TargetUnusableError as error:
            return UnusableError(f"the target no longer works: {error}", error.evidence)
        doubt = self.engine.doubt()
        return UnusableError(doubt) if doubt and not self.shared else None

    def told(self) -> Told:
        """As ``Results`` says."""
        told = Told.of(self.engine)
        if self._opened and not self._problem and self.shared:
            self._fold()
            told.watched = list(self._watched.values())
        return told

    def _open(self) -> None:
        if self._problem:
            raise UnusableError(self._problem)
        if not self._opened:
            self._opened = True
            try:
                self._trio(self.engine.open, self.work.watches, self.turn)
            except TargetUnusableError as error:
                self._problem = str(error)
                raise UnusableError(self._problem, error.evidence) from None

    def _fold(self) -> None:
        if not self._watched:
            for scenario in self.work.background:
                self._trio(self.engine.one, scenario, self.turn)
            self.engine.fold()

    def _take(self, event: Event) -> None:
        if isinstance(event, Result) and any(event.scenario == watch.id for watch in self.work.watches):
            self._watched[event.scenario] = event

    def _trio(self, function: Callable[[*Ts], Awaitable[T]], *arguments: *Ts) -> T:
        try:
            return trio.run(function, *arguments)
        except BaseException as error:  # noqa: BLE001 - it is raised again, out of its group
            leaf = _leaf(error)
            if isinstance(leaf, KeyboardInterrupt):
                self._interrupted = True
            elif isinstance(leaf, Exception) and not isinstance(leaf, TargetUnusableError):
                raise UnusableError(_broke(leaf)) from None
            raise leaf from None


def _broke(error: BaseException) -> str:
    return f"the engine broke: {''.join(traceback.format_exception(error))}".rstrip()


def _leaf(error: BaseException) -> BaseException:
    """The exception itself, or out of a group the one that matters most: Ctrl-C, else the first."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    leaves = [_leaf(inner) for inner in error.exceptions]
    return next((leaf for leaf in leaves if isinstance(leaf, KeyboardInterrupt)), leaves[0])


@dataclass(slots=True)
class Turn:
    """Held by one process at a time; ``path`` is a lock file that they share."""

    path: Path
    _file: IO[bytes] | None = None

    def __enter__(self) -> None:
        self._file = self.path.open("ab")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        assert self._file is not None
        self._file.close()
