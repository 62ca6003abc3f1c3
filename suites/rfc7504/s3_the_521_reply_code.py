"""RFC 7504 3 - The 521 Reply Code."""

from __future__ import annotations

from conformance import (
    At,
    Broken,
    Client,
    Closed,
    Exchange,
    Held,
    Observation,
    Reply,
    Reset,
    Unclear,
    scenario,
    took,
    watch,
)

NO_MAIL = ["554-only"]


@watch("rfc7504/3/no-521-for-some-mail")
def watch_521_where_mail_is_taken(exchange: Exchange) -> Observation | None:
    """A server that answered EHLO with extensions refuses no recipient with 521.

    Of MAIL some servers say so for other reasons, such as the length of its line.
    """
    if exchange.verb != "RCPT" or not exchange.offers:
        return None
    if exchange.reply.code == 521:
        return Broken("another code than 521", str(exchange.reply))
    return Held()


@scenario("rfc7504/3/521-elsewhere", start=At.CONNECT, roles=NO_MAIL)
async def server_without_mail_may_open_with_521(smtp: Client) -> Observation:
    """Which code a server that takes no mail opens with."""
    outcome = await smtp.reply()
    if not isinstance(outcome, Reply) or outcome.severity != 5:
        return Unclear(f"opens with {outcome}")
    return took(f"opens with {outcome.code}", outcome)


@scenario("rfc7504/3/text-of-521", start=At.CONNECT, roles=NO_MAIL)
async def opening_text_may_say_that_no_mail_is_taken(smtp: Client) -> Observation:
    """Whether the text of the opening, behind the name of the server, says that no mail is taken."""
    outcome = await smtp.reply()
    if not isinstance(outcome, Reply) or outcome.severity != 5:
        return Unclear(f"opens with {outcome}")
    says_so = b"mail" in outcome.text.lower().partition(b" ")[2]
    return took("says that no mail is taken" if says_so else "says something else", outcome)


@scenario(
    "rfc7504/3/521-or-close-after-521",
    start=At.CONNECT,
    roles=NO_MAIL,
    line={"ehlo": b"EHLO client.example.test", "mail": b"MAIL FROM:<>", "noop": b"NOOP"},
)
async def command_after_the_opening_may_be_answered(line: bytes, smtp: Client) -> Observation:
    """What a command gets after the opening: 521 again, another refusal, or the close."""
    outcome = await smtp.reply()
    if not isinstance(outcome, Reply) or outcome.severity != 5:
        return Unclear(f"opens with {outcome}")
    after = await smtp.say(line)
    match after:
        case Reply():
            return took(f"opens with {outcome.code}, then answers {after.code}", after)
        case Closed() | Reset():
            return took(f"opens with {outcome.code}, then closes", after)
        case _:
            return Unclear(str(after))


@scenario("rfc7504/3/session-proceeds", start=At.CONNECT, roles=NO_MAIL)
async def quit_after_the_opening_is_taken(smtp: Client) -> Observation:
    """QUIT after a refusal at the opening is not refused; closing without a word will do."""
    outcome = await smtp.reply()
    if not isinstance(outcome, Reply) or outcome.severity != 5:
        return Unclear(f"opens with {outcome}")
    after = await smtp.say(b"QUIT")
    match after:
        case Reply() if after.severity == 5:
            return Broken("221", str(after))
        case Reply() | Closed() | Reset():
            return Held(str(after), confirm=not isinstance(after, Reply))
        case _:
            return Unclear(str(after))
