"""How a target's address becomes connections."""

from __future__ import annotations

import socket

import trio

from conformance.client._connection import Dial
from conformance.target import Address

CONNECT_SECONDS = 10.0


def dialler(address: Address) -> Dial:
    """A way to connect to the address; its name is looked up here, once, so that nothing blocks in the run.

    Raises:
        OSError: the name can't be resolved.
    """
    if address.path:

        async def dial_path() -> trio.abc.Stream:
            return await trio.open_unix_socket(address.path)

        return dial_path
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{address.host!r} can't be a name: {error}") from error
    candidates = [(family, sockaddr) for family, _, _, _, sockaddr in found]

    async def dial() -> trio.abc.Stream:
        refusal = OSError("no address")
        for family, sockaddr in candidates:
            try:
                return await _connect(family, sockaddr)
            except OSError as error:
                refusal = error
        raise refusal

    return dial


async def _connect(family: int, sockaddr: object) -> trio.abc.Stream:
    connecting = trio.socket.socket(family, socket.SOCK_STREAM)
    try:
        with trio.fail_after(CONNECT_SECONDS):
            await connecting.connect(sockaddr)
    except trio.TooSlowError:
        connecting.close()
        raise OSError(f"no connection within {CONNECT_SECONDS:.0f} s") from None
    except BaseException:
        connecting.close()
        raise
    return trio.SocketStream(connecting)
