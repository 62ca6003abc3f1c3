"""What a store gives back, and what it must tell about itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Protocol

LINE_ENDS = "line-ends"
"""CRLF, LF and a missing last line end can't be told apart."""

BARE_LF = "bare-lf"
BARE_CR = "bare-cr"
NUL = "nul"
EIGHT_BIT = "8-bit"
FROM_LINES = "from-lines"
"""A line that begins with ``From `` may have got a ``>`` before it."""

MESSAGE_BOUND = 1 << 20
"""Octets that are kept of one message."""


class StoreError(Exception):
    """The store can't be read; the text is one line that says which, why and what was expected."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One message as the store has it, line ends and all.

    ``where`` names the place in the store. ``seen`` is when we first saw it, in seconds of trio's clock. Of a message
    over our bound ``content`` is the beginning; ``full_length`` counts all of it. ``loses`` is what this store loses,
    so that what is missing there is held against nobody. ``from_line`` is an mbox's own line before the message.
    """

    content: bytes
    where: str
    seen: float
    full_length: int
    loses: frozenset[str]
    from_line: bytes = b""

    @property
    def mailbox(self) -> str:
        """The place less the name of a file of its own; one store of several mailboxes can't tell them apart."""
        path = PurePath(self.where)
        return str(path.parent.parent) if path.parent.name in {"new", "cur"} else self.where

    @property
    def complete(self) -> bool:
        """Whether ``content`` is all of it."""
        return len(self.content) == self.full_length


class Store(Protocol):
    """A place where delivered mail can be read, many scenarios at once; nothing in it is changed or removed."""

    @property
    def loses(self) -> frozenset[str]:
        """What this store loses of a message: the constants of this module."""

    async def message(self, token: str, *, within: float) -> Delivered | None:
        """The first message with this token, or ``None`` where none has come in so many seconds.

        Raises:
            StoreError: the store can't be read.
        """

    async def messages(self, token: str, *, within: float, at_least: int = 1) -> tuple[Delivered, ...]:
        """All messages with this token: as soon as there are ``at_least`` so many, else after ``within`` seconds.

        Raises:
            StoreError: the store can't be read.
        """

    def forget(self, token: str) -> None:
        """Free what is kept for this token."""
