"""Talking to the reference server in memory, octet by octet if need be."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import trio
from trio.testing import MockClock, memory_stream_pair, wait_all_tasks_blocked

from conformance.reference import ReferenceServer
from conformance.wire import Reply, ReplyReader

T = TypeVar("T")

HELLO = b"EHLO client.example.test\r\n"
MAIL = b"MAIL FROM:<a@client.example.test>\r\n"
RCPT = b"RCPT TO:<alice@example.test>\r\n"
ENVELOPE = HELLO + MAIL + RCPT
DATA = b"DATA\r\n"


def at_once(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    return trio.run(main, clock=MockClock(autojump_threshold=0))


def talk(octets: bytes | Sequence[bytes], server: ReferenceServer | None = None) -> list[Reply]:
    """All replies to these octets, the greeting included; several are sent one by one, each read before the next."""
    serves = server or ReferenceServer()
    segments = [octets] if isinstance(octets, bytes) else octets

    async def main() -> list[Reply]:
        ours, theirs = memory_stream_pair()
        heard = bytearray()

        async def listen() -> None:
            async for received in ours:
                heard.extend(received)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(serves.serve, theirs)
            nursery.start_soon(listen)
            with suppress(trio.BrokenResourceError):  # the server may end it first
                for segment in segments:
                    await wait_all_tasks_blocked()
                    await ours.send_all(segment)
            await wait_all_tasks_blocked()
            await ours.send_eof()
        return framed(bytes(heard))

    return at_once(main)


def framed(octets: bytes) -> list[Reply]:
    """The replies that the octets are, all of them whole and without anything odd."""
    reader = ReplyReader()
    reader.feed(octets)
    replies = []
    while (reply := reader.next_reply()) is not None:
        assert not reply.anomalies, reply
        replies.append(reply)
    assert reader.close() is None, "the last reply is not whole"
    return replies


def codes(octets: bytes | Sequence[bytes], server: ReferenceServer | None = None) -> list[int]:
    """The codes of all replies but the greeting's."""
    return [reply.code for reply in talk(octets, server)][1:]


def octet_by_octet(octets: bytes) -> list[bytes]:
    return [octets[at : at + 1] for at in range(len(octets))]
