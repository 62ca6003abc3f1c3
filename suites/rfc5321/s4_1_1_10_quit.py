"""RFC 5321 4.1.1.10 - QUIT (QUIT)."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, answered, closes, presume, row, scenario, stays_open

ANYWHERE = (At.GREETING, At.EHLO, At.MAIL, At.RCPT)


@scenario("rfc5321/4.1.1.10/quit-221", start=At.EHLO, segments=["octets", "line-ends"])
async def quit_gets_221(smtp: Client) -> Observation:
    """QUIT is answered with 221."""
    return answered(await smtp.say(b"QUIT"), {221})


@scenario("rfc5321/4.1.1.10/quit-at-any-time", start=ANYWHERE)
async def quit_is_taken_anywhere(smtp: Client) -> Observation:
    """QUIT is answered with 221 wherever the session stands."""
    return answered(await smtp.say(b"QUIT"), {221})


@scenario("rfc5321/4.1.1.10/close-after-quit", start=ANYWHERE)
async def connection_is_closed_after_quit(smtp: Client) -> Observation:
    """The reply to QUIT is the last, and the server closes behind it."""
    return closes(await smtp.quit())


@scenario(
    "rfc5321/4.1.1.10/no-close-before-quit",
    start=At.EHLO,
    line={
        "bad-mail": b"MAIL FROM:<",
        "rcpt-without-mail": b"RCPT TO:<postmaster>",
        "data-without-mail": b"DATA",
        "bad-rcpt": row(b"RCPT TO:<@>", start=At.MAIL),
        "nested-mail": row(b"MAIL FROM:<>", start=At.MAIL),
        "bad-ehlo": b"EHLO",
        "no-path": b"MAIL FROM:",
        "no-argument": b"MAIL",
        "high-bit-set": b"MAIL FROM:<us\xe9r@client.example.test>",
        "no-at-sign": b"MAIL FROM:<sender>",
        "recipient-high-bit-set": row(b"RCPT TO:<us\xe9r@client.example.test>", start=At.MAIL),
        "auth-without-mechanism": row(b"AUTH", offers=["AUTH"]),
        "auth-bad-base64": row(b"AUTH PLAIN ####", offers=["AUTH PLAIN"]),
    },
)
async def error_does_not_close_the_connection(line: bytes, smtp: Client) -> Observation:
    """After one command in error the connection stays open."""
    presume(stays_open(await smtp.say(b"NOOP")))
    outcome = await smtp.say(line)
    if isinstance(outcome, Reply) and outcome.code != 421:
        outcome = await smtp.say(b"NOOP")
    return stays_open(outcome)
