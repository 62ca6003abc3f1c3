"""RFC 5321 4.5.2 - Transparency."""

from __future__ import annotations

from conformance import CRLF, At, Client, Observation, answered, one_message, row, scenario

DOTTED_LINES = {
    "two-dots": b"..",
    "dot-and-text": b".text",
    "dot-space": b". ",
    "dot-tab": b".\t",
    "space-dot": b" .",
    "many-dots": b"." * 80,
}
CONTROLS = {f"0x{octet:02x}": bytes([octet]) for octet in (*range(1, 9), 11, 12, *range(14, 32), 127)}


@scenario("rfc5321/4.5.2/stuffed-dot-does-not-end", start=At.DATA, line=DOTTED_LINES, segments=["octets", "line-ends"])
async def longer_line_does_not_end_the_data(line: bytes, smtp: Client) -> Observation:
    """A line that holds more than one dot does not end the mail data."""
    await smtp.raw(smtp.message(body=b"first" + CRLF + line + CRLF + b"second" + CRLF) + b"." + CRLF)
    return one_message(await smtp.replies_until_quit())


@scenario(
    "rfc5321/4.5.2/single-dot-ends",
    start=At.DATA,
    body={"text": b"text\r\n", "empty-lines": b"\r\n\r\n", "none": b""},
    segments=["octets", "line-ends"],
)
async def single_dot_ends_the_data(body: bytes, smtp: Client) -> Observation:
    """A line that is one dot ends the mail data, whatever stands before it, and brings a reply."""
    await smtp.raw(smtp.message(body=body) + b"." + CRLF)
    return answered(await smtp.reply())


@scenario(
    "rfc5321/4.5.2/all-ascii",
    start=At.DATA,
    octet={**CONTROLS, "nul": row(b"\0")},
)
async def control_character_does_not_upset_the_session(octet: bytes, smtp: Client) -> Observation:
    """A control character in mail data is data: the message brings one reply."""
    await smtp.raw(smtp.message(body=b"before " + octet + b" behind" + CRLF) + b"." + CRLF)
    return one_message(await smtp.replies_until_quit())


ODD_BODIES = {
    "bare-cr": b"before\rbehind\r\n",
    "bare-lf": row(b"before\nbehind\r\n", "rfc5321/4.1.1.4/no-bare-lf-lines"),
    "lf-cr": row(b"before\n\rbehind\r\n", "rfc5321/4.1.1.4/no-bare-lf-lines"),
    "cr-cr-lf": b"before\r\r\nbehind\r\r\n",
    "cr-lf-lf": row(b"before\r\n\nbehind\r\n", "rfc5321/4.1.1.4/no-bare-lf-lines"),
    "cr-at-line-begin": b"\rbefore\r\n\rbehind\r\n",
    "lf-at-line-begin": row(b"\nbefore\r\n\nbehind\r\n", "rfc5321/4.1.1.4/no-bare-lf-lines"),
    "lines-of-lf": row(b"one\ntwo\nthree\n\r\n", "rfc5321/4.1.1.4/no-bare-lf-lines"),
    "lines-of-cr": b"one\rtwo\rthree\r\r\n",
    "nul-lines": b"\0\r\n\0\0\r\n",
    "8-bit": b"\xff\xfe\x80\r\n",
    "utf-8": "gr\u00fc\u00dfe\u2028\r\n".encode(),
    "all-octets": bytes(octet for octet in range(256) if octet not in b"\r\n.") + b"\r\n",
}
"""Bodies without a dot whose octets no message should hold."""


@scenario("rfc5321/2.3.8/only-crlf-in-mail-data", start=At.DATA, body=ODD_BODIES, segments=["octets"])
async def odd_octets_do_not_upset_the_session(body: bytes, smtp: Client) -> Observation:
    """Whatever octets stand in mail data, the message brings one reply."""
    await smtp.raw(smtp.message(body=body) + b"." + CRLF)
    return one_message(await smtp.replies_until_quit())
