"""The client under a security layer of SASL (RFC 4954 §4)."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable

import pytest
import trio
from trio.testing import MockClock, memory_stream_pair

from conformance.client import At, Client, Connection, Outcome, Pace, Segmentation, Unprotected
from conformance.reference import ReferenceServer, reference_target
from conformance.wire import Reply, Transcript
from conformance.wire.digest_md5 import IntegrityLayer

KEY = b"the session key"


async def connected(nursery: trio.Nursery, segmentation: Segmentation) -> tuple[Connection, trio.abc.Stream]:
    ours, theirs = memory_stream_pair()
    connection = Connection(ours, nursery, Transcript(trio.current_time), Pace(timeout=5), segmentation)
    connection.start()
    return connection, theirs


def protected(
    talk: Callable[[Connection, trio.abc.Stream, IntegrityLayer], Awaitable[Outcome]],
    segmentation: Segmentation = Segmentation.WHOLE,
    begun: bytes = b"",
) -> tuple[Outcome, str]:
    """What the client sees behind its 235, and the transcript; ``begun`` comes in one segment with the 235."""

    async def main() -> tuple[Outcome, str]:
        async with trio.open_nursery() as nursery:
            connection, peer = await connected(nursery, segmentation)
            theirs = IntegrityLayer.of_server(KEY)
            await peer.send_all(b"235 Welcome\r\n" + (theirs.wrap(begun) if begun else b""))
            assert isinstance(await connection.outcome(1), Reply)
            await connection.protect(IntegrityLayer.of_client(KEY))
            outcome = await talk(connection, peer, theirs)
            await connection.close()
            nursery.cancel_scope.cancel()
        return outcome, connection.transcript.render()

    return trio.run(main, clock=MockClock(autojump_threshold=0))


@pytest.mark.parametrize("segmentation", [Segmentation.WHOLE, Segmentation.OCTETS])
def test_both_directions_go_through_the_layer(segmentation: Segmentation) -> None:
    async def talk(connection: Connection, peer: trio.abc.Stream, theirs: IntegrityLayer) -> Outcome:
        await connection.send(b"NOOP\r\n")
        assert theirs.unwrap(bytes(await peer.receive_some(4096))) == b"NOOP\r\n"
        wrapped = theirs.wrap(b"250 OK\r\n")
        await peer.send_all(wrapped[:9])
        await trio.sleep(0.1)
        await peer.send_all(wrapped[9:])
        return await connection.outcome(1)

    outcome, rendered = protected(talk, segmentation)
    assert str(outcome) == "250 OK"
    assert "250 OK" in rendered


def test_what_came_with_the_success_reply_is_under_the_layer() -> None:
    async def talk(connection: Connection, peer: trio.abc.Stream, theirs: IntegrityLayer) -> Outcome:
        del peer, theirs
        return await connection.outcome(1)

    assert str(protected(talk, begun=b"250 early\r\n")[0]) == "250 early"


def test_what_is_not_under_the_layer_is_an_outcome() -> None:
    async def talk(connection: Connection, peer: trio.abc.Stream, theirs: IntegrityLayer) -> Outcome:
        await peer.send_all(theirs.wrap(b"250 OK\r\n") + b"500 in clear\r\n")
        assert str(await connection.outcome(1)) == "250 OK"
        return await connection.outcome(1)

    outcome, rendered = protected(talk)
    assert outcome == Unprotected(b"500 in clear\r\n")
    assert r"outside the security layer: 500 in clear\r\n" in rendered


def session(talk: Callable[[Client], Awaitable[Outcome]]) -> Outcome:
    """What a client of the reference server sees."""

    async def main() -> Outcome:
        async with trio.open_nursery() as nursery:
            stream = await ReferenceServer().dial(nursery)()
            connection = Connection(stream, nursery, Transcript(trio.current_time), Pace(timeout=5))
            connection.start()
            client = Client(connection, reference_target(), "t0123456789ab")
            await client.climb(At.UNAUTHENTICATED)
            outcome = await talk(client)
            await client.leave()
            nursery.cancel_scope.cancel()
        return outcome

    return trio.run(main, clock=MockClock(autojump_threshold=0))


def test_nothing_counts_any_more_that_was_offered_before_the_layer() -> None:
    async def talk(client: Client) -> Outcome:
        outcome = await client.try_authenticate("DIGEST-MD5", quality=b"auth-int")
        assert client.connection.layer is not None
        assert (client.hello, client.offers) == (None, {})
        await client.ehlo()
        assert "SIZE" in client.offers
        await client.deliver()
        return outcome

    assert str(session(talk)).startswith("235")


def test_without_being_asked_for_there_is_no_layer() -> None:
    async def talk(client: Client) -> Outcome:
        outcome = await client.try_authenticate("DIGEST-MD5")
        assert client.connection.layer is None
        return outcome

    assert str(session(talk)).startswith("235")


@pytest.mark.parametrize("response", [b"", b'username="alice"', b'nonce="x",nc=00000001,cnonce="y"'])
def test_the_reference_server_lets_no_response_in_that_is_none(response: bytes) -> None:
    async def talk(client: Client) -> Outcome:
        await client.say(b"AUTH DIGEST-MD5")
        return await client.say(base64.b64encode(response))

    assert str(session(talk)).startswith("535")


def test_the_host_is_called_as_it_calls_itself() -> None:
    async def talk(client: Client) -> Outcome:
        assert client.host_names == (b"mail.example.test",)
        return await client.say(b"NOOP")

    assert str(session(talk)).startswith("250")
