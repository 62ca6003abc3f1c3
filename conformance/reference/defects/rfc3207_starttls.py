"""Defects of STARTTLS (RFC 3207)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer
from conformance.reference._site import HOST

Extensions = Callable[[], tuple[bytes, ...]]


@defect(ServerSession.extensions, proves={"rfc3207/3/keyword_has_no_parameters"})
def starttls_keyword_has_a_parameter(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists STARTTLS with a parameter."""
    del session
    return tuple(b"STARTTLS required" if keyword == b"STARTTLS" else keyword for keyword in clean())


@defect(ServerSession.extensions, proves={"rfc3207/4.2/starttls_is_not_offered_under_tls"})
def starttls_is_offered_under_tls(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists STARTTLS under TLS."""
    return (*clean(), b"STARTTLS") if session.secured else clean()


@defect(ServerSession.starttls, proves={"rfc3207/4/argument_is_refused_with_501"})
def starttls_ignores_its_argument(
    clean: Callable[[bytes], Answer | None], session: ServerSession, argument: bytes
) -> Answer | None:
    """Goes over to TLS whatever stands behind STARTTLS."""
    del session, argument
    return clean(b"")


@defect(ServerSession.forget_at_tls, proves={"rfc3207/4.2/starttls_forgets_*"})
def tls_keeps_what_was_said_in_clear(clean: Callable[[], None], session: ServerSession) -> None:
    """Keeps EHLO, sender and recipients over the handshake."""
    del clean, session


@defect(
    ServerSession.kept_across_tls,
    proves={
        "rfc3207/4.2/injected_command_is_never_acted_on*",
        "rfc3207/4.2/injected_half_command_is_dropped",
    },
)
def clear_octets_are_read_under_tls(clean: Callable[[bytes], bytes], session: ServerSession, buffer: bytes) -> bytes:
    """Reads what came in clear behind STARTTLS as if it had come under TLS."""
    del clean, session
    return buffer


@defect(
    ServerSession.greeting_under_tls,
    proves={"rfc3207/4.2/no_greeting_after_the_handshake"},
    also={
        "rfc5321/4.3.2/data-replies",
        "rfc5321/4.3.2/ehlo-helo-replies",
        "rfc5321/4.3.2/mail-replies",
        "rfc5321/4.3.2/noop-replies",
        "rfc5321/4.3.2/quit-replies",
        "rfc5321/4.3.2/rcpt-replies",
    },
)
def tls_begins_with_a_greeting(clean: Callable[[], Answer | None], session: ServerSession) -> Answer | None:
    """Greets a second time after the handshake."""
    del clean, session
    return answer(220, HOST + b" ESMTP under TLS")
