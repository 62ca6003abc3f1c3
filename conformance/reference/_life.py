"""What runs in the reference server between its start and its end, and ends with it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import trio


@dataclass(slots=True, eq=False)
class Life:
    """The time in which a server is up: all that lives in it ends at once when it does, as in a crash."""

    up: bool = True
    _scopes: set[trio.CancelScope] = field(default_factory=set)

    @contextmanager
    def lived(self) -> Iterator[None]:
        """The block ends when the server does."""
        scope = trio.CancelScope()
        self._scopes.add(scope)
        try:
            with scope:
                yield
        finally:
            self._scopes.discard(scope)

    def end(self) -> None:
        """End everything."""
        self.up = False
        for scope in self._scopes:
            scope.cancel()

    def require(self) -> None:
        """Only a server that is up takes connections.

        Raises:
            ConnectionRefusedError: it is not.
        """
        if not self.up:
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
