"""TLS on the way to the next hop: what a session may know of the host that it should reach, and the contexts."""

from __future__ import annotations

import functools
import ssl
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Protection:
    """What a message that wants TLS can count on (RFC 8689 §4.2.1).

    ``trusted`` verifies certificates by the authorities that we trust; ``name`` is what must stand in the next hop's.
    """

    trusted: ssl.SSLContext | None = None
    name: str = ""


@functools.cache
def unverified() -> ssl.SSLContext:
    """TLS with whoever is there: it keeps those out who only listen."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
