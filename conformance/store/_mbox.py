"""An mbox: one file, its messages divided by lines that begin with ``From ``."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import trio

from conformance.store._delivered import (
    BARE_CR,
    BARE_LF,
    EIGHT_BIT,
    FROM_LINES,
    LINE_ENDS,
    MESSAGE_BOUND,
    NUL,
    Delivered,
    StoreError,
)
from conformance.store._index import POLL_SECONDS, ScannedStore

LOSES = frozenset({LINE_ENDS, BARE_CR, BARE_LF, NUL, EIGHT_BIT, FROM_LINES})
"""What an mbox loses: as a Maildir, and lines that begin with ``From `` besides."""

PORTION = 1 << 16
"""Octets that are read at a time."""

FROM = b"From "

_DIVIDER = re.compile(rb"\n\r?\n(?=From )")
_LAST_EMPTY_LINE = re.compile(rb"(\n)\r?\n\Z")


@dataclass(frozen=True, slots=True)
class MboxMessage:
    """One message of an mbox: the line that begins with ``From ``, the message, and how long that is in full."""

    from_line: bytes
    content: bytes
    full_length: int


@dataclass(slots=True)
class MboxReader:
    """Divides an mbox that comes in portions; of each message it keeps ``bound`` octets.

    A message ends before the empty line that a line with ``From `` follows. Quoted lines (``>From ``) stay as they are.
    """

    bound: int = MESSAGE_BOUND
    _buffer: bytearray = field(default_factory=bytearray)
    _head: bytes | None = None
    _dropped: int = 0

    def feed(self, octets: bytes) -> Iterator[MboxMessage]:
        """Take octets and hand out the messages that have come to their end."""
        self._buffer += octets
        while (divider := _DIVIDER.search(self._buffer)) is not None:
            message = self._message(divider.start() + 1)
            del self._buffer[: divider.end()]
            self._dropped, self._head = 0, None
            yield message
        if len(self._buffer) > 2 * self.bound + PORTION:
            # The beginning is kept aside, and the end, in which a divider may have begun.
            self._head = self._head or bytes(self._buffer[: self.bound + PORTION])
            cut = len(self._buffer) - len(b"\n\r\nFrom ")
            self._dropped += cut
            del self._buffer[:cut]

    def last(self) -> MboxMessage | None:
        """The message at the end of the file, whose end nothing marks; it stays."""
        if not self._buffer:
            return None
        end = _LAST_EMPTY_LINE.search(self._buffer)
        return self._message(end.end(1) if end else len(self._buffer))

    def _message(self, end: int) -> MboxMessage:
        octets = self._head if self._head is not None else bytes(self._buffer[:end])
        from_line = octets.partition(b"\n")[0] + b"\n" if octets.startswith(FROM) else b""
        length = self._dropped + end - len(from_line)
        return MboxMessage(from_line, octets[len(from_line) :][: self.bound], length)


class Mbox(ScannedStore):
    """The messages of an mbox.

    The file may not be there yet; its folder must. Nothing marks the end of the last message: it is taken once the
    file has not grown between two looks and nobody holds a lock on it, and replaced should it grow after all. Where
    the file was rewritten it is read anew.

    Raises:
        StoreError: nothing like an mbox is or can be there.
    """

    def __init__(
        self,
        where: str,
        *,
        loses: frozenset[str] = frozenset(),
        bound: int = MESSAGE_BOUND,
        poll: float = POLL_SECONDS,
    ) -> None:
        super().__init__(LOSES | loses, bound, poll)
        self.where = Path(where)
        self._reader = MboxReader(bound)
        self._offset = 0
        self._inode = 0
        self._last: Delivered | None = None
        if self.where.is_dir():
            raise StoreError(f"{where}: no mbox but a folder; is it a Maildir?")
        if not self.where.parent.is_dir():
            raise StoreError(f"{where}: no mbox, and {self.where.parent} does not exist")
        self._portion(0)

    async def _new(self) -> AsyncGenerator[Delivered, None]:
        grew = False
        while portion := self._next_portion():
            grew = True
            for message in self._reader.feed(portion):
                delivered = self._delivered(message)
                if self._last is None or not self._is_last(delivered):
                    yield delivered
            # What came without a divider goes on with a message that we took for whole.
            self._withdraw_last()
            await trio.lowlevel.checkpoint()
        if not grew and self._last is None and not self._is_locked():
            last = self._reader.last()
            if last is not None:
                self._last = self._delivered(last)
                yield self._last

    def _is_last(self, delivered: Delivered) -> bool:
        """Whether this is the message that we took for the last one, as it was then; else that one goes."""
        assert self._last is not None
        if self._last.content == delivered.content and self._last.full_length == delivered.full_length:
            self._last = None
            return True
        self._withdraw_last()
        return False

    def _withdraw_last(self) -> None:
        if self._last is not None:
            self._withdraw(self._last)
            self._last = None

    def _next_portion(self) -> bytes:
        portion = self._portion(self._offset)
        self._offset += len(portion)
        return portion

    def _portion(self, offset: int) -> bytes:
        try:
            with self.where.open("rb") as file:
                status = os.fstat(file.fileno())
                if self._inode and (status.st_ino != self._inode or status.st_size < self._offset):
                    self._begin_anew()
                    offset = 0
                self._inode = status.st_ino
                file.seek(offset)
                octets = file.read(PORTION)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise StoreError(f"{self.where}: {error.strerror}") from error
        if offset == 0 and octets and not (octets + FROM[len(octets) :]).startswith(FROM):
            raise StoreError(f"{self.where}: no mbox: it does not begin with a line `From `")
        return octets

    def _begin_anew(self) -> None:
        self._enter_anew()
        self._reader = MboxReader(self.bound)
        self._offset, self._last = 0, None

    def _delivered(self, message: MboxMessage) -> Delivered:
        return Delivered(
            message.content, str(self.where), trio.current_time(), message.full_length, self.loses, message.from_line
        )

    def _is_locked(self) -> bool:
        """Whether somebody is writing: a lock file, or a lock of the system."""
        if Path(f"{self.where}.lock").exists():
            return True
        try:
            with self.where.open("rb") as file:
                fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                fcntl.lockf(file, fcntl.LOCK_UN)
        except OSError:
            return True
        return False
