"""RFC 5321 4.5.3.1 - Size Limits and Minimums."""

from __future__ import annotations

from conformance import (
    CRLF,
    At,
    Client,
    Observation,
    accepted,
    presume,
    scenario,
    taken_like_any_other,
)

MESSAGE = 64 * 1024
LONGEST_LINE = b"x" * 998 + CRLF


@scenario("rfc5321/4.5.3.1/minimum-sizes", start=At.MAIL, facts=["long_mailbox"])
async def message_at_every_limit_is_taken(smtp: Client, second: Client) -> Observation:
    """A message of 64K octets in lines of 1000 octets for a mailbox of 64 octets is taken."""
    presume(accepted(await smtp.rcpt(b"<%b>" % (smtp.target.long_mailbox or "").encode("ascii"))))
    presume(accepted(await smtp.say(b"DATA"), {354}))
    room = MESSAGE - len(smtp.message(body=b""))
    body = LONGEST_LINE * (room // len(LONGEST_LINE) - 1)
    rest = b"y" * ((room - len(body)) // 2 - len(CRLF)) + CRLF
    last = b"z" * (room - len(body) - len(rest) - len(CRLF)) + CRLF
    return await taken_like_any_other(smtp.message(body=body + rest + last), smtp, second)


@scenario("rfc5321/4.5.3.1/lengths-in-octets", start=At.EHLO, offers=["8BITMIME"])
async def line_of_wide_characters_is_measured_in_octets(smtp: Client, second: Client) -> Observation:
    """A text line of 1000 octets is taken also where its characters are of two octets each."""
    presume(accepted(await smtp.mail(parameters=b" BODY=8BITMIME")))
    presume(accepted(await smtp.rcpt()))
    presume(accepted(await smtp.say(b"DATA"), {354}))
    mime = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    return await taken_like_any_other(mime + smtp.message(body="é".encode() * 499 + CRLF), smtp, second)
