"""The reference server on a free port of 127.0.0.1: writes the port, then serves until it is killed.

With a number it serves so many connections and turns all later ones away; with names it has these defects.
"""

from __future__ import annotations

import sys

import trio

from conformance.reference import ReferenceServer, server_tls
from conformance.reference.defects import load_defects


async def serve(connections: float, names: list[str]) -> None:
    defects = [load_defects()[name] for name in names]
    tls = server_tls() if names else None
    served = 0

    async def one(stream: trio.SocketStream) -> None:
        nonlocal served
        served += 1
        if served > connections:
            await stream.send_all(b"554 no longer\r\n")
            await stream.aclose()
        else:
            await ReferenceServer(defects, tls).serve(stream)

    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    print(listener.socket.getsockname()[1], flush=True)  # noqa: T201 - this is how the tests learn it
    await trio.serve_listeners(one, [listener])


if __name__ == "__main__":
    given = sys.argv[1:]
    turns_away = len(given) == 1 and given[0].isdigit()
    trio.run(serve, float(given[0]) if turns_away else float("inf"), [] if turns_away else given)
