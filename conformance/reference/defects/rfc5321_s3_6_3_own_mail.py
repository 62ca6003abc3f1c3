"""Defects of a server in the mail that it writes itself, and in what it adds to others' (RFC 5321 §2.3, §2.4).

Also in mail data (§4.1.1.4), and with a next hop that says more than it was asked (§3.5.4, §4.1.1.10, §7.4).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._relay import RelaySession
from conformance.reference._report import Reported
from conformance.wire import CRLF, Reply

OfOctets = Callable[[bytes], bytes]
OfNothing = Callable[[], bool]
OfReply = Callable[[Reply], bool]
Report = Callable[[Copy, bytes, list[Reported]], bytes]
OWN = "rfc5321/3.6.3/notification_is_in_form"
WITHOUT_8_BIT = "rfc5321/3.6.3/notification_has_no_8_bit_octets"
DATA = "rfc5321/4.1.1.4"

AS_IT_CAME = "replies-are-quoted-as-they-came"
QUOTED = {f"{OWN}[controls]", f"{WITHOUT_8_BIT}*", "rfc5321/3.6.3/notification_of_8_bit_is_mime*"}


@defect(Mailer.printable, name=AS_IT_CAME, proves=QUOTED, also={"rfc3464/*", "rfc6152/*"})
def reply_is_quoted_as_it_came(clean: OfOctets, _: Mailer, reason: bytes) -> bytes:
    """Writes what the next hop said into a notification, whatever octets it has, and sends that everywhere."""
    del clean
    return reason


@defect(RelaySession.takes_eight_bit, name=AS_IT_CAME, proves=QUOTED)
def notification_goes_everywhere(clean: OfNothing, session: RelaySession) -> bool:
    """Writes what the next hop said into a notification, whatever octets it has, and sends that everywhere."""
    return clean() or not session.reverse_path


WHOLE = "notification-quotes-8-bit-content"


@defect(Mailer.returns_all, name=WHOLE, proves={"rfc5321/3.6.3/notification_quotes_no_8_bit_octets"}, also={"rfc*"})
def eight_bit_content_is_returned(clean: Callable[[Copy, bool], bool], _: Mailer, copy: Copy, failed: bool) -> bool:
    """Returns 8-bit content whole, where no 8BITMIME is offered too."""
    return clean(copy, failed) or not copy.content.isascii()


@defect(RelaySession.takes_eight_bit, name=WHOLE, proves={"rfc5321/3.6.3/notification_quotes_no_8_bit_octets"})
def returned_content_goes_everywhere(clean: OfNothing, session: RelaySession) -> bool:
    """Returns 8-bit content whole, where no 8BITMIME is offered too."""
    return clean() or not session.reverse_path


@defect(Mailer.report, proves={f"{OWN}[ascii-header*"}, also={"rfc6152/*", "rfc3464/*", "rfc5321/2.4/*"})
def notification_has_an_8_bit_subject(
    clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Writes a subject in Latin-1 into notifications."""
    return clean(copy, to, reported).replace(b"Subject: Undelivered mail", b"Subject: Unzustellbar, f\xfcr Sie", 1)


@defect(Mailer.report, proves={f"{OWN}[return-path]"})
def notification_has_a_return_path(clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
    """Writes a Return-Path field into notifications."""
    return b"Return-Path: <>\r\n" + clean(copy, to, reported)


@defect(Mailer.report, proves={f"{OWN}[years]"}, also={"rfc3464/*", "rfc2852/*"})
def notification_has_years_of_two_digits(
    clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Writes the date of a notification with a year of two digits."""
    return re.sub(rb"(?m)^(Date: .*? [A-Z][a-z][a-z] )\d\d(\d\d) ", rb"\1\2 ", clean(copy, to, reported), count=1)


@defect(RelaySession.outward_lines, proves={f"{OWN}[line-ends-of-lines]"})
def lines_of_a_reply_end_with_lf(clean: OfOctets, session: RelaySession, content: bytes) -> bytes:
    """Writes the lines of a reply into a notification with bare LF between them."""
    return clean(content) if session.reverse_path else clean(content).replace(b" / ", b"\n")


BARE = "carriage-returns-of-a-reply-go-on"


@defect(RelaySession.whole_lines, name=BARE, proves={f"{OWN}[line-ends-bare-cr]"}, also={"rfc5321/*", "rfc3464/*"})
def replies_keep_their_carriage_returns(
    clean: Callable[[bytes], tuple[int, bytes]], _: RelaySession, heard: bytes
) -> tuple[int, bytes]:
    """Writes what stands in a reply into a notification, bare CR and all."""
    end, _lines = clean(heard)
    return end, heard[:end]


@defect(Mailer.printable, name=BARE, proves={f"{OWN}[line-ends-bare-cr]"})
def carriage_returns_are_printable(clean: OfOctets, _: Mailer, reason: bytes) -> bytes:
    """Writes what stands in a reply into a notification, bare CR and all."""
    return b"\r".join(clean(part) for part in reason.split(b"\r"))


@defect(RelaySession.outward_lines, name=BARE, proves={f"{OWN}[line-ends-bare-cr]"})
def carriage_returns_go_out(clean: OfOctets, session: RelaySession, content: bytes) -> bytes:
    """Writes what stands in a reply into a notification, bare CR and all."""
    return clean(content) if session.reverse_path else content


@defect(
    RelaySession.takes_binary,
    name="binary-content-is-called-8-bit",
    proves={"rfc5321/3.6.3/binary_content_is_not_called_8_bit"},
    also={"rfc*"},
)
def binary_content_goes_where_8_bit_goes(clean: OfNothing, session: RelaySession) -> bool:
    """Sends content without lines as it is to whoever offers 8BITMIME."""
    return clean() or b"8BITMIME" in session.offers


@defect(RelaySession.sends_by_bdat, name="binary-content-is-called-8-bit")
def binary_content_goes_by_data(clean: OfNothing, session: RelaySession) -> bool:
    """Sends content without lines as it is to whoever offers 8BITMIME."""
    return clean() and b"CHUNKING" in session.offers


@defect(RelaySession.outward_lines, name="binary-content-is-called-8-bit")
def binary_content_stays_as_it_is(clean: OfOctets, session: RelaySession, content: bytes) -> bytes:
    """Sends content without lines as it is to whoever offers 8BITMIME."""
    return content if session.is_binary() else clean(content)


# Mail data.


@defect(
    RelaySession.outward_lines,
    proves={f"{DATA}/message_without_a_text_is_not_sent_empty*"},
    also={"rfc5321/*"},
)
def message_without_a_text_is_emptied(clean: OfOctets, _: RelaySession, content: bytes) -> bytes:
    """Sends nothing where a message had no header section of its own."""
    own = [line for line in content.split(CRLF) if line and not line.startswith((b"Received:", b" ", b"\t"))]
    return clean(content) if own else b""


@defect(RelaySession.outward_lines, proves={f"{DATA}/no_line_is_added_before_the_dot*"}, also={"rfc*"})
def last_line_is_followed_by_an_empty_one(clean: OfOctets, _: RelaySession, content: bytes) -> bytes:
    """Puts one more line end before the final dot."""
    return clean(content) + CRLF


@defect(RelaySession.outward_data, proves={f"{DATA}/last_line_gets_its_end"}, also={"rfc3030/*"})
def dot_follows_the_last_line_at_once(clean: OfOctets, session: RelaySession, content: bytes) -> bytes:
    """Puts the final dot behind the last line, though that has no end."""
    return clean(content) if content.endswith(CRLF) else session.outward_stuffed(content) + b"." + CRLF


@defect(
    RelaySession.outward_lines,
    proves={f"{DATA}/ascii_goes_out_with_a_clear_high_bit*"},
    also={"rfc5321/*"},
)
def tildes_get_a_parity_bit(clean: OfOctets, _: RelaySession, content: bytes) -> bytes:
    """Sends the tilde with the high bit set, for parity, as lines of seven bits did."""
    return clean(content).replace(b"}~", b"}\xfe")


# Beside the message.


@defect(
    Mailer.with_envelope,
    proves={"rfc5321/7.2/recipients_are_not_copied_into_the_header"},
    also={"rfc5321/*", "rfc*"},
)
def recipients_are_written_into_the_header(clean: Callable[[Copy], Copy], _: Mailer, copy: Copy) -> Copy:
    """Writes all recipients of a copy into its header section."""
    found = clean(copy)
    if len(found.forward_paths) < 2:
        return found
    return replace(found, content=b"X-Envelope-To: " + b", ".join(found.forward_paths) + CRLF + found.content)


LEARNT = "new-address-is-believed"
new_addresses: dict[bytes, bytes] = {}


@defect(
    RelaySession.is_success,
    name=LEARNT,
    proves={"rfc5321/7.4/new_address_from_a_stranger_is_not_remembered*"},
)
def new_address_is_noted(clean: OfReply, _: RelaySession, reply: Reply) -> bool:
    """Remembers the address that a 251 or 551 names, and sends what comes for the old one there."""
    named = re.search(rb"<(new-([^>]+))>", reply.text) if reply.code in {251, 551} else None
    if named is not None:
        new_addresses[b"old-" + named[2]] = named[1]
    return clean(reply)


@defect(RelaySession.outward_forward_path, name=LEARNT)
def new_address_is_used(clean: OfOctets, _: RelaySession, forward_path: bytes) -> bytes:
    """Remembers the address that a 251 or 551 names, and sends what comes for the old one there."""
    return new_addresses.get(forward_path, clean(forward_path))


@defect(RelaySession.expands_lists, proves={"rfc5321/3.5.4/list_is_not_expanded_by_who_sends"}, also={"rfc*"})
def lists_are_expanded_by_the_client(clean: OfNothing, _: RelaySession) -> bool:
    """Asks the next hop for the members of lists, and sends to them without the list."""
    del clean
    return True


@defect(RelaySession.waits_for_221, proves={"rfc5321/4.1.1.10/late_221_is_waited_for"})
def relay_does_not_wait_for_221(clean: OfNothing, _: RelaySession) -> bool:
    """Closes as soon as it has said QUIT."""
    del clean
    return False
