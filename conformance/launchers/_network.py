"""A network of our own: a namespace that has loopback alone.

MX records lead to port 25 of an address and resolvers ask port 53; both are free there, and what is sent there can't
leave it. The kernel ends it with the last process in it.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from conformance.launchers._error import LaunchError
from conformance.launchers._system import own_namespace

CLONE_NEWNET = 0x4000_0000
SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR = 0x8913, 0x8914, 0x8916
IFF_UP = 1

OUR_ADDRESS = "192.0.2.254"
"""Nobody listens there (RFC 5737). A resolver that is told AI_ADDRCONFIG finds no address for a host that has none
but those of loopback, and OpenSMTPD's is."""
EXCHANGERS = tuple(f"127.0.2.{number}" for number in range(21, 151))
"""Many, as OpenSMTPD connects to each only every five seconds."""

NAME_SERVER = "127.0.0.53"


@contextmanager
def own_network() -> Iterator[None]:
    """This thread, and what it starts, is in a network of its own within the block.

    Raises:
        LaunchError: we are not root, or this system lets us make none.
    """
    if os.geteuid() != 0:
        raise LaunchError("a network namespace of our own needs root")
    with own_namespace("net", CLONE_NEWNET, "network namespace"):
        try:
            _bring_up_loopback()
        except OSError as error:
            raise LaunchError(f"loopback of a network namespace can't be set up: {error.strerror}") from error
        yield


def _bring_up_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        flags = struct.unpack_from("16sh", fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack("16sh22x", b"lo", 0)))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))
        address = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(OUR_ADDRESS))
        fcntl.ioctl(control, SIOCSIFADDR, struct.pack("16s16s8x", b"lo:0", address))
