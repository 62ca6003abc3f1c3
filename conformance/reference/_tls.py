"""What a session under TLS tells the reference server: the cipher suite, and whose certificate the client has."""

from __future__ import annotations

import trio

from conformance.reference._site import ACCOUNTS, DOMAIN
from conformance.wire import cipher_suite


def agreed_suite(stream: trio.abc.Stream) -> bytes:
    """The registered name of the cipher suite; nothing in clear, or where we do not know it."""
    agreed = stream.cipher() if isinstance(stream, trio.SSLStream) else None
    suite = cipher_suite(agreed[0]) if agreed else None
    return suite.name if suite else b""


def certified_account(stream: trio.SSLStream[trio.abc.Stream]) -> bytes | None:
    """The account whose address is in the client's verified certificate, or ``None``."""
    certificate = stream.getpeercert() or {}
    for kind, value in certificate.get("subjectAltName", ()):
        user, _, domain = str(value).encode("ascii", "replace").rpartition(b"@")
        if kind == "email" and domain == DOMAIN and user in ACCOUNTS:
            return user
    return None
