"""Defects of a server that ends sessions by itself, or is stopped from outside (RFC 5321 §3.8)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._answer import Answer, answer
from conformance.reference._decision import defect
from conformance.reference._session import ServerSession

OfOctets = Callable[[bytes], Answer | None]


@defect(ServerSession.stopped, proves={"rfc5321/3.8/server_that_is_stopped_says_so"})
def stop_cuts_sessions_off(clean: Callable[[], Answer | None], session: ServerSession) -> Answer | None:
    """Closes the connections without a word when it is stopped."""
    del clean, session
    return None


@defect(
    ServerSession.syntax_error,
    proves={
        "rfc5321/3.8/unknown_command_does_not_end_the_session[high-bit-set]*",
        "rfc5321/3.8/unknown_command_does_not_end_the_session[control]*",
        "rfc5321/4.1.1.10/error_does_not_close_the_connection[high-bit-set]",
        "rfc5321/4.1.1.10/error_does_not_close_the_connection[recipient-high-bit-set]",
    },
)
def line_with_foreign_octets_ends_the_session(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Hangs up on a line that it can't decode, as where nobody catches the error."""
    del clean, session, line
    return answer(421, b"Unhandled system error", close=True)
