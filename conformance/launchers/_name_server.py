"""Our name server as a server asks it that routes nothing by it: run as a module, says when it listens.

Its arguments are a host and a port; it knows the names that are kept for tests (``conformance.dns_server.kept_names``).
"""

from __future__ import annotations

import sys

import trio

from conformance.dns_server import NameServer, kept_names


async def serve(host: str, port: int) -> None:
    """Serve until we are killed."""
    async with trio.open_nursery() as nursery:
        port = await NameServer(nursery, kept_names()).listen(host, port)
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    trio.run(serve, sys.argv[1], int(sys.argv[2]))
