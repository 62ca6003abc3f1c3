"""Defects of LIMITS (RFC 9422)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer

FEW = 10


@defect(ServerSession.recipients_at_most, profile="on-request", proves={"rfc9422/4.2/as_many_recipients_are_taken"})
def fewer_recipients_are_taken_than_listed(clean: Callable[[], int], session: ServerSession) -> int:
    """Takes ten recipients where it lists more."""
    del clean, session
    return FEW


@defect(
    ServerSession.open_transaction,
    profile="on-request",
    proves={"rfc9422/4.1/as_many_transactions_are_taken"},
)
def fewer_transactions_are_taken_than_listed(
    clean: Callable[[bytes], Answer | None], session: ServerSession, argument: bytes
) -> Answer | None:
    """Refuses MAIL after twenty commands where it lists more transactions."""
    return answer(550, b"Too many messages") if session.commands > 2 * FEW else clean(argument)
