"""Defects of DELIVERBY (RFC 2852)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._extensions import MIN_BY_TIME
from conformance.reference._session import Answer, ServerSession, answer

Parameter = Callable[[bytes, bytes, bytes], Answer | None]


@defect(
    ServerSession.extension_parameter,
    profile="on-request",
    proves={"rfc2852/3/minimum_does_not_bind_notification"},
)
def minimum_binds_notification(
    clean: Parameter, session: ServerSession, verb: bytes, keyword: bytes, value: bytes
) -> Answer | None:
    """Refuses a time above zero and below the listed one with mode N too."""
    del session
    seconds = value.partition(b";")[0]
    small = keyword == b"BY" and seconds.isdigit() and 0 < int(seconds) < MIN_BY_TIME
    return answer(555, b"Less than the shortest time") if small else clean(verb, keyword, value)
