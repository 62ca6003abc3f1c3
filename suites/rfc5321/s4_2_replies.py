"""RFC 5321 4.2 - SMTP Replies."""

from __future__ import annotations

from conformance import Anomaly, At, Broken, Client, Exchange, Held, Observation, one_reply, scenario, watch

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
ALWAYS_ALLOWED = frozenset({521, 556})
"""RFC 7504 gives these to every server."""


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
    },
    segments=["octets", "line-ends"],
)
async def command_brings_one_reply(line: bytes, smtp: Client) -> Observation:
    """Each command line is answered once, no more and no less."""
    await smtp.raw(line + b"\r\n")
    return one_reply(await smtp.replies_until_quit())


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
    if {Anomaly.NON_ASCII, Anomaly.CONTROL, Anomaly.BARE_CR} & set(exchange.reply.anomalies):
        return Broken("printable ASCII and tabs", str(exchange.reply))
    return Held()


@watch("rfc5321/4.2/listed-codes")
def watch_listed_codes(exchange: Exchange) -> Observation | None:
    """Every code is one of the document's, or of an extension that the server offers."""
    allowed = BASE_CODES | ALWAYS_ALLOWED
    for keyword, codes in EXTENSION_CODES.items():
        if keyword in exchange.offers:
            allowed |= codes
    code = exchange.reply.code
    if code and code not in allowed and 200 <= code < 600:
        return Broken("a code of RFC 5321 or of an offered extension", str(exchange.reply))
    return Held()
