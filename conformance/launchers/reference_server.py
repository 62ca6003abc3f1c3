"""The reference server on a port of its own: run as a module, prints its port, ends with its standard input."""

from __future__ import annotations

import sys

import trio

from conformance.reference import ReferenceServer, server_tls


async def serve() -> None:
    """Serve until standard input ends."""
    server = ReferenceServer(tls=server_tls())
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1", backlog=256)
    sys.stdout.write(f"{listeners[0].socket.getsockname()[1]}\n")
    sys.stdout.flush()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, server.serve, listeners)
        await trio.lowlevel.wait_readable(sys.stdin)
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(serve)
