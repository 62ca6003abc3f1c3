"""RFC 2033 4 - The LMTP protocol."""

from __future__ import annotations

from conformance import (
    CRLF,
    At,
    Client,
    Observation,
    answered,
    closes,
    one_message,
    one_reply,
    presume,
    recognised,
    refused,
    row,
    scenario,
)

AS_SMTP = "rfc2033/4/as-smtp"


@scenario(
    AS_SMTP,
    roles=["lmtp"],
    start=At.EHLO,
    given={
        "noop": (b"NOOP", {250}),
        "rset": (b"RSET", {250}),
        "rcpt-without-mail": (b"RCPT TO:<postmaster>", {503}),
        "unknown": (b"BOGUS", {500}),
        "rset-in-a-transaction": row((b"RSET", {250}), start=At.RCPT),
        "noop-in-a-transaction": row((b"NOOP", {250}), start=At.RCPT),
    },
)
async def command_is_answered_as_in_smtp(given: tuple[bytes, set[int]], smtp: Client) -> Observation:
    """A command that LMTP leaves alone gets the reply that SMTP gives it."""
    line, codes = given
    return answered(await smtp.say(line), codes)


@scenario(AS_SMTP, roles=["lmtp"], start=At.EHLO)
async def vrfy_is_known(smtp: Client) -> Observation:
    """VRFY is among the commands that every server knows."""
    return recognised(await smtp.say(b"VRFY postmaster"))


@scenario(AS_SMTP, roles=["lmtp"], start=(At.GREETING, At.EHLO, At.MAIL, At.RCPT))
async def quit_gets_221_and_the_close(smtp: Client) -> Observation:
    """QUIT ends the session in any state."""
    return closes(await smtp.quit())


@scenario(
    AS_SMTP,
    roles=["lmtp"],
    start=At.EHLO,
    line={"noop": b"NOOP", "lhlo": b"LHLO client.example.test", "mail": b"MAIL FROM:<>", "unknown": b"BOGUS"},
    segments=["octets", "line-ends"],
)
async def line_brings_one_reply(line: bytes, smtp: Client) -> Observation:
    """Each command line is answered once."""
    await smtp.raw(line + CRLF)
    return one_reply(await smtp.replies_until_quit())


@scenario(AS_SMTP, roles=["lmtp"], start=At.RCPT)
async def rset_ends_the_transaction(smtp: Client) -> Observation:
    """After RSET there is nobody to take a message for."""
    presume(answered(await smtp.say(b"RSET"), {250}))
    return refused(await smtp.data())


@scenario(
    AS_SMTP,
    roles=["lmtp"],
    start=At.DATA,
    end={"lf-dot-lf": b"\n.\n", "lf-dot-crlf": b"\n.\r\n", "cr-dot-cr": b"\r.\r", "crlf-dot-lf": b"\r\n.\n"},
    tags=["smuggling"],
)
async def only_crlf_dot_crlf_ends_the_data(end: bytes, smtp: Client) -> Observation:
    """A dot between other line ends does not end the mail data."""
    await smtp.raw(smtp.message(body=b"first" + end + b"second\r\n") + b"." + CRLF)
    return one_message(await smtp.replies_until_quit())
