"""Defects where a message is interrupted, refused or one of two at once (RFC 5321 §4.1.1.10, §4.2.5, §4.5.4.2)."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakSet

import trio

from conformance.reference._decision import defect
from conformance.reference._session import Answer, Line, ServerSession, Transaction, answer

HERE = "rfc5321/4.1.1.10"
UNFINISHED = {f"{HERE}/unfinished_message_is_not_{done}*" for done in ("relayed", "delivered")}
OfMessage = Callable[[Transaction, bytes], None]


@defect(ServerSession.lost_client, proves=UNFINISHED, also={"rfc5321/4.1.1/hold-until-end-of-data"})
def unfinished_message_is_delivered(clean: Callable[[], None], session: ServerSession) -> None:
    """Delivers what has come of a message whose client is gone."""
    if session.in_data and session.transaction is not None:
        session.deliver(session.transaction, session.buffer)
    clean()


@defect(
    ServerSession.find_end_of_data,
    proves={f"{HERE}/nothing_goes_out_before_the_end"},
    also={
        "rfc5321/4.2.5/4yz-not-delivered",
        "rfc5321/4.1.1.10/lost-connection-cancels",
        "rfc5321/4.5.4.2/several-transactions-at-once",
    },
)
def message_goes_out_before_its_end(
    clean: Callable[[bytes], Line | None], session: ServerSession, buffer: bytes
) -> Line | None:
    """Sends a message on as soon as a part of it has come."""
    found = clean(buffer)
    if found is None and buffer and session.transaction is not None:
        session.deliver(session.transaction, buffer)
    return found


LEFT = f"{HERE}/transaction_without_data_sends_nothing"


@defect(ServerSession.quit, proves={f"{LEFT}[quit]"})
def quit_sends_what_is_there(
    clean: Callable[[bytes], Answer | None], session: ServerSession, argument: bytes
) -> Answer | None:
    """Sends an empty message to those whom a transaction names that QUIT ends."""
    if session.transaction is not None and session.transaction.forward_paths:
        session.deliver(session.transaction, b"")
    return clean(argument)


@defect(ServerSession.lost_client, proves={f"{LEFT}[lost]"}, also={"rfc5321/4.1.1.10/lost-connection-cancels"})
def lost_client_leaves_its_transaction_to_be_sent(clean: Callable[[], None], session: ServerSession) -> None:
    """Sends an empty message to those whom a transaction names whose client is gone."""
    if session.transaction is not None and session.transaction.forward_paths:
        session.deliver(session.transaction, b"")
    clean()


_gone: WeakSet[ServerSession] = WeakSet()


@defect(
    ServerSession.lost_client,
    name="lost-client-takes-its-messages-along",
    proves={f"{HERE}/finished_message_is_kept*"},
    also={"rfc5321/6.1/survives-a-crash"},
)
def notes_who_is_gone(clean: Callable[[], None], session: ServerSession) -> None:
    """Forgets what it accepted from a client that is gone."""
    _gone.add(session)
    clean()


@defect(ServerSession.deliver, name="lost-client-takes-its-messages-along")
def delivers_in_a_while(clean: OfMessage, session: ServerSession, transaction: Transaction, content: bytes) -> None:
    """Forgets what it accepted from a client that is gone."""

    async def later() -> None:
        await trio.sleep(5)
        if session not in _gone:
            clean(transaction, content)

    assert session.mailer is not None
    session.mailer.start(later)


@defect(
    ServerSession.refuse_content,
    proves={f"{HERE}/refused_message_is_not_{done}" for done in ("relayed", "delivered")},
)
def refused_message_is_delivered(
    clean: Callable[[Transaction, bytes], Answer | None],
    session: ServerSession,
    transaction: Transaction,
    content: bytes,
) -> Answer | None:
    """Refuses a message after its end and delivers it all the same."""
    session.deliver(transaction, content)
    return clean(transaction, content)


@defect(
    ServerSession.refuse_content_for_now,
    proves={f"rfc5321/4.2.5/message_refused_for_now_is_not_{done}" for done in ("relayed", "delivered")},
)
def message_refused_for_now_is_delivered(
    clean: Callable[[Transaction, bytes], Answer | None],
    session: ServerSession,
    transaction: Transaction,
    content: bytes,
) -> Answer | None:
    """Refuses a message after its end for now and delivers it all the same."""
    session.deliver(transaction, content)
    return clean(transaction, content)


@defect(
    ServerSession.refuse_content,
    proves={"rfc5321/4.1.1.4/data_that_are_not_processed_get_a_failure_reply"},
)
def message_that_is_not_taken_gets_250(
    clean: Callable[[Transaction, bytes], Answer | None],
    session: ServerSession,
    transaction: Transaction,
    content: bytes,
) -> Answer | None:
    """Answers 250 to content that it does not take, and drops it."""
    del clean, session, transaction, content
    return answer(250, b"OK, taken")


_in_data: WeakSet[ServerSession] = WeakSet()


@defect(
    ServerSession.begin_data,
    name="messages-of-two-sessions-are-mixed",
    proves={f"{HERE}/two_messages_at_once_are_kept_apart"},
    also={"rfc5321/4.1.1.10/lost-connection-cancels"},
)
def notes_who_is_in_data(clean: Callable[[], Answer | None], session: ServerSession) -> Answer | None:
    """Mixes messages that come at the same time."""
    _in_data.add(session)
    return clean()


@defect(ServerSession.deliver, name="messages-of-two-sessions-are-mixed")
def mixes_messages(clean: OfMessage, session: ServerSession, transaction: Transaction, content: bytes) -> None:
    """Mixes messages that come at the same time."""
    others = [other for other in _in_data if other is not session and other.in_data and other.site is session.site]
    clean(transaction, content + others[0].buffer if others else content)
