"""A connection in memory that costs next to nothing: thousands of them serve the kill matrix."""

from __future__ import annotations

import trio


class Pipe(trio.abc.Stream):
    """One end of a connection in memory.

    A write is there at once, and only a read that finds nothing waits: an end that writes for ever without reading
    would let nobody else run.
    """

    def __init__(self) -> None:
        self.other: Pipe = self
        self.arrived = bytearray()
        self.closed = False
        self._reader: trio.lowlevel.Task | None = None

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Append to what the other end has to read.

        Raises:
            ClosedResourceError: this end is closed.
            BrokenResourceError: the other end is.
        """
        if self.closed:
            raise trio.ClosedResourceError
        if self.other.closed:
            raise trio.BrokenResourceError
        self.other.arrived += data
        self.other.wake()

    async def wait_send_all_might_not_block(self) -> None:
        """There is always room."""

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """What has arrived, or what arrives next; nothing once the other end is closed.

        Raises:
            BusyResourceError: somebody else reads here.
            ClosedResourceError: this end is closed, or was meanwhile.
        """
        if self._reader is not None:
            raise trio.BusyResourceError("somebody else reads here")
        while not (self.arrived or self.closed or self.other.closed):
            self._reader = trio.lowlevel.current_task()
            await trio.lowlevel.wait_task_rescheduled(self._given_up)
        if self.closed:
            raise trio.ClosedResourceError
        taken = bytes(self.arrived[:max_bytes])
        del self.arrived[:max_bytes]
        return taken

    async def aclose(self) -> None:
        """Close both directions; what has arrived at the other end can still be read there."""
        self.closed = True
        self.wake()
        self.other.wake()
        await trio.lowlevel.checkpoint()

    def wake(self) -> None:
        """Let who reads here look again."""
        if self._reader is not None:
            reader, self._reader = self._reader, None
            trio.lowlevel.reschedule(reader)

    def _given_up(self, _: object) -> trio.lowlevel.Abort:
        self._reader = None
        return trio.lowlevel.Abort.SUCCEEDED


class NarrowPipe(Pipe):
    """One end of a connection in memory with small windows: a write waits while too much is unread."""

    def __init__(self, window: int) -> None:
        super().__init__()
        self.window = window
        self._room = trio.Event()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """As ``Pipe.send_all``, once the other end has read enough."""
        rest = bytes(data)
        while True:
            room = self.window - len(self.other.arrived)
            if room > 0 or self.closed or self.other.closed:
                await super().send_all(rest[:room])
                rest = rest[room:]
            if not rest:
                return
            self._room = trio.Event()
            await self._room.wait()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """As ``Pipe.receive_some``."""
        taken = await super().receive_some(max_bytes)
        if isinstance(self.other, NarrowPipe):
            self.other.has_room()
        return taken

    async def aclose(self) -> None:
        """As ``Pipe.aclose``."""
        await super().aclose()
        self.has_room()
        if isinstance(self.other, NarrowPipe):
            self.other.has_room()

    def has_room(self) -> None:
        """Let who writes here look again."""
        self._room.set()


def narrow_pipe(window: int) -> tuple[NarrowPipe, NarrowPipe]:
    """The two ends of a connection with windows of so many octets."""
    one, other = NarrowPipe(window), NarrowPipe(window)
    one.other, other.other = other, one
    return one, other


def pipe() -> tuple[Pipe, Pipe]:
    """The two ends of a connection."""
    one, other = Pipe(), Pipe()
    one.other, other.other = other, one
    return one, other
