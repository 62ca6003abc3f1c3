from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Sequence

import pytest
import trio
import trio.testing
from client_peers import Peer, Talk, connected, nothing, run
from hypothesis import given
from hypothesis import strategies as st

from conformance.client import (
    Closed,
    Connection,
    HandshakeFailed,
    Outcome,
    Pace,
    Reset,
    Secured,
    Segmentation,
    Silence,
    tls_context,
)
from conformance.client._connection import BUFFER_BOUND
from conformance.target import Target
from conformance.wire import Anomaly, Reply, Transcript

CONTEXT = tls_context(Target(address="smtp://127.0.0.1:25"))


def outcomes(talk: Talk, count: int, within: float = 30) -> list[Outcome]:
    """What the connection makes of this server."""

    async def main() -> list[Outcome]:
        async with connected(talk) as connection:
            return [await connection.outcome(within) for _ in range(count)]

    return run(main)


def replied(outcome: object) -> bytes:
    assert isinstance(outcome, Reply)
    return outcome.octets


class Scripted(trio.abc.Stream):
    """A stream that gives these octets or raises these errors, one a read, and perhaps can't be written to."""

    def __init__(self, reads: Sequence[bytes | Exception], writing: Exception | None = None) -> None:
        self.reads = list(reads)
        self.writing = writing
        self.written = b""
        self.written_to = trio.Event()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await trio.lowlevel.checkpoint()
        self.written_to.set()
        if self.writing is not None:
            raise self.writing
        self.written += bytes(data)

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        del max_bytes
        await trio.lowlevel.checkpoint()
        read = self.reads.pop(0) if self.reads else b""
        if isinstance(read, Exception):
            raise read
        return read

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()


# Segments.


@pytest.mark.parametrize(
    ("octets", "segments"),
    [
        (b"QUIT\r\n", [b"QUIT\r", b"\n"]),
        (b"a\r\n.\r\n", [b"a\r", b"\n", b".", b"\r", b"\n"]),
        (b".\r\n", [b".", b"\r", b"\n"]),
        (b"a\r\nb\r\n", [b"a\r", b"\nb\r", b"\n"]),
        (b"a\r\n..\r\n", [b"a\r", b"\n..\r", b"\n"]),
        (b"a\r\n.b\r\n", [b"a\r", b"\n.b\r", b"\n"]),
        (b"a\n.\r\n", [b"a\n", b".", b"\r", b"\n"]),
        (b"a\rb\nc", [b"a\rb\nc"]),
        (b"\r\n", [b"\r", b"\n"]),
        (b"x", [b"x"]),
    ],
)
def test_line_ends_are_cut_and_a_lone_dot_stands_alone(octets: bytes, segments: list[bytes]) -> None:
    assert Segmentation.LINE_ENDS.cut(octets) == segments


@given(st.lists(st.sampled_from([b"\r", b"\n", b".", b"a", b"\0"]), min_size=1, max_size=40).map(b"".join))
def test_segments_are_the_octets_in_order_and_none_is_empty(octets: bytes) -> None:
    for segmentation in Segmentation:
        segments = segmentation.cut(octets)
        assert b"".join(segments) == octets
        assert all(segments)
        assert not any(
            b"\r\n" in segment for segment in segments if segmentation in {Segmentation.OCTETS, Segmentation.LINE_ENDS}
        )
    assert Segmentation.WHOLE.cut(octets) == [octets]
    assert all(len(segment) == 1 for segment in Segmentation.OCTETS.cut(octets))


@pytest.mark.parametrize("segmentation", list(Segmentation))
def test_the_peer_can_read_each_segment_before_the_next_is_sent(segmentation: Segmentation) -> None:
    octets = b"a\r\n.\r\nQUIT\r\n"

    async def main() -> tuple[list[bytes], list[bytes]]:
        peers: list[Peer] = []

        async def talk(peer: Peer) -> None:
            peers.append(peer)
            await peer.rest()

        async with connected(talk, segmentation=segmentation) as connection:
            await connection.send(octets)
            await trio.testing.wait_all_tasks_blocked()
            return peers[0].pieces, [entry.octets for entry in connection.transcript.entries]

    came, recorded = run(main)
    assert came == segmentation.cut(octets)
    assert recorded == came


# Outcomes.


def test_replies_come_one_at_a_time_however_they_arrive() -> None:
    async def talk(peer: Peer) -> None:
        await peer.say(b"220 a\r\n250-b\r\n250 ")
        await trio.sleep(3)
        await peer.say(b"c\r\n354 d\r\n")
        await peer.rest()

    got = outcomes(talk, 4, within=5)
    assert [replied(outcome) for outcome in got[:3]] == [b"220 a\r\n", b"250-b\r\n250 c\r\n", b"354 d\r\n"]
    assert got[3] == Silence(5)


def test_what_an_lf_divides_from_a_reply_is_passed_over() -> None:
    async def talk(peer: Peer) -> None:
        await peer.say(b"500 a\n")
        await trio.sleep(3)
        await peer.say(b"b\r\n250 c\r\n")
        await peer.rest()

    got = outcomes(talk, 3, within=5)
    assert [replied(outcome) for outcome in got[:2]] == [b"500 a\n", b"250 c\r\n"]
    assert got[2] == Silence(5)


@pytest.mark.parametrize("rest", [b"b", b"b\r\n"])
def test_the_end_behind_a_divided_line_is_the_end(rest: bytes) -> None:
    async def main() -> list[Outcome]:
        async with connected(stream=Scripted([b"500 a\n", rest, b""])) as connection:
            return [await connection.outcome(5) for _ in range(2)]

    assert run(main)[1] == Closed()


def test_silence_keeps_what_had_come_of_a_reply() -> None:
    async def talk(peer: Peer) -> None:
        await peer.say(b"250-a\r\n25")
        await peer.rest()

    assert outcomes(talk, 1, within=7) == [Silence(7, b"250-a\r\n25")]


def test_a_reply_that_is_late_is_still_the_next_outcome() -> None:
    async def talk(peer: Peer) -> None:
        await trio.sleep(8)
        await peer.say(b"250 late\r\n")
        await peer.rest()

    first, second = outcomes(talk, 2, within=5)
    assert first == Silence(5)
    assert replied(second) == b"250 late\r\n"


def test_silence_lasts_as_long_as_it_was_waited_for_and_is_noted() -> None:
    async def main() -> tuple[float, list[bytes]]:
        async with connected(nothing) as connection:
            began = trio.current_time()
            await connection.outcome(12.5)
            return trio.current_time() - began, [entry.octets for entry in connection.transcript.entries]

    assert run(main) == (12.5, [b"silence for 12.5 s"])


def test_a_close_is_a_value_and_comes_again() -> None:
    async def talk(peer: Peer) -> None:
        await peer.say(b"221 bye\r\n")
        await peer.close()

    said, *closed = outcomes(talk, 3)
    assert replied(said) == b"221 bye\r\n"
    assert closed == [Closed(), Closed()]


def test_a_reply_that_breaks_off_comes_before_the_close() -> None:
    async def talk(peer: Peer) -> None:
        await peer.say(b"250-a\r\n25")
        await peer.close()

    broken, closed = outcomes(talk, 2)
    assert isinstance(broken, Reply)
    assert broken.octets == b"250-a\r\n25"
    assert Anomaly.TRUNCATED in broken.anomalies
    assert closed == Closed()


@pytest.mark.parametrize(
    ("reads", "end"),
    [
        ([trio.BrokenResourceError()], Reset()),
        ([b""], Closed()),
        ([trio.ClosedResourceError()], Closed()),
    ],
)
def test_what_came_before_the_end_is_read_first(reads: list[bytes | Exception], end: Outcome) -> None:
    async def main() -> tuple[list[Outcome], bool, list[bytes]]:
        async with connected(stream=Scripted([b"250 a\r\n250 b\r\n", *reads])) as connection:
            got = [await connection.outcome(5) for _ in range(4)]
            return got, connection.ended, [entry.octets for entry in connection.transcript.entries]

    got, ended, recorded = run(main)
    assert [replied(outcome) for outcome in got[:2]] == [b"250 a\r\n", b"250 b\r\n"]
    assert got[2:] == [end, end]
    assert ended
    assert recorded == [b"250 a\r\n250 b\r\n", str(end).encode()]


@pytest.mark.parametrize("error", [trio.BrokenResourceError(), trio.ClosedResourceError()])
def test_a_failed_write_is_no_error_and_what_the_server_sent_is_still_read(error: Exception) -> None:
    async def main() -> tuple[list[Outcome], list[tuple[str, bytes]]]:
        stream = Scripted([b"421 too busy\r\n"], writing=error)
        async with connected(stream=stream, segmentation=Segmentation.OCTETS) as connection:
            await connection.send(b"EHLO x\r\n")
            got = [await connection.outcome(5) for _ in range(2)]
            return got, [(entry.sender, entry.octets) for entry in connection.transcript.entries]

    got, recorded = run(main)
    assert replied(got[0]) == b"421 too busy\r\n"
    assert got[1] == Closed()
    # The rest of the segments is not tried.
    assert [octets for sender, octets in recorded if sender == "us"] == [b"E"]
    assert ("note", b"could not be sent: the connection is gone") in recorded


def test_what_has_arrived_before_a_write_is_recorded_before_it() -> None:
    async def main() -> list[tuple[str, bytes]]:
        async def talk(peer: Peer) -> None:
            await peer.say(b"220 early\r\n")
            await peer.rest()

        async with connected(talk) as connection:
            await trio.testing.wait_all_tasks_blocked()
            await connection.send(b"QUIT\r\n")
            return [(entry.sender, entry.octets) for entry in connection.transcript.entries]

    assert run(main) == [("them", b"220 early\r\n"), ("us", b"QUIT\r\n")]


def over_lockstep(talk: Talk, ask: Callable[[Connection], Awaitable[None]]) -> None:
    """A dialogue in which each write waits until the other side has read it, so that nothing lies in between."""

    async def main() -> None:
        ours, theirs = trio.testing.lockstep_stream_pair()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(talk, Peer(theirs))
            connection = Connection(ours, nursery, Transcript(trio.current_time), Pace())
            connection.start()
            await ask(connection)
            nursery.cancel_scope.cancel()

    run(main)


def test_replies_are_read_while_a_write_waits_for_the_peer() -> None:
    async def talk(peer: Peer) -> None:
        for _ in range(3):
            await peer.say(b"250 before I read\r\n")
        assert await peer.take() == b"DATA\r\n"

    async def ask(connection: Connection) -> None:
        with trio.fail_after(5):
            await connection.send(b"DATA\r\n")
        got = [await connection.outcome(5) for _ in range(3)]
        assert [replied(outcome) for outcome in got] == [b"250 before I read\r\n"] * 3

    over_lockstep(talk, ask)


def test_a_flood_of_replies_is_taken_up_to_the_bound_and_no_further_until_somebody_reads() -> None:
    line = b"250 " + b"x" * 494 + b"\r\n"
    written = 0

    async def talk(peer: Peer) -> None:
        nonlocal written
        for _ in range(30):
            await peer.say(line * 130)
            written += 130 * len(line)

    async def ask(connection: Connection) -> None:
        await trio.sleep(3600)
        assert BUFFER_BOUND - 65536 < written < BUFFER_BOUND + 2 * 65536
        for _ in range(30 * 130):
            assert replied(await connection.outcome(5)) == line
        assert await connection.outcome(5) == Silence(5)

    over_lockstep(talk, ask)


def test_a_line_without_end_is_read_on_and_kept_up_to_the_bound() -> None:
    async def talk(peer: Peer) -> None:
        await peer.say(b"250 ")
        for _ in range(50):
            await peer.say(b"x" * 65536)
        await peer.say(b"\r\n250 next\r\n")

    async def ask(connection: Connection) -> None:
        first = await connection.outcome(5)
        assert isinstance(first, Reply)
        assert Anomaly.UNBOUNDED in first.anomalies
        assert len(first.octets) <= BUFFER_BOUND
        assert replied(await connection.outcome(5)) == b"250 next\r\n"

    over_lockstep(talk, ask)


@pytest.mark.parametrize("end", [b"2", b""])
def test_we_know_when_the_server_is_first_heard_or_gone(end: bytes) -> None:
    async def talk(peer: Peer) -> None:
        await trio.sleep(4)
        await (peer.say(end) if end else peer.close())

    async def main() -> tuple[float, float]:
        async with connected(talk) as connection:
            began = trio.current_time()
            await connection.heard_from()
            first = trio.current_time() - began
            await connection.heard_from()
            return first, trio.current_time() - began

    assert run(main) == (4, 4)


# Pace.


def test_patience_grows_with_the_slowest_reply() -> None:
    async def talk(peer: Peer) -> None:
        for seconds in (20, 2):
            await peer.line()
            await trio.sleep(seconds)
            await peer.say(b"250 OK\r\n")
        await peer.rest()

    pace = Pace(timeout=30)
    assert (pace.patience, pace.quiet) == (30, 5)

    async def main() -> None:
        async with connected(talk, pace=pace) as connection:
            for _ in range(2):
                await connection.send(b"NOOP\r\n")
                assert isinstance(await connection.outcome(pace.patience), Reply)

    run(main)
    assert pace.slowest == pytest.approx(20)
    assert (pace.patience, pace.quiet) == pytest.approx((60, 60))


def test_a_fast_server_leaves_the_patience_as_it_was() -> None:
    assert (Pace(timeout=10, slowest=1).patience, Pace(timeout=10, slowest=1).quiet) == (10, 5)


# TLS.


async def secure(peer: Peer) -> trio.abc.Stream:
    await peer.line()
    await peer.say(b"220 go\r\n")
    return await peer.start_tls()


async def ask_for_tls(connection: Connection) -> Secured | HandshakeFailed:
    await connection.send(b"STARTTLS\r\n")
    assert replied(await connection.outcome(5)) == b"220 go\r\n"
    return await connection.handshake(CONTEXT, "mail.example.test")


def test_a_handshake_is_completed_and_what_follows_is_marked() -> None:
    async def talk(peer: Peer) -> None:
        await secure(peer)
        assert await peer.line() == b"NOOP\r\n"
        await peer.say(b"250 under TLS\r\n")
        await peer.rest()

    async def main() -> None:
        async with connected(talk) as connection:
            assert await ask_for_tls(connection) == Secured()
            assert connection.secured
            await connection.send(b"NOOP\r\n")
            assert replied(await connection.outcome(5)) == b"250 under TLS\r\n"
            marks = [(entry.octets, entry.tls) for entry in connection.transcript.entries if entry.sender != "note"]
            assert marks == [
                (b"STARTTLS\r\n", False),
                (b"220 go\r\n", False),
                (b"NOOP\r\n", True),
                (b"250 under TLS\r\n", True),
            ]

    run(main)


def test_clear_octets_behind_the_220_are_left_over_and_no_reply() -> None:
    async def talk(peer: Peer) -> None:
        await peer.line()
        await peer.say(b"220 go\r\n250 in clear\r\n25")
        await peer.start_tls()
        await peer.rest()

    async def main() -> None:
        async with connected(talk) as connection:
            await connection.send(b"STARTTLS\r\n")
            await connection.outcome(5)
            assert await connection.handshake(CONTEXT, None) == Secured(b"250 in clear\r\n25")
            assert await connection.outcome(5) == Silence(5)

    run(main)


def failed(talk: Talk) -> tuple[HandshakeFailed, float]:
    """How a handshake fails with this server, and after how many seconds; the connection is at its end then."""

    async def main() -> tuple[HandshakeFailed, float]:
        async with connected(talk) as connection:
            began = trio.current_time()
            outcome = await ask_for_tls(connection)
            seconds = trio.current_time() - began
            assert isinstance(outcome, HandshakeFailed)
            assert not connection.secured
            assert connection.ended
            assert await connection.outcome(5) == Closed()
            assert connection.transcript.entries[-1].octets == str(outcome).encode()
            return outcome, seconds

    return run(main)


def test_a_server_that_answers_in_clear_fails_the_handshake_and_its_words_are_kept() -> None:
    async def talk(peer: Peer) -> None:
        await peer.line()
        await peer.say(b"220 go\r\n")
        await peer.take()
        await peer.say(b"500 what?\r\n" + b"x" * 3000)
        await peer.rest()

    outcome, _ = failed(talk)
    assert outcome.first_octets == (b"500 what?\r\n" + b"x" * 3000)[:1024]
    assert outcome.alert
    assert "500 what?" in str(outcome)


def test_a_server_that_closes_in_the_handshake_fails_it() -> None:
    async def talk(peer: Peer) -> None:
        await peer.line()
        await peer.say(b"220 go\r\n")
        await peer.take()
        await peer.close()

    assert failed(talk)[0].first_octets == b""


def test_a_server_that_says_nothing_fails_the_handshake_in_time() -> None:
    async def talk(peer: Peer) -> None:
        await peer.line()
        await peer.say(b"220 go\r\n")
        await peer.rest()

    outcome, seconds = failed(talk)
    assert outcome == HandshakeFailed(b"", "no handshake in time")
    assert seconds == pytest.approx(30)


def test_a_certificate_that_nobody_signed_fails_only_where_it_is_verified() -> None:
    verifying = tls_context(Target(address="smtp://127.0.0.1:25", verify_certificate=True))
    assert verifying.verify_mode is ssl.CERT_REQUIRED
    assert verifying.check_hostname
    assert CONTEXT.verify_mode is ssl.CERT_NONE

    async def talk(peer: Peer) -> None:
        try:
            await secure(peer)
            await peer.rest()
        except trio.BrokenResourceError:
            return

    async def main() -> Secured | HandshakeFailed:
        async with connected(talk) as connection:
            await connection.send(b"STARTTLS\r\n")
            await connection.outcome(5)
            return await connection.handshake(verifying, "mail.example.test")

    outcome = run(main)
    assert isinstance(outcome, HandshakeFailed)
    assert "certificate" in outcome.alert.lower()


@pytest.mark.parametrize("announced", [True, False])
def test_a_close_under_tls_says_whether_it_was_announced(announced: bool) -> None:
    async def talk(peer: Peer) -> None:
        below = await secure(peer)
        await peer.say(b"221 bye\r\n")
        if announced:
            await peer.close()
        else:
            await below.aclose()

    async def main() -> list[Outcome]:
        async with connected(talk) as connection:
            await ask_for_tls(connection)
            return [await connection.outcome(5) for _ in range(2)]

    said, closed = run(main)
    assert replied(said) == b"221 bye\r\n"
    assert closed == Closed(close_notify=announced)


# The close.


class Stubborn(Scripted):
    """A stream that can't be closed: it raises, or it waits for ever."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__([])
        self.error = error

    async def aclose(self) -> None:
        if self.error is None:
            await trio.sleep_forever()
        else:
            raise self.error


@pytest.mark.parametrize("error", [trio.BrokenResourceError(), OSError("gone"), None])
def test_closing_never_raises_and_never_hangs(error: Exception | None) -> None:
    async def main() -> float:
        async with trio.open_nursery() as nursery:
            connection = Connection(Stubborn(error), nursery, Transcript(trio.current_time), Pace())
            connection.start()
            began = trio.current_time()
            await connection.close()
            return trio.current_time() - began

    assert run(main) <= 2


def test_a_connection_that_never_began_to_read_can_be_closed() -> None:
    async def main() -> bytes:
        ours, theirs = trio.testing.memory_stream_pair()
        async with trio.open_nursery() as nursery:
            await Connection(ours, nursery, Transcript(trio.current_time), Pace()).close()
        return bytes(await theirs.receive_some(10))

    assert run(main) == b""


# How outcomes are told.


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Silence(5), "no reply within 5 s"),
        (Silence(5, b"25\x1b"), r"no reply within 5 s, only 25\x1b"),
        (Closed(), "connection closed"),
        (Closed(close_notify=True), "connection closed"),
        (Closed(close_notify=False), "connection closed without close_notify"),
        (Reset(), "connection reset"),
        (Secured(), "TLS handshake completed"),
        (Secured(b"250 x\r\n"), r"TLS handshake completed, 250 x\r\n in clear before it"),
        (HandshakeFailed(), "TLS handshake failed: closed"),
        (HandshakeFailed(b"500 x\r\n", "wrong version"), r"TLS handshake failed: wrong version, got 500 x\r\n"),
    ],
)
def test_an_outcome_is_told_as(outcome: object, told: str) -> None:
    assert str(outcome) == told
