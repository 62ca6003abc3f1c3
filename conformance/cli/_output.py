"""Standard output that may go away: a reader that has seen enough, or a full disk."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from rich.console import Console
from rich.table import Table

READER_GONE = 141
"""The exit status of what a shell ends with SIGPIPE."""

WIDTH = 120
"""Columns of a table that goes to no terminal."""


class Output(Console):
    """A console that leaves it to the caller what a reader that is gone means; rich alone would exit with 1."""

    def on_broken_pipe(self) -> NoReturn:
        """Raise what was raised."""
        raise BrokenPipeError

    @property
    def is_log(self) -> bool:
        """Whether nobody looks on: no terminal, whatever ``FORCE_COLOR`` says, or one that can't move its cursor."""
        return not self.file.isatty() or self.is_dumb_terminal


def print_table(table: Table, wide: int = 0) -> None:
    """Print a table, in full where no terminal says how wide it may be; ``wide`` is how wide it has to be at least."""
    Output(width=None if sys.stdout.isatty() else max(WIDTH, 60 + 12 * len(table.columns), wide)).print(table)


def mute() -> None:
    """Send the rest of standard output nowhere, also what is still buffered."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
