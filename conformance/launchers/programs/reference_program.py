"""The reference server at a port.

Run as a module with a port, a certificate, its key, the port of its next hop and the folder of its Maildirs.
"""

from __future__ import annotations

import itertools
import ssl
import sys
from functools import partial
from pathlib import Path

import trio

from conformance.reference import NEXT_HOPS, ReferenceServer, Stored

MAILBOXES = ("alice", "bob", "postmaster")
"""Whose folders are there from the beginning."""


def lay(mail: Path, numbers: itertools.count[int], stored: Stored) -> None:
    """Put a message into its user's Maildir, under its name only when it is whole."""
    maildir = mail / stored.user.decode("ascii", "replace").replace("/", "_") / "Maildir"
    for part in ("tmp", "new", "cur"):
        (maildir / part).mkdir(parents=True, exist_ok=True)
    name = f"{next(numbers)}.mail.example.test"
    (maildir / "tmp" / name).write_bytes(stored.content)
    (maildir / "tmp" / name).rename(maildir / "new" / name)


async def serve(port: int, certificate: str, key: str, next_hop_port: int, mail: Path) -> None:
    """Serve until we are ended."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    for user in MAILBOXES:
        (mail / user).mkdir(parents=True, exist_ok=True)

    async def dial(address: str) -> trio.abc.Stream:
        return await trio.open_tcp_stream(address, next_hop_port)

    server = ReferenceServer(
        tls=tls,
        dial_next_hop=partial(dial, "127.0.0.1"),
        dial_others={domain: partial(dial, place.partition(":")[0]) for domain, place in NEXT_HOPS.items()},
    )
    server.site.on_stored = partial(lay, mail, itertools.count())
    listeners = await trio.open_tcp_listeners(port, host="127.0.0.1", backlog=256)
    async with trio.open_nursery() as nursery:
        server.mailer.nursery = nursery
        await trio.serve_listeners(server.serve, listeners)


if __name__ == "__main__":
    trio.run(serve, int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), Path(sys.argv[5]))
