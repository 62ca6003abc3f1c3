"""Defects of a server that is stopped from outside (RFC 5321 §3.8)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._answer import Answer
from conformance.reference._decision import defect
from conformance.reference._session import ServerSession


@defect(ServerSession.stopped, proves={"rfc5321/3.8/server_that_is_stopped_says_so"})
def stop_cuts_sessions_off(clean: Callable[[], Answer | None], session: ServerSession) -> Answer | None:
    """Closes the connections without a word when it is stopped."""
    del clean, session
    return None
