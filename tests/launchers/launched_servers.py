"""What the tests of launchers ask of a server: its greeting, its processes, and what it leaves."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path


def greeting(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client, client.makefile("rb") as lines:
        return lines.readline()


def listens(port: int) -> bool:
    try:
        return bool(greeting(port))
    except (ConnectionRefusedError, ConnectionResetError):
        return False


def until(happens: Callable[[], bool], seconds: float = 15.0) -> bool:
    end = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def mentioned(word: str) -> list[str]:
    """The processes whose command line, and the mounts whose line, hold the word."""
    found = [line for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines() if word in line]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if word in line:
            found.append(line)
    return found


def left(cache: Path) -> list[str]:
    """What servers left in the cache, logs apart."""
    return sorted(
        str(each.relative_to(cache)) for part in ("servers", "overlays/running") for each in cache.glob(f"{part}/*")
    )
