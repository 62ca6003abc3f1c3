"""RFC 5321 3.1 - Session Initiation."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Reply,
    Unclear,
    answered,
    holds,
    presume,
    scenario,
    stays_open,
    took,
)


@scenario("rfc5321/3.1/opening-message", start=At.CONNECT)
async def server_speaks_first(smtp: Client) -> Observation:
    """The server sends its opening message without being asked."""
    return answered(await smtp.reply())


@scenario("rfc5321/3.1/software-in-greeting", start=At.GREETING)
async def greeting_may_name_the_software(smtp: Client) -> Observation:
    """The greeting has text behind the server's name, or has not."""
    words = smtp.greeting.text.split() if isinstance(smtp.greeting, Reply) else []
    says_more = [word for word in words[1:] if word.upper() not in {b"ESMTP", b"SMTP", b"LMTP"}]
    return took("more than the name" if says_more else "the name alone", smtp.greeting)


@scenario("rfc5321/3.1/reject-with-554", start=At.CONNECT)
async def session_may_be_rejected(smtp: Client) -> Observation:
    """The server opens with 220, or rejects the session with 554."""
    outcome = await smtp.reply()
    if isinstance(outcome, Reply) and outcome.code in {220, 554}:
        return took("opens" if outcome.code == 220 else "rejects", outcome)
    return Unclear(str(outcome))


@scenario("rfc5321/3.1/wait-for-quit-after-554", start=At.CONNECT, roles=["554-only"])
async def rejected_session_stays_open(smtp: Client) -> Observation:
    """After a 554 greeting the connection stays open until QUIT."""
    presume(answered(await smtp.reply(), {554}))
    presume(answered(await smtp.say(b"NOOP")))
    return stays_open(await smtp.say(b"NOOP"))


@scenario(
    "rfc5321/3.1/503-after-554",
    start=At.CONNECT,
    roles=["554-only"],
    command={"ehlo": b"EHLO client.example.test", "mail": b"MAIL FROM:<>", "noop": b"NOOP"},
)
async def rejected_session_answers_503(command: bytes, smtp: Client) -> Observation:
    """After a 554 greeting every command but QUIT is answered with 503."""
    presume(answered(await smtp.reply(), {554}))
    return answered(await smtp.say(command), {503})


@scenario("rfc5321/3.1/554-says-why", start=At.CONNECT, roles=["554-only"])
async def rejection_says_more_than_a_name(smtp: Client) -> Observation:
    """The text of a 554 greeting has more words than the name of the server."""
    outcome = await smtp.reply()
    if not isinstance(outcome, Reply) or outcome.code != 554:
        return Unclear(str(outcome))
    words = outcome.text.split()
    more = words[1:] if words and b"." in words[0] else words
    return holds(bool(more), expected="words that help to see what is wrong", seen=outcome)
