"""RFC 6152 3 - The 8bit-MIMEtransport Service Extension."""

from __future__ import annotations

from conformance import (
    CRLF,
    At,
    Client,
    Hop,
    Observation,
    Reply,
    Unclear,
    accepted,
    holds,
    one_message,
    presume,
    scenario,
    took,
    visible,
)

UTF_8 = "Grüße, Ωμέγα, 邮件\r\n".encode()
LATIN_1 = "Grüße aus Köln\r\n".encode("latin-1")
HIGH = bytes(range(0x80, 0x100)) + CRLF
CONTENTS = {"utf-8": UTF_8, "latin-1": LATIN_1, "all-high-octets": HIGH, "nothing-8-bit": b"plain\r\n"}


def _mime(smtp: Client, body: bytes) -> bytes:
    """A message that says of itself that it is 8-bit text."""
    header, _, _ = smtp.message().partition(CRLF + CRLF)
    fields = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    return header + CRLF + fields + CRLF + body


async def _open(smtp: Client, parameter: bytes = b" BODY=8BITMIME", forward_path: bytes | None = None) -> None:
    presume(accepted(await smtp.mail(parameters=parameter)))
    presume(accepted(await smtp.rcpt(forward_path)))


@scenario("rfc6152/3/keyword-means-support", start=At.EHLO, offers=["8BITMIME"], body=CONTENTS)
async def eight_bit_content_is_taken(body: bytes, smtp: Client, second: Client) -> Observation:
    """A message with octets above 127, declared as such, is taken as a plain one is."""
    await second.deliver(_mime(second, b"plain\r\n"))
    await _open(smtp)
    return accepted(await smtp.data(_mime(smtp, body)))


@scenario("rfc6152/3/keyword-means-support", start=At.EHLO, offers=["8BITMIME"])
async def seven_bit_content_is_taken_as_declared(smtp: Client, second: Client) -> Observation:
    """A plain message that is declared as 7BIT is taken as one without a declaration is."""
    await second.deliver()
    await _open(smtp, b" BODY=7BIT")
    return accepted(await smtp.data())


LOOK_ALIKES = {
    "doubled-dot": b"..\r\n",
    "dot-and-high-octet": b".\xe9\r\n",
    "high-octet-and-dot": b"\xe9.\r\n",
    "nel-dot-nel": b"\x85.\x85",
    "line-separator": "\u2028.\u2028".encode(),
    "cr-with-its-high-bit": b"\r\n.\x8d\x8a",
    "dot-with-its-high-bit": b"\r\n\xae\r\n",
}


@scenario(
    "rfc6152/3/usual-stuffing",
    start=At.EHLO,
    offers=["8BITMIME"],
    octets=LOOK_ALIKES,
    segments=["line-ends"],
    tags=["smuggling"],
)
async def eight_bit_look_alike_does_not_end_mail_data(octets: bytes, smtp: Client) -> Observation:
    """What looks like the end once its high bits are taken off, or is one in Unicode, ends nothing."""
    await _open(smtp)
    presume(accepted(await smtp.say(b"DATA"), {354}))
    content = _mime(smtp, b"first\r\n" + octets + b"\r\nRSET\r\nRSET\r\nlast\r\n")
    await smtp.raw(content + b"." + CRLF)  # as it stands here: no dot is doubled, and none needs to be
    return one_message(await smtp.replies_until_quit())


@scenario(
    "rfc6152/3/lines-of-1000",
    start=At.EHLO,
    offers=["8BITMIME"],
    line={"high": b"\xe9" * 998, "utf-8": "é".encode() * 499, "mixed": b"a\xe9" * 499},
)
async def line_of_1000_octets_is_taken(line: bytes, smtp: Client, second: Client) -> Observation:
    """An 8-bit line of 1000 octets, its CRLF included, is taken where a short one is."""
    await _open(second)
    presume(accepted(await second.data(_mime(second, UTF_8))))
    await _open(smtp)
    return accepted(await smtp.data(_mime(smtp, line + CRLF)))


@scenario("rfc6152/3/line-limit-stays", start=At.EHLO, offers=["8BITMIME"])
async def longer_8_bit_line_may_be_refused(smtp: Client) -> Observation:
    """An 8-bit line of 4000 octets is taken, or refused."""
    await _open(smtp)
    outcome = await smtp.data(_mime(smtp, b"\xe9" * 3998 + CRLF))
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else "refuses it", outcome)


@scenario("rfc6152/3/keyword-means-support", start=At.EHLO, offers=["8BITMIME"], body={"utf-8": UTF_8, "high": HIGH})
async def second_8_bit_message_is_taken(body: bytes, smtp: Client, second: Client) -> Observation:
    """An 8-bit message is taken behind a plain one in the same session."""
    await second.deliver(_mime(second, b"plain\r\n"))
    await second.deliver(_mime(second, b"plain\r\n"))
    await smtp.deliver()
    await _open(smtp)
    return accepted(await smtp.data(_mime(smtp, body)))


ENCODED = (b"quoted-printable", b"base64")


@scenario(
    "rfc6152/3/relay-all-bits",
    start=At.EHLO,
    offers=["8BITMIME"],
    body={name: CONTENTS[name] for name in ("utf-8", "latin-1", "all-high-octets")},
)
async def relayed_8_bit_content_keeps_all_bits(body: bytes, smtp: Client, hop: Hop) -> Observation:
    """8-bit content reaches a next hop that lists 8BITMIME with all its bits."""
    await _open(smtp, forward_path=hop.path())
    presume(accepted(await smtp.data(_mime(smtp, body))))
    content = (await hop.message()).content
    if any(encoding in content.lower() for encoding in ENCODED):
        return Unclear("it was encoded on its way, which loses nothing")
    return holds(body in content, expected=visible(body), seen=visible(content[-len(body) - 20 :]))
