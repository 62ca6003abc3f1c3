"""How many connections a target bears at once: learnt from the ones it refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio

CLEAN_SESSIONS_PER_STEP = 20


@dataclass(slots=True, eq=False)
class ConnectionLimit:
    """Halves when the target refuses service and grows by one per 20 clean sessions, up to ``most``.

    Refusals of sessions that began before the last halving don't halve it again: a burst is one lesson. Who asks first
    is served first, so that nobody starves who needs several connections at once.
    """

    most: int
    limit: int = 0
    lowest: int = 0
    in_use: int = 0
    _epoch: int = 0
    _clean: int = 0
    _turn: trio.StrictFIFOLock = field(default_factory=trio.StrictFIFOLock)
    _waiting: trio.lowlevel.ParkingLot = field(default_factory=trio.lowlevel.ParkingLot)

    def __post_init__(self) -> None:
        self.limit = self.lowest = max(1, self.most)

    @asynccontextmanager
    async def connections(self, number: int) -> AsyncIterator[int]:
        """Hold ``number`` connections; yields the epoch, which ``refused`` wants back."""
        async with self._turn:
            while self.in_use and self.in_use + number > self.limit:
                await self._waiting.park()
            self.in_use += number
        try:
            yield self._epoch
        finally:
            self.in_use -= number
            self._waiting.unpark_all()

    def refused(self, epoch: int) -> None:
        """The target refused a session that began in this epoch."""
        if epoch == self._epoch:
            self._epoch += 1
            self._clean = 0
            self.limit = max(1, self.limit // 2)
            self.lowest = min(self.lowest, self.limit)

    def clean(self) -> None:
        """A session was served."""
        self._clean += 1
        if self._clean >= CLEAN_SESSIONS_PER_STEP and self.limit < self.most:
            self._clean = 0
            self.limit += 1
            self._waiting.unpark_all()
