"""RFC 5321 4.2.1 - Reply Code Severities and Theory."""

from __future__ import annotations

from collections.abc import Sequence

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
    accepted,
    not_refused_as,
    one_message,
    presume,
    recognised,
    refused,
    scenario,
    took,
    watch,
)


@watch("rfc5321/4.2.1/same-code-on-every-line")
def watch_same_code_on_every_line(exchange: Exchange) -> Observation | None:
    """All lines of a reply carry one code."""
    if len(exchange.reply.lines) == 1:
        return None
    if Anomaly.INCONSISTENT_CODES in exchange.reply.anomalies:
        return Broken("the same code on every line", str(exchange.reply))
    return Held()


@watch("rfc5321/4.2.1/hyphen-on-all-but-the-last")
def watch_separators(exchange: Exchange) -> Observation | None:
    """A hyphen follows the code on every line but the last, and a space on the last."""
    if len(exchange.reply.lines) == 1 and Anomaly.NO_SEPARATOR not in exchange.reply.anomalies:
        return None
    if Anomaly.NO_SEPARATOR in exchange.reply.anomalies:
        return Broken("a hyphen or a space behind the code", str(exchange.reply))
    return Held()


@watch("rfc5321/4.2.1/space-on-the-last")
def watch_space_on_the_last_line(exchange: Exchange) -> Observation | None:
    """The last line of a reply has a space behind the code, with text or without."""
    last = exchange.reply.lines[-1]
    if not last.has_code:
        return None
    return Broken("a space behind the code", str(exchange.reply)) if not last.separator else Held()


def _ends(outcomes: Sequence[Outcome]) -> Observation:
    """Whether the first reply ended before that of QUIT began."""
    seen = " | ".join(str(outcome) for outcome in outcomes)
    replies = [outcome for outcome in outcomes if isinstance(outcome, Reply)]
    if isinstance(outcomes[0], Reply):
        return Held(seen)
    if not isinstance(outcomes[0], Silence) or not replies:
        return Unclear(seen)
    *before, last = replies[0].lines
    runs_on = bool(before) and before[-1].separator == b"-" and before[-1].code != last.code
    return Broken("a last line without a hyphen, then 221 to QUIT", seen) if runs_on else Unclear(seen)


@scenario("rfc5321/4.2.1/last-line-has-no-hyphen", start=At.EHLO, line={"help": b"HELP", "unknown": b"BOGUS"})
async def reply_ends(line: bytes, smtp: Client) -> Observation:
    """The reply to a command has a last line, which the reply to QUIT does not continue."""
    await smtp.raw(line + CRLF)
    return _ends(await smtp.replies_until_quit())


@scenario("rfc5321/4.2.1/3yz-held", start=At.RCPT, segments=["octets", "line-ends"])
async def lines_behind_a_354_are_data(smtp: Client) -> Observation:
    """After the 354 to DATA the server waits for the end of the data, and answers no command in it."""
    presume(accepted(await smtp.say(b"DATA"), {354}))
    await smtp.raw(smtp.message(body=b"NOOP\r\nRSET\r\nQUIT\r\n") + b"." + CRLF)
    return one_message(await smtp.replies_until_quit())


@scenario("rfc5321/4.2.1/4yz-not-done", start=At.MAIL, facts=["temporarily_refused"])
async def temporarily_refused_recipient_does_not_count(smtp: Client) -> Observation:
    """After a 4yz to the only recipient there is nobody to take a message for."""
    outcome = await smtp.rcpt(b"<%b>" % (smtp.target.temporarily_refused or "").encode("ascii"))
    if not (isinstance(outcome, Reply) and outcome.severity == 4):
        return Unclear(f"no 4yz: {outcome}")
    return refused(await smtp.data())


@scenario("rfc5321/4.2.1/5yz-not-done", start=At.MAIL, facts=["refused"])
async def refused_recipient_does_not_count(smtp: Client) -> Observation:
    """After a 5yz to the only recipient there is nobody to take a message for."""
    presume(refused(await smtp.rcpt(b"<%b>" % (smtp.target.refused or "").encode("ascii"))))
    return refused(await smtp.data())


@scenario("rfc5321/4.2.1/text-may-change", start=At.EHLO)
async def text_of_250_may_change(smtp: Client) -> Observation:
    """The 250 to NOOP has the text of the list, or another."""
    outcome = await smtp.say(b"NOOP")
    presume(accepted(outcome, {250}))
    texts = [line.words.lower() for line in outcome.lines] if isinstance(outcome, Reply) else []
    listed = texts == [b"requested mail action okay, completed"]
    return took("the text of the list" if listed else "a text of its own", outcome)


NOT_IMPLEMENTED = "rfc5321/4.2.1/504-for-unimplemented-parameter"


@scenario(NOT_IMPLEMENTED, start=At.EHLO, offers=["HELP"])
async def help_topic_is_no_reason_for_502(smtp: Client, second: Client) -> Observation:
    """HELP that is known is not called unimplemented for its topic."""
    presume(recognised(await second.say(b"HELP")))
    return not_refused_as(await smtp.say(b"HELP BOGUS"), {502})


@scenario(NOT_IMPLEMENTED, start=At.EHLO)
async def mail_parameter_is_no_reason_for_502(smtp: Client, second: Client) -> Observation:
    """MAIL is not called unimplemented for a parameter that the server does not know."""
    presume(accepted(await second.mail()))
    return not_refused_as(await smtp.mail(parameters=b" XBOGUS=1"), {502})


@scenario(NOT_IMPLEMENTED, start=At.MAIL)
async def rcpt_parameter_is_no_reason_for_502(smtp: Client) -> Observation:
    """RCPT is not called unimplemented for a parameter that the server does not know."""
    presume(accepted(await smtp.rcpt()))
    return not_refused_as(await smtp.rcpt(parameters=b" XBOGUS=1"), {502})
