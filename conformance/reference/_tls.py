"""What a session under TLS tells the reference server of the cipher suite."""

from __future__ import annotations

import trio

from conformance.wire import cipher_suite


def agreed_suite(stream: trio.abc.Stream) -> bytes:
    """The registered name of the cipher suite; nothing in clear, or where we do not know it."""
    agreed = stream.cipher() if isinstance(stream, trio.SSLStream) else None
    suite = cipher_suite(agreed[0]) if agreed else None
    return suite.name if suite else b""
