"""Defects of relays with an extension that few have: REQUIRETLS, DELIVERBY, MT-PRIORITY and RRVS behind the server."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._parameters import Parameters
from conformance.reference._relay import Failed, RelaySession
from conformance.reference._report import Reported
from conformance.reference._session import ServerSession
from conformance.reference._trace import Accepted, Trace

Requests = tuple[tuple[bytes, bytes], ...]
OfMail = Callable[[Parameters, int], Requests]
OfRcpt = Callable[[Parameters, bytes], Requests]
Report = Callable[[Copy, bytes, list[Reported]], bytes]
Onward = Callable[[bytes, bytes], bytes]


# RFC 8689.


@defect(
    RelaySession.wants_tls,
    profile="on-request",
    proves={"rfc8689/4.2.1/message_does_not_go_without_tls*", "rfc8689/4.2.1/sender_of_a_message_kept_back_is_told*"},
    also={"rfc8689/*"},
)
def requiretls_is_forgotten(clean: Callable[[], bool], _: RelaySession) -> bool:
    """Takes REQUIRETLS and passes the message on in clear."""
    del clean
    return False


@defect(
    RelaySession.wants_tls,
    profile="on-request",
    proves={"rfc8689/4.2.1/message_does_not_go_without_tls[parameter-wins]"},
)
def tls_required_no_wins(clean: Callable[[], bool], session: RelaySession) -> bool:
    """Passes a message with REQUIRETLS on in clear where its header says TLS-Required: No."""
    return clean() and not session.waives


@defect(Mailer.fail, profile="on-request", proves={"rfc8689/4.2.1/sender_of_a_message_kept_back_is_told*"})
def message_kept_back_vanishes(
    clean: Callable[[Copy, list[Failed]], None], _: Mailer, copy: Copy, failed: list[Failed]
) -> None:
    """Drops what can't be sent with REQUIRETLS and tells nobody."""
    if copy.parameters.of(b"REQUIRETLS") is None:
        clean(copy, failed)


@defect(Mailer.report, profile="on-request", proves={"rfc8689/4.2.1/notification_says_why"})
def message_kept_back_has_no_reason(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes 5.0.0 for a message that was kept back for want of TLS."""
    return clean(copy, to, reported).replace(b"Status: 5.7.10", b"Status: 5.0.0")


@defect(Mailer.returns_all, profile="on-request", proves={"rfc8689/4.2.1/notification_holds_the_header_only*"})
def message_with_requiretls_comes_back(
    clean: Callable[[Copy, bool], bool], _: Mailer, copy: Copy, failed: bool
) -> bool:
    """Gives a message with REQUIRETLS back whole."""
    return copy.parameters.of(b"REQUIRETLS") is not None or clean(copy, failed)


# RFC 2852.


def without(requests: Requests, keyword: bytes) -> Requests:
    """The parameters but for one."""
    return tuple(each for each in requests if each[0] != keyword)


@defect(
    RelaySession.mail_requests,
    profile="on-request",
    proves={"rfc2852/4.1.4/time_that_is_left_is_passed_on*"},
    also={"rfc2852/4.1.2/still-as-asked"},
)
def by_is_lost_on_the_way(clean: OfMail, _: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Passes a message on without its BY."""
    return without(clean(parameters, size), b"BY")


@defect(
    RelaySession.onward,
    profile="on-request",
    only={"BY"},
    proves={"rfc2852/4.1.4/time_that_is_left_is_passed_on[return]"},
    also={"rfc2852/4.1.4.1/*", "rfc2852/4.1.2/still-as-asked", "rfc2852/4.1.3/*"},
)
def by_becomes_a_wish(clean: Onward, _: RelaySession, keyword: bytes, value: bytes) -> bytes:
    """Passes BY on with N for R."""
    return clean(keyword, value).replace(b"R", b"N")


@defect(
    RelaySession.can_deliver_by,
    profile="on-request",
    proves={"rfc2852/4.1.4/message_to_return_goes_where_the_time_is_kept*"},
    also={"rfc2852/4.1.2/still-as-asked"},
)
def message_to_return_goes_anywhere(clean: Callable[[], bool], _: RelaySession) -> bool:
    """Passes a message with R on whatever the next hop can do."""
    del clean
    return True


@defect(
    Mailer.wants_failure,
    profile="on-request",
    proves={"rfc2852/4.1.4/failure_before_the_time_is_told"},
    also={"rfc2852/*", "rfc8689/*", "rfc7293/*", "rfc6710/*"},
)
def failure_is_told_where_it_was_asked_for_only(
    clean: Callable[[frozenset[bytes] | None], bool], _: Mailer, notify: frozenset[bytes] | None
) -> bool:
    """Tells of a failure only where NOTIFY asked for that."""
    return notify is not None and clean(notify)


@defect(
    Mailer.wants_success, profile="on-request", proves={"rfc2852/4.1.4/delivery_in_time_is_told_where_it_was_asked_for"}
)
def delivery_in_time_is_not_told(
    clean: Callable[[frozenset[bytes] | None], bool], _: Mailer, notify: frozenset[bytes] | None
) -> bool:
    """Tells nobody of a delivery in time."""
    del clean, notify
    return False


@defect(
    Mailer.report,
    profile="on-request",
    proves={"rfc2852/4.1.4/report_has_the_dates*"},
    also={"rfc4865/5.1.2/arrival-date"},
)
def report_has_no_dates(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes no dates into the report about a message with BY."""
    return re.sub(rb"(?m)^(?:Arrival|Deliver-By)-Date:[^\r\n]*\r\n", b"", clean(copy, to, reported))


# RFC 6710.


@defect(
    RelaySession.mail_requests,
    profile="on-request",
    proves={"rfc6710/4.2/priority_is_passed_on*"},
    also={"rfc6710/4.4/*", "rfc6710/4.6/*"},
)
def priority_is_lost_on_the_way(clean: OfMail, _: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Passes a message on without its priority."""
    return without(clean(parameters, size), b"MT-PRIORITY")


@defect(
    RelaySession.onward,
    profile="on-request",
    only={"MT-PRIORITY"},
    proves={"rfc6710/4.2/priority_is_passed_on[odd]"},
    also={"rfc6710/4.*"},
)
def priority_is_rounded(clean: Onward, _: RelaySession, keyword: bytes, value: bytes) -> bytes:
    """Passes one of three levels on for the priority."""
    number = int(clean(keyword, value))
    return b"%d" % (-4 if number < 0 else 0 if number == 0 else 4)


@defect(
    RelaySession.mail_requests, profile="on-request", proves={"rfc6710/4.2/priority_is_left_out_where_it_is_not_known"}
)
def priority_goes_everywhere(clean: OfMail, _: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Gives every next hop the priority."""
    priority = parameters.of(b"MT-PRIORITY")
    rest = without(clean(parameters, size), b"MT-PRIORITY")
    return (*rest, (b"MT-PRIORITY", priority)) if priority else rest


@defect(ServerSession.kept_parameters, profile="on-request", proves={"rfc6710/4.2/stranger_gets_no_high_priority"})
def stranger_gets_any_priority(
    clean: Callable[[dict[bytes, bytes]], dict[bytes, bytes]], _: ServerSession, parameters: dict[bytes, bytes]
) -> dict[bytes, bytes]:
    """Gives strangers the priority that they ask for."""
    del clean
    return parameters


@defect(
    Mailer.report_mail_parameters,
    profile="on-request",
    proves={"rfc6710/4.2/notification_has_the_priority_of_the_message"},
)
def notification_has_no_priority(clean: Callable[[Parameters], Requests], _: Mailer, about: Parameters) -> Requests:
    """Sends notifications with the usual priority."""
    return without(clean(about), b"MT-PRIORITY")


@defect(Trace.priority_clause, profile="on-request", proves={"rfc6710/4.2/time_stamp_says_the_priority"})
def time_stamp_has_no_priority(clean: Callable[[Accepted], bytes], _: Trace, accepted: Accepted) -> bytes:
    """Writes no PRIORITY clause."""
    del clean, accepted
    return b""


# RFC 7293.


@defect(
    RelaySession.rcpt_requests,
    profile="on-request",
    proves={"rfc7293/5.1.1/valid_since_is_passed_on*"},
    also={"rfc7293/6.1/header-to-parameter", "rfc7293/8.2/later-time"},
)
def valid_since_is_lost_on_the_way(
    clean: OfRcpt, _: RelaySession, parameters: Parameters, forward_path: bytes
) -> Requests:
    """Passes a message on without RRVS."""
    return without(clean(parameters, forward_path), b"RRVS")


@defect(
    RelaySession.onward,
    profile="on-request",
    only={"RRVS"},
    proves={"rfc7293/5.1.1/valid_since_is_passed_on[continue]", "rfc7293/5.1.1/valid_since_is_passed_on[reject]"},
)
def action_is_lost_on_the_way(clean: Onward, _: RelaySession, keyword: bytes, value: bytes) -> bytes:
    """Passes RRVS on without its action."""
    return clean(keyword, value).partition(b";")[0]


@defect(RelaySession.rcpt_requests, profile="on-request", proves={"rfc7293/5.1.1/valid_since_is_not_added"})
def valid_since_is_added(clean: OfRcpt, session: RelaySession, parameters: Parameters, forward_path: bytes) -> Requests:
    """Adds RRVS to recipients that came without."""
    requests = clean(parameters, forward_path)
    known = b"RRVS" in dict(requests) or b"RRVS" not in session.offers
    return requests if known else (*requests, (b"RRVS", b"2020-01-01T00:00:00Z"))


@defect(
    RelaySession.needs_owner_check,
    profile="on-request",
    proves={"rfc7293/5.1.1/message_is_not_relayed_without_the_check*"},
)
def owner_is_never_checked(clean: Callable[[bytes], bool], _: RelaySession, forward_path: bytes) -> bool:
    """Passes recipients with RRVS on whatever the next hop knows."""
    del clean, forward_path
    return False


# RFC 8689, the header field.


@defect(
    RelaySession.wants_tls,
    profile="on-request",
    proves={"rfc8689/4.2.2/message_goes_without_tls_where_its_header_allows_it*"},
)
def tls_required_field_means_yes(clean: Callable[[], bool], session: RelaySession) -> bool:
    """Takes the field TLS-Required for a wish for TLS, whatever it says."""
    return clean() or session.waives


@defect(
    RelaySession.outward_lines,
    profile="on-request",
    varies={"rfc8689/4.2.2/field_may_stay_in_the_header"},
    also={"rfc8689/6/mediators"},
)
def tls_required_field_is_taken_out(clean: Callable[[bytes], bytes], _: RelaySession, content: bytes) -> bytes:
    """Takes the field TLS-Required out of what it passes on."""
    return clean(re.sub(rb"(?im)^TLS-Required:[^\r\n]*\r\n", b"", content, count=1))
