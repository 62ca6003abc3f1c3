"""How xdist divides a session of ours: one share for each worker, which so knows what it can overlap."""

from __future__ import annotations

import zlib

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARES = "smtp_shares"
"""The number of shares among what a worker is told at its start."""


class Shares(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Hands each worker one share whole."""

    def _split_scope(self, nodeid: str) -> str:
        return str(share_of(nodeid, self.numnodes))


def divides(config: pytest.Config) -> bool:
    """Whether a session is divided into shares: it has a server to test, and the user asked for no other way."""
    return config.getoption("dist") == "load" and bool(config.getoption("smtp_target"))


def share_of(nodeid: str, shares: int) -> int:
    """The share that an item belongs to, the same in every process."""
    return zlib.crc32(nodeid.encode()) % shares
