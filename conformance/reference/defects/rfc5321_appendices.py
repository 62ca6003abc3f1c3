"""Defects in what the appendices of RFC 5321 say."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer

OfOctets = Callable[[bytes], Answer | None]
OfVerb = Callable[[bytes, bytes], Answer | None]


@defect(
    ServerSession.end_of_data,
    varies={
        "rfc5321/A/body_with_full_octets_is_taken_or_refused",
        "rfc5321/2.4/eight_bit_content_may_be_cleared_or_refused",
        "rfc5321/2.4/mislabelled_content_may_be_refused_or_returned",
    },
    also={
        "rfc5321/4.5.3.1/lengths-in-octets",
        "rfc3030/3/agrees-to-keep-all-bits",
        "rfc6152/3/keyword-means-support",
        "rfc6531/3.1/message-extended",
    },
)
def full_octets_are_refused(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses a message with an octet above 127."""
    del session
    return clean(content) if content.isascii() else answer(554, b"Not ASCII")


@defect(ServerSession.extensions, proves={"rfc5321/F/turn_is_not_offered"})
def turn_is_listed(clean: Callable[[], tuple[bytes, ...]], session: ServerSession) -> tuple[bytes, ...]:
    """Lists TURN and authenticates nobody."""
    del session
    return (*clean(), b"TURN")


@defect(
    ServerSession.command,
    only={"TURN"},
    proves={"rfc5321/F.1/turn_is_not_served"},
    also={
        "rfc3207/4/530-before-tls",
    },
)
def turn_is_served(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Answers TURN with 250, ready to be the client."""
    del session
    clean(line)
    return answer(250, b"Your turn")


@defect(ServerSession.send, varies={"rfc5321/F.6/sending_command_is_served_or_refused*"})
def sending_is_turned_off(clean: OfVerb, session: ServerSession, verb: bytes, argument: bytes) -> Answer | None:
    """Refuses SEND, SOML and SAML for want of terminals."""
    del clean, session, verb, argument
    return answer(550, b"No terminals here")


@defect(ServerSession.send, proves={"rfc5321/F.6/listed_sending_command_opens_a_transaction*"})
def sending_opens_nothing(clean: OfVerb, session: ServerSession, verb: bytes, argument: bytes) -> Answer | None:
    """Answers SEND, SOML and SAML with 250 and opens no transaction."""
    del clean, session, verb, argument
    return answer(250, b"OK")
