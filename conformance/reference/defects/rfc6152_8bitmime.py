"""Defects of 8-bit content (RFC 6152)."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance.reference._answer import Answer, answer
from conformance.reference._decision import defect
from conformance.reference._session import Line, ServerSession
from conformance.wire.paths import PathArgument

Extensions = Callable[[], tuple[bytes, ...]]
OfOctets = Callable[[bytes], Answer | None]
OfParameters = Callable[[dict[bytes, bytes]], Answer | None]
Knows = Callable[[bytes], bool]

FRAMEWORK = "rfc6152/2/"
SERVICE = "rfc6152/3/"
BINARY = "rfc3030/3/agrees-to-keep-all-bits"
KEEPS = "rfc5321/4.1.4/bad-mail-keeps-state"
BODY = re.compile(rb"BODY=(?:7BIT|8BITMIME|BINARYMIME)", re.IGNORECASE)


@defect(ServerSession.extensions, proves={FRAMEWORK + "keyword_has_no_parameter"})
def eight_bit_keyword_has_a_parameter(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists 8BITMIME with a parameter."""
    del session
    return tuple(b"8BITMIME yes" if keyword == b"8BITMIME" else keyword for keyword in clean())


@defect(
    ServerSession.knows_body,
    proves={"rfc6152/2/body_is_taken*"},
    also={
        "rfc1870/4/extended-mail-accepted",
        "rfc3030/3/*",
        "rfc5321/2.2.1/*",
        "rfc5321/4.1.2/*",
        KEEPS,
        "rfc6531/3.1/paths-extended",
    },
)
def body_is_listed_and_refused(clean: Knows, session: ServerSession, value: bytes) -> bool:
    """Lists 8BITMIME and takes no BODY."""
    del clean, session, value
    return False


@defect(
    ServerSession.knows_body,
    proves={"rfc6152/2/body_is_taken[7bit*]", FRAMEWORK + "body_is_taken[keyword-mixed]"},
    also={"rfc1870/4/extended-mail-accepted", "rfc5321/2.2.1/*", "rfc5321/4.1.2/*"},
)
def only_8_bit_is_taken(clean: Knows, session: ServerSession, value: bytes) -> bool:
    """Knows BODY=8BITMIME and not BODY=7BIT."""
    del session
    return clean(value) and value.upper() != b"7BIT"


@defect(ServerSession.mail, proves={"rfc6152/2/body_is_optional*"}, also={KEEPS})
def body_is_asked_for_once_given(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Wants BODY with each MAIL once there was one in the session."""
    given = b"BODY=" in argument.upper()
    wanted = session.commands > 2 and session.site.down and not given
    session.site.down = session.site.down or given
    return answer(501, b"BODY is missing") if wanted else clean(argument)


@defect(
    ServerSession.path_and_parameters,
    only={"parameters"},
    varies={FRAMEWORK + "body_of_another_kind_may_be_refused*"},
)
def body_of_another_kind_is_ignored(
    clean: Callable[[bytes, bytes], PathArgument | None], session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Passes over a BODY that it does not know, and over a second one."""
    del session
    kept: list[bytes] = []
    for word in argument.split(b" "):
        again = any(BODY.fullmatch(before) for before in kept)
        if not word.upper().startswith(b"BODY") or (BODY.fullmatch(word) and not again):
            kept.append(word)
    return clean(keyword, b" ".join(kept))


@defect(ServerSession.open_transaction, proves={FRAMEWORK + "refused_body_is_no_transaction*"})
def refused_body_spoils_the_session(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Takes no mail any more after a MAIL that it refused for its BODY."""
    given = clean(argument)
    if given is not None and given.code == 501 and b" BODY=" in argument:
        session.client_name = None
    return given


@defect(
    ServerSession.end_of_data,
    proves={SERVICE + "eight_bit_content_is_taken[*]", SERVICE + "second_8_bit_message_is_taken*"},
    also={"rfc6152/3/lines-of-1000", "rfc5321/4.5.3.1/lengths-in-octets", "rfc6531/3.1/message-extended"},
)
def declared_content_is_refused(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Answers 554 to what was declared as 8-bit content."""
    declared = session.transaction is not None and session.transaction.body == b"8BITMIME"
    given = clean(content)
    return answer(554, b"7-bit only") if declared else given


@defect(
    ServerSession.end_of_data,
    name="seven-bit-needs-no-word",
    proves={SERVICE + "seven_bit_content_is_taken_as_declared"},
)
def declared_7_bit_is_refused(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Answers 554 to plain content that was declared as 7BIT."""
    given = clean(content)
    return answer(554, b"Why do you say so?") if session.site.down else given


@defect(ServerSession.knows_body, name="seven-bit-needs-no-word")
def seven_bit_is_noted(clean: Knows, session: ServerSession, value: bytes) -> bool:
    """Answers 554 to plain content that was declared as 7BIT."""
    session.site.down = value.upper() == b"7BIT"
    return clean(value)


LOWER_SEVEN_BITS = bytes(octet & 0x7F for octet in range(256))


@defect(
    ServerSession.find_end_of_data,
    proves={
        SERVICE + "eight_bit_look_alike_does_not_end_mail_data[dot-with-its-high-bit]*",
        SERVICE + "eight_bit_look_alike_does_not_end_mail_data[cr-with-its-high-bit]*",
    },
    also={"rfc5321/*", "rfc3030/*"},
)
def high_bits_are_not_looked_at(
    clean: Callable[[bytes], Line | None], session: ServerSession, buffer: bytes
) -> Line | None:
    """Looks for the end of mail data in the lower seven bits of each octet."""
    del session
    found = clean(buffer.translate(LOWER_SEVEN_BITS))
    if found is None:
        return None
    return buffer[: len(found[0])], buffer[len(buffer) - len(found[1]) :]


@defect(
    ServerSession.find_end_of_data,
    proves={
        SERVICE + "eight_bit_look_alike_does_not_end_mail_data[nel-dot-nel]*",
        SERVICE + "eight_bit_look_alike_does_not_end_mail_data[line-separator]*",
        SERVICE + "eight_bit_look_alike_does_not_end_mail_data[dot-and-high-octet]*",
        SERVICE + "eight_bit_look_alike_does_not_end_mail_data[doubled-dot]*",
        SERVICE + "eight_bit_look_alike_does_not_end_mail_data[high-octet-and-dot]*",
    },
    also={"rfc5321/*", "rfc1870/*"},
)
def any_dot_near_a_line_end_is_the_end(
    clean: Callable[[bytes], Line | None], session: ServerSession, buffer: bytes
) -> Line | None:
    """Ends mail data at a dot next to anything that Unicode or it takes for the end of a line."""
    if session.transaction is None or session.transaction.body != b"8BITMIME":
        return clean(buffer)
    match = re.search(rb"(?:\x85|\xe2\x80\xa8)\.(?:\x85|\xe2\x80\xa8)|\n\.\xe9?\r\n|\n\.\.\r\n|\n\xe9\.\r\n", buffer)
    return (buffer[: match.start() + 1], buffer[match.end() :]) if match else None


@defect(
    ServerSession.end_of_data,
    proves={SERVICE + "line_of_1000_octets_is_taken*"},
    also={BINARY, "rfc5321/4.5.3.1/lengths-in-octets"},
)
def eight_bit_lines_are_shorter(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Answers 500 to 8-bit content with lines of 998 octets, as if each octet above 127 took two."""
    long = any(len(line) >= 998 for line in content.split(b"\r\n"))
    given = clean(content)
    del session
    return answer(500, b"Line too long") if long and not content.isascii() else given


@defect(ServerSession.end_of_data, varies={SERVICE + "longer_8_bit_line_may_be_refused"}, also={BINARY})
def very_long_8_bit_lines_are_refused(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Answers 550 to 8-bit content with lines of more than 2000 octets."""
    long = any(len(line) > 2000 for line in content.split(b"\r\n"))
    given = clean(content)
    del session
    return answer(550, b"Line too long") if long and not content.isascii() else given


@defect(
    ServerSession.end_of_data,
    proves={SERVICE + "relayed_8_bit_content_keeps_all_bits*"},
    also={"rfc6152/3/*", "rfc5321/3.6.3/relay-leaves-content-alone"},
)
def high_bits_are_taken_off(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Takes off the high bits of what it was sent as 8-bit content."""
    eight_bit = session.transaction is not None and session.transaction.body == b"8BITMIME"
    return clean(content.translate(LOWER_SEVEN_BITS) if eight_bit else content)


@defect(ServerSession.has, only={"8BITMIME"}, proves={"rfc6152/2/body_is_not_read_by_who_does_not_offer_it"})
def body_is_known_and_not_listed(clean: Callable[[bytes], bool], session: ServerSession, extension: bytes) -> bool:
    """Reads BODY without listing 8BITMIME."""
    del clean, session, extension
    return True
