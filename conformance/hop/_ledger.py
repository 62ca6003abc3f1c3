"""Which scenario a transaction belongs to: found by token, never by counting arrivals."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import trio

from conformance.hop._records import HopConnection, Transaction

RECENT = 200
"""Connections that are kept though no token is known for them."""


@dataclass(slots=True, eq=False)
class _Entry:
    transactions: list[Transaction] = field(default_factory=list)
    news: trio.Event = field(default_factory=trio.Event)


@dataclass(slots=True, eq=False)
class Ledger:
    """The transactions by token; ``recent`` are the last connections, whoever they belong to."""

    recent: deque[HopConnection] = field(default_factory=lambda: deque(maxlen=RECENT))
    connection_over: trio.Event = field(default_factory=trio.Event)
    """Is set when a connection is over, and then another."""
    _entries: dict[str, _Entry] = field(default_factory=dict)
    _forgotten: set[str] = field(default_factory=set)

    def enter(self, transaction: Transaction, tokens: tuple[str, ...]) -> None:
        """The transaction is one of these tokens' too."""
        for token in tokens:
            if token not in transaction.tokens and token not in self._forgotten:
                transaction.tokens[token] = None
                self._entries.setdefault(token, _Entry()).transactions.append(transaction)
        self.tell(transaction)

    def tell(self, transaction: Transaction) -> None:
        """Something about the transaction is new: wake those who wait for it."""
        for token in transaction.tokens:
            entry = self._entries.get(token)
            if entry is not None:
                entry.news.set()
                entry.news = trio.Event()

    def tell_over(self) -> None:
        """A connection is over: wake those who wait for one."""
        self.connection_over.set()
        self.connection_over = trio.Event()

    def of(self, token: str) -> tuple[Transaction, ...]:
        """The transactions of this token, in the order in which they were known for its own."""
        entry = self._entries.get(token)
        return tuple(entry.transactions) if entry else ()

    async def wait(self, token: str, enough: Callable[[], bool], within: float) -> None:
        """Return when it is enough or ``within`` seconds have passed."""
        if token in self._forgotten:
            return
        entry = self._entries.setdefault(token, _Entry())
        with trio.move_on_after(within):
            while not enough():
                await entry.news.wait()

    def forget(self, token: str) -> None:
        """Drop what is known of the token, and what may still come."""
        self._forgotten.add(token)
        entry = self._entries.pop(token, None)
        if entry is not None:
            entry.news.set()
