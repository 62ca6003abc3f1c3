"""The kill matrix: which scenario catches which defect, worked out on memory streams and the mock clock."""

from __future__ import annotations

import gc
import ssl
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cache

import msgspec
import trio
from trio.testing import MockClock

from conformance.client import Pace, Segmentation
from conformance.dns_server import NameServer
from conformance.engine import Attempted, Setting, Surroundings, attempt
from conformance.hop import ACCOUNT_OFFERS, ALL_OFFERS, BARE_OFFERS, NextHop
from conformance.reference._around import SiteStore, dial_hop, routing
from conformance.reference._certificate import accounts, client_certificate, next_hop_authority, server_tls, trusting
from conformance.reference._decision import Decisions, Defect
from conformance.reference._extensions import EXTENSIONS
from conformance.reference._ladder import differing_keywords, has_quiet_ladder, noted_body, noted_watch
from conformance.reference._server import ReferenceServer
from conformance.reference._shadows import Shadow, Shadows, memories
from conformance.reference._site import (
    ACCOUNT_DOMAIN,
    BARE_DOMAIN,
    CERTIFIED,
    EXTENDED_DOMAIN,
    NEXT_HOPS,
    SUBMISSIONS_DOMAIN,
    Site,
    reference_target,
)
from conformance.reference._user_agent import ReferencePrograms
from conformance.scenario import Broken, Clause, Observation, Scenario, Verdict, Watch
from conformance.target import Role, Target, UserAgent

FRAMING = frozenset({"greeting", "find_command_line", "find_end_of_data", "find_octets", "kept_across_tls"})
"""The decision points that see how octets came in, and not only which."""

ROLES: tuple[Role, ...] = ("mx", "lmtp", "submission", "relay", "554-only")

OFFERS_AT = {
    NEXT_HOPS[EXTENDED_DOMAIN]: ALL_OFFERS,
    NEXT_HOPS[BARE_DOMAIN]: BARE_OFFERS,
    NEXT_HOPS[ACCOUNT_DOMAIN]: ACCOUNT_OFFERS,
}

RETRY_SECONDS, GIVE_UP_SECONDS = 1800.0, 4.5 * 24 * 3600
"""The timers that RFC 5321 §4.5.4.1 recommends: those of the servers that slow scenarios meet."""
WARN_SECONDS = 2700.0
"""Where mail is retried so slowly, its sender is told of the delay within the hour (RFC 3461 §5.2.5)."""


PROGRAMS = UserAgent(**dict.fromkeys(UserAgent.__struct_fields__, ("in memory",)))
"""The user's programs, which need no command here."""

TOGETHER = 40
"""How many scenarios run at a time: more would be slower, as they leave each other's memory far away."""

CONNECTIONS = frozenset({"smtp", "second"})
"""What a scenario needs that sees replies and nothing else."""


@dataclass(slots=True)
class Trial:
    """One scenario against one reference server: what it saw, and which decision points it consulted.

    Of the defects that ``looked_on``, those it ``touched`` would have decided otherwise somewhere; see ``Shadows``.
    Those that ``spoke`` would have said something else on the ladder only, and nobody asked for that later. What
    happens once the scenario has its observation no longer counts.
    """

    scenario: Scenario
    attempted: Attempted
    consulted: frozenset[str]
    looked_on: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()
    spoke: frozenset[str] = frozenset()

    @property
    def broken(self) -> bool:
        """Whether the scenario itself found something."""
        return isinstance(self.attempted.observation, Broken)

    def concerns(self, defect: Defect) -> bool:
        """Whether the defect could change what the scenario sees."""
        if defect.name in self.looked_on:
            return defect.name in self.touched
        return bool(self.consulted & defect.points)

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


def role_for(scenario: Scenario) -> Role:
    """The role in which the reference server meets the scenario: the first of these that the scenario is about."""
    return next(role for role in ROLES if role in scenario.roles)


def profile_for(scenario: Scenario, role: Role) -> str:
    """The kind of server that the reference server is for the scenario: defects of other kinds are none of its."""
    if role == "lmtp":
        return "lmtp"
    if EXTENSIONS.keys() & set(scenario.offers):
        return "on-request"
    return "submission" if role == "submission" else ""


def try_scenarios(
    scenarios: Sequence[Scenario],
    watches: Sequence[Watch] = (),
    defects: Sequence[Defect] = (),
    target: Target | None = None,
    shadows: Sequence[Defect] = (),
) -> list[Trial]:
    """Run each scenario against a server of its own, many at once, in no time.

    ``defects`` are in force; ``shadows`` are not, and are asked what they would have decided, but for some of those
    with a memory of their own.
    """
    trials: list[Trial] = []
    spoken: dict[str, dict[str, set[str]]] = {}
    asked: set[str] = set()
    remembering = {shadow.name for shadow in shadows if _memories_of(shadow)}
    shadows = [shadow for shadow in shadows if shadow.name not in remembering or _keeps_to_itself(shadow, shadows)]
    looked_on = frozenset(shadow.name for shadow in shadows)
    by_point = _by_point(shadows)
    looking_on = tuple(noted_watch(watch, asked) for watch in watches) if shadows else tuple(watches)

    async def one(scenario: Scenario) -> None:
        role = role_for(scenario)
        looking = _shadows_for(scenario, by_point, remembering) if shadows else None
        decisions = Decisions(shadows=looking, profile=profile_for(scenario, role))
        facts = frozenset(scenario.facts)
        consulted: frozenset[str] | None = None

        def observed() -> None:
            nonlocal consulted
            consulted = frozenset(decisions.consulted)
            decisions.shadows = None

        async with trio.open_nursery() as nursery:
            names = NameServer(nursery)
            hop = NextHop(
                nursery,
                offers_at=dict(OFFERS_AT),
                tls_at=_tls_at(),
                tls_first_at={NEXT_HOPS[SUBMISSIONS_DOMAIN]},
                narrows=nullcontext,
                authority=next_hop_authority(),
            )
            site = Site(keeps_secrets="disabled" in facts)
            if scenario.slow:
                site.retry_after, site.gives_up_after = RETRY_SECONDS, GIVE_UP_SECONDS
                site.warns_after = WARN_SECONDS

            async def itself() -> trio.abc.Stream:
                return await dial()

            server = ReferenceServer(
                defects,
                server_tls(),
                rejects=role == "554-only",
                lmtp=role == "lmtp",
                submission=role == "submission",
                offers=frozenset(scenario.offers) & EXTENSIONS.keys(),
                decisions=decisions,
                site=site,
                dial_next_hop=dial_hop(hop, lockstep=scenario.slow),
                dial_others={
                    domain: dial_hop(hop, place, lockstep=scenario.slow) for domain, place in NEXT_HOPS.items()
                },
                trusted=trusting(),
                accounts=accounts(),
                routing=routing(hop, names, decisions, itself),
                requires_tls="starttls_required" in facts,
                implicit_tls="implicit_tls" in facts,
                hides=frozenset(scenario.lacks),
                requires_auth="auth_required" in facts,
                requires_certificate="certificate_required" in facts,
            )
            dial = server.dial(nursery)
            known = target or _target(role, facts, unhurried=scenario.slow)
            setting = Setting(
                known,
                dial,
                Pace(),
                looking_on,
                observed=observed,
                real=not defects,
                keeps_records=False,
                around=Surroundings(hop, SiteStore(server.site), names=names, agents=hop),
                control=server,
                programs=ReferencePrograms(decisions, hop, trusting()),
                way_in=server.submit,
            )
            attempted = await attempt(_noted(scenario, looking) if looking else scenario, setting)
            nursery.cancel_scope.cancel()
        assert consulted is not None
        touched = frozenset(looking.touched) if looking else frozenset[str]()
        spoken[scenario.id] = looking.spoke if looking else {}
        trials.append(Trial(scenario, attempted, consulted, looked_on, touched))

    async def together(some: Sequence[Scenario]) -> None:
        async with trio.open_nursery() as nursery:
            for scenario in some:
                nursery.start_soon(one, scenario)

    with _collector_at_rest():
        for begin in range(0, len(scenarios), TOGETHER):
            trio.run(together, scenarios[begin : begin + TOGETHER], clock=MockClock(autojump_threshold=0))
    for trial in trials:
        _take_note_of_speech(trial, spoken[trial.scenario.id], asked)
    order = {scenario.id: number for number, scenario in enumerate(scenarios)}
    return sorted(trials, key=lambda trial: order[trial.scenario.id])


def _by_point(shadows: Iterable[Defect]) -> dict[str, list[Shadow]]:
    """Who would decide at each point, and how."""
    found: dict[str, list[Shadow]] = {}
    for shadow in shadows:
        for point, function in shadow.overrides:
            found.setdefault(point, []).append((shadow.name, function))
    return found


@cache
def _memories_of(defect: Defect) -> frozenset[int]:
    return frozenset(id(memory) for _, function in defect.overrides for memory in memories(function))


def _keeps_to_itself(defect: Defect, others: Iterable[Defect]) -> bool:
    """Whether a defect with a memory can look on: it decides at one point, and remembers what no other defect does.

    Asked at two points, one could come up inside the other, and then it is asked in another order than it would decide.
    """
    one_point = len({point.partition(":")[0] for point in defect.points}) == 1
    own = _memories_of(defect)
    return one_point and all(own.isdisjoint(_memories_of(other)) for other in others if other is not defect)


def _shadows_for(
    scenario: Scenario,
    overrides: Mapping[str, Sequence[Shadow]],
    remembering: AbstractSet[str],
) -> Shadows:
    """Those who look on at this scenario."""
    return Shadows(
        overrides,
        sees_mail=bool(scenario.needs - CONNECTIONS),
        only_said=differing_keywords if has_quiet_ladder(scenario) else None,
        remembering=remembering,
    )


def _noted(scenario: Scenario, looking: Shadows) -> Scenario:
    """The same scenario; its shadows learn when it begins, and whether it looks back at what was said before."""
    return replace(scenario, body=noted_body(scenario.body, looking.leave_ladder, looking.recall))


def _take_note_of_speech(trial: Trial, spoken: Mapping[str, set[str]], asked: set[str]) -> None:
    """Tell defects that only said something on the ladder from those that a watch could see by what it asks for."""
    spoke = {name for name, keywords in spoken.items() if not keywords & asked}
    trial.spoke = frozenset(spoke - trial.touched)
    trial.touched |= spoken.keys() - trial.spoke


def _tls_at() -> dict[str, ssl.SSLContext]:
    """The certificates of the next hops that have one."""
    return {
        NEXT_HOPS[domain]: next_hop_authority().context(domain.decode("ascii"))
        for domain in (ACCOUNT_DOMAIN, SUBMISSIONS_DOMAIN)
    }


@cache
def _target(role: Role, facts: frozenset[str], *, unhurried: bool) -> Target:
    """What is known of a server that meets a scenario with these facts."""
    known = reference_target(
        role=role,
        auth_required="auth_required" in facts,
        disabled=("VRFY", "EXPN") if "disabled" in facts else (),
    )
    # Nobody else uses a network in memory, and programs in memory need no commands.
    known = msgspec.structs.replace(known, own_network=True, user_agent=PROGRAMS)
    if {"client_certificate", "certificate_required"} & facts:
        known = msgspec.structs.replace(
            known,
            client_certificate=str(client_certificate()),
            client_certificate_name=CERTIFIED,
            certificate_required="certificate_required" in facts,
        )
    if unhurried:
        known = msgspec.structs.replace(known, timers="default")
    if "starttls_required" in facts:
        known = msgspec.structs.replace(known, starttls_required=True, publicly_referenced=False)
    if "implicit_tls" in facts:
        known = msgspec.structs.replace(known, address="smtps://127.0.0.1:465")
    return known


def concerned(defect: Defect, clean: Sequence[Trial]) -> list[Scenario]:
    """The scenarios that consult one of the defect's points in the clean run and could see it there.

    A cut copy of a scenario is left out where the server can't tell it from the whole: the defect neither says that
    the copy proves it nor decides where lines and mail data end. Of those that hear the defect on the ladder alone, one
    of each way up is taken, and those that are to see it.
    """
    names = [trial.scenario.id for trial in clean]
    to_see_it = defect.proven(names) | defect.varied(names)
    frames = bool({point.rpartition(".")[2] for point in defect.points} & FRAMING)
    climbed: set[Hashable] = set()
    found = []
    for trial in clean:
        scenario = trial.scenario
        if trial.concerns(defect):
            if frames or scenario.id in to_see_it or scenario.segmentation is Segmentation.WHOLE:
                found.append(scenario)
        elif defect.name in trial.spoke:
            way = way_up(scenario)
            if way not in climbed or scenario.id in to_see_it:
                found.append(scenario)
            climbed.add(way)
    return found


def way_up(scenario: Scenario) -> Hashable:
    """All that the ladder of a scenario depends on: scenarios with the same hear the same on it."""
    role = role_for(scenario)
    opened = scenario.needs & CONNECTIONS
    return role, profile_for(scenario, role), scenario.start, scenario.offers, scenario.lacks, scenario.slow, opened


def kill(defect: Defect, clean: Sequence[Trial], watches: Sequence[Watch] = ()) -> Kill:
    """Try the defect on the scenarios that it concerns."""
    return kill_all(defect, concerned(defect, clean), watches)


def kill_all(defect: Defect, scenarios: Sequence[Scenario], watches: Sequence[Watch] = ()) -> Kill:
    """Try the defect on all of these scenarios."""
    found = Kill(defect)
    for trial in try_scenarios(scenarios, watches, [defect]):
        found.accusers |= trial.accused()
        found.observations[trial.scenario.id] = trial.attempted.observation
        if trial.attempted.verdict is Verdict.ERROR:
            found.errors[trial.scenario.id] = trial.attempted.why
    return found
