"""What the user can mend: one clear line and an exit status, never a traceback."""

from __future__ import annotations

USAGE = 2
UNUSABLE = 3
STOPPED = 128
"""Plus the number of the signal that stopped the command, as a shell has it."""


class ProblemError(Exception):
    """Ends the command with this line on standard error and this exit status."""

    def __init__(self, says: str, status: int = USAGE) -> None:
        super().__init__(says)
        self.status = status
