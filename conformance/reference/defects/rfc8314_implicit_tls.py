"""Defects of TLS from the first octet (RFC 8314)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._answer import Answer, answer
from conformance.reference._decision import defect
from conformance.reference._session import ServerSession


@defect(ServerSession.says_that_it_closes, proves={"rfc8314/3.4/server_says_that_it_closes*"})
def tls_ends_without_a_word(clean: Callable[[], bool], session: ServerSession) -> bool:
    """Closes the connection under TLS without its close alert."""
    del clean, session
    return False


@defect(
    ServerSession.ehlo,
    proves={"rfc8314/3.3/hello_is_taken_inside_tls"},
    also={"rfc3207/*", "rfc5321/4.2/*", "rfc5321/4.3.2/*"},
)
def ehlo_waits_for_starttls(
    clean: Callable[[bytes], Answer | None], session: ServerSession, argument: bytes
) -> Answer | None:
    """Answers 530 to EHLO under TLS that did not begin with STARTTLS."""
    return answer(530, b"Must issue a STARTTLS command first") if session.secured else clean(argument)
