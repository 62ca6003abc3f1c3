"""Defects of NOOP (RFC 5321 §4.1.1.9)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer

Clean = Callable[[bytes], Answer | None]


@defect(
    ServerSession.noop,
    proves={"rfc5321/4.1.1.9/noop_argument_is_ignored"},
)
def noop_with_an_argument_is_refused(clean: Clean, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 501 to NOOP with an argument."""
    del session
    return answer(501, b"No argument allowed") if argument else clean(argument)
