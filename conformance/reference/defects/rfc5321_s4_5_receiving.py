"""Defects in who is received: postmaster, several sessions at once, good and bad recipients (RFC 5321 §4.4, §4.5)."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary, WeakSet

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer
from conformance.reference._site import FULL, Site

Decide = Callable[[], Answer | None]
OfOctets = Callable[[bytes], Answer | None]

STRATEGY = "rfc5321/4.5.4.2/"


@defect(ServerSession.end_of_data, proves={"rfc5321/4.4/message_that_fails_for_one_recipient_is_taken"})
def one_bad_recipient_spoils_the_message(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses a message that it can't deliver to one of its recipients."""
    recipients = session.transaction.forward_paths if session.transaction else []
    spoiled = any(recipient.startswith(FULL + b"@") for recipient in recipients)
    return answer(554, b"Delivery failed") if spoiled else clean(content)


@defect(ServerSession.take_recipient, proves={"rfc5321/4.5.1/postmaster_gets_mail_without_a_sender*"})
def postmaster_wants_a_sender(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses mail for postmaster whose reverse-path is null."""
    nobody = session.transaction is not None and not session.transaction.reverse_path
    return answer(550, b"Who are you?") if nobody and forward_path == b"postmaster" else clean(forward_path)


@defect(
    ServerSession.command_after_554,
    varies={"rfc5321/4.5.1/server_that_takes_no_mail_has_a_postmaster_or_none"},
    also={"rfc5321/3.1/503-after-554"},
)
def mail_is_taken_behind_554(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Opens with 554 and says 250 to everything."""
    del clean, session, verb
    return answer(250, b"OK")


@defect(ServerSession.hello_again, varies={"rfc5321/4.5.4.1/second_ehlo_is_answered"})
def second_ehlo_is_greeted_otherwise(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers a second EHLO with the extensions in another order."""
    del clean
    first = session.take_hello(argument)
    return answer(250, first.texts[0], *reversed(first.texts[1:]))


Sessions = WeakKeyDictionary[Site, WeakSet[ServerSession]]

_greeted: Sessions = WeakKeyDictionary()
_served: Sessions = WeakKeyDictionary()
_sending: Sessions = WeakKeyDictionary()
_counted: Sessions = WeakKeyDictionary()


def _beside(session: ServerSession, known: Sessions) -> list[ServerSession]:
    """The other known sessions at the same site that have not been ended by QUIT; this one is known from now on."""
    at_site = known.setdefault(session.site, WeakSet())
    at_site.add(session)
    return [other for other in at_site if other is not session and not other.closing]


@defect(ServerSession.greeting, proves={STRATEGY + "second_*", STRATEGY + "two_*"})
def one_session_at_a_time_is_greeted(clean: Decide, session: ServerSession) -> Answer | None:
    """Greets nobody while another session is open."""
    return None if _beside(session, _greeted) else clean()


@defect(
    ServerSession.ehlo,
    name="one-session-at-a-time-is-served",
    proves={STRATEGY + "two_sessions_are_served_by_turns", STRATEGY + "two_transactions_are_open_at_once"},
)
def ehlo_waits_for_others(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers no EHLO while another session is open that has said it."""
    others = any(other.client_name is not None for other in _beside(session, _served))
    return None if others else clean(argument)


@defect(
    ServerSession.open_transaction,
    proves={STRATEGY + "two_transactions_are_open_at_once"},
    also={
        "rfc2920/3.1/content-first-in-a-group",
        "rfc2920/3.2/in-order",
        "rfc2920/3.2/nothing-is-lost",
    },
)
def one_message_at_a_time_is_taken(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers no MAIL while mail data are coming in another session."""
    return None if any(other.in_data for other in _beside(session, _sending)) else clean(argument)


@defect(ServerSession.greeting, varies={STRATEGY + "many_connections_are_greeted_or_not"})
def ten_sessions_are_enough(clean: Decide, session: ServerSession) -> Answer | None:
    """Turns away an eleventh session with 421."""
    return answer(421, b"Too many connections", close=True) if len(_beside(session, _counted)) >= 10 else clean()
