"""The reference server at a port: run as a module with a port, a certificate and its key."""

from __future__ import annotations

import ssl
import sys

import trio

from conformance.reference import ReferenceServer


async def serve(port: int, certificate: str, key: str) -> None:
    """Serve until we are ended."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    server = ReferenceServer(tls=tls)
    await trio.serve_listeners(server.serve, await trio.open_tcp_listeners(port, host="127.0.0.1", backlog=256))


if __name__ == "__main__":
    trio.run(serve, int(sys.argv[1]), sys.argv[2], sys.argv[3])
