"""Defects of NO-SOLICITING (RFC 3865)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._extensions import UNWANTED
from conformance.reference._session import Answer, ServerSession

Parameter = Callable[[bytes, bytes, bytes], Answer | None]


@defect(
    ServerSession.extension_parameter,
    profile="on-request",
    proves={
        "rfc3865/2.4/refusal_for_a_class_says_solicit",
        "rfc3865/2.4/refusal_for_a_class_names_it",
        "rfc3865/2.4/refusal_for_a_class_echoes_what_is_in_effect",
    },
)
def refusal_for_a_class_does_not_say_so(
    clean: Parameter, session: ServerSession, verb: bytes, keyword: bytes, value: bytes
) -> Answer | None:
    """Refuses mail of an unwanted class without a word about classes."""
    del session
    given = clean(verb, keyword, value)
    return replace(given, texts=(b"Not wanted here",)) if given and given.code == 550 else given


@defect(
    ServerSession.extension_parameter,
    profile="on-request",
    proves={
        "rfc3865/2.4/refusal_for_a_class_names_it",
        "rfc3865/2.4/refusal_for_a_class_echoes_what_is_in_effect",
    },
)
def refusal_for_a_class_names_another(
    clean: Parameter, session: ServerSession, verb: bytes, keyword: bytes, value: bytes
) -> Answer | None:
    """Refuses mail of an unwanted class and names a class that is not in effect."""
    del session
    given = clean(verb, keyword, value)
    return replace(given, texts=(b"SOLICIT=net.example:OTHER",)) if given and given.code == 550 else given


@defect(
    ServerSession.extension_parameter,
    profile="on-request",
    varies={"rfc3865/2.4/refusal_for_a_class_may_name_others"},
)
def refusal_for_a_class_names_others_too(
    clean: Parameter, session: ServerSession, verb: bytes, keyword: bytes, value: bytes
) -> Answer | None:
    """Refuses mail of an unwanted class and names all that are not wanted."""
    del session
    given = clean(verb, keyword, value)
    text = b"Not wanted: SOLICIT=" + UNWANTED + b",org.example:OTHER"
    return replace(given, texts=(text,)) if given and given.code == 550 else given


@defect(
    ServerSession.extensions,
    profile="on-request",
    proves={"rfc3865/2/list_is_short_enough"},
    also={
        "rfc5321/4.5.3.1.5/reply-line",
        "rfc3865/2.3/not-delivered",
        "rfc3865/2.6/classes-from-the-header",
        "rfc3865/2.7/applies-to-relayed-mail",
    },
)
def list_of_classes_is_too_long(clean: Callable[[], tuple[bytes, ...]], session: ServerSession) -> tuple[bytes, ...]:
    """Lists classes of 1000 characters together."""
    del session
    long = b"NO-SOLICITING " + b"c" * 1000
    return tuple(long if line.startswith(b"NO-SOLICITING") else line for line in clean())
