"""RFC 5321 2.4 - General Syntax Principles and Transaction Model."""

from __future__ import annotations

from collections.abc import Callable

from conformance import (
    At,
    Client,
    Observation,
    Reply,
    Silence,
    Unclear,
    accepted,
    goes_on,
    holds,
    not_refused_as,
    one_reply,
    presume,
    refused,
    refused_with,
    row,
    scenario,
    silent,
    took,
)

A_MOMENT = 0.25
"""Seconds in which a server that does not wait for CRLF has answered; what proves it is the one reply that follows."""

UNRECOGNISED = (500, 501, 502)


def _mixed(octets: bytes) -> bytes:
    return bytes(
        octet ^ 0x20 if number % 2 and 0x41 <= octet & 0xDF <= 0x5A else octet for number, octet in enumerate(octets)
    )


CASES: dict[str, Callable[[bytes], bytes]] = {"lower": bytes.lower, "mixed": _mixed}
COMMANDS = (b"NOOP", b"RSET", b"VRFY postmaster", b"EHLO client.example.test", b"HELO client.example.test")


@scenario(
    "rfc5321/2.4/verbs-have-no-case",
    start=At.EHLO,
    command={
        f"{command.split()[0].decode().lower()}-{case}": (command, change)
        for command in COMMANDS
        for case, change in CASES.items()
    },
)
async def verb_is_known_in_any_case(command: tuple[bytes, Callable[[bytes], bytes]], smtp: Client) -> Observation:
    """A verb that is known in upper case is known in lower and mixed case."""
    line, change = command
    verb, space, argument = line.partition(b" ")
    presume(not_refused_as(await smtp.say(line), UNRECOGNISED))
    return not_refused_as(await smtp.say(change(verb) + space + argument), UNRECOGNISED)


@scenario(
    "rfc5321/2.4/verbs-have-no-case",
    start=At.EHLO,
    words={
        "verbs-lower": (b"mail FROM:", b"rcpt TO:", b"data"),
        "verbs-mixed": (b"Mail FROM:", b"rCPT TO:", b"dAtA"),
        "arguments-lower": row((b"MAIL from:", b"RCPT to:", b"DATA"), "rfc5321/2.4/arguments-have-no-case"),
        "arguments-mixed": row((b"MAIL From:", b"RCPT tO:", b"DATA"), "rfc5321/2.4/arguments-have-no-case"),
    },
    segments=["octets"],
)
async def transaction_in_any_case(words: tuple[bytes, bytes, bytes], smtp: Client, second: Client) -> Observation:
    """MAIL, RCPT and DATA open a transaction whatever the case of their fixed words."""
    mail, rcpt, data = words
    await second.transaction()
    presume(goes_on(await second.say(b"DATA")))
    for line in (mail + smtp.reverse_path, rcpt + smtp.forward_path):
        outcome = await smtp.say(line)
        if not (isinstance(outcome, Reply) and outcome.severity == 2):
            return not_refused_as(outcome, UNRECOGNISED)
    return not_refused_as(await smtp.say(data), UNRECOGNISED)


@scenario(
    "rfc5321/2.4/domains-have-no-case",
    start=At.MAIL,
    facts=["mailboxes", "sender"],
    change={"upper": bytes.upper, "mixed": _mixed},
)
async def domain_in_any_case(change: Callable[[bytes], bytes], smtp: Client) -> Observation:
    """A mailbox is taken whatever the case of its domain."""
    local, at, domain = smtp.forward_path.strip(b"<>").partition(b"@")
    presume(accepted(await smtp.rcpt()))
    presume(accepted(await smtp.say(b"RSET")))
    presume(accepted(await smtp.mail()))
    return accepted(await smtp.rcpt(b"<" + local + at + change(domain) + b">"))


@scenario(
    "rfc5321/2.4/no-action-before-crlf",
    start=At.EHLO,
    unfinished={"verb": b"NOOP", "verb-and-argument": b"NOOP unfinished", "cr": b"NOOP\r"},
)
async def nothing_happens_before_crlf(unfinished: bytes, smtp: Client, second: Client) -> Observation:
    """A command brings no reply before its CRLF, and one behind it."""
    await second.raw(unfinished.removesuffix(b"\r") + b"\r\n")
    presume(one_reply(await second.replies_until_quit()))
    await smtp.raw(unfinished)
    early = await smtp.reply(within=A_MOMENT)
    if not isinstance(early, Silence):
        return silent([early])
    # A server that acted all the same takes what follows for a line of its own.
    await smtp.raw(b"\n" if unfinished.endswith(b"\r") else b"\r\n")
    return one_reply(await smtp.replies_until_quit())


async def _refused_by_the_recipient(smtp: Client, reverse_path: bytes) -> Observation:
    """A reverse-path may be taken and the refusal come with the recipient (3.3)."""
    outcome = await smtp.mail(reverse_path)
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.rcpt()
    return refused(outcome)


@scenario(
    "rfc5321/2.4/refuse-8-bit-commands",
    start=At.EHLO,
    local={"utf-8": "usér".encode(), "latin-1": "usér".encode("latin-1"), "high-control": b"us\x85r"},
)
async def reverse_path_with_8_bit_octets_is_refused(local: bytes, smtp: Client) -> Observation:
    """A reverse-path with octets outside US-ASCII is refused where SMTPUTF8 was not asked for."""
    return await _refused_by_the_recipient(smtp, b"<" + local + b"@client.example.test>")


@scenario(
    "rfc5321/2.4/refuse-8-bit-commands",
    start=At.MAIL,
    facts=["domains"],
    local={"utf-8": "usér".encode(), "latin-1": "usér".encode("latin-1")},
)
async def forward_path_with_8_bit_octets_is_refused(local: bytes, smtp: Client) -> Observation:
    """A forward-path with octets outside US-ASCII is refused where SMTPUTF8 was not asked for."""
    domain = smtp.target.domains[0].encode("ascii")
    return refused(await smtp.rcpt(b"<" + local + b"@" + domain + b">"))


@scenario(
    "rfc5321/2.4/500-for-8-bit-commands",
    start=At.EHLO,
    line={"utf-8": "NÖOP".encode(), "latin-1": "NÖOP".encode("latin-1"), "high-bit-set": b"\xce\xcf\xcf\xd0"},
    segments=["octets", "line-ends"],
)
async def verb_with_8_bit_octets_gets_500(line: bytes, smtp: Client) -> Observation:
    """The refusal of a verb with octets outside US-ASCII has the code 500, or 501, which means a wrong form too."""
    return refused_with(await smtp.say(line), {500, 501})


@scenario("rfc5321/2.4/8bitmime-supported", start=At.EHLO)
async def eightbitmime_is_offered(smtp: Client) -> Observation:
    """The reply to EHLO lists 8BITMIME."""
    if not smtp.extended:
        return Unclear(f"EHLO is not taken: {smtp.hello}")
    return holds("8BITMIME" in smtp.offers, expected="8BITMIME", seen=smtp.hello)


EIGHT_BIT_BODY = "Grüße\r\n".encode()
MIME = b'MIME-Version: 1.0\r\nContent-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\n'


async def _deliver_8_bit(smtp: Client, mime: bytes) -> Observation:
    outcome = await smtp.mail(parameters=b" BODY=8BITMIME")
    if isinstance(outcome, Reply) and outcome.severity == 2:
        presume(accepted(await smtp.rcpt()))
        outcome = await smtp.data(mime + smtp.message(body=EIGHT_BIT_BODY))
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else "refuses it", outcome)


@scenario("rfc5321/2.4/may-ask-for-8-bit-content", start=At.EHLO, offers=["8BITMIME"])
async def content_of_8_bit_may_be_sent_where_asked_for(smtp: Client) -> Observation:
    """8-bit content in MIME form, asked for with BODY=8BITMIME, is taken, or refused."""
    return await _deliver_8_bit(smtp, MIME)


@scenario("rfc5321/2.4/may-reject-8-bit-without-mime", start=At.EHLO, offers=["8BITMIME"])
async def content_of_8_bit_without_mime_may_be_refused(smtp: Client) -> Observation:
    """8-bit content without a MIME header is taken in spite of that, or refused."""
    return await _deliver_8_bit(smtp, b"")
