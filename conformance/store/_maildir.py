"""A Maildir, or several by a pattern: one file a message, complete as soon as it has its name in ``new``."""

from __future__ import annotations

import glob
import os
from collections.abc import AsyncGenerator
from pathlib import Path

import trio

from conformance.store._delivered import (
    BARE_CR,
    BARE_LF,
    EIGHT_BIT,
    LINE_ENDS,
    MESSAGE_BOUND,
    NUL,
    Delivered,
    StoreError,
)
from conformance.store._index import POLL_SECONDS, ScannedStore

LOSES = frozenset({LINE_ENDS, BARE_CR, BARE_LF, NUL, EIGHT_BIT})
"""What a Maildir loses: its files have the line ends of the system, and who writes them may rewrite the rest."""


class Maildir(ScannedStore):
    """The messages of a Maildir, in ``new`` and ``cur``.

    ``where`` may hold ``*`` for several (``/srv/mail/*/Maildir``). A Maildir that is not there yet is empty, as many
    servers make it with the first message; the folder that it will be in must be there.

    Raises:
        StoreError: nothing like a Maildir is or can be there.
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
        self.where = where
        self._read: set[str] = set()
        for folder in _found(where):
            if not folder.is_dir():
                raise StoreError(f"{folder}: no Maildir but a file; is it an mbox?")
            if not ((folder / "new").is_dir() or (folder / "cur").is_dir()):
                raise StoreError(f"{folder}: no Maildir: it has neither new nor cur")
        above = Path(where).parent
        if not _found(str(above)):
            raise StoreError(f"{where}: no Maildir, and {above} does not exist")

    async def _new(self) -> AsyncGenerator[Delivered, None]:
        for known_as, file in self._unread():
            await trio.lowlevel.checkpoint()
            delivered = self._message(file)
            if delivered is not None:
                self._read.add(known_as)
                yield delivered

    def _unread(self) -> list[tuple[str, str]]:
        """The files that we have not read; a message that a reader moves to ``cur`` keeps its name up to a colon."""
        unread = []
        for folder in _found(self.where):
            for sub in ("new", "cur"):
                names = _names(f"{folder}/{sub}")
                files = [(f"{folder}/{name.partition(':')[0]}", f"{folder}/{sub}/{name}") for name in names]
                unread += [(known_as, file) for known_as, file in files if known_as not in self._read]
        return sorted(unread)

    def _message(self, path: str) -> Delivered | None:
        try:
            with Path(path).open("rb") as file:
                content = file.read(self.bound)
                length = os.fstat(file.fileno()).st_size
        except (FileNotFoundError, IsADirectoryError):
            return None  # moved away between the look into the folder and now, or never a message
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}") from error
        return Delivered(content, path, trio.current_time(), max(length, len(content)), self.loses)


def _found(pattern: str) -> list[Path]:
    if "*" in pattern:
        return [Path(found) for found in sorted(glob.glob(pattern))]  # noqa: PTH207 - Path.glob takes no absolute one
    return [Path(pattern)] if Path(pattern).exists() else []


def _names(folder: str) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]  # noqa: PTH208 - a name is all we need
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}") from error
