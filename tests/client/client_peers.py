"""Servers in memory for the tests of the client: scripted by hand, on a clock that jumps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

import trio
import trio.testing

from conformance.client import Client, Connection, Exchange, Pace, Segmentation
from conformance.reference import server_tls
from conformance.target import Target
from conformance.wire import Transcript

T = TypeVar("T")
TARGET = Target(address="smtp://127.0.0.1:2525", ehlo_name="client.example.test")


def run(main: Callable[[], Awaitable[T]]) -> T:
    """Run it on a clock that jumps to the next deadline when nothing else can happen."""
    return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


class Peer:
    """The server's end of a connection."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.taken = bytearray()
        """All octets that came, in the pieces that were written."""
        self.pieces: list[bytes] = []
        self.ended = trio.Event()
        self._at = 0

    async def take(self) -> bytes:
        """The next piece, or no octets at the end."""
        octets = bytes(await self.stream.receive_some(65536))
        if octets:
            self.pieces.append(octets)
            self.taken += octets
        else:
            self.ended.set()
        return octets

    async def line(self, end: bytes = b"\r\n") -> bytes:
        """The next line, or what is left at the end."""
        while (found := self.taken.find(end, self._at)) < 0:
            if not await self.take():
                rest = bytes(self.taken[self._at :])
                self._at = len(self.taken)
                return rest
        line = bytes(self.taken[self._at : found + len(end)])
        self._at = found + len(end)
        return line

    async def rest(self) -> None:
        """Read up to the end."""
        while await self.take():
            pass

    async def say(self, octets: bytes) -> None:
        await self.stream.send_all(octets)

    async def close(self) -> None:
        await self.stream.aclose()

    async def start_tls(self) -> trio.abc.Stream:
        """The server's side of a handshake; returns the stream below it."""
        below = self.stream
        secure = trio.SSLStream(below, server_tls(), server_side=True)
        await secure.do_handshake()
        self.stream = secure
        return below


Talk = Callable[[Peer], Awaitable[None]]


async def nothing(peer: Peer) -> None:
    """A server that says nothing and keeps reading."""
    await peer.rest()


@asynccontextmanager
async def connected(
    talk: Talk | None = None,
    stream: trio.abc.Stream | None = None,
    *,
    segmentation: Segmentation = Segmentation.WHOLE,
    pace: Pace | None = None,
) -> AsyncIterator[Connection]:
    """A connection that reads, and the server that talks at its other end."""
    ours, theirs = trio.testing.memory_stream_pair()
    raised: Exception | None = None
    async with trio.open_nursery() as nursery:
        if talk is not None:
            nursery.start_soon(talk, Peer(theirs))
        connection = Connection(
            stream or ours, nursery, Transcript(trio.current_time), pace or Pace(), segmentation=segmentation
        )
        connection.start()
        try:
            yield connection
        except Exception as error:  # noqa: BLE001 - raised again below, where the nursery puts it in no group
            raised = error
        await connection.close()
        nursery.cancel_scope.cancel()
    if raised is not None:
        raise raised


@asynccontextmanager
async def client_of(
    talk: Talk, target: Target = TARGET, on_exchange: Callable[[Exchange], None] | None = None
) -> AsyncIterator[Client]:
    """A client of the server; nothing is read yet."""
    async with connected(talk) as connection:
        yield Client(connection, target, "t0123456789ab", on_exchange)


def answering(
    replies: Mapping[str, bytes | Iterable[bytes]] | None = None,
    *,
    greeting: bytes = b"220 mail.example.test ESMTP\r\n",
    heard: list[bytes] | None = None,
) -> Talk:
    """A server that answers each line by its first word, ``250 OK`` where the word isn't named.

    Several answers for one word are given in turn, the last of them from then on. An empty answer is silence, and
    ``b"close"`` closes. After a 354 all lines up to the dot are data, answered as the word ``.``. ``heard`` takes the
    lines.
    """
    known = {"QUIT": b"221 bye\r\n", **(replies or {})}
    answers = {word: [given] if isinstance(given, bytes) else list(given) for word, given in known.items()}

    async def talk(peer: Peer) -> None:
        await peer.say(greeting)
        in_data = False
        while line := await peer.line():
            if heard is not None:
                heard.append(line)
            if in_data and line != b".\r\n":
                continue
            word = "." if in_data else line.split()[0].decode("ascii", "replace").upper()
            given = answers.get(word, [b"250 OK\r\n"])
            octets = given.pop(0) if len(given) > 1 else given[0]
            in_data = octets.startswith(b"354")
            if octets == b"close":
                break
            await peer.say(octets)
            if word == "QUIT" and octets.startswith(b"221"):
                break
            if word == "STARTTLS" and octets.startswith(b"220"):
                await peer.start_tls()
        await peer.close()

    return talk
