"""The kill matrix: which scenario catches which defect, worked out on memory streams and the mock clock."""

from __future__ import annotations

import gc
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from typing import Any

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
from conformance.reference._server import ReferenceServer
from conformance.reference._shadows import Shadows, remembers
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
    What happens once the scenario has its observation no longer counts.
    """

    scenario: Scenario
    attempted: Attempted
    consulted: frozenset[str]
    looked_on: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()

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

    ``defects`` are in force; ``shadows`` are not, and are asked what they would have decided, those with a memory of
    their own apart.
    """
    trials: list[Trial] = []
    shadows = [shadow for shadow in shadows if not any(remembers(function) for _, function in shadow.overrides)]
    looked_on = frozenset(shadow.name for shadow in shadows)
    by_point: dict[str, list[tuple[str, Callable[..., Any]]]] = {}
    for shadow in shadows:
        for point, function in shadow.overrides:
            by_point.setdefault(point, []).append((shadow.name, function))
    looking_on = tuple(watches)

    async def one(scenario: Scenario) -> None:
        role = role_for(scenario)
        looking = Shadows(by_point, sees_mail=bool(scenario.needs - CONNECTIONS)) if shadows else None
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
            attempted = await attempt(scenario, setting)
            nursery.cancel_scope.cancel()
        assert consulted is not None
        touched = frozenset(looking.touched) if looking else frozenset[str]()
        trials.append(Trial(scenario, attempted, consulted, looked_on, touched))

    async def together(some: Sequence[Scenario]) -> None:
        async with trio.open_nursery() as nursery:
            for scenario in some:
                nursery.start_soon(one, scenario)

    with _collector_at_rest():
        for begin in range(0, len(scenarios), TOGETHER):
            trio.run(together, scenarios[begin : begin + TOGETHER], clock=MockClock(autojump_threshold=0))
    order = {scenario.id: number for number, scenario in enumerate(scenarios)}
    return sorted(trials, key=lambda trial: order[trial.scenario.id])


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
    the copy proves it nor decides where lines and mail data end.
    """
    names = [trial.scenario.id for trial in clean]
    cut_too = defect.proven(names) | defect.varied(names)
    frames = bool({point.rpartition(".")[2] for point in defect.points} & FRAMING)
    return [
        trial.scenario
        for trial in clean
        if trial.concerns(defect)
        and (frames or trial.scenario.id in cut_too or trial.scenario.segmentation is Segmentation.WHOLE)
    ]


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
