"""RFC 2034 4 - The Enhanced-Status-Codes service extension: watched all run long, and asked for command by command."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from conformance import (
    At,
    Client,
    Exchange,
    Observation,
    Outcome,
    Reply,
    Unclear,
    holds,
    presume,
    row,
    scenario,
    watch,
)

WITHOUT = {None, "CONNECT", "EHLO", "HELO", "LHLO"}
"""What is answered without a status code; a reply of which nobody can say what it answers may be among it."""

LIKE_A_STATUS = re.compile(rb"[0-9]+\.[0-9]+\.[0-9]+")
STATUS = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9.])")


def _applies(exchange: Exchange) -> bool:
    return (
        "ENHANCEDSTATUSCODES" in exchange.offers
        and exchange.verb not in WITHOUT
        and not exchange.reply.anomalies
        and exchange.reply.severity in {2, 4, 5}
    )


def _begun(reply: Reply) -> list[bytes]:
    """What looks like a status code at the beginning of the lines."""
    return [match.group() for line in reply.lines if (match := LIKE_A_STATUS.match(line.text))]


@watch("rfc2034/4/required-on-replies")
def watch_status_on_every_reply(exchange: Exchange) -> Observation | None:
    """Each 2yz, 4yz and 5yz reply but the exempt ones begins with a status code."""
    if not _applies(exchange):
        return None
    return holds(bool(_begun(exchange.reply)), expected="a status code", seen=exchange.reply)


@watch("rfc2034/4/syntax")
def watch_status_syntax(exchange: Exchange) -> Observation | None:
    """What stands in the place of a status code has its form."""
    if not _applies(exchange) or not _begun(exchange.reply):
        return None
    fits = all(STATUS.match(line.text) for line in exchange.reply.lines if LIKE_A_STATUS.match(line.text))
    return holds(fits, expected="a class of 2, 4 or 5 and two numbers of up to three digits", seen=exchange.reply)


@watch("rfc2034/4/class-agrees")
def watch_status_class_agrees(exchange: Exchange) -> Observation | None:
    """The class of the status code is the first digit of the reply."""
    if not _applies(exchange) or not _begun(exchange.reply):
        return None
    digit = b"%d" % exchange.reply.severity
    return holds(
        all(status.partition(b".")[0] == digit for status in _begun(exchange.reply)),
        expected=f"a status code of class {exchange.reply.severity}",
        seen=exchange.reply,
    )


@watch("rfc2034/4/same-on-every-line")
def watch_same_status_on_every_line(exchange: Exchange) -> Observation | None:
    """Each line of a reply of several begins with the same status code."""
    if not _applies(exchange) or not _begun(exchange.reply) or len(exchange.reply.lines) == 1:
        return None
    statuses = _begun(exchange.reply)
    same = len(statuses) == len(exchange.reply.lines) and len(set(statuses)) == 1
    return holds(same, expected="the same status code on every line", seen=exchange.reply)


@watch("rfc2034/4/none-on-3yz")
def watch_no_status_on_3yz(exchange: Exchange) -> Observation | None:
    """A 3yz reply carries no status code."""
    if "ENHANCEDSTATUSCODES" not in exchange.offers or exchange.reply.severity != 3 or exchange.reply.anomalies:
        return None
    return holds(not _begun(exchange.reply), expected="no status code", seen=exchange.reply)


Step = Callable[[Client], Awaitable[Outcome]]


def _saying(line: bytes) -> Step:
    async def step(smtp: Client) -> Outcome:
        return await smtp.say(line)

    return step


async def _mail(smtp: Client) -> Outcome:
    return await smtp.mail()


async def _rcpt(smtp: Client) -> Outcome:
    return await smtp.rcpt()


async def _refused_rcpt(smtp: Client) -> Outcome:
    return await smtp.rcpt(b"<%b>" % (smtp.target.refused or "").encode("ascii"))


async def _end_of_data(smtp: Client) -> Outcome:
    await smtp.raw(smtp.message() + b".\r\n")
    return await smtp.reply()


REPLIES = {
    "noop": _saying(b"NOOP"),
    "rset": _saying(b"RSET"),
    "mail": _mail,
    "rcpt": row(_rcpt, start=At.MAIL),
    "end-of-data": row(_end_of_data, start=At.DATA),
    "quit": _saying(b"QUIT"),
    "vrfy": _saying(b"VRFY postmaster"),
    "unknown": _saying(b"BOGUS"),
    "empty": _saying(b""),
    "malformed-mail": _saying(b"MAIL FROM:<"),
    "malformed-rcpt": row(_saying(b"RCPT TO:<"), start=At.MAIL),
    "unknown-parameter": _saying(b"MAIL FROM:<> XBOGUS=1"),
    "rcpt-without-mail": _saying(b"RCPT TO:<postmaster>"),
    "data-without-mail": _saying(b"DATA"),
    "data-without-recipients": row(_saying(b"DATA"), start=At.MAIL),
    "argument-of-data": row(_saying(b"DATA now"), start=At.RCPT),
    "argument-of-rset": _saying(b"RSET now"),
}


def _carries_one(outcome: Outcome) -> Observation:
    """Held by a status code of the reply's class on every line."""
    if not isinstance(outcome, Reply) or outcome.code == 421 or outcome.severity not in {2, 4, 5}:
        return Unclear(str(outcome))
    statuses = {line.status for line in outcome.lines}
    fits = len(statuses) == 1 and outcome.status[:1] == str(outcome.severity)
    return holds(fits, expected=f"a status code of class {outcome.severity} on every line", seen=outcome)


@scenario("rfc2034/4/required-on-replies", start=At.EHLO, offers=["ENHANCEDSTATUSCODES"], step=REPLIES)
async def reply_carries_a_status(step: Step, smtp: Client) -> Observation:
    """The reply to this command carries a status code."""
    return _carries_one(await step(smtp))


@scenario("rfc2034/4/required-on-replies", start=At.MAIL, offers=["ENHANCEDSTATUSCODES"], facts=["refused"])
async def refusal_of_a_recipient_carries_a_status(smtp: Client) -> Observation:
    """The refusal of a mailbox that is not there carries a status code."""
    return _carries_one(await _refused_rcpt(smtp))


@scenario(
    "rfc2034/4/regardless-of-ehlo",
    start=At.GREETING,
    offers=["ENHANCEDSTATUSCODES"],
    line={"noop": b"NOOP", "rset": b"RSET", "unknown": b"BOGUS", "rcpt": b"RCPT TO:<postmaster>", "quit": b"QUIT"},
)
async def reply_carries_a_status_before_ehlo(line: bytes, smtp: Client) -> Observation:
    """A client that has said neither EHLO nor HELO is given status codes."""
    return _carries_one(await smtp.say(line))


@scenario(
    "rfc2034/4/regardless-of-ehlo",
    start=At.GREETING,
    offers=["ENHANCEDSTATUSCODES"],
    line={"noop": b"NOOP", "mail": b"MAIL FROM:<>", "rcpt": b"RCPT TO:<postmaster>", "quit": b"QUIT"},
)
async def reply_carries_a_status_after_helo(line: bytes, smtp: Client) -> Observation:
    """A client that has said HELO is given status codes."""
    outcome = await smtp.say(b"HELO " + smtp.helo_name)
    presume(holds(isinstance(outcome, Reply) and outcome.severity == 2, expected="250", seen=outcome))
    return _carries_one(await smtp.say(line))
