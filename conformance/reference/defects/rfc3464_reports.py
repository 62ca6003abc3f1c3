"""Defects of delivery status notifications themselves: their envelope, fields and contents (RFC 3461 §6, RFC 3464)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._parameters import Parameters
from conformance.reference._relay import Failed
from conformance.reference._report import Reported

Report = Callable[[Copy, bytes, list[Reported]], bytes]
Together = Callable[[list[Failed]], list[list[Failed]]]
ReturnsAll = Callable[[Copy, bool], bool]
Pairs = tuple[tuple[bytes, bytes], ...]
Triples = tuple[tuple[bytes, bytes, bytes], ...]


def without(name: bytes, content: bytes) -> bytes:
    """The report without every field of this name."""
    return re.sub(rb"(?m)^%b:[^\r\n]*\r\n" % name, b"", content)


def with_value(name: bytes, value: bytes, content: bytes) -> bytes:
    """The report with this value in every field of this name."""
    return re.sub(rb"(?m)^(%b: )[^\r\n]*" % name, lambda found: found[1] + value, content)


def behind(name: bytes, line: bytes, content: bytes) -> bytes:
    """The report with a line behind every field of this name."""
    return re.sub(rb"(?m)^(%b:[^\r\n]*\r\n)" % name, lambda found: found[1] + line + b"\r\n", content)


# The envelope.


@defect(
    Mailer.notification_reverse_path,
    proves={"rfc3461/6.1/notification_comes_from_nobody", "rfc3464/2/notification_comes_from_nobody*"},
    also={"rfc6531/3.2/notification-conforms", "rfc5321/*"},
)
def notification_from_the_daemon(clean: Callable[[], bytes], _: Mailer) -> bytes:
    """Sends notifications from a mailbox of the mail system."""
    del clean
    return b"mailer-daemon@mail.example.test"


@defect(Mailer.report_mail_parameters, proves={"rfc3461/6.1/notification_has_no_ret"})
def notification_has_ret(clean: Callable[[Parameters], Pairs], _: Mailer, about: Parameters) -> Pairs:
    """Sends notifications with RET."""
    return (*clean(about), (b"RET", b"HDRS"))


@defect(Mailer.report_rcpt_parameters, proves={"rfc3461/6.1/notify_of_a_notification_is_never"})
def notification_asks_for_one(clean: Callable[[bytes], Triples], _: Mailer, to: bytes) -> Triples:
    """Sends notifications with NOTIFY=FAILURE."""
    del clean
    return ((to, b"NOTIFY", b"FAILURE"),)


@defect(
    Mailer.report_rcpt_parameters,
    name="notification-asks-otherwise",
    varies={"rfc3461/6.1/notification_may_ask[notify]"},
)
def notification_without_notify(clean: Callable[[bytes], Triples], _: Mailer, to: bytes) -> Triples:
    """Sends notifications without NOTIFY, and with ENVID."""
    del clean, to
    return ()


@defect(
    Mailer.report_mail_parameters,
    name="notification-asks-otherwise",
    varies={"rfc3461/6.1/notification_may_ask[envid-orcpt]"},
)
def notification_with_envid(clean: Callable[[Parameters], Pairs], _: Mailer, about: Parameters) -> Pairs:
    """Sends notifications without NOTIFY, and with ENVID."""
    return (*clean(about), (b"ENVID", b"notification"))


# The message.


@defect(Mailer.report, proves={"rfc3461/6.2/notification_is_a_multipart_report"}, also={"rfc5321/3.6.3/*"})
def report_type_is_missing(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Sends notifications as multipart/mixed."""
    return clean(copy, to, reported).replace(b"multipart/report; report-type=delivery-status;", b"multipart/mixed;")


@defect(Mailer.report, proves={"rfc3464/2/notification_is_addressed_to_the_sender"}, also={"rfc5321/*"})
def notification_to_nobody(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes another address than the sender's into the To field of a notification."""
    return with_value(b"To", b"<undisclosed@example.test>", clean(copy, to, reported))


@defect(Mailer.report, proves={"rfc3464/2/notification_has_somebody_to_answer_to"})
def notification_from_no_address(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Sends notifications whose From field holds no address."""
    return with_value(b"From", b"Mail Delivery System", clean(copy, to, reported))


@defect(
    Mailer.notified_together,
    name="notification-for-each",
    varies={"rfc3464/2/several_recipients_may_share_a_report"},
    also={"rfc5321/4.4/one-notification-for-all"},
)
def each_failure_apart(clean: Together, _: Mailer, failed: list[Failed]) -> list[list[Failed]]:
    """Tells of each recipient that failed in a report of its own."""
    return [each for one in failed for each in clean([one])]


@defect(Mailer.notified_together, proves={"rfc3464/3/failure_is_told_once"})
def failure_is_told_twice(clean: Together, _: Mailer, failed: list[Failed]) -> list[list[Failed]]:
    """Sends every notification twice."""
    return clean(failed) * 2


@defect(Mailer.report, proves={"rfc3464/2/part_for_programs_is_7bit"})
def part_for_programs_is_encoded(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Calls the part for programs quoted-printable."""
    kind = b"Content-Type: message/delivery-status"
    encoded = kind + b"\r\nContent-Transfer-Encoding: quoted-printable"
    return clean(copy, to, reported).replace(kind, encoded)


@defect(Mailer.returns_all, proves={"rfc3461/6.2/whole_message_comes_back_where_it_was_asked_for"})
def message_never_comes_back(clean: ReturnsAll, _: Mailer, copy: Copy, failed: bool) -> bool:
    """Gives back the header whatever RET says."""
    del clean, copy, failed
    return False


@defect(
    Mailer.returns_all,
    proves={"rfc3461/6.2/success_brings_the_header_only*"},
)
def success_brings_the_whole_message(clean: ReturnsAll, _: Mailer, copy: Copy, failed: bool) -> bool:
    """Gives the whole message back where it went well."""
    return not failed or clean(copy, failed)


@defect(
    Mailer.returns_all,
    proves={"rfc3461/6.2/header_alone_comes_back_where_it_was_asked_for"},
)
def whole_message_comes_back_under_hdrs(clean: ReturnsAll, _: Mailer, copy: Copy, failed: bool) -> bool:
    """Gives the whole message back under RET=HDRS."""
    return clean(copy, failed) or (failed and copy.parameters.of(b"RET") is not None)


@defect(Mailer.returns_all, varies={"rfc3461/6.2/whole_message_may_come_back*"})
def message_comes_back_by_its_length(clean: ReturnsAll, _: Mailer, copy: Copy, failed: bool) -> bool:
    """Gives short messages back whole, and of long ones the header."""
    del clean
    return failed and len(copy.content) < 50_000 and copy.parameters.of(b"RET") != b"HDRS"


# Fields of the message.


@defect(
    Mailer.report,
    proves={"rfc3461/6.3/envelope_id_is_in_the_report*", "rfc3464/2.2/envelope_id_is_supplied"},
)
def envelope_id_is_not_told(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Leaves Original-Envelope-Id out."""
    return without(b"Original-Envelope-Id", clean(copy, to, reported))


@defect(Mailer.report, proves={"rfc3461/6.3/envelope_id_is_in_the_report[encoded]"})
def envelope_id_stays_encoded(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes ENVID into Original-Envelope-Id as it came, still encoded."""
    value = copy.parameters.of(b"ENVID") or b""
    return with_value(b"Original-Envelope-Id", value, clean(copy, to, reported))


@defect(
    Mailer.report,
    proves={"rfc3461/6.3/envelope_id_is_in_the_report[capitals-and-small]", "rfc3464/2.2/envelope_id_keeps_its_case"},
    also={"rfc3461/6.3/*"},
)
def envelope_id_in_capitals(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes Original-Envelope-Id in capitals."""
    value = (copy.parameters.of(b"ENVID") or b"").upper()
    return with_value(b"Original-Envelope-Id", value, clean(copy, to, reported))


@defect(
    Mailer.report,
    proves={
        "rfc3461/6.3/no_envelope_id_is_made_up",
        "rfc3464/2.2/envelope_id_is_not_made_up",
        "rfc3464/2.2/envelope_id_stands_there_once",
    },
)
def envelope_id_is_made_up(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes an Original-Envelope-Id of its own into every report."""
    return behind(b"Reporting-MTA", b"Original-Envelope-Id: our-own", clean(copy, to, reported))


@defect(
    Mailer.report,
    proves={"rfc3461/6.3/reporting_host_is_named", "rfc3464/3/least_fields_are_there"},
)
def reporting_host_is_not_named(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Leaves Reporting-MTA out."""
    return without(b"Reporting-MTA", clean(copy, to, reported))


@defect(
    Mailer.report,
    proves={"rfc3461/6.3/reporting_host_is_named", "rfc3461/6.3/name_of_type_dns_is_a_domain*"},
)
def reporting_host_is_a_label(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Calls itself by a label without a domain."""
    return with_value(b"Reporting-MTA", b"dns; mail", clean(copy, to, reported))


@defect(Mailer.report, proves={"rfc3461/6.3/name_of_type_dns_is_a_domain*"})
def reporting_host_is_an_address(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Calls itself by its address, with the type dns."""
    return with_value(b"Reporting-MTA", b"dns; [127.0.0.1]", clean(copy, to, reported))


@defect(
    Mailer.report,
    varies={"rfc3461/6.3/other_fields_of_the_message", "rfc3461/6.3/other_fields_of_the_recipient"},
)
def fields_are_the_least(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes no fields but those that it must."""
    content = clean(copy, to, reported)
    for name in (b"Received-From-MTA", b"Arrival-Date", b"Last-Attempt-Date"):
        content = without(name, content)
    return content


@defect(Mailer.report, proves={"rfc3464/2.2/no_gateway_is_named"})
def gateway_is_named(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Calls itself a gateway."""
    return behind(b"Reporting-MTA", b"DSN-Gateway: dns; mail.example.test", clean(copy, to, reported))


@defect(
    Mailer.report,
    proves={"rfc3464/2.2/client_is_named_as_it_named_itself", "rfc3464/2.2/address_of_the_client_is_a_comment"},
    also={"rfc3464/2.2.4/spelling-kept"},
)
def client_is_named_by_its_address(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes an address of no use into Received-From-MTA."""
    return with_value(b"Received-From-MTA", b"dns; unknown (10.0.0.1)", clean(copy, to, reported))


@defect(Mailer.report, proves={"rfc3464/2.2/name_of_the_client_keeps_its_case"})
def client_is_named_in_small_letters(
    clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Writes the name of EHLO in small letters into Received-From-MTA."""
    return clean(replace(copy, client=copy.client.lower()), to, reported)


@defect(
    Mailer.report,
    proves={"rfc3464/2.2/arrival_has_a_numeric_zone", "rfc3464/2.3/last_attempt_has_a_numeric_zone"},
)
def zone_is_a_word(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes GMT into the dates of a report."""
    return re.sub(rb"(?m)^((?:Arrival|Last-Attempt)-Date: [^\r\n]*) \+0000", rb"\1 GMT", clean(copy, to, reported))


# Fields of a recipient.


@defect(
    Mailer.report,
    proves={
        "rfc3461/6.3/original_recipient_is_in_the_report*",
        "rfc3461/6.3/odd_original_recipient_is_not_mended",
    },
)
def original_recipient_is_not_told(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Leaves Original-Recipient out."""
    return without(b"Original-Recipient", clean(copy, to, reported))


@defect(
    Mailer.report,
    proves={"rfc3461/6.3/odd_original_recipient_is_not_mended"},
)
def original_recipient_is_mended(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Puts a domain behind an original recipient that has none."""
    pattern = rb"(?m)^(Original-Recipient: [^@\r\n]*)\r$"
    return re.sub(pattern, rb"\1@example.test\r", clean(copy, to, reported))


@defect(
    Mailer.report,
    proves={
        "rfc3461/6.3/no_original_recipient_is_made_up",
        "rfc3464/3/original_recipient_is_not_made_up",
    },
)
def original_recipient_is_made_up(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Takes the recipient for the original one where RCPT named none."""
    content = clean(copy, to, reported)
    if b"Original-Recipient" in content:
        return content
    return re.sub(rb"(?m)^(Final-Recipient: rfc822;)([^\r\n]*\r\n)", rb"Original-Recipient: rfc822;\2\1\2", content)


@defect(
    Mailer.report,
    proves={
        "rfc3461/6.3/final_recipient_is_that_of_the_envelope",
        "rfc3464/2.3/each_recipient_has[final-recipient]",
        "rfc3464/2.3/final_recipient_is_that_of_the_envelope",
        "rfc3464/2.3/odd_address_is_not_adjusted*",
        "rfc3464/3/least_fields_are_there",
    },
    also={"rfc3464/2.3.2/address-case-kept"},
)
def final_recipient_is_not_told(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Leaves Final-Recipient out."""
    return without(b"Final-Recipient", clean(copy, to, reported))


@defect(
    Mailer.report,
    proves={"rfc3464/2.3/odd_address_is_not_adjusted*"},
    also={"rfc3464/2.3.2/*", "rfc3461/6.3/final-recipient", "rfc5321/*"},
)
def final_recipient_is_adjusted(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes an underscore for each character of Final-Recipient that it does not like."""

    def adjusted(found: re.Match[bytes]) -> bytes:
        return found[1] + re.sub(rb'[+/=" ]', b"_", found[2])

    return re.sub(rb"(?m)^(Final-Recipient: rfc822; )([^\r\n]*)", adjusted, clean(copy, to, reported))


@defect(Mailer.report, proves={"rfc3464/2.3/address_keeps_its_case"})
def final_recipient_is_made_small(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes Final-Recipient in small letters."""
    return clean(copy, to, [replace(each, forward_path=each.forward_path.lower()) for each in reported])


@defect(
    Mailer.report,
    proves={
        "rfc3461/6.3/action_is_there",
        "rfc3464/2.3/each_recipient_has[action]",
        "rfc3464/3/least_fields_are_there",
    },
)
def action_is_not_told(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Leaves Action out."""
    return without(b"Action", clean(copy, to, reported))


@defect(
    Mailer.report,
    proves={"rfc3464/2.3/action_is_a_word_of_the_five"},
    also={"rfc3461/5.2.*"},
)
def action_is_another_word(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes error for failed."""
    return clean(copy, to, reported).replace(b"Action: failed", b"Action: error")


@defect(
    Mailer.report,
    proves={
        "rfc3461/6.3/status_is_there",
        "rfc3464/2.3/each_recipient_has[status]",
        "rfc3464/2.3/status_is_a_code*",
        "rfc3464/2.3/message_in_circles_has_a_code_of_its_own",
        "rfc3461/5.2.3/delivery_has_a_status_of_class_2",
        "rfc3464/3/least_fields_are_there",
    },
)
def status_is_not_told(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Leaves Status out."""
    return without(b"Status", clean(copy, to, reported))


@defect(
    Mailer.report,
    proves={"rfc3461/6.3/status_is_there", "rfc3464/2.3/status_is_a_code*"},
    also={"rfc3463/*"},
)
def status_is_a_reply_code(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes a reply code for the Status."""
    return with_value(b"Status", b"550", clean(copy, to, reported))


@defect(
    Mailer.report,
    proves={"rfc3464/2.3/status_is_a_code[class]"},
)
def status_of_a_refusal_is_temporary(
    clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Writes 4.0.0 for what was refused for good."""
    return clean(copy, to, reported).replace(b"Status: 5.0.0", b"Status: 4.0.0")


@defect(Mailer.report, proves={"rfc3464/2.3/status_has_no_leading_zeros"})
def status_has_leading_zeros(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes each number of a Status with three digits."""
    return clean(copy, to, reported).replace(b"Status: 5.0.0", b"Status: 5.000.000")


@defect(
    Mailer.report,
    varies={"rfc3464/2.3/comment_may_follow_the_status", "rfc3464/2.3/description_may_be_a_comment"},
)
def comments_follow(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes comments behind Status and Diagnostic-Code."""
    pattern = rb"(?m)^((?:Status|Diagnostic-Code): [^\r\n]*)"
    return re.sub(pattern, rb"\1 (it was refused)", clean(copy, to, reported))


@defect(Mailer.report, proves={"rfc3461/6.3/remote_host_is_named"})
def remote_host_is_not_named(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Leaves Remote-MTA out."""
    return without(b"Remote-MTA", clean(copy, to, reported))


@defect(Mailer.report, proves={"rfc3464/2.3/no_remote_host_is_named_where_none_was_asked"})
def remote_host_is_made_up(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Names itself as Remote-MTA where no other host was asked."""
    content = clean(copy, to, reported)
    return content if b"Remote-MTA" in content else behind(b"Status", b"Remote-MTA: dns; mail.example.test", content)


@defect(
    Mailer.report,
    proves={
        "rfc3461/6.3/diagnostic_code_is_there",
        "rfc3464/2.3/reply_of_the_next_hop_is_in_the_report",
    },
)
def diagnostic_code_is_not_told(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Leaves Diagnostic-Code out."""
    return without(b"Diagnostic-Code", clean(copy, to, reported))


@defect(Mailer.report, proves={"rfc3461/6.3/diagnostic_code_holds_the_reply"})
def diagnostic_code_is_our_own(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes words of its own into Diagnostic-Code."""
    return with_value(b"Diagnostic-Code", b"smtp; 550 It was refused", clean(copy, to, reported))


@defect(Mailer.report, varies={"rfc3461/6.3/remote_recipient_may_be_named"})
def remote_recipient_is_named(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes SMTP-Remote-Recipient."""
    return behind(b"Remote-MTA", b"SMTP-Remote-Recipient: someone@relay.example.test", clean(copy, to, reported))


@defect(Mailer.report, proves={"rfc3464/2.3/last_attempt_was_now"})
def last_attempt_was_long_ago(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes the beginning of time for the last attempt."""
    return with_value(b"Last-Attempt-Date", b"Thu, 01 Jan 1970 00:00:00 +0000", clean(copy, to, reported))


@defect(Mailer.report, proves={"rfc3464/2.3/no_more_tries_are_promised"})
def more_tries_are_promised(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes Will-Retry-Until where it tries no more."""
    line = b"Will-Retry-Until: Thu, 31 Dec 2026 00:00:00 +0000"
    return behind(b"Status", line, clean(copy, to, reported))
