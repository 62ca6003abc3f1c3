"""RFC 5321 3.6.3 - Notifications: the mail that a server writes itself, and answers for as any originator does.

What the next hop says when it refuses a message can get into it, so the next hop says odd things.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from email import message_from_bytes

from conformance import (
    CRLF,
    At,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Received,
    Rule,
    Step,
    fields_named,
    holds,
    new_token,
    row,
    scenario,
    split_fields,
    split_message,
    visible,
)

Check = Callable[[Received], Observation]

PLAIN = b"550 No such mailbox here\r\n"
CONTROLS = b"550 No \x1b[31mred\x1b[0m mailbox\x07 here\x7f\r\n"
EIGHT_BIT = "550 Kein Postfach für Sie\r\n".encode()
LATIN_1 = b"550 Kein Postfach f\xfcr Sie\r\n"
BARE_CR = b"550 No\rsuch\rmailbox\r\n"
LINES = b"550-No such mailbox\r\n550-or none that we know\r\n550 or would tell\r\n"

BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
DATE_FIELD = re.compile(rb"(?im)^(?:[A-Za-z-]*Date|Received):((?:[^\r\n]|\r\n[ \t])*)")
YEAR = re.compile(rb"\b\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d+)\b", re.IGNORECASE)
TEXT = "Grüße aus Köln, 3 € das Stück.\r\n".encode()
FIELDS = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"

SPACES = (b" ", b"\n")


async def told(smtp: Client, hop: Hop, reply: bytes, sender: bytes, token: str) -> Received:
    """The notification to this sender about a recipient that was refused so."""
    recipient = new_token()
    hop.script(hop.mailbox(recipient), Rule(Step.RCPT, reply))
    message = smtp.message(token=recipient)
    await smtp.deliver(message, hop.path(recipient), reverse_path=b"<%b>" % sender)
    return await hop.notification(token)


def around(octets: bytes, found: re.Match[bytes] | None) -> str:
    """What was found, with what stands around it, in whole words: a part of a token is another in every run."""
    if found is None:
        return "none"
    begin = max(octets.rfind(space, 0, max(0, found.start() - 30)) for space in SPACES) + 1
    behind = [at for space in SPACES if (at := octets.find(space, found.end() + 30)) >= 0]
    return visible(octets[begin : min(behind, default=len(octets))])


def header_is_ascii(received: Received) -> Observation:
    """No octet of its header section is above 127."""
    header = received.content.partition(CRLF + CRLF)[0]
    return holds(header.isascii(), expected="a header section in US-ASCII", seen=visible(header, 300))


def has_no_bare_cr_or_lf(received: Received) -> Observation:
    """CR and LF stand in it as CRLF only."""
    found = BARE.search(received.data)
    return holds(found is None, expected="no bare CR and no bare LF", seen=around(received.data, found))


def has_no_control_characters(received: Received) -> Observation:
    """Of the control characters it has tabs and line ends only."""
    found = CONTROL.search(received.data)
    return holds(found is None, expected="no control character but HT, CR and LF", seen=around(received.data, found))


def has_no_return_path(received: Received) -> Observation:
    """Its header section has no Return-Path field."""
    there = fields_named(split_message(received.content)[0], "Return-Path")
    return holds(not there, expected="no Return-Path field", seen=[str(field) for field in there])


def has_years_of_four_digits(received: Received) -> Observation:
    """The years in the fields with dates, of the report too, have four digits."""
    fields = [field[1] for field in DATE_FIELD.finditer(received.content)]
    years = [year[1] for field in fields for year in YEAR.finditer(field)]
    if not years:
        raise NotReady("notification", "no date that could be read")
    wrong = [visible(year) for year in years if len(year) != 4]
    return holds(not wrong, expected="years of four digits", seen=wrong)


NO_BARE = "rfc5321/2.3.8/client-sends-no-bare-cr-or-lf"
NO_CONTROLS = "rfc5321/4.1.1.4/avoid-control-characters"
NOTIFICATIONS = {
    "ascii-header": row((PLAIN, header_is_ascii)),
    "ascii-header-8-bit-reply": row((EIGHT_BIT, header_is_ascii)),
    "line-ends-of-lines": row((LINES, has_no_bare_cr_or_lf), NO_BARE),
    "line-ends-bare-cr": row((BARE_CR, has_no_bare_cr_or_lf), NO_BARE),
    "controls": row((CONTROLS, has_no_control_characters), NO_CONTROLS),
    "return-path": row((PLAIN, has_no_return_path), "rfc5321/4.4/originator-sends-no-return-path"),
    "years": row((PLAIN, has_years_of_four_digits), "rfc5321/F.5/client-four-digit-years"),
}


@scenario("rfc5321/2.3.1/header-is-ascii", start=At.EHLO, told_by=NOTIFICATIONS)
async def notification_is_in_form(told_by: tuple[bytes, Check], smtp: Client, hop: Hop) -> Observation:
    """A notification is mail in form, whatever the next hop has said about the message."""
    reply, check = told_by
    token = new_token()
    return check(await told(smtp, hop, reply, hop.mailbox(token), token))


@scenario(
    "rfc5321/2.4/no-8-bit-content",
    start=At.EHLO,
    facts=["bare_next_hop"],
    reply={"utf-8": EIGHT_BIT, "latin-1": LATIN_1},
)
async def notification_has_no_8_bit_octets(reply: bytes, smtp: Client, hop: Hop) -> Observation:
    """A notification for a host that offers no 8BITMIME has no octet above 127, though the refusal has some."""
    token = new_token()
    received = await told(smtp, hop, reply, hop.bare(token), token)
    wrong = re.search(rb"[\x80-\xff]+", received.data)
    return holds(wrong is None, expected="US-ASCII alone", seen=around(received.data, wrong))


@scenario("rfc5321/2.4/no-8-bit-content", start=At.EHLO, offers=["8BITMIME"], facts=["bare_next_hop"])
async def notification_quotes_no_8_bit_octets(smtp: Client, hop: Hop) -> Observation:
    """A notification for a host that offers no 8BITMIME quotes no octet above 127 of the message."""
    token, recipient = new_token(), new_token()
    hop.script(hop.mailbox(recipient), Rule(Step.RCPT, PLAIN))
    await smtp.deliver(
        smtp.message(token=recipient, before=FIELDS, body=TEXT),
        hop.path(recipient),
        reverse_path=b"<%b>" % hop.bare(token),
        parameters=b" BODY=8BITMIME",
    )
    received = await hop.notification(token)
    wrong = re.search(rb"[\x80-\xff]+", received.data)
    return holds(wrong is None, expected="US-ASCII alone", seen=around(received.data, wrong))


def unlabelled(content: bytes) -> list[str]:
    """The parts whose own text has octets above 127 and does not say 8bit or binary."""
    wrong: list[str] = []
    for part in message_from_bytes(content).walk():
        payload = part.get_payload()
        if isinstance(payload, str) and not payload.isascii():
            encoding = str(part.get("Content-Transfer-Encoding", "7bit")).strip().lower()
            if encoding not in {"8bit", "binary"}:
                wrong.append(f"{part.get_content_type()} with {encoding}")
    return wrong


@scenario("rfc5321/2.4/8bitmime-only-for-mime", start=At.EHLO, reply={"utf-8": EIGHT_BIT, "latin-1": LATIN_1})
async def notification_of_8_bit_is_mime(reply: bytes, smtp: Client, hop: Hop) -> Observation:
    """A notification with octets above 127 is MIME, and the parts that have them say so."""
    token = new_token()
    received = await told(smtp, hop, reply, hop.mailbox(token), token)
    if received.data.isascii():
        return Held("US-ASCII alone")
    header = split_fields(received.content.partition(CRLF + CRLF)[0] + CRLF)
    mime = bool(fields_named(header, "MIME-Version"))
    wrong = unlabelled(received.content)
    return holds(mime and not wrong, expected="MIME, its 8-bit parts labelled", seen=wrong or "no MIME-Version")


BINARY_FIELDS = FIELDS.replace(b"text/plain; charset=utf-8", b"application/octet-stream").replace(b"8bit", b"binary")
BINARY = b"\x00\xff\r\x80\n" * 300 + b"\xfe" * 1500 + CRLF


@scenario("rfc5321/2.4/8bitmime-is-no-licence", start=At.EHLO, offers=["BINARYMIME", "CHUNKING"])
async def binary_content_is_not_called_8_bit(smtp: Client, hop: Hop) -> Observation:
    """Content without lines goes to a host that offers 8BITMIME and no more in lines, or not at all."""
    sender = new_token()
    content = smtp.message(before=BINARY_FIELDS, body=BINARY)
    await smtp.transaction(hop.path(), reverse_path=hop.path(sender), parameters=b" BODY=BINARYMIME")
    await smtp.raw(b"BDAT %d LAST" % len(content) + CRLF + content)
    outcome = await smtp.reply()
    seen = await hop.arrival()
    if seen is None:
        returned = await hop.notification_arrival(sender)
        if returned is None:
            raise NotReady("next hop", f"neither the message nor a notification, behind {outcome}")
        return Held("given back")
    too_long = max(map(len, seen.data.split(CRLF))) > 999
    wild = BARE.search(seen.data) is not None or b"\0" in seen.data or too_long
    return holds(not wild, expected="lines, and no NUL in them", seen=visible(seen.data[-200:]))
