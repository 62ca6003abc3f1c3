"""Free ports of 127.0.0.1, below those that the system gives to outgoing connections."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection
from pathlib import Path

from conformance.launchers._error import LaunchError

FIRST = 10_000
TRIES = 200


def free_port(but: Collection[int] = ()) -> int:
    """A port that nobody listens at, and that no outgoing connection can have in the meantime.

    Raises:
        LaunchError: none was found.
    """
    try:
        last = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        last = 32_768
    for _ in range(TRIES):
        port = random.randrange(FIRST, max(last, FIRST + 1))  # noqa: S311 - any will do
        if port not in but and is_free(port):
            return port
    raise LaunchError(f"no port of 127.0.0.1 from {FIRST} to {last} is free")


def is_free(port: int, host: str = "127.0.0.1", kind: socket.SocketKind = socket.SOCK_STREAM) -> bool:
    """Whether the port can be bound."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_name_server() -> str:
    """An address of loopback whose port 53 is free, for a name server that a system's resolver can ask.

    Raises:
        LaunchError: none was found, or port 53 is not ours to bind.
    """
    for _ in range(TRIES):
        host = f"127.53.{random.randrange(256)}.{random.randrange(1, 255)}"  # noqa: S311 - any will do
        if is_free(53, host) and is_free(53, host, socket.SOCK_DGRAM):
            return host
    raise LaunchError("port 53 of loopback can't be had for a name server of ours")
