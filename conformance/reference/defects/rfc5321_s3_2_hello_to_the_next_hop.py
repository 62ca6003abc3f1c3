"""Defects of a relay that begins a session with its next hop (RFC 5321 §3.2, §4.1.1.1, §4.1.4, §4.3.1)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._relay import RelaySession
from conformance.wire import Reply

Lines = tuple[bytes, ...]
OfLines = Callable[[], Lines]
OfNothing = Callable[[], bool]
HERE = "rfc5321/3.2"


@defect(
    RelaySession.falls_back,
    proves={
        f"{HERE}/message_goes_where_helo_alone_is_known[500]",
        f"{HERE}/message_goes_where_helo_alone_is_known[supported]",
    },
)
def relay_knows_ehlo_only(clean: Callable[[Reply], bool], _: RelaySession, refusal: Reply) -> bool:
    """Gives up where EHLO is not recognised."""
    return clean(refusal) and refusal.code != 500


@defect(RelaySession.falls_back, proves={f"{HERE}/message_goes_where_helo_alone_is_known*"})
def relay_has_no_helo(clean: Callable[[Reply], bool], _: RelaySession, refusal: Reply) -> bool:
    """Gives up where EHLO is refused, for whatever reason."""
    del clean, refusal
    return False


@defect(RelaySession.hello_verbs, proves={f"{HERE}/session_starts_with_ehlo_whatever_the_greeting_says*"})
def relay_says_ehlo_where_the_greeting_says_esmtp(clean: OfLines, session: RelaySession) -> Lines:
    """Says HELO where the greeting does not speak of ESMTP."""
    return clean() if session.says_esmtp else (b"HELO",)


@defect(RelaySession.waits_for_greeting, proves={f"{HERE}/late_greeting_comes_before_the_first_command"})
def relay_speaks_before_the_greeting(clean: OfNothing, _: RelaySession) -> bool:
    """Says EHLO as soon as it is connected."""
    del clean
    return False


@defect(RelaySession.farewell_to_none, proves={f"{HERE}/connection_without_a_session_ends_with_quit*"})
def relay_leaves_a_host_without_service_at_once(clean: OfLines, _: RelaySession) -> Lines:
    """Closes the connection without QUIT where no session has begun."""
    del clean
    return ()


@defect(RelaySession.opening_verbs, proves={f"{HERE}/old_verbs_are_not_used_though_offered"})
def relay_sends_to_the_terminal(clean: Callable[[bytes], Lines], session: RelaySession, reverse_path: bytes) -> Lines:
    """Says SAML for MAIL where that is offered, and MAIL where it is refused all the same."""
    return (b"SAML", *clean(reverse_path)) if b"SAML" in session.offers else clean(reverse_path)
