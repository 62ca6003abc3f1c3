"""RFC 5321 4.2 - SMTP Replies."""

from __future__ import annotations

import re

from conformance import (
    CRLF,
    Anomaly,
    At,
    Broken,
    Client,
    Exchange,
    Held,
    Observation,
    Outcome,
    Reply,
    Silence,
    Unclear,
    answered,
    holds,
    one_reply,
    presume,
    scenario,
    took,
    watch,
)

BASE_CODES = frozenset(
    {211, 214, 220, 221, 250, 251, 252, 354, 421, 450, 451, 452, 455, 500, 501, 502, 503, 504}
    | {550, 551, 552, 553, 554, 555}
)
EXTENSION_CODES = {
    "AUTH": frozenset({235, 334, 432, 454, 530, 534, 535, 538}),
    "STARTTLS": frozenset({454, 530}),
    "ETRN": frozenset({253, 458, 459}),
    "ATRN": frozenset({453}),
}
ALWAYS_ALLOWED = frozenset({521, 530, 538, 556})
"""RFC 7504 gives 521 and 556 to every server; 530 and 538 come before what they ask for is offered (RFC 4954 §6)."""


@scenario(
    "rfc5321/4.2/one-reply",
    start=At.EHLO,
    line={
        "noop": b"NOOP",
        "rset": b"RSET",
        "vrfy": b"VRFY postmaster",
        "help": b"HELP",
        "ehlo": b"EHLO client.example.test",
        "helo": b"HELO client.example.test",
        "mail": b"MAIL FROM:<>",
        "rcpt": b"RCPT TO:<postmaster>",
        "data": b"DATA",
        "unknown": b"BOGUS",
        "empty": b"",
        "turn": b"TURN",
        "send": b"SEND FROM:<>",
        "expn": b"EXPN postmaster",
    },
    segments=["octets", "line-ends"],
)
async def command_brings_one_reply(line: bytes, smtp: Client) -> Observation:
    """Each command line is answered once, no more and no less."""
    await smtp.raw(line + b"\r\n")
    return _one_reply_or_none_to_nothing(line, await smtp.replies_until_quit())


def _one_reply_or_none_to_nothing(line: bytes, outcomes: list[Outcome]) -> Observation:
    """One reply to the line; one that is empty, or white space alone, may be no command, which none answers."""
    if not line.strip(b" \t") and isinstance(outcomes[0], Silence):
        return Unclear(f"a line with no verb may be passed over: {' | '.join(map(str, outcomes))}")
    return one_reply(outcomes)


LINES = {
    "noop": (b"NOOP", b"NOOP argument"),
    "rset": (b"RSET", b"RSET argument"),
    "vrfy": (b"VRFY postmaster", b"VRFY"),
    "expn": (b"EXPN postmaster", b"EXPN"),
    "help": (b"HELP", b"HELP NOOP"),
    "ehlo": (b"EHLO client.example.test", b"EHLO"),
    "helo": (b"HELO client.example.test", b"HELO"),
    "mail": (b"MAIL FROM:<>", b"MAIL"),
    "rcpt": (b"RCPT TO:<postmaster>", b"RCPT"),
    "data": (b"DATA", b"DATA argument"),
    "unknown": (b"BOGUS", b"BOGUS argument"),
}
"""Each verb as it usually is, and with an argument more or less."""


def _lower(line: bytes) -> bytes:
    verb, space, argument = line.partition(b" ")
    return verb.lower() + space + argument


@scenario(
    "rfc5321/4.2/one-reply",
    start=At.EHLO,
    line={
        f"{verb}-{form}": line
        for verb, (usual, other) in LINES.items()
        for form, line in {"lower": _lower(usual), "space": usual + b" ", "argument": other}.items()
    },
    segments=["octets"],
)
async def command_in_another_form_brings_one_reply(line: bytes, smtp: Client) -> Observation:
    """A verb in lower case, white space behind it, an argument too many or too few: one reply each."""
    await smtp.raw(line + CRLF)
    return one_reply(await smtp.replies_until_quit())


ODD_COMMANDS = {
    "nul-in-verb": b"NO\0OP",
    "nul-in-argument": b"NOOP a\0b",
    "nul-at-end": b"NOOP\0",
    "nul-alone": b"\0",
    "bell": b"NOOP \a",
    "backspace": b"NOOQ\bP",
    "delete": b"NOOP \x7f",
    "end-of-file": b"NOOP \x04\x1a",
    "8-bit-verb": b"N\xd6\xd6P",
    "8-bit-argument": b"NOOP \xff\xfe",
    "utf-8-argument": "NOOP f\u00fcr".encode(),
    "telnet": b"\xff\xf4\xff\xfdNOOP",
    "cr-in-argument": b"NOOP a\rb",
    "cr-at-end": b"NOOP\r",
    "two-cr-at-end": b"NOOP\r\r",
    "tab-behind-verb": b"NOOP\targument",
    "space-before-verb": b" NOOP",
    "spaces-alone": b"   ",
    "percent": b"NOOP %s%n%x",
}
"""Command lines that hold what no command should: control characters, full octets, bare CR, white space."""


@scenario("rfc5321/4.2/one-reply", start=At.EHLO, line=ODD_COMMANDS, segments=["octets"])
async def odd_line_brings_one_reply(line: bytes, smtp: Client) -> Observation:
    """A line of odd octets is a line: it brings one reply, and the next command another."""
    await smtp.raw(line + CRLF)
    return _one_reply_or_none_to_nothing(line, await smtp.replies_until_quit())


def _anomaly(exchange: Exchange, anomaly: Anomaly, expected: str) -> Observation:
    if anomaly in exchange.reply.anomalies:
        return Broken(expected, str(exchange.reply))
    return Held()


@watch("rfc5321/4.2/first-digit")
def watch_first_digit(exchange: Exchange) -> Observation | None:
    """Every code begins with 2, 3, 4 or 5."""
    return _anomaly(exchange, Anomaly.OUT_OF_RANGE, "a code that begins with 2, 3, 4 or 5")


@watch("rfc5321/4.2/second-digit")
def watch_second_digit(exchange: Exchange) -> Observation | None:
    """No code has a second digit above 5."""
    return _anomaly(exchange, Anomaly.BAD_SECOND_DIGIT, "a second digit of at most 5")


@watch("rfc5321/4.2/text-after-space")
def watch_text_after_code(exchange: Exchange) -> Observation | None:
    """No line is a bare code."""
    return _anomaly(exchange, Anomaly.BARE_CODE, "a space and text behind the code")


@watch("rfc5321/4.2/printable-text")
def watch_printable_text(exchange: Exchange) -> Observation | None:
    """The text of replies is tabs, spaces and printable ASCII; the EHLO reply has a rule of its own."""
    if exchange.verb in {"EHLO", "LHLO"}:
        return None
    found = {Anomaly.NON_ASCII, Anomaly.CONTROL, Anomaly.BARE_CR} & set(exchange.reply.anomalies)
    tells_addresses = exchange.verb in {"VRFY", "EXPN"} or exchange.reply.code in {251, 551}
    if "SMTPUTF8" in exchange.offers and tells_addresses:
        found.discard(Anomaly.NON_ASCII)  # where that is allowed, RFC 6531 §3.7.4 says, and scenarios of its suite
    if found:
        return Broken("printable ASCII and tabs", str(exchange.reply))
    return Held()


@watch("rfc5321/4.2/listed-codes")
def watch_listed_codes(exchange: Exchange) -> Observation | None:
    """Every code is one of the document's, or of an extension that the server offers or whose command it answers.

    Where nobody can say which line a reply answers, it can be that of any extension.
    """
    allowed = BASE_CODES | ALWAYS_ALLOWED | EXTENSION_CODES.get(exchange.verb or "", frozenset())
    for keyword, codes in EXTENSION_CODES.items():
        if keyword in exchange.offers or exchange.verb is None:
            allowed |= codes
    code = exchange.reply.code
    if code and code not in allowed and 200 <= code < 600:
        return Broken("a code of RFC 5321 or of an offered extension", str(exchange.reply))
    return Held()


ODD_LINES = {Anomaly.BAD_CODE, Anomaly.NO_SEPARATOR, Anomaly.BARE_LF, Anomaly.EMPTY_LINE}


@watch("rfc5321/4.2/reply-form")
def watch_reply_form(exchange: Exchange) -> Observation | None:
    """A reply of one line is a code, a space and a text, or the code alone, and CRLF."""
    if len(exchange.reply.lines) > 1:
        return None
    odd = ODD_LINES & set(exchange.reply.anomalies)
    return Broken("a code, a space, a text and CRLF", str(exchange.reply)) if odd else Held()


@watch("rfc5321/4.2/reply-line-syntax")
def watch_reply_line_syntax(exchange: Exchange) -> Observation | None:
    """In a reply of several lines each is a code, a hyphen or on the last a space, and CRLF."""
    if len(exchange.reply.lines) == 1:
        return None
    odd = ODD_LINES & set(exchange.reply.anomalies)
    return Broken("a code and a hyphen, a space on the last line, and CRLF", str(exchange.reply)) if odd else Held()


READ_BY_PROGRAMS = {221, 251, 421, 551}


@watch("rfc5321/4.2/machine-read-texts")
def watch_texts_that_programs_read(exchange: Exchange) -> Observation | None:
    """The greeting and the codes 221, 251, 421 and 551 come with a text."""
    greeting = exchange.verb == "CONNECT" and exchange.reply.code == 220
    if not greeting and exchange.reply.code not in READ_BY_PROGRAMS:
        return None
    return holds(bool(exchange.reply.text.strip()), expected="a text behind the code", seen=exchange.reply)


NAME = rb"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.?|\[[\x21-\x5a\x5e-\x7e]+\])(?: [\t\x20-\x7e]*)?"
GREETING = re.compile(rb"220 %b\r\n|220-%b\r\n(?:220-[\t\x20-\x7e]*\r\n)*220(?: [\t\x20-\x7e]*)?\r\n" % (NAME, NAME))


@scenario("rfc5321/4.2/greeting-syntax", start=At.GREETING)
async def greeting_has_its_form(smtp: Client) -> Observation:
    """The greeting is 220, a domain or an address literal, and text, on one line or several."""
    if not isinstance(smtp.greeting, Reply):
        return Unclear(str(smtp.greeting))
    fits = GREETING.fullmatch(smtp.greeting.octets) is not None
    return holds(fits, expected="220, a domain or an address literal, then text", seen=smtp.greeting)


@scenario("rfc5321/4.2/other-opening-replies", start=At.CONNECT, roles=["554-only"])
async def other_opening_reply_has_the_form_of_a_reply(smtp: Client) -> Observation:
    """What a server that takes no mail opens with has the form of a reply."""
    outcome = await smtp.reply()
    presume(answered(outcome))
    if not isinstance(outcome, Reply) or outcome.code == 220:
        return Unclear(f"opens with {outcome}")
    odd = {*ODD_LINES, Anomaly.INCONSISTENT_CODES} & set(outcome.anomalies)
    return holds(not odd, expected="a code, a space and a text on each line", seen=outcome)


COMMANDS = (b"MAIL FROM:<>", b"RCPT TO:<postmaster>", b"RSET", b"NOOP", b"VRFY postmaster")
"""Commands whose replies usually have one line; which of them succeed does not matter."""


@scenario("rfc5321/4.2/multiline-for-any-command", start=At.EHLO)
async def reply_to_any_command_may_have_several_lines(smtp: Client) -> Observation:
    """Replies to commands other than EHLO, EXPN and HELP have one line, or several."""
    outcomes = [await smtp.say(command) for command in COMMANDS]
    replies = [outcome for outcome in outcomes if isinstance(outcome, Reply)]
    if len(replies) < len(COMMANDS):
        return Unclear(" | ".join(str(outcome) for outcome in outcomes))
    long = [reply for reply in replies if len(reply.lines) > 1]
    return took("several lines" if long else "one line each", long[0] if long else replies[0])
