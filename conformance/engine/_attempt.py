"""One attempt: connect, climb to the starting state, let the scenario observe, leave."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Literal

import trio

from conformance.client import At, Client, Connection, Dial, Exchange, NotReady, Pace, Segmentation, Silence, new_token
from conformance.engine._events import (
    Attempt,
    ConnectionRecord,
    EntryRecord,
    ObservationRecord,
)
from conformance.engine._evidence import SESSIONS, hop_transcripts, store_transcripts
from conformance.scenario import (
    NO,
    NOT,
    Agent,
    BadScenarioError,
    Broken,
    Control,
    Held,
    Hop,
    Names,
    Observation,
    Process,
    Programs,
    Scenario,
    Store,
    Submit,
    Submitting,
    Took,
    Unclear,
    Verdict,
    Watch,
    verdict,
)
from conformance.store import StoreError
from conformance.target import Target
from conformance.wire import Transcript

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from conformance.engine._surroundings import Surroundings

SCENARIO_SECONDS = 300.0
"""The longest that one attempt may take, slow ones apart; more than any patience with a single reply."""

SLOW = 12
"""How many times as long a slow one may take: the RFC's own time-outs are minutes each (RFC 5321 §4.5.3.2)."""

DOORSTEP = 8
"""Connections that may wait for their greeting at a time: more than a server's queue of connections that it has not
accepted yet holds would be greeted after half a minute, when the kernel tries again."""

DOORSTEP_SECONDS = 0.5
"""After this a connection makes room for the next, greeted or not: some servers make every client wait."""

NEEDED_FACTS = {
    "hop": ("relay_domains", "next_hop"),
    "store": ("store",),
    "dns": ("dns_domains", "exchangers", "name_server"),
    "process": ("process.start",),
    "agent": ("user_agent",),
    "submit": ("submit.command",),
}
"""What a target must say so that a scenario can have what it needs around it."""

ROLES: dict[str, Literal["client", "second"]] = {"smtp": "client", "second": "second"}


USUAL_REPLY = 1024
"""Octets of a reply up to which what the watches say of it is remembered."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all attempts of a run share.

    ``observed`` is told when an attempt has its observation. ``real`` servers are left with QUIT and a close, and not
    too many of their connections wait for a greeting; those in memory need neither. Where nobody will read them,
    ``keeps_records`` leaves the transcripts out of what an attempt returns.
    """

    target: Target
    dial: Dial
    pace: Pace = field(default_factory=Pace)
    watches: tuple[Watch, ...] = ()
    deadline: float = SCENARIO_SECONDS
    real: bool = True
    keeps_records: bool = True
    observed: Callable[[], None] | None = None
    around: Surroundings | None = None
    control: Control | None = None
    programs: Programs | None = None
    way_in: Submitting | None = None
    doorstep: trio.CapacityLimiter = field(default_factory=lambda: trio.CapacityLimiter(DOORSTEP))


@dataclass(frozen=True, slots=True)
class Watched:
    """What one watch said of one reply."""

    watch: Watch
    observation: Observation


def _look(watches: tuple[Watch, ...], exchange: Exchange) -> list[Watched]:
    """What the watches say of one reply."""
    looked = ((watch, watch.look(exchange)) for watch in watches)
    return [Watched(watch, observation) for watch, observation in looked if observation is not None]


@lru_cache(maxsize=1024)
def _look_once(watches: tuple[Watch, ...], exchange: Exchange) -> list[Watched]:
    """As ``_look``, for watches that say the same of the same; most replies of a run are like one before."""
    return _look(watches, exchange)


@dataclass(slots=True)
class Attempted:
    """The outcome of one attempt, before anything is made of it."""

    purpose: Literal["first", "retry", "confirm"]
    observation: Observation | None
    verdict: Verdict
    why: str
    token: str
    seconds: float
    service_refused: bool
    connections: tuple[ConnectionRecord, ...]
    watched: tuple[Watched, ...]
    dialled: int

    def record(self) -> Attempt:
        """As results.jsonl has it."""
        return Attempt(
            purpose=self.purpose, verdict=self.verdict, connections=self.connections, why=self.why, token=self.token
        )


@dataclass(slots=True)
class Session:
    """The connections of one attempt, and what its watches saw; ``set_up`` counts the writes before the body began."""

    setting: Setting
    nursery: trio.Nursery
    token: str
    segmentation: Segmentation = Segmentation.WHOLE
    clients: list[Client] = field(default_factory=list)
    watched: list[Watched] = field(default_factory=list)
    set_up: int | None = None
    hop: Hop | None = None
    store: Store | None = None
    names: Names | None = None
    process: Process | None = None
    agent: Agent | None = None
    submit: Submit | None = None
    remembers: bool = field(init=False)

    def __post_init__(self) -> None:
        self.remembers = all(watch.pure for watch in self.setting.watches)

    @property
    def writes(self) -> int:
        """How often we wrote, on all connections."""
        return sum(client.connection.writes for client in self.clients)

    @property
    def body_spoke(self) -> bool:
        """Whether the scenario's body has sent its first octet; from then on a 421 is an outcome."""
        return self.set_up is not None and self.writes > self.set_up

    async def open(self, role: Literal["client", "second"] = "client", *, in_clear: bool = False) -> Client:
        """Connect; with implicit TLS the handshake too, unless ``in_clear``.

        Raises:
            NotReady: refused or unreachable.
        """
        ticket = object()
        try:
            stream = await (self._dial(ticket) if self.setting.real else self.setting.dial())
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            raise NotReady("connect", why, service_refused=True) from error
        local, peer = _ends(stream)
        transcript = Transcript(trio.current_time, role=role, number=len(self.clients), local=local, peer=peer)
        connection = Connection(stream, self.nursery, transcript, self.setting.pace)
        client = Client(connection, self.setting.target, self.token, self._watch if self.setting.watches else None)
        self.clients.append(client)
        if self.setting.real:
            self.nursery.start_soon(self._leave_doorstep, connection, ticket)
        if self.setting.target.where.implicit_tls and not in_clear:
            await client.implicit_tls()
        else:
            connection.start()
        return client

    async def _dial(self, ticket: object) -> trio.abc.Stream:
        await self.setting.doorstep.acquire_on_behalf_of(ticket)
        try:
            return await self.setting.dial()
        except BaseException:
            self.setting.doorstep.release_on_behalf_of(ticket)
            raise

    async def _leave_doorstep(self, connection: Connection, ticket: object) -> None:
        try:
            with trio.move_on_after(DOORSTEP_SECONDS):
                await connection.heard_from()
        finally:
            self.setting.doorstep.release_on_behalf_of(ticket)

    def _watch(self, exchange: Exchange) -> None:
        usual = self.remembers and sum(len(line.octets) for line in exchange.reply.lines) <= USUAL_REPLY
        self.watched += (_look_once if usual else _look)(self.setting.watches, exchange)

    async def leave(self) -> None:
        """Leave every connection politely; all are closed also when this is cancelled."""
        if not self.setting.real:
            return
        async with trio.open_nursery() as nursery:
            for client in self.clients:
                client.connection.segmentation = Segmentation.WHOLE
                nursery.start_soon(client.leave)

    def look_around(self, need: str) -> Hop | Store | Names:
        """What the scenario sees of our next hop, of the target's store, or of our name server.

        Raises:
            NotReady: it is not open.
        """
        around, target = self.setting.around, self.setting.target
        if need == "hop" and around is not None and around.hop is not None:
            self.hop = Hop(around.hop, target, self.token)
            return self.hop
        if need == "store" and around is not None and around.store is not None:
            self.store = Store(around.store, target, self.token, around.bounces)
            return self.store
        if need == "dns" and around is not None and around.names is not None:
            self.names = Names(around.names, target, self.token)
            return self.names
        raise NotReady(need, "is not open")

    def take_agent(self) -> Agent:
        """The user's programs, and a server of ours for them.

        Raises:
            NotReady: nobody can run them.
        """
        around, programs = self.setting.around, self.setting.programs
        if programs is None or around is None or around.agents is None:
            raise NotReady("user agent", "nobody can run it")
        self.agent = Agent(around.agents, programs, self.setting.target, self.token)
        return self.agent

    def take_process(self) -> Process:
        """The target's process, which is up again, and has room, when the attempt ends.

        Raises:
            NotReady: nobody can end and start it.
        """
        if self.setting.control is None:
            raise NotReady("process", "nobody can end the target and start it again")
        self.process = Process(self.setting.control, self.nursery)
        return self.process

    def take_submit(self) -> Submit:
        """The way in for the target's own users.

        Raises:
            NotReady: there is none.
        """
        if self.setting.way_in is None:
            raise NotReady("submit", "there is no command that hands a message over")
        self.submit = Submit(self.setting.way_in, self.setting.target, self.token)
        return self.submit

    async def revive(self) -> None:
        """Have the target up again that the scenario ended, with the room that it took away."""
        if self.process is not None and not self.process.has_room:
            with trio.CancelScope(shield=True), suppress(NotReady):
                await self.process.make_room()
        if self.process is not None and not self.process.up:
            with trio.CancelScope(shield=True), suppress(NotReady):
                await self.process.start()

    def forget(self) -> None:
        """Free what is kept around the target for this attempt."""
        for seen in (self.hop, self.store, self.names):
            if seen is not None:
                seen.forget()

    def records(self) -> tuple[ConnectionRecord, ...]:
        """The transcripts so far: our own connections, then what came after the 250."""
        transcripts = [client.connection.transcript for client in self.clients]
        if self.submit is not None:
            transcripts += self.submit.transcripts
        if self.hop is not None:
            transcripts += hop_transcripts(self.hop)
        if self.agent is not None:
            transcripts += [session.transcript for session in self.agent.sessions[:SESSIONS]]
        if self.store is not None:
            transcripts += store_transcripts(self.store)
        for number, transcript in enumerate(transcripts):
            transcript.number = number
        return tuple(_record(transcript) for transcript in transcripts)


@asynccontextmanager
async def session(setting: Setting, token: str = "") -> AsyncIterator[Session]:
    """A session of our own outside any scenario, left politely at the end."""
    raised: Exception | None = None
    async with trio.open_nursery() as nursery:
        opened = Session(setting, nursery, token or new_token())
        try:
            yield opened
        except Exception as error:  # noqa: BLE001 - raised again below, where the nursery puts it in no group
            raised = error
        finally:
            await opened.leave()
            nursery.cancel_scope.cancel()
    if raised is not None:
        raise raised


async def attempt(
    scenario: Scenario, setting: Setting, purpose: Literal["first", "retry", "confirm"] = "first"
) -> Attempted:
    """Run the scenario once; never raises but for cancellation."""
    began = trio.current_time()
    token = new_token()
    allowed = setting.deadline * (SLOW if scenario.slow else 1)
    observation: Observation | None = None
    graded, why, refused = Verdict.INCONCLUSIVE, "", False
    async with trio.open_nursery() as nursery:
        run = Session(setting, nursery, token)
        try:
            with trio.move_on_after(allowed) as deadline:
                observation = await _observe(scenario, run)
                graded = verdict(observation, scenario.clause.level)
            if deadline.cancelled_caught:
                observation, graded = Unclear(f"not finished in {allowed:.0f} s"), Verdict.INCONCLUSIVE
        except (BadScenarioError, StoreError) as error:
            graded, why = Verdict.ERROR, str(error)
        except Exception as error:  # noqa: BLE001 - whatever an author's code raises is ours to report
            leaves = list(_leaves(error))
            if all(isinstance(leaf, NotReady) for leaf in leaves):
                why = "; ".join(str(leaf) for leaf in leaves)
                turned_away = any(_turned_away(leaf) for leaf in leaves if isinstance(leaf, NotReady))
                refused = turned_away and not run.body_spoke
            else:
                mistake = next(leaf for leaf in leaves if not isinstance(leaf, NotReady))
                graded, why = Verdict.ERROR, "".join(traceback.format_exception(mistake, limit=-4)).strip()
        finally:
            if setting.observed is not None:
                setting.observed()
            await run.revive()
            await run.leave()
        nursery.cancel_scope.cancel()
    if isinstance(observation, Unclear):
        why = observation.why
    connections = run.records() if setting.keeps_records else ()
    run.forget()
    return Attempted(
        purpose=purpose,
        observation=observation,
        verdict=graded,
        why=why,
        token=token,
        seconds=trio.current_time() - began,
        service_refused=refused,
        connections=connections,
        watched=tuple(run.watched),
        dialled=len(run.clients),
    )


def _turned_away(error: NotReady) -> bool:
    """Whether the server refused service, or left the connection in its queue until we lost patience."""
    return error.service_refused or (error.rung == "greeting" and isinstance(error.outcome, Silence))


async def _observe(scenario: Scenario, run: Session) -> Observation:
    arguments: dict[str, Any] = dict(scenario.row)
    for need in ("hop", "store", "dns"):
        if need in scenario.needs:
            arguments[need] = run.look_around(need)
    for need in ("smtp", "second"):
        if need in scenario.needs:
            client = await run.open(ROLES[need], in_clear=scenario.start is At.CLEAR)
            start = scenario.start if need == "smtp" else min(scenario.start, At.EHLO)
            await client.climb(start, says_starttls="STARTTLS" in scenario.offers)
            _require_offers(scenario, client)
            client.connection.segmentation = scenario.segmentation
            arguments[need] = client
    if "process" in scenario.needs:
        arguments["process"] = run.take_process()
    if "agent" in scenario.needs:
        arguments["agent"] = run.take_agent()
    if "submit" in scenario.needs:
        arguments["submit"] = run.take_submit()
    if "another" in scenario.needs:
        arguments["another"] = partial(run.open, ROLES["second"])
    run.set_up = run.writes
    return await scenario.body(**arguments)


def _require_offers(scenario: Scenario, client: Client) -> None:
    missing = [offer for offer in scenario.offers if offer not in client.offered]
    if missing and scenario.start >= At.UNAUTHENTICATED:
        raise NotReady("EHLO", f"this session is not offered {', '.join(missing)}")
    listed = [keyword for keyword in scenario.lacks if keyword in client.offers]
    if listed:
        raise NotReady("EHLO", f"this session is offered {', '.join(listed)}")


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _ends(stream: trio.abc.Stream) -> tuple[str, str]:
    if not isinstance(stream, trio.SocketStream):
        return "", ""
    return _name(stream.socket.getsockname()), _name(stream.socket.getpeername())


def _name(address: object) -> str:
    match address:
        case (str() as host, int() as port, *_):
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        case _:
            return str(address)


def _record(transcript: Transcript) -> ConnectionRecord:
    entries = tuple(
        EntryRecord(
            t=round(entry.t, 6),
            sender=entry.sender,
            octets=entry.octets,
            tls=entry.tls,
            full_length=entry.full_length,
            sha256=entry.sha256,
        )
        for entry in transcript.entries
    )
    return ConnectionRecord(
        id=transcript.number, role=transcript.role, local=transcript.local, peer=transcript.peer, entries=entries
    )


def observed(observation: Observation | None) -> ObservationRecord | None:
    """The observation as results.jsonl has it."""
    match observation:
        case Held(seen):
            return ObservationRecord(kind="held", seen=seen)
        case Broken(expected, seen):
            return ObservationRecord(kind="broken", expected=expected, seen=seen)
        case Took(branch, seen):
            return ObservationRecord(kind="took", branch=branch, seen=seen)
        case Unclear(why):
            return ObservationRecord(kind="unclear", seen=why)
        case None:
            return None


def lacking(scenario: Scenario, target: Target, offers: Iterable[str]) -> tuple[str, str] | None:
    """The first thing that the target lacks for this scenario, as a name and a sentence; ``None`` when nothing."""
    if "clock" in scenario.needs:
        return "clock", "needs a clock, which this version can't provide"
    if target.role not in scenario.roles:
        return "role", f"is not about a target in the role {target.role}"
    missing = (*_missing_facts(scenario, target), *_missing_offers(scenario, set(offers)))
    return missing[0] if missing else None


def _missing_facts(scenario: Scenario, target: Target) -> Iterator[tuple[str, str]]:
    where = [fact for need, facts in NEEDED_FACTS.items() if need in scenario.needs for fact in facts]
    for fact in (*where, *scenario.facts):
        plain, denied = fact.removeprefix(NOT).removesuffix(NO), fact.endswith(NO)
        name = plain.replace("_", "-")
        if fact.startswith(NOT):
            if target.knows(plain):
                yield f"no {name}", f"is about a target without {name}"
        elif not target.knows(plain):
            yield name, f"the target file does not say {name}"
        elif denied and getattr(target, plain) is not False:
            yield name, f"is not about a target of which {name} is true"


def _missing_offers(scenario: Scenario, offered: Container[str]) -> Iterator[tuple[str, str]]:
    for keyword in scenario.offers:
        if keyword not in offered:
            yield f"EHLO {keyword}", f"EHLO does not offer {keyword}"
    for keyword in scenario.lacks:
        if keyword in offered:
            yield f"no EHLO {keyword}", f"is about a server that does not offer {keyword}"
