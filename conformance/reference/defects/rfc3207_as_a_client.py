"""Defects of a relay that gives STARTTLS at its next hop (RFC 3207)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._login import Login
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._relay import Failed, RelaySession
from conformance.reference._verification import Shown
from conformance.wire import CRLF

Yes = Callable[[], bool]
Offers = dict[bytes, bytes]

HERE = "rfc3207/4/starttls_at_the_next_hop_is_in_order"
RESULT = "rfc3207/4.2/"
LATER = "rfc3207/6/"


@defect(Login.login_starttls_line, proves={HERE + "[alone]"})
def starttls_has_a_parameter(clean: Callable[[], bytes], session: Login) -> bytes:
    """Puts a name behind STARTTLS."""
    return clean() + b" " + session.account.host.encode("ascii")


@defect(Login.login_before_handshake, proves={HERE + "[handshake]"}, also={"rfc3207/*", "rfc4954/*"})
def noop_comes_before_the_handshake(clean: Callable[[], tuple[bytes, ...]], session: Login) -> tuple[bytes, ...]:
    """Says NOOP in clear after the 220 to STARTTLS."""
    del clean, session
    return (b"NOOP",)


@defect(
    Login.login_behind_starttls,
    proves={
        HERE + "[last-of-a-group]",
        "rfc2920/3.1/command_of_another_extension_is_the_last_of_its_group[starttls]",
    },
    also={"rfc3207/6/client-discards-cleartext"},
)
def ehlo_goes_out_together_with_starttls(clean: Callable[[], bytes], session: Login) -> bytes:
    """Sends EHLO in one group with STARTTLS."""
    del clean, session
    return b"EHLO mail.example.test" + CRLF


@defect(
    Login.login_is_safe,
    proves={
        "rfc3207/4.1/relay_leaves_with_quit_where_tls_is_too_weak*",
        LATER + "no_mail_goes_without_tls[certificate-of-a-stranger]",
    },
    also={"rfc4954/14/*"},
)
def certificate_is_not_looked_at(clean: Callable[[Shown], bool], session: Login, peer: Shown) -> bool:
    """Goes on whatever the certificate says."""
    del clean, session, peer
    return True


@defect(
    RelaySession.farewell,
    proves={"rfc3207/4.1/relay_leaves_with_quit_where_tls_is_too_weak*"},
    also={"rfc5321/*"},
)
def relay_leaves_without_quit_under_tls(
    clean: Callable[[], tuple[bytes, ...]], session: RelaySession
) -> tuple[bytes, ...]:
    """Closes a connection under TLS without QUIT."""
    return () if session.secured else clean()


@defect(
    Login.login_says_hello_again,
    proves={RESULT + "ehlo_is_the_first_command_under_tls"},
    also={"rfc3207/4.2/discard-server-knowledge", "rfc3207/6/client-discards-cleartext"},
)
def no_ehlo_under_tls(clean: Yes, session: Login) -> bool:
    """Goes on under TLS without a new EHLO."""
    del clean, session
    return False


@defect(Login.login_starts_tls_again, proves={RESULT + "starttls_is_not_given_under_tls"}, also={"rfc5321/*"})
def starttls_is_given_twice(clean: Yes, session: Login) -> bool:
    """Says STARTTLS under TLS where it is listed there."""
    del clean
    return b"STARTTLS" in session.talk.offers


@defect(
    RelaySession.offers_under_tls,
    proves={RESULT + "extension_that_is_gone_under_tls_is_not_used"},
    also={"rfc9422/3.6/old-limits-discarded"},
)
def what_was_offered_in_clear_is_used_under_tls(
    clean: Callable[[Offers, Offers], Offers], session: RelaySession, before: Offers, after: Offers
) -> Offers:
    """Uses under TLS what was offered in clear."""
    del session
    return {**before, **clean(before, after)}


@defect(RelaySession.offers_under_tls, proves={RESULT + "extension_that_is_there_under_tls_alone_is_used"})
def what_is_offered_under_tls_is_not_looked_at(
    clean: Callable[[Offers, Offers], Offers], session: RelaySession, before: Offers, after: Offers
) -> Offers:
    """Does not look for more under TLS than was offered in clear."""
    del session
    return {keyword: words for keyword, words in clean(before, after).items() if keyword in before}


@defect(Login.login_keeps_clear_octets, proves={RESULT + "reply_injected_in_clear_is_never_read*"})
def clear_replies_are_read_under_tls(clean: Yes, session: Login) -> bool:
    """Reads what came in clear behind the 220 as if it had come under TLS."""
    del clean, session
    return True


@defect(
    Login.login_goes_on_in_clear,
    proves={LATER + f"no_mail_goes_without_tls[{case}]" for case in ("keyword-cut-out", "454", "502")},
    varies={LATER + "relay_may_go_on_without_tls"},
    also={"rfc4954/*"},
)
def mail_goes_without_tls(clean: Yes, session: Login) -> bool:
    """Sends mail in clear where TLS can't be had."""
    del clean, session
    return True


@defect(
    Login.login_starts_tls,
    proves={LATER + "tls_is_used_where_it_is_offered"},
    name="tls-is-never-used",
    also={"rfc3207/*", "rfc4954/*"},
)
def tls_is_never_used(clean: Yes, session: Login) -> bool:
    """Never says STARTTLS."""
    del clean, session
    return False


@defect(Login.login_goes_on_in_clear, name="tls-is-never-used")
def tls_is_never_wanted(clean: Yes, session: Login) -> bool:
    """Sends mail in clear."""
    del clean, session
    return True


@defect(
    Login.login_starts_tls,
    name="tls-that-failed-is-left-out",
    proves={LATER + "no_mail_goes_without_tls[closed]"},
    also={"rfc3207/*", "rfc4954/*"},
)
def tls_that_failed_is_not_tried(clean: Yes, session: Login) -> bool:
    """Goes without TLS where it has failed before."""
    return "login_starttls_line" not in session.decisions.consulted and clean()


@defect(Login.login_goes_on_in_clear, name="tls-that-failed-is-left-out")
def mail_goes_in_clear_where_tls_was_tried(clean: Yes, session: Login) -> bool:
    """Goes on in clear the next time."""
    del clean, session
    return True


@defect(
    Login.login_starts_tls,
    proves={LATER + "tls_is_tried_again_later*"},
    also={"rfc3207/*", "rfc4954/*"},
)
def tls_is_tried_once(clean: Yes, session: Login) -> bool:
    """Tries TLS once for all."""
    return "login_starttls_line" not in session.decisions.consulted and clean()


@defect(
    Mailer.give_up,
    proves={LATER + "message_comes_back_where_tls_never_works"},
    also={"rfc5321/*", "rfc3461/*"},
)
def message_without_tls_is_lost(
    clean: Callable[[Copy, list[Failed]], None], session: Mailer, copy: Copy, deferred: list[Failed]
) -> None:
    """Drops a message that could not go for want of TLS."""
    del session
    if not any(b"No TLS" in each.reason for each in deferred):
        clean(copy, deferred)
