"""Defects of relays in what they do under TLS with messages that require it, or say that they don't (RFC 8689)."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from dataclasses import replace

import trio

from conformance.reference._certificate import old_versions, trusting
from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer, local_name
from conformance.reference._parameters import Parameters
from conformance.reference._relay import Failed, OtherMail, RelaySession
from conformance.reference._relay_tls import unverified
from conformance.reference._routing import Routing
from conformance.reference._site import ALIASES

Yes = Callable[[], bool]
Secure = trio.SSLStream[trio.abc.Stream]
OfStream = Callable[[Secure], bool]
OfContent = Callable[[bytes], bytes]
MISSING = "rfc8689/2/message_does_not_go_where_something_is_missing"
NEXT = "rfc8689/4.2.1/next_exchanger_with_tls_gets_the_message"


@defect(
    RelaySession.starts_tls,
    profile="on-request",
    proves={
        "rfc8689/2/message_goes_on_with_requiretls_under_tls[session]",
        "rfc8689/3/tls_is_used_though_it_is_not_required*",
        "rfc8689/5/notification_goes_under_tls*",
    },
    also={"rfc8689/*"},
)
def tls_is_never_begun(clean: Yes, session: RelaySession) -> bool:
    """Passes all mail on in clear, whatever next hops offer and messages require."""
    del clean, session
    return False


@defect(RelaySession.wants_tls, name="tls-is-never-begun", profile="on-request")
def _nothing_is_kept_back(clean: Yes, session: RelaySession) -> bool:
    """Passes all mail on in clear, whatever next hops offer and messages require."""
    del clean, session
    return False


@defect(
    RelaySession.takes,
    profile="on-request",
    only={"REQUIRETLS"},
    proves={"rfc8689/2/message_goes_on_with_requiretls_under_tls[parameter]"},
    also={"rfc8689/4.1/all-copies-tagged", "rfc8689/5/bounces-require-tls", "rfc8689/6/mediators"},
)
def requiretls_is_not_passed_on(clean: Callable[[bytes], bool], session: RelaySession, keyword: bytes) -> bool:
    """Keeps to REQUIRETLS itself, and does not say it to the next hop."""
    del clean, session, keyword
    return False


@defect(
    RelaySession.protects,
    profile="on-request",
    proves={f"{MISSING}[requiretls-in-clear]"},
)
def offer_of_requiretls_is_enough(clean: Yes, session: RelaySession) -> bool:
    """Takes a next hop that lists REQUIRETLS for a safe one, under TLS or not."""
    return clean() or b"REQUIRETLS" in session.offers


@defect(
    RelaySession.wants_tls,
    profile="on-request",
    proves={
        f"{MISSING}[starttls-refused]",
        f"{MISSING}[not-offered]",
        f"{MISSING}[offered-in-clear-only]",
    },
    also={"rfc8689/*"},
)
def tls_is_a_wish(clean: Yes, session: RelaySession) -> bool:
    """Sends a message with REQUIRETLS under TLS where that can be had, and in clear elsewhere."""
    del clean, session
    return False


@defect(
    RelaySession.tls_client,
    profile="on-request",
    proves={f"{MISSING}[unknown-authority]", f"{MISSING}[expired]"},
    also={"rfc8689/4.2.1/name-matches", "rfc8689/4.2.1/next-exchanger"},
)
def any_certificate_will_do(clean: Callable[[], ssl.SSLContext], session: RelaySession) -> ssl.SSLContext:
    """Verifies no certificate where the message requires TLS."""
    del clean, session
    return unverified()


@defect(RelaySession.is_known, name="any-certificate-will-do", profile="on-request")
def _anybody_is_known(clean: OfStream, session: RelaySession, secure: Secure) -> bool:
    """Verifies no certificate where the message requires TLS."""
    del clean, session, secure
    return True


@defect(
    RelaySession.tls_client,
    profile="on-request",
    proves={f"{MISSING}[another-name]", f"{MISSING}[name-above]"},
    also={"rfc8689/4.2.1/next-exchanger"},
)
def any_name_will_do(clean: Callable[[], ssl.SSLContext], session: RelaySession) -> ssl.SSLContext:
    """Verifies who signed the certificate, and not whose it is."""
    del clean, session
    return trusting(any_name=True)


@defect(RelaySession.is_known, name="any-name-will-do", profile="on-request")
def _anybody_with_a_signature_is_known(clean: OfStream, session: RelaySession, secure: Secure) -> bool:
    """Verifies who signed the certificate, and not whose it is."""
    del clean, session, secure
    return True


@defect(
    RelaySession.tls_client,
    profile="on-request",
    proves={"rfc8689/4.2.1/old_versions_of_tls_are_not_used*"},
    also={"rfc8689/3/no-still-tries-tls", "rfc8689/4.2.1/next-exchanger", "rfc8689/5/*"},
)
def old_tls_is_spoken(clean: Callable[[], ssl.SSLContext], session: RelaySession) -> ssl.SSLContext:
    """Speaks no version of TLS after 1.1 to next hops."""
    del clean, session
    return old_versions()


@defect(
    Routing.is_vouched_for,
    profile="on-request",
    proves={"rfc8689/2/exchanger_that_nobody_vouches_for_gets_nothing*"},
)
def any_exchanger_will_do(clean: Callable[[str], bool], routing: Routing, domain: str) -> bool:
    """Believes MX records for which nobody vouches."""
    del clean, routing, domain
    return True


@defect(Mailer.seeks_protection, profile="on-request", proves={f"{NEXT}*"})
def first_exchanger_decides(clean: Yes, mailer: Mailer) -> bool:
    """Gives a message with REQUIRETLS back where the first exchanger has not what it takes."""
    del clean, mailer
    return False


@defect(
    RelaySession.farewell,
    profile="on-request",
    proves={"rfc8689/4.2.1/session_without_what_it_takes_ends_with_quit*"},
)
def unsafe_next_hop_is_left_without_a_word(
    clean: Callable[[], tuple[bytes, ...]], session: RelaySession
) -> tuple[bytes, ...]:
    """Closes the connection to a next hop that can't have a message with REQUIRETLS, without QUIT."""
    return () if session.wants_tls() else clean()


@defect(
    RelaySession.starts_tls,
    profile="on-request",
    proves={"rfc8689/3/tls_is_used_though_it_is_not_required*"},
)
def tls_required_no_means_never(clean: Yes, session: RelaySession) -> bool:
    """Takes TLS-Required: No for a wish to go in clear."""
    return clean() and not session.waives


_FIELD = re.compile(rb"(?im)^TLS-Required:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*")


@defect(
    RelaySession.outward_lines,
    profile="on-request",
    proves={"rfc8689/3/message_has_the_field_once_at_most*"},
    also={"rfc8689/6/mediators"},
)
def field_is_written_at_each_step(clean: OfContent, session: RelaySession, content: bytes) -> bytes:
    """Writes TLS-Required: No before what it passes on as it takes it, and again as it sends it."""
    del session
    return b"TLS-Required: No\r\nTLS-Required: No\r\n" + clean(content)


@defect(
    RelaySession.outward_lines,
    profile="on-request",
    proves={"rfc8689/3/field_says_no_and_nothing_else*"},
    also={"rfc8689/6/mediators"},
)
def field_says_yes(clean: OfContent, session: RelaySession, content: bytes) -> bytes:
    """Writes TLS-Required: Yes into what it passes on."""
    del session
    return b"TLS-Required: Yes\r\n" + clean(_FIELD.sub(b"", content))


@defect(
    Mailer.expanded,
    profile="on-request",
    proves={"rfc8689/4.1/all_copies_behind_an_alias_need_tls*"},
    also={"rfc6710/4.4/aliases-keep-it"},
)
def first_member_alone_is_protected(clean: Callable[[Copy], list[Copy]], mailer: Mailer, copy: Copy) -> list[Copy]:
    """Remembers REQUIRETLS for the first member of an alias alone."""
    del mailer
    if not any(local_name(each) in ALIASES for each in copy.forward_paths):
        return clean(copy)
    copies: list[Copy] = []
    for each in clean(copy):
        first, rest = each.forward_paths[:1], each.forward_paths[1:]
        copies.append(replace(each, forward_paths=first))
        if rest:
            copies.append(replace(each, forward_paths=rest, parameters=Parameters(of_rcpt=each.parameters.of_rcpt)))
    return copies


@defect(
    Mailer.fail,
    profile="on-request",
    proves={
        "rfc8689/4.2.2/sender_is_told_where_the_next_hop_insists_on_tls*",
        "rfc8689/4.2.2/sender_is_told_where_starttls_fails_and_is_wanted",
    },
)
def insisting_next_hop_makes_mail_vanish(
    clean: Callable[[Copy, list[Failed]], None], mailer: Mailer, copy: Copy, failed: list[Failed]
) -> None:
    """Drops what a next hop refuses for want of TLS, and tells nobody."""
    del mailer
    clean(copy, [each for each in failed if not each.reason.startswith(b"530")])


@defect(
    RelaySession.starts_tls,
    profile="on-request",
    proves={"rfc8689/5/notification_goes_under_tls*"},
    also={"rfc8689/5/bounces-require-tls"},
)
def notifications_go_in_clear(clean: Yes, session: RelaySession) -> bool:
    """Sends notifications in clear, whatever they are about."""
    return clean() and not session.is_notification


@defect(
    Mailer.report_mail_parameters,
    profile="on-request",
    proves={"rfc8689/5/notification_requires_tls_too*"},
)
def notifications_require_no_tls(
    clean: Callable[[Parameters], tuple[tuple[bytes, bytes], ...]], mailer: Mailer, about: Parameters
) -> tuple[tuple[bytes, bytes], ...]:
    """Sends notifications about messages with REQUIRETLS without it."""
    del mailer
    return tuple(each for each in clean(about) if each[0] != b"REQUIRETLS")


@defect(Mailer.list_parameters, profile="on-request", proves={"rfc8689/6/list_passes_requiretls_on"})
def list_forgets_requiretls(clean: Callable[[Copy], Parameters], mailer: Mailer, copy: Copy) -> Parameters:
    """Sends what came for a list with REQUIRETLS to its members without."""
    del mailer
    given = clean(copy)
    return replace(given, of_mail=tuple(each for each in given.of_mail if each[0] != b"REQUIRETLS"))


@defect(Mailer.list_copy, profile="on-request", proves={"rfc8689/6/list_passes_the_field_on"})
def list_takes_the_field_out(clean: Callable[[Copy, bytes], Copy], mailer: Mailer, copy: Copy, name: bytes) -> Copy:
    """Takes TLS-Required out of what a list sends to its members."""
    del mailer
    made = clean(copy, name)
    return replace(made, content=_FIELD.sub(b"", made.content))


@defect(Mailer.others_for, profile="on-request", varies={"rfc8689/4.2.1/session_may_be_used_for_other_mail"})
def unsafe_next_hop_gets_other_mail(
    clean: Callable[[Copy], tuple[OtherMail, ...]], mailer: Mailer, copy: Copy
) -> tuple[OtherMail, ...]:
    """Sends what waits for the same host in a session that a message with REQUIRETLS can't have."""
    del clean
    to = mailer.destination(copy.forward_paths[0])
    return tuple(
        OtherMail(each.reverse_path, each.forward_paths, each.content, each.parameters)
        for each in mailer.site.queue.values()
        if mailer.destination(each.forward_paths[0]) == to and each.parameters.of(b"REQUIRETLS") is None
    )
