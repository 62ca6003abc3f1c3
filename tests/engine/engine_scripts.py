"""What the engine is tried on: a server in memory that answers as a test says, and scenarios of a few lines."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, TypeVarTuple

import trio
from trio.testing import MockClock, memory_stream_pair

from conformance.client import At, Client, Outcome
from conformance.engine import End, Engine, Event, Options, Result, Run
from conformance.scenario import Broken, Clause, Held, Level, Observation, Scenario, Watch
from conformance.target import Target
from conformance.wire import CRLF

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

UNCONTROLLED = Options(controls=False)
TARGET = Target(address="smtp://127.0.0.1:25", ehlo_name="client.example.test", mailboxes=("alice@example.test",))

CONNECT = b"<connect>"
GREETING = b"<greeting>"
CONTENT = b"<content>"


def at_once(function: Callable[[*Ts], Awaitable[T]], *arguments: *Ts) -> T:
    """Run on the mock clock, which jumps over every wait."""
    return trio.run(function, *arguments, clock=MockClock(autojump_threshold=0))


@dataclass(eq=False)
class Visit:
    """One connection as the server sees it; ``said`` are the client's lines, content apart."""

    number: int
    at: float
    open_with: int
    said: list[bytes] = field(default_factory=list)
    content: list[bytes] = field(default_factory=list)
    saw_the_end: bool = False

    @property
    def envelope(self) -> list[bytes]:
        return [line for line in self.said if line.startswith((b"MAIL", b"RCPT"))]


Say = Callable[[Visit, bytes], bytes | None]
"""Answers a line, or ``CONNECT``, ``GREETING`` or ``CONTENT``; ``None`` leaves it to the ordinary server.

No octets are silence, and ``OSError`` for ``CONNECT`` refuses the connection. A 221 or 421 closes behind it.
"""


def verb(line: bytes) -> bytes:
    return line if line in {CONNECT, GREETING, CONTENT} else line.partition(b" ")[0].upper()


def ordinary(line: bytes) -> bytes:
    return {
        GREETING: b"220 mail.example.test ESMTP",
        b"EHLO": b"250-mail.example.test\r\n250-8BITMIME\r\n250 SIZE 1000",
        b"DATA": b"354 go ahead",
        b"QUIT": b"221 bye",
    }.get(verb(line), b"250 OK")


@dataclass(eq=False)
class Server:
    """Takes all mail, but for what ``say`` answers; ``open_now`` are connections that the client holds."""

    say: Say = lambda _visit, _line: None
    greets_after: float = 0.0
    visits: list[Visit] = field(default_factory=list)
    open_now: int = 0
    most_open: int = 0
    nursery: trio.Nursery | None = None

    async def dial(self) -> trio.abc.Stream:
        assert self.nursery is not None
        visit = Visit(len(self.visits) + 1, trio.current_time(), self.open_now)
        self.visits.append(visit)
        if self.say(visit, CONNECT) is not None:
            raise ConnectionRefusedError(111, "Connection refused")
        ours, theirs = memory_stream_pair()
        self.nursery.start_soon(self._serve, visit, theirs)
        stream = _Counted(ours, self)
        await trio.lowlevel.checkpoint()
        return stream

    async def _serve(self, visit: Visit, stream: trio.abc.Stream) -> None:
        async with stream:
            try:
                await trio.sleep(self.greets_after)
                await self._answer(visit, stream, GREETING)
                await self._lines(visit, stream)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return

    async def _lines(self, visit: Visit, stream: trio.abc.Stream) -> None:
        buffer, in_data = b"", False
        while True:
            octets = bytes(await stream.receive_some(65536))
            if not octets:
                visit.saw_the_end = True
                return
            buffer += octets
            while (b"\r\n.\r\n" if in_data else CRLF) in buffer:
                line, _, buffer = buffer.partition(b"\r\n.\r\n" if in_data else CRLF)
                (visit.content if in_data else visit.said).append(line)
                answer = await self._answer(visit, stream, CONTENT if in_data else line)
                in_data = answer.startswith(b"354")
                if answer[:3] in {b"221", b"421"}:
                    return

    async def _answer(self, visit: Visit, stream: trio.abc.Stream, line: bytes) -> bytes:
        answer = self.say(visit, line)
        if answer is None:
            answer = ordinary(line)
        if answer:
            await stream.send_all(answer + CRLF)
        if answer[:3] == b"421" and line == GREETING:
            raise trio.ClosedResourceError
        return answer


class _Counted(trio.abc.Stream):
    """The client's end; the server counts it as open until the client closes it."""

    def __init__(self, inner: trio.abc.Stream, server: Server) -> None:
        self.inner, self.server, self.is_open = inner, server, True
        server.open_now += 1
        server.most_open = max(server.most_open, server.open_now)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self.inner.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self.inner.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self.inner.receive_some(max_bytes)

    async def aclose(self) -> None:
        if self.is_open:
            self.is_open = False
            self.server.open_now -= 1
        await self.inner.aclose()


def script(**answers: bytes) -> Say:
    """Answers by the verb, and by ``greeting``, ``connect`` and ``content``."""
    special = {"greeting": GREETING, "connect": CONNECT, "content": CONTENT}
    known = {special.get(name, name.upper().encode()): answer for name, answer in answers.items()}
    return lambda _visit, line: known.get(verb(line))


def only(numbers: Sequence[int], say: Say) -> Say:
    """As ``say`` on the visits of these numbers, ordinary on all others."""
    return lambda visit, line: say(visit, line) if visit.number in numbers else None


def clause(level: Level = Level.MUST, name: str = "keeps-it") -> Clause:
    return Clause(
        id=f"rfc5321/4.5/{name}",
        rfc="rfc5321",
        section="4.5",
        lines=(1, 2),
        level=level,
        source="keyword",
        party="server",
        observed="wire",
        says="The server keeps it.",
    )


_numbers = itertools.count(1)


def scenario(body: Callable[..., Awaitable[Observation]], **differing: Any) -> Scenario:
    """A scenario about a MUST that starts after EHLO; an id of its own unless one is given."""
    values: dict[str, Any] = {
        "id": f"rfc5321/4.5/scenario_{next(_numbers)}",
        "clause": clause(),
        "body": body,
        "says": "The server keeps it.",
        "start": At.EHLO,
    }
    return Scenario(**values | differing)


async def holding(**_: Client) -> Observation:
    return Held("it")


async def breaking(**_: Client) -> Observation:
    return Broken("this", "that")


def one_after_another(*observations: Observation) -> Callable[..., Awaitable[Observation]]:
    """A body that sees these, one a time, and fails the test when it is run more often."""
    left = iter(observations)

    async def body(**_: Client) -> Observation:
        return next(left)

    return body


def noop(judge: Callable[[Outcome], Observation]) -> Callable[..., Awaitable[Observation]]:
    async def body(smtp: Client) -> Observation:
        return judge(await smtp.say(b"NOOP"))

    return body


@dataclass
class Ran:
    """What came of a run."""

    engine: Engine
    events: list[Event]
    end: End
    server: Server
    started: list[tuple[str, str]]

    @property
    def announced(self) -> Run:
        (found,) = (event for event in self.events if isinstance(event, Run))
        return found

    @property
    def results(self) -> dict[str, Result]:
        found = [event for event in self.events if isinstance(event, Result)]
        by_id = {result.scenario: result for result in found}
        assert len(by_id) == len(found), "a result was emitted twice"
        return by_id

    @property
    def result(self) -> Result:
        (found,) = self.results.values()
        return found


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[Server]:
    async with trio.open_nursery() as nursery:
        server.nursery = nursery
        yield server
        nursery.cancel_scope.cancel()


def run(
    scenarios: Sequence[Scenario] | Scenario,
    server: Server | None = None,
    *,
    target: Target = TARGET,
    options: Options = UNCONTROLLED,
    watches: Sequence[Watch] = (),
) -> Ran:
    """One run of the engine against the server, in no time."""
    theirs = server or Server()
    several = [scenarios] if isinstance(scenarios, Scenario) else list(scenarios)
    events: list[Event] = []
    started: list[tuple[str, str]] = []
    engine = Engine(
        target,
        theirs.dial,
        events.append,
        options,
        progress=lambda begun: started.append((begun.scenario, begun.purpose)),
    )

    async def main() -> End:
        async with serving(theirs):
            return await engine.run(several, watches, clauses=7)

    return Ran(engine, events, at_once(main), theirs, started)


def purposes(result: Result) -> list[str]:
    return [attempt.purpose for attempt in result.attempts]


def tokens(result: Result) -> list[str]:
    return [attempt.token for attempt in result.attempts]


def heard(result: Result) -> bytes:
    """All that the server sent in the attempts of a result."""
    return b"".join(
        entry.octets
        for attempt in result.attempts
        for connection in attempt.connections
        for entry in connection.entries
        if entry.sender == "them"
    )
