"""The kill matrix: which scenario catches which defect, worked out on memory streams and the mock clock."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import trio
from trio.testing import MockClock

from conformance.client import Pace, Segmentation
from conformance.engine import Attempted, Setting, attempt
from conformance.reference._certificate import server_tls
from conformance.reference._decision import Defect
from conformance.reference._server import ReferenceServer
from conformance.reference._site import reference_target
from conformance.scenario import Broken, Clause, Observation, Scenario, Verdict, Watch
from conformance.target import Target

FRAMING = frozenset({"greeting", "find_command_line", "find_end_of_data", "kept_across_tls"})
"""The decision points that see how octets came in, and not only which."""


@dataclass(slots=True)
class Trial:
    """One scenario against one reference server: what it saw, and which decision points it consulted."""

    scenario: Scenario
    attempted: Attempted
    consulted: frozenset[str]

    @property
    def broken(self) -> bool:
        """Whether the scenario itself found something."""
        return isinstance(self.attempted.observation, Broken)

    def accused(self) -> dict[str, Clause]:
        """Every clause that the scenario or a watch called broken, by the id of the accuser."""
        found = {
            watched.watch.id: watched.watch.clause
            for watched in self.attempted.watched
            if isinstance(watched.observation, Broken)
        }
        if self.broken:
            found[self.scenario.id] = self.scenario.clause
        return found


@dataclass(slots=True)
class Kill:
    """One defect against the scenarios that consult its decision points."""

    defect: Defect
    accusers: dict[str, Clause] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    observations: dict[str, Observation | None] = field(default_factory=dict)

    def missed(self, known: Mapping[str, Clause]) -> set[str]:
        """Scenarios and watches that the defect says it proves and that did not find it."""
        return self.defect.proven(known) - set(self.accusers)

    def wrongly_accused(self, known: Mapping[str, Clause]) -> dict[str, str]:
        """Accusers of clauses that the defect neither proves nor breaks besides, with the clause."""
        proven = {known[name].id for name in self.defect.proven(known)}
        return {
            accuser: clause.id
            for accuser, clause in self.accusers.items()
            if clause.id not in proven and not self.defect.breaks(clause.id)
        }


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """No garbage collection meanwhile: what these many short tasks leave is gone when they end."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def try_scenarios(
    scenarios: Sequence[Scenario],
    watches: Sequence[Watch] = (),
    defects: Sequence[Defect] = (),
    target: Target | None = None,
) -> list[Trial]:
    """Run each scenario against a server of its own, all at once, in no time."""
    trials: list[Trial] = []

    async def one(scenario: Scenario) -> None:
        rejects = "mx" not in scenario.roles
        server = ReferenceServer(defects, server_tls(), rejects)
        server.site.keeps_secrets = "disabled" in scenario.facts
        async with trio.open_nursery() as nursery:
            known = target or reference_target(
                role="554-only" if rejects else "mx", disabled=("VRFY", "EXPN") if server.site.keeps_secrets else ()
            )
            setting = Setting(known, server.dial(nursery), Pace(), tuple(watches))
            attempted = await attempt(scenario, setting)
            nursery.cancel_scope.cancel()
        trials.append(Trial(scenario, attempted, frozenset(server.decisions.consulted)))

    async def together() -> None:
        async with trio.open_nursery() as nursery:
            for scenario in scenarios:
                nursery.start_soon(one, scenario)

    with _collector_at_rest():
        trio.run(together, clock=MockClock(autojump_threshold=0))
    order = {scenario.id: number for number, scenario in enumerate(scenarios)}
    return sorted(trials, key=lambda trial: order[trial.scenario.id])


def kill(defect: Defect, clean: Sequence[Trial], watches: Sequence[Watch] = ()) -> Kill:
    """Try the defect on the scenarios that consult one of its points in the clean run.

    A cut copy of a scenario is left out where the server can't tell it from the whole: the defect neither says that
    the copy proves it nor decides where lines and mail data end.
    """
    names = [trial.scenario.id for trial in clean]
    cut_too = defect.proven(names) | defect.varied(names)
    frames = bool(defect.points & FRAMING)
    scenarios = [
        trial.scenario
        for trial in clean
        if trial.consulted & defect.points
        and (frames or trial.scenario.id in cut_too or trial.scenario.segmentation is Segmentation.WHOLE)
    ]
    return kill_all(defect, scenarios, watches)


def kill_all(defect: Defect, scenarios: Sequence[Scenario], watches: Sequence[Watch] = ()) -> Kill:
    """Try the defect on all of these scenarios."""
    found = Kill(defect)
    for trial in try_scenarios(scenarios, watches, [defect]):
        found.accusers |= trial.accused()
        found.observations[trial.scenario.id] = trial.attempted.observation
        if trial.attempted.verdict is Verdict.ERROR:
            found.errors[trial.scenario.id] = trial.attempted.why
    return found
