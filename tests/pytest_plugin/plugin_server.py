"""The reference server on a free port of 127.0.0.1: writes the port, then serves until it is killed.

With a number it serves so many connections and turns all later ones away.
"""

from __future__ import annotations

import sys

import trio

from conformance.reference import ReferenceServer


async def serve(connections: float) -> None:
    served = 0

    async def one(stream: trio.SocketStream) -> None:
        nonlocal served
        served += 1
        if served > connections:
            await stream.send_all(b"554 no longer\r\n")
            await stream.aclose()
        else:
            await ReferenceServer().serve(stream)

    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    print(listener.socket.getsockname()[1], flush=True)  # noqa: T201 - this is how the tests learn it
    await trio.serve_listeners(one, [listener])


if __name__ == "__main__":
    trio.run(serve, float(sys.argv[1]) if len(sys.argv) > 1 else float("inf"))
