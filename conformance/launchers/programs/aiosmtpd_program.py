"""aiosmtpd of any version, at a port of 127.0.0.1: run by its path with a file of JSON that says what for.

It needs aiosmtpd and the standard library alone, as it runs in an environment of the version under test. All is the
library's default but what is said here: its name, STARTTLS and AUTH where they work, and a handler, since the library
has none that delivers: mail for the users is laid into their Maildirs, mail for the relay domain is given to the next
hop, other recipients are refused, and nothing is logged.
"""

from __future__ import annotations

import asyncio
import hmac
import importlib.metadata
import inspect
import itertools
import json
import logging
import os
import re
import signal
import smtplib
import socket
import ssl
import sys
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import aiosmtpd.smtp
from aiosmtpd.smtp import SMTP

NUMBERS = itertools.count(1)


def without_return_path(content: bytes) -> bytes:
    """The message without a field that only final delivery may add."""
    header, empty, body = content.partition(b"\r\n\r\n")
    return re.sub(rb"(?im)^return-path:.*(?:\r\n|\Z)(?:[ \t].*(?:\r\n|\Z))*", b"", header) + empty + body


def in_u_labels(name: str) -> str:
    """The name as a time stamp has it under SMTPUTF8 (RFC 6531 3.7.3)."""
    try:
        return name.encode("ascii").decode("idna")
    except UnicodeError:
        return name


class Site:
    """The handler: who is here, and where mail goes."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.said = said

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Any, envelope: Any, address: str, rcpt_options: list[str]
    ) -> str:
        """Take the recipient or refuse it."""
        local, _, domain = address.rpartition("@")
        if not local:
            local, domain = domain, self.said["domain"]
        if domain.lower() == self.said["relay_domain"]:
            pass
        elif domain.lower() not in (self.said["domain"], self.said["host"]):
            return "550 5.7.1 We do not relay"
        elif self.owner(local) is None:
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 OK"

    def owner(self, local: str) -> str | None:
        """Whose mailbox the local-part is, if anybody's; quotes make no other mailbox."""
        if local.startswith('"'):
            local = re.sub(r"\\(.)", r"\1", local[1:-1])
        if local.lower() == "postmaster":
            return "postmaster"
        return "alice" if local == self.said["long_local"] else local if local in self.said["users"] else None

    async def handle_DATA(self, _server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        """Deliver the message."""
        sender = (envelope.mail_from or "").strip("<>")
        content = self.stamp(session, envelope) + envelope.original_content
        relayed = []
        for address in envelope.rcpt_tos:
            local, _, domain = address.rpartition("@")
            if domain.lower() == self.said["relay_domain"]:
                relayed.append(address)
            else:
                returned = f"Return-Path: <{sender}>\r\n".encode("utf-8", "surrogateescape")
                self.lay(self.owner(local or domain), returned + without_return_path(content))
        if relayed:
            await asyncio.get_event_loop().run_in_executor(None, self.relay, sender, relayed, content)
        return "250 OK"

    def stamp(self, session: Any, envelope: Any) -> bytes:
        """The Received field of a message, which the library leaves to who delivers it."""
        peer, name = session.peer[0], session.host_name or "unknown"
        protocol = "UTF8SMTP" if getattr(envelope, "smtp_utf8", False) else "ESMTP" if session.extended_smtp else "SMTP"
        if protocol == "UTF8SMTP":
            name = in_u_labels(name)
        by = f"by {self.said['host']} with {protocol} id {next(NUMBERS)}"
        return f"Received: from {name} ([{peer}])\r\n\t{by}; {formatdate()}\r\n".encode("utf-8", "surrogateescape")

    def lay(self, user: str | None, content: bytes) -> None:
        """Put the message into the user's Maildir, as Maildirs want it."""
        maildir = Path(self.said["mail"]) / (user or "postmaster") / "Maildir"
        for part in ("tmp", "new", "cur"):
            (maildir / part).mkdir(parents=True, exist_ok=True)
        name = f"{time.time():.0f}.P{os.getpid()}Q{next(NUMBERS)}.{self.said['host']}"
        (maildir / "tmp" / name).write_bytes(content)
        (maildir / "tmp" / name).rename(maildir / "new" / name)

    def relay(self, sender: str, recipients: list[str], content: bytes) -> None:
        """Give the message to the next hop; there is no queue, so what it refuses is lost."""
        try:
            with smtplib.SMTP("127.0.0.1", self.said["next_hop_port"], self.said["host"], timeout=30) as hop:
                hop.sendmail(sender or "<>", recipients, content)
        except (OSError, smtplib.SMTPException):
            logging.getLogger("relay").warning("not relayed", exc_info=True)


def authenticates(said: dict[str, Any]) -> dict[str, Any]:
    """What the library takes to check a login, where it can."""
    if "authenticator" not in inspect.signature(SMTP.__init__).parameters:
        return {}  # before 1.3

    def authenticator(_server: SMTP, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> Any:
        given = (getattr(data, "login", b""), getattr(data, "password", b""))
        wanted = (said["login"].encode(), said["password"].encode())
        return aiosmtpd.smtp.AuthResult(
            success=all(hmac.compare_digest(a, b) for a, b in zip(given, wanted, strict=True)), handled=False
        )

    return {"authenticator": authenticator}


def speaks_tls() -> bool:
    """Whether STARTTLS works at all: before 1.4.3 the library uses a part of asyncio that Python 3.11 replaced."""
    version = tuple(int(number) for number in re.findall(r"\d+", importlib.metadata.version("aiosmtpd"))[:3])
    return version >= (1, 4, 3) or sys.version_info < (3, 11)


def main() -> None:
    """Serve until SIGTERM."""
    said = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    logging.getLogger().addHandler(logging.NullHandler())
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(said["certificate"], said["key"])
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    options = {"hostname": said["host"], "enable_SMTPUTF8": True, "loop": loop}
    if speaks_tls():
        options["tls_context"] = tls
    options.update(authenticates(said))
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", said["port"]))

    def session() -> SMTP:
        return SMTP(Site(said), **options)

    loop.run_until_complete(loop.create_server(session, sock=listener, backlog=256))
    loop.add_signal_handler(signal.SIGTERM, loop.stop)
    loop.run_forever()


if __name__ == "__main__":
    main()
