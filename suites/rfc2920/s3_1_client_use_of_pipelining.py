"""RFC 2920 3.1 - Client use of pipelining: what a client may send, the server copes with."""

from __future__ import annotations

from collections.abc import Callable

from conformance import (
    CRLF,
    At,
    Broken,
    Client,
    Held,
    Observation,
    Outcome,
    Reply,
    Segmentation,
    Silence,
    Unclear,
    accepted,
    presume,
    scenario,
    stuff,
)

Lines = Callable[[Client], list[bytes]]


def _mail(smtp: Client) -> bytes:
    return b"MAIL FROM:" + smtp.reverse_path


def _rcpt(smtp: Client) -> bytes:
    return b"RCPT TO:" + smtp.forward_path


@scenario(
    "rfc2920/3.1/content-first-in-a-group",
    start=At.RCPT,
    offers=["PIPELINING"],
    behind={
        "rset": lambda _: [b"RSET"],
        "mail": lambda smtp: [_mail(smtp)],
        "mail-rcpt": lambda smtp: [_mail(smtp), _rcpt(smtp)],
        "rset-mail-rcpt-data": lambda smtp: [b"RSET", _mail(smtp), _rcpt(smtp), b"DATA"],
        "noop": lambda _: [b"NOOP"],
        "quit": lambda _: [b"QUIT"],
    },
    segments=["line-ends"],
)
async def commands_behind_the_content_are_answered(behind: Lines, smtp: Client, second: Client) -> Observation:
    """What comes in one piece with the end of a message is answered as if it had come alone."""
    lines = behind(smtp)
    second.connection.segmentation = Segmentation.WHOLE  # only what is looked at is cut
    await second.deliver()
    alone = [await second.say(line) for line in lines]
    presume(accepted(await smtp.say(b"DATA"), {354}))
    await smtp.raw(stuff(smtp.message()) + b"." + CRLF + b"".join(line + CRLF for line in lines))
    presume(accepted(await smtp.reply()))
    return _same(alone, await smtp.outcomes(len(lines)))


def _same(alone: list[Outcome], grouped: list[Outcome]) -> Observation:
    """Whether a group brought the codes that its commands bring one by one; silence is a reply that is missing."""
    expected, seen = " | ".join(map(str, alone)), " | ".join(map(str, grouped))
    codes = [outcome.code if isinstance(outcome, Reply) else 0 for outcome in alone]
    if not all(code // 100 in {2, 3, 5} for code in codes):
        return Unclear(f"one by one: {expected}")
    for code, outcome in zip(codes, grouped, strict=False):
        if isinstance(outcome, Silence):
            return Broken(expected, seen)
        if not isinstance(outcome, Reply) or outcome.severity == 4:
            return Unclear(seen)
        if outcome.code != code:
            return Broken(expected, seen)
    return Held(seen)


@scenario("rfc2920/3/keyword-means-support", start=At.EHLO, offers=["PIPELINING"], segments=["octets", "line-ends"])
async def message_after_message_in_groups_is_taken(smtp: Client, second: Client) -> Observation:
    """Two messages, each in a group of its own up to DATA, are taken as two sent line by line are."""
    second.connection.segmentation = Segmentation.WHOLE
    await second.deliver()
    await second.deliver()
    for _ in range(2):
        outcomes = await smtp.group(_mail(smtp), _rcpt(smtp), b"DATA")
        if isinstance(outcomes[-1], Silence):
            return Broken("250 | 250 | 354", " | ".join(map(str, outcomes)))
        presume(accepted(outcomes[0]))
        last = outcomes[-1]
        if not isinstance(last, Reply) or last.severity == 4:
            return Unclear(str(last))
        if last.code != 354:
            return Broken("250 | 250 | 354", " | ".join(map(str, outcomes)))
        await smtp.raw(stuff(smtp.message()) + b"." + CRLF)
        taken = await smtp.reply()
        if not (isinstance(taken, Reply) and taken.severity == 2):
            return accepted(taken)
    return Held("both taken")
