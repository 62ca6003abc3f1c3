"""Defects in what a server makes of the sizes that RFC 5321 §4.5.3.1 asks it to take, and of what is larger."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._session import Answer, Line, ServerSession, answer
from conformance.reference._site import RELAY_DOMAIN
from conformance.wire import CRLF
from conformance.wire.paths import Mailbox, PathArgument

Decide = Callable[[], Answer | None]
OfOctets = Callable[[bytes], Answer | None]
OfParameters = Callable[[dict[bytes, bytes]], Answer | None]
OfPath = Callable[[bytes, bytes], PathArgument | None]

HERE = "rfc5321/4.5.3.1"
EVERY_LIMIT = f"{HERE}/minimum-sizes"


def _too_long(content: bytes, longest: int) -> bool:
    """Whether a line has more octets than this, its CRLF included."""
    return any(len(line) + len(CRLF) > longest for line in content.split(CRLF))


@defect(ServerSession.serves, proves={f"{HERE}.1/mailbox_of_64_octets_is_taken"})
def long_mailboxes_are_unknown(clean: Callable[[Mailbox], bool], session: ServerSession, mailbox: Mailbox) -> bool:
    """Knows no mailbox with a local-part of more than 60 octets."""
    del session
    return clean(mailbox) and len(mailbox.local) <= 60


@defect(ServerSession.path_and_parameters, proves={f"{HERE}.1/sender_of_64_octets_is_taken*"})
def long_local_parts_are_syntax_errors(
    clean: OfPath, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Answers 501 to a reverse-path whose local-part has more than 60 octets and whose domain is short."""
    del session
    given = clean(keyword, argument)
    found = given.path.mailbox if given else None
    is_long = keyword == b"FROM:" and found is not None and len(found.local) > 60 and len(found.domain) < 60
    return None if is_long else given


@defect(
    ServerSession.acceptable_client_name,
    proves={f"{HERE}.2/*"},
    also={
        "rfc5321/4.1.1.1/ehlo-syntax",
        "rfc5321/4.1.1.1/helo-syntax",
    },
)
def long_names_are_syntax_errors(clean: Callable[[bytes], bool], session: ServerSession, name: bytes) -> bool:
    """Answers 501 to EHLO and HELO with a name of more than 250 octets."""
    del session
    return clean(name) and len(name) <= 250


@defect(ServerSession.path_and_parameters, proves={f"{HERE}.3/*"})
def long_paths_are_syntax_errors(
    clean: OfPath, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Answers 501 to a path of more than 250 octets."""
    del session
    path = argument[len(keyword) :].partition(b">")[0] + b">"
    return None if len(path) > 250 else clean(keyword, argument)


@defect(
    ServerSession.command,
    only={"NOOP", "VRFY", "HELP", "MAIL"},
    proves={f"{HERE}.4/line_of_512_octets_is_read*", "rfc5321/4.3.2/line_under_512_octets_is_not_too_long*"},
    also={
        "rfc1870/3/mail-line-grows",
        "rfc3030/3/mail-line-grows",
        "rfc3461/5.4/command-length-with-others",
        "rfc6531/3.1/mail-line-length",
    },
)
def lines_over_500_octets_are_too_long(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Answers 500 to a command line of more than 500 octets."""
    del session
    given = clean(line)
    return answer(500, b"Line too long") if len(line) + len(CRLF) > 500 else given


@defect(
    ServerSession.command,
    only={"RCPT"},
    varies={f"{HERE}.4/rcpt_with_a_long_original_recipient_*"},
    also={"rfc3461/5.4/command-length", "rfc3461/5.4/sizes"},
)
def dsn_does_not_lengthen_lines(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Answers 500 to RCPT in a line of more than 512 octets, its parameters notwithstanding."""
    del session
    given = clean(line)
    return answer(500, b"Line too long") if len(line) + len(CRLF) > 512 else given


@defect(ServerSession.help, varies={f"{HERE}.5/help_has_one_line_or_several"})
def help_has_several_lines(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers HELP with a line for each command."""
    del session
    given = clean(argument)
    return replace(given, texts=tuple(given.texts[0].split())) if given else given


@defect(
    ServerSession.end_of_data,
    proves={f"{HERE}.6/*line_of_1000_octets_is_taken*"},
    also={
        EVERY_LIMIT,
        f"{HERE}/lengths-in-octets",
        "rfc3030/3/agrees-to-keep-all-bits",
        "rfc5321/3.7.2/robust-about-trace-fields",
        "rfc6152/3/lines-of-1000",
    },
)
def text_lines_over_900_octets_are_refused(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses a message with a line of more than 900 octets."""
    del session
    return answer(554, b"Line too long") if _too_long(content, 900) else clean(content)


@defect(ServerSession.end_of_data, proves={f"{HERE}.6/line_of_1000_octets_is_taken[dot-at]"})
def added_dot_counts(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses a message with a line that has more than 1000 octets with the dot that transparency adds to it."""
    del session
    dotted = CRLF.join(b"." + line for line in content.split(CRLF) if line.startswith(b"."))
    return answer(554, b"Line too long") if _too_long(dotted, 1000) else clean(content)


@defect(
    ServerSession.end_of_data,
    varies={f"{HERE}.6/binary_content_has_long_lines_or_not"},
    also={"rfc3030/3/agrees-to-keep-all-bits"},
)
def binary_lines_are_limited(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses binary content with a line of more than 2500 octets."""
    binary = session.transaction is not None and session.transaction.body == b"BINARYMIME"
    return answer(554, b"Line too long") if binary and _too_long(content, 2500) else clean(content)


@defect(
    ServerSession.end_of_data,
    proves={f"{HERE}/line_of_wide_characters_is_measured_in_octets"},
    also={"rfc3030/3/agrees-to-keep-all-bits", "rfc6152/3/lines-of-1000"},
)
def full_octets_count_as_quoted_printable(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Counts an octet above 127 as the three of its quoted-printable form, and refuses lines of more than 1000."""
    del session
    encoded = re.sub(rb"[\x80-\xff]", b"=XX", content)
    return answer(554, b"Line too long") if encoded != content and _too_long(encoded, 1000) else clean(content)


BIG = 65000
BIG_IS_REFUSED = {
    f"{HERE}/message_at_every_limit_is_taken",
    f"{HERE}.7/message_of_64k_is_taken*",
    f"{HERE}.7/message_of_64k_may_be_announced*",
}


@defect(
    ServerSession.end_of_data,
    name="messages-over-65000-octets-are-refused",
    proves=BIG_IS_REFUSED,
    also={
        "rfc1870/4/limit-is-the-largest",
        "rfc1870/5/what-counts",
        "rfc3030/3/agrees-to-keep-all-bits",
        "rfc5321/4.2.1/5yz-not-done",
    },
)
def big_messages_are_refused(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses a message of more than 65000 octets."""
    del session
    return answer(552, b"Too much mail data") if len(content) > BIG else clean(content)


@defect(ServerSession.refuse_mail_parameters, name="messages-over-65000-octets-are-refused", proves=BIG_IS_REFUSED)
def big_announcements_are_refused(
    clean: OfParameters, session: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Refuses a message of more than 65000 octets."""
    del session
    size = parameters.get(b"SIZE", b"")
    return answer(552, b"Too big") if size.isdigit() and int(size) > BIG else clean(parameters)


NO_SIZE = {f"{HERE}.7/server_that_restricts_messages_offers_size"}


@defect(ServerSession.extensions, name="restriction-is-not-announced", proves=NO_SIZE)
def size_is_not_listed(clean: Callable[[], tuple[bytes, ...]], session: ServerSession) -> tuple[bytes, ...]:
    """Refuses messages of more than half a mebibyte and does not list SIZE."""
    del session
    return tuple(keyword for keyword in clean() if not keyword.startswith(b"SIZE"))


@defect(ServerSession.end_of_data, name="restriction-is-not-announced", proves=NO_SIZE)
def half_a_mebibyte_is_too_big(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses messages of more than half a mebibyte and does not list SIZE."""
    del session
    return answer(552, b"Too much mail data") if len(content) > 512 * 1024 else clean(content)


def _recipients(session: ServerSession) -> int:
    return len(session.transaction.forward_paths) if session.transaction else 0


@defect(
    ServerSession.take_recipient,
    proves={
        f"{HERE}.8/hundred_recipients_are_accepted",
        f"{HERE}.8/message_for_99_recipients_is_taken",
        f"{HERE}.10/hundred_come_before_one_too_many",
    },
)
def recipients_end_at_50(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Takes 50 recipients for a message and answers 452 to the next."""
    return answer(452, b"Too many recipients") if _recipients(session) >= 50 else clean(forward_path)


@defect(ServerSession.end_of_data, proves={f"{HERE}.8/message_for_99_recipients_is_taken"})
def message_for_many_is_refused(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses a message that has more than 90 recipients, once it has come."""
    return answer(554, b"Too many recipients") if _recipients(session) > 90 else clean(content)


@defect(ServerSession.end_of_data, proves={f"{HERE}.8/message_with_many_recipients_in_its_header_is_taken*"})
def header_names_too_many(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses a message whose header section has more than 100 addresses."""
    del session
    header = content.partition(CRLF + CRLF)[0]
    return answer(554, b"Too many recipients in the header") if header.count(b"@") > 100 else clean(content)


def _at_the_limit(given: Answer | None, otherwise: Answer) -> Answer | None:
    return otherwise if given and given.code == 452 else given


@defect(ServerSession.take_recipient, proves={f"{HERE}.8/recipient_above_the_limit_is_refused_in_order"})
def one_recipient_too_many_ends_the_session(
    clean: OfOctets, session: ServerSession, forward_path: bytes
) -> Answer | None:
    """Closes the connection behind its refusal of one recipient too many."""
    del session
    return _at_the_limit(clean(forward_path), answer(452, b"Too many recipients", close=True))


@defect(
    ServerSession.take_recipient,
    proves={
        f"{HERE}.10/one_recipient_too_many_is_no_excess_of_storage",
        f"{HERE}.10/one_recipient_too_many_gets_452",
    },
    varies={f"{HERE}.10/one_recipient_too_many_gets"},
)
def one_recipient_too_many_gets_552(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Answers 552 to one recipient too many."""
    del session
    return _at_the_limit(clean(forward_path), answer(552, b"Too many recipients"))


@defect(ServerSession.begin_data, varies={f"{HERE}.10/data_behind_one_recipient_too_many_gets"})
def data_behind_too_many_recipients_gets_503(clean: Decide, session: ServerSession) -> Answer | None:
    """Answers 503 to DATA where there was no room for more recipients."""
    return answer(503, b"Too many recipients") if _recipients(session) >= 100 else clean()


LARGER = {
    f"{HERE}.9/what_is_one_octet_too_long_is_taken_or_refused*",
    f"{HERE}.9/text_line_above_the_limit_is_taken_or_refused*",
}


@defect(ServerSession.path_and_parameters, name="limits-are-upside-down", varies=LARGER)
def larger_paths_are_refused(
    clean: OfPath, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Refuses what is above the limits of the RFC and was taken, and takes names that were refused for their length."""
    del session
    given = clean(keyword, argument)
    found = given.path.mailbox if given else None
    return None if found and (len(found.local) > 64 or len(bytes(found)) + len(b"<>") > 256) else given


@defect(ServerSession.acceptable_client_name, name="limits-are-upside-down", varies=LARGER)
def larger_names_are_taken(clean: Callable[[bytes], bool], session: ServerSession, name: bytes) -> bool:
    """Refuses what is above the limits of the RFC and was taken, and takes names that were refused for their length."""
    del session
    return clean(name) or (len(name) > 255 and clean(name[-250:].lstrip(b".")))


@defect(ServerSession.command, name="limits-are-upside-down", varies=LARGER, only={"NOOP"})
def larger_lines_are_refused(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Refuses what is above the limits of the RFC and was taken, and takes names that were refused for their length."""
    del session
    given = clean(line)
    return answer(500, b"Line too long") if len(line) + len(CRLF) > 512 else given


@defect(
    ServerSession.end_of_data,
    name="limits-are-upside-down",
    varies=LARGER,
    also={
        "rfc3030/3/agrees-to-keep-all-bits",
    },
)
def larger_text_lines_are_refused(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses what is above the limits of the RFC and was taken, and takes names that were refused for their length."""
    del session
    return answer(554, b"Line too long") if _too_long(content, 1000) else clean(content)


@defect(
    ServerSession.find_command_line,
    proves={f"{HERE}.9/overlong_command_line_brings_one_reply*"},
    also={
        "rfc3461/5.4/sizes",
        "rfc4954/4/too-long-500",
    },
)
def long_command_lines_are_cut(
    clean: Callable[[bytes], Line | None], session: ServerSession, buffer: bytes
) -> Line | None:
    """Reads a command line of more than 500 octets as several."""
    del session
    begun = buffer.partition(CRLF)[0]
    return (buffer[:500], buffer[500:]) if len(begun) > 500 else clean(buffer)


@defect(ServerSession.find_end_of_data, proves={f"{HERE}.9/dot_behind_a_long_line_does_not_end_the_data*"})
def long_text_lines_are_cut(
    clean: Callable[[bytes], Line | None], session: ServerSession, buffer: bytes
) -> Line | None:
    """Cuts text lines of more than 500 octets, and takes a dot behind the cut for the end of the mail data."""
    del session
    found = re.search(rb"(?<![^\r\n])([^\r\n]{500,})\.\r\n", buffer)
    return (buffer[: found.end(1)] + CRLF, buffer[found.end() :]) if found else clean(buffer)


@defect(ServerSession.end_of_data, proves={f"{HERE}.8/message_to_relay_is_taken_whatever_its_fields*"})
def relayed_header_is_tested(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses a message for another host unless its header section is in good order."""
    relayed = any(RELAY_DOMAIN in path for path in session.transaction.forward_paths) if session.transaction else False
    odd = re.search(rb"^(?:Date: some|From: <one@|Cc: <>|X-No-Such-Field:)", content, re.MULTILINE)
    return answer(554, b"Bad header") if relayed and odd else clean(content)
