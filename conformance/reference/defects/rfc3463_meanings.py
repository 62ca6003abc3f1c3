"""Defects of what enhanced status codes mean (RFC 3463 §2, §3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from conformance.reference._authentication import Authentication
from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._relay import Failed, Sent
from conformance.reference._report import Reported
from conformance.reference._session import Answer, ServerSession, Transaction, answer

OfOctets = Callable[[bytes], Answer | None]
OfContent = Callable[[Transaction, bytes], Answer | None]

BLAMED = "rfc3463/3.2/unknown_mailbox_is_not_blamed_on"
TOO_BIG = "rfc3463/3.4/"


def told(given: Answer | None, status: bytes, *codes: int) -> Answer | None:
    """The answer with this status code, where it has one of these reply codes."""
    return replace(given, status=status) if given is not None and given.code in codes else given


@defect(
    ServerSession.refuse_recipient,
    proves={"rfc3463/2/watch_class_tells_success"},
    also={"rfc3463/3.2/x-1-1-bad-mailbox", "rfc2034/4/*"},
)
def refusals_are_called_a_success(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses an unknown mailbox with 2.1.5, the code of a good one."""
    return told(clean(forward_path), b"2.1.5", 550)


@defect(
    ServerSession.noop,
    proves={"rfc3463/2/watch_subject_of_addresses"},
    also={"rfc5248/2.2/no-conflicts"},
)
def noop_is_about_addresses(clean: OfOctets, _: ServerSession, argument: bytes) -> Answer | None:
    """Answers NOOP with 2.1.0, a code of addresses."""
    return told(clean(argument), b"2.1.0", 250)


@defect(ServerSession.refuse_recipient, proves={BLAMED + "[domain]"})
def unknown_mailbox_is_blamed_on_the_domain(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses an unknown mailbox with 5.1.2 at a domain that it serves."""
    return told(clean(forward_path), b"5.1.2", 550)


@defect(ServerSession.refuse_recipient, proves={BLAMED + "[syntax]"})
def unknown_mailbox_is_blamed_on_its_form(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses an unknown mailbox with 5.1.3, as if it were no address."""
    return told(clean(forward_path), b"5.1.3", 550)


@defect(ServerSession.refuse_recipient, proves={BLAMED + "[sender-syntax]"})
def unknown_mailbox_is_blamed_on_the_senders_form(
    clean: OfOctets, _: ServerSession, forward_path: bytes
) -> Answer | None:
    """Refuses an unknown mailbox with 5.1.7, as if the sender were no address."""
    return told(clean(forward_path), b"5.1.7", 550)


@defect(ServerSession.refuse_recipient, proves={BLAMED + "[sender-domain]"})
def unknown_mailbox_is_blamed_on_the_senders_domain(
    clean: OfOctets, _: ServerSession, forward_path: bytes
) -> Answer | None:
    """Refuses an unknown mailbox with 5.1.8, as if the sender's domain took no mail."""
    return told(clean(forward_path), b"5.1.8", 550)


@defect(ServerSession.refuse_recipient, proves={BLAMED + "[size]"}, also={"rfc3463/3.2/x-1-1-bad-mailbox"})
def unknown_mailbox_is_blamed_on_the_size(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses an unknown mailbox with 5.3.4, as if a message were too big."""
    return told(clean(forward_path), b"5.3.4", 550)


@defect(
    ServerSession.refuse_recipient,
    proves={BLAMED + "[protocol]", BLAMED + "[number]"},
    also={"rfc3463/3.2/x-1-1-bad-mailbox"},
)
def unknown_mailbox_is_blamed_on_the_number(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses an unknown mailbox with 5.5.3, as if there were too many recipients."""
    return told(clean(forward_path), b"5.5.3", 550)


@defect(ServerSession.refuse_recipient, proves={"rfc3463/3.3/unknown_mailbox_is_not_full"})
def unknown_mailbox_is_called_full(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses an unknown mailbox with 5.2.2."""
    return told(clean(forward_path), b"5.2.2", 550)


@defect(ServerSession.refuse_relaying, proves={"rfc3463/3.2/domain_that_is_not_served_is_the_fault*"})
def foreign_recipient_is_blamed_on_the_sender(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses a recipient at a domain that it does not serve with 5.1.8."""
    return told(clean(forward_path), b"5.1.8", 550)


@defect(ServerSession.rcpt, proves={"rfc3463/3.2/recipient_that_is_no_address_is_the_fault*"})
def malformed_recipient_is_blamed_on_the_sender(clean: OfOctets, _: ServerSession, argument: bytes) -> Answer | None:
    """Refuses a recipient that is no address with 5.1.7, the code for senders."""
    return told(clean(argument), b"5.1.7", 501)


@defect(
    ServerSession.open_transaction,
    proves={"rfc3463/3.2/sender_that_is_no_address_is_the_fault*"},
)
def malformed_sender_is_blamed_on_a_recipient(clean: OfOctets, _: ServerSession, argument: bytes) -> Answer | None:
    """Refuses a reverse-path that is no address with 5.1.3, the code for recipients."""
    return told(clean(argument), b"5.1.3", 501)


@defect(
    ServerSession.open_transaction,
    proves={"rfc3463/3.2/sender_at_no_domain_is_not_blamed_on_a_recipient"},
)
def sender_at_no_domain_is_blamed_on_a_recipient(clean: OfOctets, _: ServerSession, argument: bytes) -> Answer | None:
    """Refuses a sender whose domain can't be with 5.1.2, the code for recipients."""
    return answer(550, b"No such domain", status=b"5.1.2") if b".invalid>" in argument else clean(argument)


@defect(
    ServerSession.forward,
    proves={"rfc3463/3.2/mailbox_that_mail_is_forwarded_from_is_not_gone"},
)
def forwarded_mailbox_is_called_gone(
    clean: Callable[[bytes, bytes], Answer | None], _: ServerSession, forward_path: bytes, new_address: bytes
) -> Answer | None:
    """Forwards mail of a mailbox and says 2.1.6, that it is gone and left no address."""
    return told(clean(forward_path, new_address), b"2.1.6", 251)


@defect(
    ServerSession.take_recipient,
    proves={"rfc3463/3.2/mailbox_that_takes_mail_is_not_gone"},
    also={"rfc3463/3.2/x-1-5-valid"},
)
def good_recipient_is_called_gone(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Takes a recipient with 2.1.6, the code of a mailbox that is gone."""
    return told(clean(forward_path), b"2.1.6", 250)


@defect(ServerSession.take_recipient, proves={"rfc3463/3.3/mailbox_that_takes_mail_is_not_full"})
def good_recipient_is_called_full(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Takes a recipient with 2.2.2, the code of a full mailbox."""
    return told(clean(forward_path), b"2.2.2", 250)


@defect(ServerSession.refuse_mail_parameters, only={"some"}, proves={TOO_BIG + "declared_size_is_the_fault[full]"})
def declared_size_is_blamed_on_a_mailbox(
    clean: Callable[[dict[bytes, bytes]], Answer | None], _: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Refuses MAIL with a size above its limit with 5.2.2, that a mailbox is full."""
    return told(clean(parameters), b"5.2.2", 552)


@defect(
    ServerSession.refuse_mail_parameters, only={"some"}, proves={TOO_BIG + "declared_size_is_the_fault[other-subjects]"}
)
def declared_size_is_blamed_on_an_address(
    clean: Callable[[dict[bytes, bytes]], Answer | None], _: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Refuses MAIL with a size above its limit with 5.1.1, that a recipient is unknown."""
    return told(clean(parameters), b"5.1.1", 552)


@defect(ServerSession.end_of_data, proves={TOO_BIG + "size_of_the_message_is_the_fault"})
def size_of_a_message_is_blamed_on_its_kind(clean: OfOctets, _: ServerSession, content: bytes) -> Answer | None:
    """Refuses a message above its limit with 5.6.1, that its kind is not supported."""
    return told(clean(content), b"5.6.1", 552)


@defect(ServerSession.take_recipient, proves={"rfc3463/3.6/one_recipient_too_many_is_not_a_bad_one"})
def one_recipient_too_many_is_called_unknown(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses the recipient above its limit with 4.1.1, that the mailbox is unknown."""
    return told(clean(forward_path), b"4.1.1", 452)


@defect(ServerSession.noop, proves={"rfc5248/2.2/watch_meaning_is_the_registered_one"})
def noop_is_about_content(clean: OfOctets, _: ServerSession, argument: bytes) -> Answer | None:
    """Answers NOOP with 2.6.0, a code of content."""
    return told(clean(argument), b"2.6.0", 250)


@defect(
    Authentication.auth_failed,
    proves={"rfc5248/2.4/wrong_credentials_need_no_encryption_under_tls*"},
    also={"rfc4954/6/*"},
)
def wrong_credentials_need_encryption(clean: Callable[[], Answer | None], _: Authentication) -> Answer | None:
    """Refuses wrong credentials with 5.7.10, that the mechanism needs encryption."""
    return told(clean(), b"5.7.10", 535)


@defect(
    Authentication.auth_unknown_mechanism,
    proves={"rfc5248/2.4/unknown_mechanism_needs_no_encryption_under_tls"},
    also={"rfc4954/4/*"},
)
def unknown_mechanism_needs_encryption(clean: OfOctets, _: Authentication, name: bytes) -> Answer | None:
    """Refuses a mechanism that it does not know with 5.7.10, that it needs encryption."""
    return told(clean(name), b"5.7.10", 504)


# What a relay reports.

NOT_CALLED = "rfc3463/3.5/refusal_of_the_next_hop_is_not_called"
Report = Callable[[Copy, bytes, list[Reported]], bytes]


def called(content: bytes, status: bytes) -> bytes:
    """A report with this status in the place of one that tells the class only."""
    return content.replace(b"Status: 5.0.0", b"Status: " + status)


@defect(Mailer.report, proves={NOT_CALLED + "[no-answer]"})
def refusals_are_reported_as_no_answer(
    clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Reports what the next hop refused without a code as 5.4.1, that nobody answered."""
    return called(clean(copy, to, reported), b"5.4.1")


@defect(Mailer.report, proves={NOT_CALLED + "[bad-connection]"})
def refusals_are_reported_as_bad_connections(
    clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Reports what the next hop refused without a code as 5.4.2, that the connection broke off."""
    return called(clean(copy, to, reported), b"5.4.2")


@defect(Mailer.report, proves={NOT_CALLED + "[directory]"})
def refusals_are_reported_as_faults_of_the_directory(
    clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Reports what the next hop refused without a code as 5.4.3, that a name server is out of reach."""
    return called(clean(copy, to, reported), b"5.4.3")


@defect(Mailer.report, proves={NOT_CALLED + "[no-route]"})
def refusals_are_reported_as_no_route(
    clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Reports what the next hop refused without a code as 5.4.4, that it found no next hop."""
    return called(clean(copy, to, reported), b"5.4.4")


@defect(Mailer.report, proves={NOT_CALLED + "[too-old]"})
def refusals_are_reported_as_age(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Reports what the next hop refused without a code as 5.4.7, that the message grew too old."""
    return called(clean(copy, to, reported), b"5.4.7")


@defect(Mailer.report, proves={NOT_CALLED + "[conversion]"})
def refusals_are_reported_as_want_of_conversion(
    clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Reports what the next hop refused without a code as 5.6.3, that it can't convert the content."""
    return called(clean(copy, to, reported), b"5.6.3")


@defect(
    Mailer.report,
    proves={
        "rfc3463/3.5/host_that_does_not_answer_is_the_fault",
        "rfc3463/3.5/connection_that_breaks_off_is_the_fault*",
        "rfc3463/3.5/name_server_is_the_fault*",
        "rfc3463/3.5/domain_without_a_way_is_the_fault",
        "rfc3463/3.7/conversion_is_the_fault",
    },
)
def trouble_on_the_way_is_reported_as_unknown_mailbox(
    clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Reports all that went wrong on the way as 5.1.1, that the mailbox is unknown."""
    return re.sub(rb"Status: ([45])\.(?:4\.[1-5]|6\.\d)", rb"Status: \1.1.1", clean(copy, to, reported))


@defect(Mailer.give_up, proves={"rfc3463/3.5/code_of_the_problem_goes_before_that_of_age"})
def age_is_all_that_is_reported(
    clean: Callable[[Copy, list[Failed]], None], _: Mailer, copy: Copy, deferred: list[Failed]
) -> None:
    """Reports all that grew too old as 4.4.7, whatever kept it."""
    clean(copy, [replace(each, reason=b"450 4.4.7 Too old") for each in deferred])


@defect(Mailer.give_up, proves={"rfc3463/3.5/passing_trouble_has_class_4"})
def passing_trouble_is_reported_as_lasting(
    clean: Callable[[Copy, list[Failed]], None], _: Mailer, copy: Copy, deferred: list[Failed]
) -> None:
    """Reports what was put off until it was too old with the class of what can never be sent."""
    clean(copy, [replace(each, reason=each.reason.replace(b" 4.", b" 5.", 1)) for each in deferred])


TAKEN_BY_CLASS = "rfc3463/1/unknown_code_is_taken_by_its_class"
ODD = re.compile(rb"[45]\.(?:\d\.99|99\d?\.\d+) ")
"""Codes that nobody registered."""


@defect(
    Mailer.report,
    proves={"rfc3463/2/class_of_an_unknown_code_is_reported*"},
)
def unknown_subjects_are_reported_as_temporary(
    clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Reports a refusal whose subject it does not know as 4.0.0."""
    return re.sub(rb"Status: 5\.99\d?\.\d+", b"Status: 4.0.0", clean(copy, to, reported))


@defect(
    Mailer.report,
    proves={"rfc3463/2/subject_of_an_unknown_detail_is_reported*"},
)
def unknown_details_are_reported_as_nothing(
    clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Reports a refusal whose detail it does not know as 5.0.0."""
    return re.sub(rb"Status: 5\.\d\.99", b"Status: 5.0.0", clean(copy, to, reported))


@defect(
    Mailer.judged,
    proves={TAKEN_BY_CLASS + "[refused*"},
    also={"rfc3463/2/*"},
)
def unknown_codes_are_tried_again(clean: Callable[[Sent], Sent], _: Mailer, sent: Sent) -> Sent:
    """Tries again what was refused for good with a code that it does not know."""
    sent = clean(sent)
    odd = tuple(each for each in sent.failed if ODD.search(each.reason))
    return replace(sent, failed=tuple(each for each in sent.failed if each not in odd), deferred=sent.deferred + odd)


@defect(
    Mailer.judged,
    proves={TAKEN_BY_CLASS + "[put-off*"},
)
def unknown_codes_are_for_good(clean: Callable[[Sent], Sent], _: Mailer, sent: Sent) -> Sent:
    """Gives back at once what was put off with a code that it does not know."""
    sent = clean(sent)
    odd = tuple(each for each in sent.deferred if ODD.search(each.reason))
    return replace(sent, failed=sent.failed + odd, deferred=tuple(each for each in sent.deferred if each not in odd))


@defect(ServerSession.find_no_room, proves={"rfc3463/3.4/full_system_is_the_fault"})
def full_system_is_called_a_full_mailbox(
    clean: OfContent, _: ServerSession, transaction: Transaction, content: bytes
) -> Answer | None:
    """Has 4.2.2 for a disk that is full, whosever the mail is."""
    return told(clean(transaction, content), b"4.2.2", 452)


@defect(ServerSession.find_no_room, proves={"rfc3463/3.4/full_system_is_the_fault"})
def full_system_is_full_for_good(
    clean: OfContent, _: ServerSession, transaction: Transaction, content: bytes
) -> Answer | None:
    """Refuses for good, with 5.3.1, what its disk has no room for."""
    del clean, transaction, content
    return answer(552, b"No room for it", status=b"5.3.1")
