"""Defects of REQUIRETLS (RFC 8689)."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakSet

from conformance.reference._decision import defect
from conformance.reference._session import ServerSession

_listed: WeakSet[ServerSession] = WeakSet()


@defect(ServerSession.extensions, profile="on-request", proves={"rfc8689/2/keyword_is_listed_under_tls_again"})
def requiretls_is_listed_once(clean: Callable[[], tuple[bytes, ...]], session: ServerSession) -> tuple[bytes, ...]:
    """Lists REQUIRETLS in the first EHLO reply under TLS only."""
    lines = clean()
    if b"REQUIRETLS" not in lines:
        return lines
    if session in _listed:
        return tuple(line for line in lines if line != b"REQUIRETLS")
    _listed.add(session)
    return lines
