"""The target's process as a scenario may treat it: ended as by a crash or by an administrator, and started again.

Or left without room on its disks for a while.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import trio

from conformance.client import NotReady
from conformance.wire import visible


class ControlError(Exception):
    """A command failed; the text is one line that says which and why."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit status, and what it wrote, of that the beginning."""

    status: int
    said: bytes = b""

    @property
    def succeeded(self) -> bool:
        """Whether it did what it is for."""
        return self.status == 0

    def __str__(self) -> str:
        last = self.said.strip().rpartition(b"\n")[2]
        return f"exit status {self.status}{': ' + visible(last, 200) if last else ''}"


class Control(Protocol):
    """What is done to the target; each is over once that has happened, and raises ``ControlError`` if not."""

    async def kill(self) -> None:
        """End it as a crash does."""

    async def stop(self) -> None:
        """End it as an administrator does."""

    async def start(self) -> None:
        """Start it again with what it had, until it greets."""

    async def fill_queue(self) -> None:
        """Leave no room where its queue is."""

    async def fill_mailboxes(self) -> None:
        """Leave no room where the mailboxes are."""

    async def make_room(self) -> None:
        """End either."""

    async def listens(self) -> bool:
        """Whether it takes connections."""


@contextmanager
def told_of(command: str) -> Iterator[None]:
    """A command that failed is a set-up that failed."""
    try:
        yield
    except ControlError as error:
        raise NotReady(command, str(error)) from error


@dataclass(slots=True, eq=False)
class Process:
    """The target's process for one scenario, which runs alone; it is up again, and has room, when that ends.

    Raises everywhere:
        NotReady: a command failed, which proves nothing.
    """

    control: Control
    nursery: trio.Nursery
    up: bool = True
    has_room: bool = True
    _stopping: trio.Event | None = None
    _failed: str = field(default="")

    async def kill(self) -> None:
        """End it as a crash does."""
        self.up = False
        with told_of("kill"):
            await self.control.kill()

    def begin_to_stop(self) -> None:
        """Have it told to end, as an administrator does, and come back at once: what follows is to be seen."""
        self.up = False
        self._stopping = trio.Event()
        self.nursery.start_soon(self._stop, self._stopping)

    async def _stop(self, done: trio.Event) -> None:
        try:
            await self.control.stop()
        except ControlError as error:
            self._failed = str(error)
        finally:
            done.set()

    async def start(self) -> None:
        """Wait until a stop under way is over, and start it again with what it had, until it greets."""
        if self._stopping is not None:
            await self._stopping.wait()
            self._stopping = None
        if not self.up:
            with told_of("start"):
                await self.control.start()
        self.up = True
        if self._failed:
            raise NotReady("stop", self._failed)

    async def fill_queue(self) -> None:
        """Leave no room where its queue is."""
        self.has_room = False
        with told_of("fill-queue"):
            await self.control.fill_queue()

    async def fill_mailboxes(self) -> None:
        """Leave no room where the mailboxes are."""
        self.has_room = False
        with told_of("fill-mailboxes"):
            await self.control.fill_mailboxes()

    async def make_room(self) -> None:
        """Give it room again."""
        with told_of("make-room"):
            await self.control.make_room()
        self.has_room = True

    async def listens(self) -> bool:
        """Whether it takes connections."""
        return await self.control.listens()
