"""Defects in the case and the characters of commands (RFC 5321 §2.4)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._session import Answer, Line, ServerSession, answer
from conformance.wire.paths import Mailbox, PathArgument

ReadPath = Callable[[bytes, bytes], PathArgument | None]


@defect(
    ServerSession.verb_of,
    proves={
        "rfc5321/2.4/verb_is_known_in_any_case*",
        "rfc5321/2.4/transaction_in_any_case[verbs-*",
    },
    also={"rfc4954/8/case-insensitive", "rfc3030/2/bdat-syntax", "rfc3207/4/reply-codes"},
)
def verbs_are_known_in_upper_case_only(clean: Callable[[bytes], bytes], session: ServerSession, line: bytes) -> bytes:
    """Knows verbs in upper case only."""
    del clean, session
    return line.partition(b" ")[0]


@defect(ServerSession.path_and_parameters, proves={"rfc5321/2.4/transaction_in_any_case[arguments-*"})
def from_and_to_are_known_in_upper_case_only(
    clean: ReadPath, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Knows FROM: and TO: in upper case only."""
    del session
    return clean(keyword, argument) if argument.startswith(keyword) else None


@defect(ServerSession.serves, proves={"rfc5321/2.4/domain_in_any_case*"})
def domains_have_case(clean: Callable[[Mailbox], bool], session: ServerSession, mailbox: Mailbox) -> bool:
    """Compares domains with regard to case."""
    del session
    return mailbox.domain.islower() and clean(mailbox)


@defect(
    ServerSession.find_command_line,
    proves={"rfc5321/2.4/nothing_happens_before_crlf*"},
    also={"rfc2920/3.2/no-assumptions", "rfc5321/2.3.8/only-crlf", "rfc5321/4.2/one-reply"},
)
def command_is_acted_on_before_its_end(
    clean: Callable[[bytes], Line | None], session: ServerSession, buffer: bytes
) -> Line | None:
    """Acts on NOOP as soon as a read brings it, without waiting for CRLF."""
    del session
    if buffer.rstrip(b"\r") in {b"NOOP", b"NOOP unfinished"} and b"\r\n" not in buffer:
        return buffer.rstrip(b"\r"), b""
    return clean(buffer)


EIGHT_BIT = {
    "rfc5321/2.4/reverse_path_with_8_bit_octets_is_refused*",
    "rfc5321/2.4/forward_path_with_8_bit_octets_is_refused*",
}


@defect(
    ServerSession.has_forbidden_octets,
    name="eight-bit-commands-are-taken",
    proves=EIGHT_BIT,
    also={"rfc6531/3.2/parsing-unchanged", "rfc6531/3.2/else-reject", "rfc6531/3.7/utf-8-for-mailboxes"},
)
def eight_bit_lines_are_taken(clean: Callable[[bytes], bool], session: ServerSession, line: bytes) -> bool:
    """Takes paths with octets outside US-ASCII."""
    del session
    return clean(bytes(octet for octet in line if octet < 0x80))


@defect(ServerSession.path_and_parameters, name="eight-bit-commands-are-taken", proves=EIGHT_BIT)
def eight_bit_paths_are_taken(
    clean: ReadPath, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Takes paths with octets outside US-ASCII."""
    del session
    if argument.isascii():
        return clean(keyword, argument)
    return clean(keyword, argument[: len(keyword)] + b"<alice@example.test>")


@defect(
    ServerSession.syntax_error, proves={"rfc5321/2.4/verb_with_8_bit_octets_gets_500*"}, also={"rfc3463/2/subject-1"}
)
def eight_bit_commands_get_550(
    clean: Callable[[bytes], Answer | None], session: ServerSession, line: bytes
) -> Answer | None:
    """Answers 550 to a command with octets outside US-ASCII."""
    del clean, session, line
    return answer(550, b"No such octets here")


@defect(ServerSession.extensions, proves={"rfc5321/2.4/eightbitmime_is_offered"}, also={"rfc6531/3.1/8bitmime"})
def eightbitmime_is_not_offered(clean: Callable[[], tuple[bytes, ...]], session: ServerSession) -> tuple[bytes, ...]:
    """Does not offer 8BITMIME."""
    del session
    return tuple(keyword for keyword in clean() if keyword != b"8BITMIME")


@defect(
    ServerSession.end_of_data,
    varies={
        "rfc5321/2.4/content_of_8_bit_may_be_sent_where_asked_for",
        "rfc5321/2.4/content_of_8_bit_without_mime_may_be_refused",
    },
    also={
        "rfc5321/4.5.3.1/lengths-in-octets",
        "rfc6152/3/*",
        "rfc3030/3/agrees-to-keep-all-bits",
        "rfc6531/3.1/message-extended",
    },
)
def content_of_8_bit_is_refused(
    clean: Callable[[bytes], Answer | None], session: ServerSession, content: bytes
) -> Answer | None:
    """Refuses content of 8 bit, as it may."""
    if content.isascii():
        return clean(content)
    session.clear("end of data")
    return answer(554, b"No 8-bit content")
