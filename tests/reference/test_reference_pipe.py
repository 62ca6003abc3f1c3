"""The connection in memory keeps to what trio's streams promise."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from conformance.reference._pipe import narrow_pipe, pipe


def run(body: object) -> None:
    trio.run(body, clock=MockClock(autojump_threshold=0))  # type: ignore[arg-type]


def test_what_is_written_is_read_at_the_other_end_in_any_portions() -> None:
    async def body() -> None:
        ours, theirs = pipe()
        await ours.send_all(b"abc")
        await ours.send_all(bytearray(b"def"))
        await theirs.send_all(b"other way")
        await ours.wait_send_all_might_not_block()
        assert await theirs.receive_some(2) == b"ab"
        assert await theirs.receive_some() == b"cdef"
        assert await ours.receive_some(65536) == b"other way"

    run(body)


def test_a_read_waits_for_a_write() -> None:
    async def body() -> None:
        ours, theirs = pipe()
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def later() -> None:
                await trio.sleep(3)
                await ours.send_all(b"late")

            assert await theirs.receive_some() == b"late"
            assert trio.current_time() >= 3

    run(body)


def test_after_a_close_the_rest_is_read_and_then_the_end() -> None:
    async def body() -> None:
        ours, theirs = pipe()
        await ours.send_all(b"rest")
        await ours.aclose()
        assert await theirs.receive_some() == b"rest"
        assert await theirs.receive_some() == b""
        assert await theirs.receive_some() == b""
        with pytest.raises(trio.BrokenResourceError):
            await theirs.send_all(b"too late")
        with pytest.raises(trio.ClosedResourceError):
            await ours.send_all(b"closed")
        with pytest.raises(trio.ClosedResourceError):
            await ours.receive_some()
        await ours.aclose()

    run(body)


@pytest.mark.parametrize("own", [True, False])
def test_a_close_ends_a_read_that_waits(own: bool) -> None:
    async def body() -> None:
        ours, theirs = pipe()
        ended: list[object] = []

        async def read() -> None:
            try:
                ended.append(await ours.receive_some())
            except trio.ClosedResourceError as error:
                ended.append(type(error))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            await trio.testing.wait_all_tasks_blocked()
            await (ours if own else theirs).aclose()
        assert ended == [trio.ClosedResourceError if own else b""]

    run(body)


def test_one_at_a_time_reads_and_a_cancelled_read_takes_nothing() -> None:
    async def body() -> None:
        ours, theirs = pipe()
        with trio.move_on_after(1):
            await ours.receive_some()
        await theirs.send_all(b"kept")
        assert await ours.receive_some() == b"kept"
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ours.receive_some)
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(trio.BusyResourceError):
                await ours.receive_some()
            nursery.cancel_scope.cancel()

    run(body)


def test_a_write_into_a_narrow_pipe_waits_until_enough_is_read() -> None:
    async def body() -> None:
        ours, theirs = narrow_pipe(4)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ours.send_all, b"abcdefghij")
            heard = b""
            while len(heard) < 10:
                await trio.sleep(1)
                assert len(theirs.arrived) <= 4
                heard += await theirs.receive_some()
            assert heard == b"abcdefghij"
        with trio.move_on_after(5) as waiting:
            await theirs.send_all(b"abcde")
        assert waiting.cancelled_caught
        assert await ours.receive_some() == b"abcd"

    run(body)


def test_a_write_that_waits_is_told_of_the_close() -> None:
    async def body() -> None:
        ours, theirs = narrow_pipe(4)
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def later() -> None:
                await trio.sleep(3)
                await theirs.aclose()

            with pytest.raises(trio.BrokenResourceError):
                await ours.send_all(b"abcde")

    run(body)
