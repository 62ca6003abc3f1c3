"""A run: the control deliveries, all scenarios overlapped, confirmation of what was found, the closing control."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import trio

from conformance.client import At, Dial, Pace, Segmentation
from conformance.engine._attempt import Attempted, Setting, Watched, attempt, lacking, observed
from conformance.engine._commands import Commands, SubmitCommand, UserPrograms
from conformance.engine._control import Introduced, TargetUnusableError, introduce
from conformance.engine._events import (
    ConnectionRecord,
    Emit,
    End,
    Event,
    Progress,
    Result,
    Run,
    Started,
    SuiteInfo,
    TargetInfo,
    WatchedRecord,
)
from conformance.engine._limit import ConnectionLimit
from conformance.engine._surroundings import Surroundings, surroundings, wanted
from conformance.scenario import Broken, Clause, Held, Observation, Scenario, Took, Unclear, Verdict, Watch, verdict
from conformance.target import Target

SERVICE_ATTEMPTS = 3
ANOTHER = 4
"""Connections that are kept for a scenario that opens further ones as it goes."""
RETRY_PAUSE = 0.5
"""Seconds before the first retry of a refused session; it doubles."""

GONE_AFTER = 20
"""Connections in a row that nobody took, one at a time: after so many the target is gone and not waited for."""

CONFIRM_OVERLAP = 4


@dataclass(frozen=True, slots=True)
class Options:
    """How to run; ``timeout`` in seconds, ``max_inconclusive`` as a share of the applicable scenarios."""

    overlap: int = 64
    timeout: float = 30.0
    slow: bool = False
    max_inconclusive: float = 0.05
    confirm: bool = True
    controls: bool = True
    shown: dict[str, str | int | float | bool | list[str] | None] = field(default_factory=dict)


@dataclass(slots=True)
class _Tried:
    """A scenario with all its attempts so far."""

    scenario: Scenario
    attempts: list[Attempted]

    @property
    def last(self) -> Attempted:
        return self.attempts[-1]


@dataclass(slots=True)
class _Folded:
    """What one watch saw over the whole run."""

    watch: Watch
    held: int = 0
    first: tuple[Scenario, Attempted, Observation] | None = None


@dataclass(slots=True, eq=False)
class Engine:
    """Runs scenarios against one target and emits ``Run``, ``Result`` and ``End``.

    ``repeat`` makes, of ids, the command that runs just these: a scenario, or a scenario and the watch that looks on.
    """

    target: Target
    dial: Dial
    emit: Emit
    options: Options = Options()
    progress: Progress | None = None
    repeat: Callable[..., str] = lambda *names: " ".join(["smtp-conformance run", *names])
    version: str = ""
    introduced: Introduced | None = None
    counts: Counter[Verdict] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    dialled: int = 0
    not_taken: int = 0
    setting: Setting = field(init=False)
    limit: ConnectionLimit = field(init=False)
    around: Surroundings | None = None
    _folded: dict[str, _Folded] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.limit = ConnectionLimit(self._most())
        control = Commands(self.target, self.dial) if self.target.process.start else None
        programs = UserPrograms(self.target) if self.target.knows("user_agent") else None
        words = self.target.submit.command
        way_in = SubmitCommand(words) if words else None
        self.setting = Setting(
            self.target, self.dial, Pace(self.options.timeout), control=control, programs=programs, way_in=way_in
        )

    def _most(self) -> int:
        stated = self.target.limits.connections
        return min(self.options.overlap, stated) if stated else self.options.overlap

    async def run(self, scenarios: Sequence[Scenario], watches: Sequence[Watch] = (), clauses: int = 0) -> End:
        """Run all of them; returns the last event, which is emitted also when the run is cancelled."""
        began = trio.current_time()
        problem, complete, announced = "", False, False
        evidence: tuple[ConnectionRecord, ...] = ()
        try:
            try:
                async with self._surrounded(scenarios):
                    await self.open(watches)
                    self._announce(len(scenarios), clauses)
                    announced = True
                    await self._main(scenarios)
                    self.fold()
                    await self.close()
            except TargetUnusableError as error:
                problem, evidence = str(error), error.evidence
                if announced:
                    problem = f"the target no longer works: {problem}"
            complete = True
        finally:
            if not announced:
                self._announce(len(scenarios), clauses)
            end = End(
                counts={word.value: self.counts.get(word, 0) for word in Verdict},
                seconds=round(trio.current_time() - began, 3),
                complete=complete,
                problem=problem or ("" if complete else "stopped before the end") or self.doubt(),
                evidence=evidence,
                missing=dict(self.missing.most_common()),
                connections=self.dialled,
                lowest_limit=self.limit.lowest,
            )
            self.emit(end)
        return end

    async def open(self, watches: Sequence[Watch] = (), turn: AbstractContextManager[object] | None = None) -> None:
        """Begin: the control deliveries, and watches that look at what follows; ``turn`` as for ``one``.

        Raises:
            TargetUnusableError: a control delivery did not reach its 250, or what must be around can't be opened.
        """
        self._folded = {watch.id: _Folded(watch) for watch in watches}
        self.setting = replace(self.setting, watches=tuple(watches))
        if self.options.controls:
            async with self._surrounded((), turn):
                self.introduced = await introduce(self.setting, self.limit)

    async def close(self, turn: AbstractContextManager[object] | None = None) -> None:
        """End: the control deliveries once more; ``turn`` as for ``one``.

        Raises:
            TargetUnusableError: one did not reach its 250.
        """
        if self.options.controls:
            async with self._surrounded((), turn):
                await introduce(self.setting, self.limit)

    @asynccontextmanager
    async def _surrounded(
        self, scenarios: Sequence[Scenario], turn: AbstractContextManager[object] | None = None
    ) -> AsyncIterator[bool]:
        """Have open what these scenarios need around the target; yields whether it was opened for them alone.

        Ports can be had by one process at a time, so then ``turn`` is held.
        """
        needs = wanted(self.target, [each for each in scenarios if self.not_applicable(each) is None])
        if self.around is not None or not needs:
            yield False
            return
        with turn or nullcontext():
            async with surroundings(self.target, needs) as around:
                self.around = around
                self.setting = replace(self.setting, around=around)
                try:
                    yield True
                finally:
                    self.around = None
                    self.setting = replace(self.setting, around=None)

    def doubt(self) -> str:
        """Why what was found so far proves too little, or nothing."""
        return doubt(self.counts, self.options.max_inconclusive)

    def _announce(self, scenarios: int, clauses: int) -> None:
        seen = self.introduced
        self.emit(
            Run(
                suite=SuiteInfo(version=self.version, scenarios=scenarios, clauses=clauses),
                target=TargetInfo(
                    name=self.target.name,
                    version=self.target.version,
                    address=str(self.target.where),
                    greeting=seen.greeting if seen else "",
                    ehlo=seen.ehlo if seen else (),
                    set_up=self.target.set_up,
                ),
                options=self.options.shown,
                started=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            )
        )

    async def _main(self, scenarios: Sequence[Scenario], turn: AbstractContextManager[object] | None = None) -> None:
        overlapped: list[Scenario] = []
        alone: list[Scenario] = []
        for scenario in scenarios:
            if self._applies(scenario):
                (alone if scenario.alone else overlapped).append(scenario)
        overlapped.sort(key=lambda scenario: (not scenario.slow, scenario.segmentation is Segmentation.WHOLE))
        doubtful: list[_Tried] = []
        async with trio.open_nursery() as nursery:
            for scenario in overlapped:
                nursery.start_soon(self._first, scenario, doubtful)
                await trio.lowlevel.checkpoint()  # else trio begins them in this order or in the reverse
        if alone or doubtful:
            with turn or nullcontext():
                for scenario in alone:
                    await self._first(scenario, [])
                await self._confirm_all(doubtful)

    def not_applicable(self, scenario: Scenario) -> tuple[str, str] | None:
        """What the target or the options lack for this scenario: a name and a sentence, or ``None``."""
        if scenario.slow and not self.options.slow:
            return "--slow", "waits for minutes: run it with --slow"
        if self.introduced is None:
            return lacking(scenario, self.target, scenario.offers)
        if "STARTTLS" not in scenario.offers:
            stranger = scenario.start is At.UNAUTHENTICATED
            return lacking(scenario, self.target, self.introduced.first_offers if stranger else self.introduced.offers)
        # Its sessions begin in clear, whatever the target requires.
        wants_more = self.target.starttls_required or self.target.auth_required
        if scenario.start > At.EHLO and wants_more:
            return "mail in clear", "begins with mail before STARTTLS, which the target does not take"
        return lacking(scenario, self.target, self.introduced.clear_offers)

    def _applies(self, scenario: Scenario) -> bool:
        reason = self.not_applicable(scenario)
        if reason is not None:
            self.missing[reason[0]] += 1
            self._finish(scenario, [], Verdict.NOT_APPLICABLE, reason[1], None)
        return reason is None

    async def _first(self, scenario: Scenario, doubtful: list[_Tried]) -> None:
        tried = _Tried(scenario, await self._served(scenario, "first"))
        self._look_at_watched(tried)
        if self.options.confirm and not scenario.alone and _wants_confirmation(tried.last):
            doubtful.append(tried)
        else:
            self._settle(tried, tried.last, unsteady=False)

    async def some(self, scenarios: Sequence[Scenario], turn: AbstractContextManager[object] | None = None) -> None:
        """Run these overlapped, each to its confirmed result, between ``open`` and ``close``.

        ``turn`` is held while findings are confirmed, and all the time where our next hop, a sink or our name server
        is needed: where several processes share a target they take turns.
        """
        if not isinstance(turn, nullcontext | None):
            scenarios = [each for each in scenarios if not self._left_to_one_process(each)]
        surrounded: list[Scenario] = []
        plain: list[Scenario] = []
        for each in scenarios:
            (surrounded if wanted(self.target, [each]) else plain).append(each)
        await self._main(plain, turn)
        if surrounded:
            async with self._surrounded(surrounded, turn) as have_their_turn:
                await self._main(surrounded, None if have_their_turn else turn)

    def _left_to_one_process(self, scenario: Scenario) -> bool:
        """Whether the scenario ends the target, which other processes use meanwhile; then that is its result."""
        if "process" not in scenario.needs:
            return False
        self.missing["a target of its own"] += 1
        why = "ends the target, which others use meanwhile: run it in one process"
        self._finish(scenario, [], Verdict.NOT_APPLICABLE, why, None)
        return True

    async def one(self, scenario: Scenario, turn: AbstractContextManager[object] | None = None) -> Result:
        """Run one scenario as ``some`` does; the result is emitted too."""
        results: list[Result] = []
        emit, self.emit = self.emit, lambda event: _keep(event, results)
        try:
            await self.some([scenario], turn)
        finally:
            self.emit = emit
        self.emit(results[0])
        return results[0]

    async def _served(self, scenario: Scenario, purpose: str, *, alone: bool = False) -> list[Attempted]:
        """Attempts until the target serves one: a refused session is tried again with growing pauses."""
        attempts: list[Attempted] = []
        pause = RETRY_PAUSE
        wanted = len(scenario.needs & {"smtp", "second"}) + (ANOTHER if "another" in scenario.needs else 0)
        if alone:
            wanted = self.limit.limit
        while True:
            async with self.limit.connections(max(wanted, 1)) as epoch:
                if self.progress is not None:
                    self.progress(Started(scenario.id, purpose))
                tried = await attempt(
                    scenario, self.setting, "retry" if attempts else "confirm" if purpose == "confirm" else "first"
                )
            self.dialled += tried.dialled
            if tried.dialled:
                self.not_taken = 0
            elif self.limit.limit == 1:
                self.not_taken += 1
            attempts.append(tried)
            if not tried.service_refused:
                self.limit.clean()
                return attempts
            self.limit.refused(epoch)
            if len(attempts) == SERVICE_ATTEMPTS or self._is_gone:
                return attempts
            await trio.sleep(pause)
            pause *= 2

    @property
    def _is_gone(self) -> bool:
        """Whether the target takes no connections any more, as a server that crashed; the closing control says so."""
        return self.not_taken >= GONE_AFTER

    async def _confirm_all(self, doubtful: Sequence[_Tried]) -> None:
        turn = trio.CapacityLimiter(CONFIRM_OVERLAP)
        by_itself: list[_Tried] = []

        async def again(tried: _Tried) -> None:
            async with turn:
                first = tried.last
                if not self._is_gone:
                    tried.attempts += await self._served(tried.scenario, "confirm")
            if tried.last is not first and _kind(tried.last) == _kind(first):
                self._settle(tried, first, unsteady=False)
            else:
                by_itself.append(tried)

        async with trio.open_nursery() as nursery:
            for tried in doubtful:
                nursery.start_soon(again, tried)
        for tried in by_itself:
            for _ in range(0 if self._is_gone else 2):
                tried.attempts += await self._served(tried.scenario, "confirm", alone=True)
            self._settle_by_majority(tried)

    def _settle_by_majority(self, tried: _Tried) -> None:
        counted = [attempted for attempted in tried.attempts if not attempted.service_refused]
        if len(counted) == 1:
            why = f"seen once, and the target serves no repetition: {_kind(counted[0])}"
            self._finish(tried.scenario, tried.attempts, Verdict.INCONCLUSIVE, why, None)
            return
        kinds = Counter(_kind(attempted) for attempted in counted)
        kind, times = kinds.most_common(1)[0]
        chosen = next(attempted for attempted in counted if _kind(attempted) == kind)
        if 3 * times >= 2 * len(counted):
            self._settle(tried, chosen, unsteady=True)
        else:
            seen = ", ".join(f"{kind} {times}x" for kind, times in kinds.items())
            self._finish(
                tried.scenario,
                tried.attempts,
                Verdict.INCONCLUSIVE,
                f"repeated runs disagree: {seen}",
                None,
                unsteady=True,
            )

    def _settle(self, tried: _Tried, chosen: Attempted, *, unsteady: bool) -> None:
        self._finish(tried.scenario, tried.attempts, chosen.verdict, chosen.why, chosen.observation, unsteady=unsteady)

    def _finish(
        self,
        scenario: Scenario,
        attempts: Sequence[Attempted],
        graded: Verdict,
        why: str,
        observation: Observation | None,
        *,
        unsteady: bool = False,
    ) -> None:
        self._result(
            scenario.id,
            scenario.clause,
            scenario.says,
            graded,
            why,
            observation,
            attempts,
            repeat=self.repeat(scenario.id),
            unsteady=unsteady,
        )

    def _result(
        self,
        name: str,
        clause: Clause,
        title: str,
        graded: Verdict,
        why: str,
        observation: Observation | None,
        attempts: Sequence[Attempted],
        *,
        repeat: str,
        unsteady: bool = False,
    ) -> None:
        self.counts[graded] += 1
        self.emit(
            Result(
                scenario=name,
                clause=clause.id,
                level=clause.level.value,
                says=clause.says,
                title=title,
                lines=clause.lines,
                link=clause.link,
                verdict=graded,
                why=why,
                observation=observed(observation),
                attempts=tuple(attempted.record() for attempted in attempts),
                # Each once: what a watch says of a greeting it says at every connection.
                watched=tuple(
                    dict.fromkeys(_watched_record(found) for attempted in attempts for found in _findings(attempted))
                ),
                seconds=round(sum(attempted.seconds for attempted in attempts), 6),
                repeat=repeat,
                unsteady=unsteady,
                disputed=clause.disputed,
            )
        )

    def _look_at_watched(self, tried: _Tried) -> None:
        for attempted in tried.attempts:
            for found in attempted.watched:
                folded = self._folded.get(found.watch.id)
                if folded is None:
                    continue
                if isinstance(found.observation, Held):
                    folded.held += 1
                elif folded.first is None or _outweighs(found.observation, folded.first[2]):
                    folded.first = (tried.scenario, attempted, found.observation)

    def fold(self) -> None:
        """Emit one result per watch, of all that it saw since ``open``."""
        for folded in self._folded.values():
            watch = folded.watch
            if folded.first is not None:
                scenario, attempted, seen = folded.first
                self._result(
                    watch.id,
                    watch.clause,
                    watch.says,
                    verdict(seen, watch.clause.level),
                    "",
                    seen,
                    [attempted],
                    repeat=self.repeat(scenario.id, watch.id),
                )
            elif folded.held:
                seen = Held(f"{folded.held} replies")
                self._result(
                    watch.id, watch.clause, watch.says, Verdict.PASS, "", seen, [], repeat=self.repeat(watch.id)
                )
            else:
                self.missing["a reply to watch"] += 1
                self._result(
                    watch.id,
                    watch.clause,
                    watch.says,
                    Verdict.NOT_APPLICABLE,
                    "no reply that it is about was seen",
                    None,
                    [],
                    repeat=self.repeat(watch.id),
                )


def doubt(counts: Mapping[Verdict, int], max_inconclusive: float) -> str:
    """Why a run with these counts proves too little, or nothing; ``max_inconclusive`` as in ``Options``."""
    applicable = sum(counts.values()) - counts.get(Verdict.NOT_APPLICABLE, 0)
    inconclusive = counts.get(Verdict.INCONCLUSIVE, 0)
    if not applicable:
        return "nothing was run: every selected scenario is not applicable to this target"
    if inconclusive > max_inconclusive * applicable and applicable >= 1 / max(max_inconclusive, 0.01):
        return f"{inconclusive} of {applicable} applicable scenarios are inconclusive: too many to trust the rest"
    return ""


def _keep(event: Event, results: list[Result]) -> None:
    if isinstance(event, Result):
        results.append(event)


def _wants_confirmation(attempted: Attempted) -> bool:
    if attempted.verdict is Verdict.ERROR:
        return False
    match attempted.observation:
        case Broken():
            return True
        case Held(confirm=confirm):
            return confirm
        case _:
            return False


def _kind(attempted: Attempted) -> str:
    match attempted.observation:
        case Held():
            return "held"
        case Broken():
            return "broken"
        case Took(branch):
            return f"took {branch}"
        case Unclear() | None:
            return "error" if attempted.verdict is Verdict.ERROR else "unclear"


def _outweighs(new: Observation, old: Observation) -> bool:
    return isinstance(new, Broken) and not isinstance(old, Broken)


def _findings(attempted: Attempted) -> list[Watched]:
    return [found for found in attempted.watched if isinstance(found.observation, Broken)]


def _watched_record(found: Watched) -> WatchedRecord:
    seen = observed(found.observation)
    assert seen is not None
    return WatchedRecord(
        watch=found.watch.id,
        clause=found.watch.clause.id,
        verdict=verdict(found.observation, found.watch.clause.level),
        observation=seen,
    )
