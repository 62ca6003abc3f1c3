"""The one scanner that all scenarios share: what is new in a store is read once and found by token."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing

import trio

from conformance.hop import tokens_in
from conformance.store._delivered import MESSAGE_BOUND, Delivered

POLL_SECONDS = 0.1
"""How long nobody looks again."""


class ScannedStore(ABC):
    """A store that is read by looking at it again and again.

    Whoever waits looks, but no more than one at a time and not sooner than ``poll`` seconds after the last: hundreds
    of waiting scenarios make no more looks than one. Reading is synchronous, in small portions with checkpoints
    between them.
    """

    def __init__(self, loses: frozenset[str], bound: int = MESSAGE_BOUND, poll: float = POLL_SECONDS) -> None:
        self.loses = loses
        self.bound = bound
        self.poll = poll
        self._by_token: dict[str, list[Delivered]] = {}
        self._forgotten: set[str] = set()
        self._looking = trio.Lock()
        self._looked = float("-inf")

    @abstractmethod
    def _new(self) -> AsyncGenerator[Delivered, None]:
        """What has come since the last look; what was not handed out before a cancellation comes again."""

    async def message(self, token: str, *, within: float) -> Delivered | None:
        """As ``Store.message``."""
        found = await self.messages(token, within=within)
        return found[0] if found else None

    async def messages(self, token: str, *, within: float, at_least: int = 1) -> tuple[Delivered, ...]:
        """As ``Store.messages``."""
        until = trio.current_time() + within
        while True:
            now = trio.current_time()
            await self._look(now if now >= until else now - self.poll)
            found = self._known(token)
            if len(found) >= at_least or now >= until:
                return tuple(found)
            await trio.sleep(min(self.poll, until - now))

    async def _look(self, not_before: float) -> None:
        """Read what is new, unless somebody has looked since."""
        await trio.lowlevel.checkpoint()
        if self._looked > not_before:
            return
        async with self._looking:
            if self._looked > not_before:
                return
            began = trio.current_time()
            async with aclosing(self._new()) as new:
                async for delivered in new:
                    self._enter(delivered)
            self._looked = began

    def _enter(self, delivered: Delivered) -> None:
        for token in tokens_in(delivered.content):
            if token not in self._forgotten:
                self._by_token.setdefault(token, []).append(delivered)

    def _known(self, token: str) -> list[Delivered]:
        return self._by_token.get(token, [])

    def _withdraw(self, delivered: Delivered) -> None:
        """It was not whole when it was entered."""
        for token in tokens_in(delivered.content):
            self._by_token[token] = [known for known in self._known(token) if known is not delivered]

    def _enter_anew(self) -> None:
        """The store was rewritten: what comes is all there is."""
        self._by_token.clear()

    def forget(self, token: str) -> None:
        """As ``Store.forget``; what still comes for it is not kept."""
        self._forgotten.add(token)
        self._by_token.pop(token, None)
