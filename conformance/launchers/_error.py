"""What ends a launch."""

from __future__ import annotations


class LaunchError(Exception):
    """The server could not be started; one line says why and what to do."""
