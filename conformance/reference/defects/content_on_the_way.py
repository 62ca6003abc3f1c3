"""Defects of a relay whose next hop lacks what the message needs: 8-bit, binary and internationalized content, SIZE."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._parameters import Parameters
from conformance.reference._relay import Failed, RelaySession, Sent
from conformance.reference._report import Reported
from conformance.reference._trace import Accepted, Trace
from conformance.wire import Reply

Requests = tuple[tuple[bytes, bytes], ...]
OfMail = Callable[[Parameters, int], Requests]
Obstacle = Callable[[bytes, tuple[bytes, ...], bytes], bytes]
Takes = Callable[[], bool]
EIGHT_BIT = re.compile(rb"[\x80-\xff]")


# RFC 6152.


@defect(
    RelaySession.takes_eight_bit,
    proves={"rfc6152/3/no_8_bit_content_without_the_extension", "rfc6152/3/content_is_converted_or_given_back"},
)
def eight_bit_content_goes_everywhere(clean: Takes, _: RelaySession) -> bool:
    """Sends 8-bit content to a next hop that does not offer 8BITMIME."""
    del clean
    return True


def in_seven_bits(content: bytes, encoding: bytes, letter: bytes) -> bytes:
    """The content with a letter for each octet above 127, and called encoded so."""
    header, empty, body = content.partition(b"\r\n\r\n")
    header = re.sub(rb"(?im)^(Content-Transfer-Encoding:)[^\r\n]*", rb"\1 " + encoding, header)
    return header + empty + EIGHT_BIT.sub(letter, body)


@defect(
    RelaySession.takes_eight_bit,
    name="eight-bit-content-loses-a-bit",
    proves={"rfc6152/3/conversion_is_mime_and_loses_nothing*"},
)
def eight_bit_content_is_taken(clean: Takes, _: RelaySession) -> bool:
    """Sends 8-bit content with a question mark for each octet above 127 where 8BITMIME is not offered."""
    del clean
    return True


@defect(RelaySession.outward_lines, name="eight-bit-content-loses-a-bit")
def eight_bit_is_a_question_mark(clean: Callable[[bytes], bytes], session: RelaySession, content: bytes) -> bytes:
    """Sends 8-bit content with a question mark for each octet above 127 where 8BITMIME is not offered."""
    return clean(content if b"8BITMIME" in session.offers else in_seven_bits(content, b"7bit", b"?"))


@defect(Mailer.fail, proves={"rfc6152/3/content_is_converted_or_given_back"})
def eight_bit_content_vanishes(
    clean: Callable[[Copy, list[Failed]], None], _: Mailer, copy: Copy, failed: list[Failed]
) -> None:
    """Drops 8-bit content that the next hop does not take, and tells nobody."""
    kept = [each for each in failed if b" 5.6.3 No 8-bit" not in each.reason]
    if kept:
        clean(copy, kept)


@defect(
    RelaySession.outward_parameters,
    proves={
        "rfc6152/3/relay_says_that_it_sends_8_bit_content[behind-the-address]",
        "rfc6152/3/relay_says_that_it_sends_8_bit_content[truly]",
    },
    also={"rfc3030/3/body-with-mail"},
)
def eight_bit_content_is_not_declared(clean: Callable[[bool], bytes], _: RelaySession, eight_bit: bool) -> bytes:
    """Sends 8-bit content without BODY."""
    del clean, eight_bit
    return b""


@defect(
    RelaySession.outward_parameters,
    proves={"rfc6152/3/relay_says_that_it_sends_8_bit_content[once]"},
)
def body_is_declared_twice(clean: Callable[[bool], bytes], _: RelaySession, eight_bit: bool) -> bytes:
    """Says BODY=8BITMIME and BODY=7BIT in one MAIL."""
    said = clean(eight_bit)
    return said and said + b" BODY=7BIT"


@defect(
    RelaySession.hello_verbs,
    proves={"rfc6152/3/relay_says_that_it_sends_8_bit_content[asks-first]"},
    also={"rfc3207/6/retry-tls-later", "rfc3461/5.2.1/*", "rfc5321/*", "rfc6152/3/*"},
    name="helo-and-8-bit",
)
def says_helo_only(clean: Callable[[], tuple[bytes, ...]], _: RelaySession) -> tuple[bytes, ...]:
    """Says HELO, and sends 8-bit content."""
    del clean
    return (b"HELO",)


@defect(RelaySession.takes_eight_bit, name="helo-and-8-bit")
def eight_bit_behind_helo(clean: Takes, _: RelaySession) -> bool:
    """Says HELO, and sends 8-bit content."""
    del clean
    return True


@defect(
    RelaySession.outward_data,
    proves={"rfc6152/3/last_line_end_is_delivered"},
    also={"rfc5321/*", "rfc3030/*"},
)
def last_line_end_is_doubled(clean: Callable[[bytes], bytes], session: RelaySession, content: bytes) -> bytes:
    """Puts one more line end before the final dot of 8-bit content."""
    return clean(content + b"\r\n" if not content.isascii() and b"8BITMIME" in session.offers else content)


@defect(
    Mailer.deliver_here,
    proves={"rfc6152/3/stored_content_has_all_bits"},
    also={"rfc5321/*", "rfc6152/*"},
)
def stored_content_loses_a_bit(
    clean: Callable[[Copy, bytes], bytes], mailer: Mailer, copy: Copy, forward_path: bytes
) -> bytes:
    """Takes the eighth bit off what goes into a mailbox."""
    header, empty, body = copy.content.partition(b"\r\n\r\n")
    seven = bytes(octet & 0x7F for octet in body)
    changed = replace(copy, content=header + empty + seven)
    del mailer
    return clean(copy if body.isascii() else changed, forward_path)


# RFC 3030.


@defect(
    RelaySession.takes_binary,
    proves={"rfc3030/3/no_binary_content_without_the_extension", "rfc3030/3/content_is_converted_or_given_back"},
    also={"rfc5321/2.4/8bitmime-is-no-licence"},
)
def binary_content_goes_everywhere(clean: Takes, _: RelaySession) -> bool:
    """Sends binary content with BDAT to a next hop that offers neither."""
    del clean
    return True


@defect(
    RelaySession.is_binary,
    name="binary-content-becomes-lines",
    proves={
        "rfc3030/3/conversion_is_mime_and_loses_nothing*",
        "rfc3030/3/binary_content_is_passed_on_as_it_was",
        "rfc6152/3/binary_content_is_not_declared_as_8_bit",
    },
    also={"rfc3030/*", "rfc6152/*", "rfc5321/*"},
)
def binary_is_not_known(clean: Takes, _: RelaySession) -> bool:
    """Sends binary content as lines, with spaces for what can't stand there."""
    del clean
    return False


@defect(RelaySession.outward_lines, name="binary-content-becomes-lines")
def binary_in_lines(clean: Callable[[bytes], bytes], session: RelaySession, content: bytes) -> bytes:
    """Sends binary content as lines, with spaces for what can't stand there."""
    binary = (session.parameters.of(b"BODY") or b"").upper() == b"BINARYMIME"
    return clean(content.replace(b"\0", b" ") if binary else content)


@defect(
    RelaySession.outward_parameters,
    proves={"rfc3030/3/relay_says_that_it_sends_binary_content"},
)
def binary_content_is_called_8bitmime(clean: Callable[[bool], bytes], _: RelaySession, eight_bit: bool) -> bytes:
    """Sends binary content with BODY=8BITMIME."""
    return clean(eight_bit).replace(b"BINARYMIME", b"8BITMIME")


@defect(Mailer.is_undeclared_binary, proves={"rfc3030/3/undeclared_binary_content_is_given_back"})
def undeclared_binary_content_goes_on(clean: Callable[[Accepted], bool], _: Mailer, accepted: Accepted) -> bool:
    """Passes on what says binary of itself and was not declared so."""
    del clean, accepted
    return False


# RFC 6531.


@defect(
    RelaySession.next_hop_takes_utf8,
    proves={
        "rfc6531/3.2/nothing_internationalized_without_the_offer*",
        "rfc6531/3.2/nothing_internationalized_over_an_open_connection",
        "rfc6531/3.2/what_can_not_be_sent_on_is_rejected*",
    },
    also={"rfc5321/*"},
)
def internationalized_mail_goes_everywhere(clean: Takes, _: RelaySession) -> bool:
    """Sends internationalized mail to a next hop that does not offer SMTPUTF8."""
    del clean
    return True


@defect(Mailer.report, proves={"rfc6531/3.2/notification_of_it_is_a_report"})
def report_of_internationalized_mail_is_words(
    clean: Callable[[Copy, bytes, list[Reported]], bytes], _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Tells of internationalized mail in words only."""
    content = clean(copy, to, reported)
    if copy.parameters.of(b"SMTPUTF8") is None:
        return content
    return content.replace(b"message/delivery-status", b"text/plain")


@defect(
    RelaySession.mail_requests,
    proves={"rfc6531/3.2/parameter_is_passed_on", "rfc6531/3.2/address_is_passed_on"},
)
def smtputf8_is_lost_on_the_way(clean: OfMail, _: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Passes internationalized mail on without SMTPUTF8."""
    return tuple(each for each in clean(parameters, size) if each[0] != b"SMTPUTF8")


@defect(RelaySession.mail_requests, proves={"rfc6531/3.2/parameter_is_not_added"})
def smtputf8_is_added(clean: OfMail, session: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Gives SMTPUTF8 to every next hop that offers it."""
    requests = clean(parameters, size)
    known = b"SMTPUTF8" in dict(requests) or b"SMTPUTF8" not in session.offers
    return requests if known else (*requests, (b"SMTPUTF8", b""))


@defect(
    Trace.with_clause,
    proves={"rfc6531/3.7.3/trace_says_that_the_extension_was_used*"},
)
def trace_says_esmtp_always(clean: Callable[[Accepted], bytes], _: Trace, accepted: Accepted) -> bytes:
    """Says ESMTP where SMTPUTF8 was used."""
    return clean(accepted).replace(b"UTF8SMTP", b"ESMTP")


@defect(
    Trace.by_clause,
    proves={"rfc6531/3.7.3/trace_is_ascii_without_the_parameter"},
    also={"rfc9422/3.8/changes-between-sessions", "rfc5321/*", "rfc1870/*", "rfc6531/3.2/ascii-unchanged"},
)
def trace_is_internationalized(clean: Callable[[], bytes], _: Trace) -> bytes:
    """Writes its name in UTF-8 into every time stamp."""
    return clean() + " (Köln)".encode()


# RFC 1870.


@defect(
    RelaySession.mail_requests,
    proves={"rfc1870/6/relay_declares_a_size[once]"},
    also={"rfc5321/*"},
)
def size_is_declared_twice(clean: OfMail, _: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Declares the size twice."""
    requests = clean(parameters, size)
    return (*requests, *(each for each in requests if each[0] == b"SIZE"))


@defect(RelaySession.mail_requests, proves={"rfc1870/6/relay_declares_a_size[digits]"})
def size_is_in_kilobytes(clean: OfMail, _: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Declares the size as 2K."""
    return tuple((keyword, b"2K" if keyword == b"SIZE" else value) for keyword, value in clean(parameters, size))


@defect(
    RelaySession.outward_reverse_path,
    proves={"rfc1870/6/relay_declares_a_size[behind-the-address]"},
    also={"rfc5321/*", "rfc1870/*"},
    name="size-stands-before-the-address",
)
def size_before_the_address(clean: Callable[[bytes], bytes], session: RelaySession, reverse_path: bytes) -> bytes:
    """Writes SIZE before the end of the reverse-path."""
    return clean(reverse_path) + (b" SIZE=1000" if b"SIZE" in session.offers and reverse_path else b"")


@defect(RelaySession.mail_requests, proves={"rfc1870/6/doubled_dots_are_not_counted"})
def doubled_dots_are_counted(clean: OfMail, _: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Declares the size with the dots that only the transfer adds."""
    return clean(parameters, size + 500 if size > 5000 else size)


@defect(RelaySession.mail_requests, proves={"rfc1870/6/declared_size_is_not_too_small"})
def declared_size_is_the_half(clean: OfMail, _: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Declares half of the size."""
    return clean(parameters, size // 2)


@defect(
    RelaySession.is_success,
    proves={"rfc1870/6/refused_size_ends_the_transaction*"},
    also={
        "rfc2920/3.1/count-replies",
        "rfc3030/2/no-chunks-after-a-failure",
        "rfc3030/2/rset-after-a-failure",
        "rfc5321/*",
        "rfc1870/6.2/*",
        "rfc1870/6.4/*",
    },
)
def mail_refused_for_its_size_is_taken(clean: Callable[[Reply], bool], _: RelaySession, reply: Reply) -> bool:
    """Goes on with RCPT where MAIL was answered with 452 or 552."""
    return reply.code in {452, 552} or clean(reply)


@defect(
    Mailer.judged,
    proves={"rfc1870/6/message_too_big_goes_back*"},
    also={"rfc2920/3.1/count-replies", "rfc5321/*"},
)
def message_too_big_stays(clean: Callable[[Sent], Sent], _: Mailer, sent: Sent) -> Sent:
    """Tries on after 552."""
    big = tuple(each for each in sent.failed if each.reason.startswith(b"552"))
    rest = tuple(each for each in sent.failed if each not in big)
    return clean(Sent(rest, (*sent.deferred, *big), relayed=sent.relayed))


@defect(Mailer.judged, proves={"rfc1870/6/message_without_room_is_tried_again"}, also={"rfc5321/*"})
def message_without_room_goes_back(clean: Callable[[Sent], Sent], _: Mailer, sent: Sent) -> Sent:
    """Gives a message back at the first 452."""
    full = tuple(each for each in sent.deferred if each.reason.startswith(b"452"))
    rest = tuple(each for each in sent.deferred if each not in full)
    return clean(Sent((*sent.failed, *full), rest, relayed=sent.relayed))


@defect(RelaySession.cannot_send, proves={"rfc6531/3.2/ascii_message_with_the_parameter_goes_on"})
def parameter_alone_keeps_mail_back(
    clean: Obstacle, session: RelaySession, reverse_path: bytes, forward_paths: tuple[bytes, ...], content: bytes
) -> bytes:
    """Gives all mail back that came with SMTPUTF8 where the next hop does not offer it."""
    if session.parameters.of(b"SMTPUTF8") is not None and b"SMTPUTF8" not in session.offers:
        return b"554 5.6.7 SMTPUTF8 is not offered there"
    return clean(reverse_path, forward_paths, content)
