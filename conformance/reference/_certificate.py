"""A throw-away certificate for the reference server."""

from __future__ import annotations

import functools
import ssl

from conformance.reference._site import HOST


@functools.cache
def server_tls() -> ssl.SSLContext:
    """A server-side context with a certificate made for this process alone.

    Raises:
        ModuleNotFoundError: trustme is not installed.
    """
    import trustme  # noqa: PLC0415 - a launcher's and the tests' dependency, not ours

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(HOST.decode("ascii")).configure_cert(context)
    return context
