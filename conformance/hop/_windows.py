"""Small windows of TCP, for all connections of a network that is ours alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUFFERS = tuple(Path(f"/proc/sys/net/ipv4/tcp_{way}mem") for way in ("r", "w"))
"""What the kernel lets a socket keep of what comes and of what goes: least, usual and most octets."""

WINDOW = 4096
"""Octets of a window as it usually is, says RFC 2920 §3.1."""


@contextmanager
def small_windows() -> Iterator[None]:
    """Give the connections that begin within the block as little room as the kernel can.

    Raises:
        OSError: we may not.
    """
    usual = [path.read_text(encoding="ascii") for path in BUFFERS]
    try:
        for path in BUFFERS:
            path.write_text(f"{WINDOW} {WINDOW} {WINDOW}", encoding="ascii")
        yield
    finally:
        for path, text in zip(BUFFERS, usual, strict=True):
            path.write_text(text, encoding="ascii")
