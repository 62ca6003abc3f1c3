"""aiosmtpd as it comes, on a port of its own: run as a module, prints its port, ends with its standard input.

All is the library's default but the name, a throw-away certificate for STARTTLS, a handler that takes all mail and
throws it away, and that it logs nothing.
"""

from __future__ import annotations

import asyncio
import logging
import sys

from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP

from conformance.reference import server_tls


async def serve() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    tls = server_tls()

    def session() -> SMTP:
        return SMTP(Sink(), hostname="mail.example.test", enable_SMTPUTF8=True, tls_context=tls, loop=loop)

    server = await loop.create_server(session, "127.0.0.1", 0, backlog=256)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()
    server.close()


if __name__ == "__main__":
    # Its log of each odd session would stand in the midst of our report, which shows the octets anyway.
    logging.getLogger().addHandler(logging.NullHandler())
    asyncio.run(serve())
