"""RFC 2920 3.2 - Server support of pipelining."""

from __future__ import annotations

from collections.abc import Callable

from conformance import (
    CRLF,
    At,
    Broken,
    Client,
    Held,
    Hop,
    Observation,
    Outcome,
    Reply,
    Segmentation,
    Silence,
    Unclear,
    accepted,
    answered,
    holds,
    new_token,
    one_message,
    one_reply,
    presume,
    refused,
    row,
    scenario,
    stuff,
)

Lines = Callable[[Client], list[bytes]]


def _mail(smtp: Client) -> bytes:
    return b"MAIL FROM:" + smtp.reverse_path


def _rcpt(smtp: Client) -> bytes:
    return b"RCPT TO:" + smtp.forward_path


def _other(smtp: Client) -> bytes:
    return b"RCPT TO:" + smtp.other_forward_path


def _bad(smtp: Client) -> bytes:
    """A recipient that no server has: its domain has no letters (RFC 5321 §4.1.2)."""
    del smtp
    return b"RCPT TO:<nobody@>"


LOST = "rfc2920/3.2/nothing-is-lost"
ONLY = "rfc2920/3.2/354-only-with-recipients"

GROUPS: dict[str, object] = {
    "mail-rcpt": lambda smtp: [_mail(smtp), _rcpt(smtp)],
    "mail-rcpt-data": lambda smtp: [_mail(smtp), _rcpt(smtp), b"DATA"],
    "mail-rcpt-rcpt-data": lambda smtp: [_mail(smtp), _rcpt(smtp), _other(smtp), b"DATA"],
    "rset-mail-rcpt": lambda smtp: [b"RSET", _mail(smtp), _rcpt(smtp)],
    "mail-rset-rcpt": lambda smtp: [_mail(smtp), b"RSET", _rcpt(smtp)],
    "mail-rset-mail-rcpt-data": lambda smtp: [_mail(smtp), b"RSET", _mail(smtp), _rcpt(smtp), b"DATA"],
    "rcpt-mail": lambda smtp: [_rcpt(smtp), _mail(smtp)],
    "many-recipients": lambda smtp: [_mail(smtp), *[_rcpt(smtp)] * 40, b"DATA"],
    "bad-rcpt-first": row(lambda smtp: [_mail(smtp), _bad(smtp), _rcpt(smtp), b"DATA"], LOST),
    "bad-rcpt-last": row(lambda smtp: [_mail(smtp), _rcpt(smtp), _bad(smtp), b"DATA"], LOST),
    "bad-rcpt-between": row(lambda smtp: [_mail(smtp), _rcpt(smtp), _bad(smtp), _other(smtp), b"DATA"], LOST),
    "bad-mail": row(lambda smtp: [b"MAIL FROM:<", _mail(smtp), _rcpt(smtp)], LOST),
    "bad-mail-and-the-rest": row(lambda smtp: [b"MAIL FROM:<", _rcpt(smtp), b"RSET"], LOST),
    "unknown-command": row(lambda smtp: [b"BOGUS", _mail(smtp), _rcpt(smtp)], LOST),
    "empty-line": row(lambda smtp: [b"", _mail(smtp), _rcpt(smtp)], LOST),
    "argument-too-much": row(lambda smtp: [_mail(smtp), b"RSET now", _rcpt(smtp)], LOST),
    "data-too-early": row(lambda smtp: [_mail(smtp), b"DATA", _rcpt(smtp)], LOST),
    "line-of-500-octets": row(lambda smtp: [_mail(smtp), b"RCPT TO:<" + b"x" * 488 + b">", _rcpt(smtp)], LOST),
}


def _replies(outcomes: list[Outcome]) -> str:
    return " | ".join(str(outcome) for outcome in outcomes)


async def _as_alone(smtp: Client, second: Client, lines: list[bytes]) -> Observation:
    """Whether a group brings the codes that its commands bring one by one, in another session, and nothing more."""
    second.connection.segmentation = Segmentation.WHOLE  # only what is looked at is cut
    alone = [await second.say(line) for line in lines]
    codes = [outcome.code if isinstance(outcome, Reply) else 0 for outcome in alone]
    behind = [] if codes[-1] == 354 else await second.quit()
    if not all(code // 100 in {2, 3, 5} for code in codes) or len(behind) > 2:
        return Unclear(f"one by one: {_replies([*alone, *behind])}")
    grouped = await smtp.group(*lines)
    for code, outcome in zip(codes, grouped, strict=False):
        if isinstance(outcome, Silence):
            return Broken(_replies(alone), _replies(grouped))
        if not isinstance(outcome, Reply) or outcome.severity == 4:
            return Unclear(_replies(grouped))
        if outcome.code != code:
            return Broken(_replies(alone), _replies(grouped))
    if codes[-1] == 354:
        await smtp.raw(stuff(smtp.message()) + b"." + CRLF)
        return one_message(await smtp.replies_until_quit())
    end = await smtp.quit()
    return Broken(f"{_replies(alone)} and no more", _replies(end)) if len(end) > 2 else Held(_replies(grouped))


@scenario(
    "rfc2920/3.2/in-order",
    start=At.EHLO,
    offers=["PIPELINING"],
    lines=GROUPS,
    segments=["octets", "line-ends"],
)
async def group_is_answered_as_its_commands_are(lines: Lines, smtp: Client, second: Client) -> Observation:
    """A group brings as many replies as it has commands, in their order, and those that they bring one by one."""
    return await _as_alone(smtp, second, lines(smtp))


@scenario(
    ONLY,
    start=At.EHLO,
    offers=["PIPELINING"],
    lines={
        "none": lambda smtp: [_mail(smtp)],
        "bad": lambda smtp: [_mail(smtp), _bad(smtp)],
        "two-bad": lambda smtp: [_mail(smtp), _bad(smtp), _bad(smtp)],
        "given-up": lambda smtp: [_mail(smtp), _rcpt(smtp), b"RSET", _mail(smtp)],
    },
)
async def data_without_a_recipient_is_refused(lines: Lines, smtp: Client) -> Observation:
    """DATA that ends a group in which no recipient was accepted gets no 354."""
    outcomes = await smtp.group(*lines(smtp), b"DATA")
    presume(accepted(outcomes[0]))
    return refused(outcomes[-1])


@scenario(ONLY, start=At.EHLO, offers=["PIPELINING"], facts=["refused"])
async def data_after_an_unknown_recipient_is_refused(smtp: Client) -> Observation:
    """DATA that ends a group whose only recipient is unknown here gets no 354."""
    unknown = b"RCPT TO:<%b>" % (smtp.target.refused or "").encode("ascii")
    outcomes = await smtp.group(_mail(smtp), unknown, b"DATA")
    presume(accepted(outcomes[0]))
    presume(refused(outcomes[1]))
    return refused(outcomes[-1])


@scenario(ONLY, start=At.EHLO, offers=["PIPELINING"], facts=["temporarily_refused"])
async def data_after_a_deferred_recipient_is_refused(smtp: Client) -> Observation:
    """DATA that ends a group whose only recipient is refused for now gets no 354."""
    busy = b"RCPT TO:<%b>" % (smtp.target.temporarily_refused or "").encode("ascii")
    outcomes = await smtp.group(_mail(smtp), busy, b"DATA")
    presume(accepted(outcomes[0]))
    last = outcomes[-1]
    if not isinstance(last, Reply) or last.code == 421:
        return Unclear(_replies(outcomes))
    return Held(str(last)) if last.severity in {4, 5} else Broken("no 354", _replies(outcomes))


@scenario(
    ONLY,
    start=At.EHLO,
    offers=["PIPELINING"],
    lines={
        "good": lambda smtp: [_mail(smtp), _rcpt(smtp)],
        "bad-and-good": lambda smtp: [_mail(smtp), _bad(smtp), _rcpt(smtp)],
        "good-and-bad": lambda smtp: [_mail(smtp), _rcpt(smtp), _bad(smtp)],
        "good-between-bad": lambda smtp: [_mail(smtp), _bad(smtp), _rcpt(smtp), _bad(smtp)],
    },
)
async def data_with_a_recipient_gets_354(lines: Lines, smtp: Client) -> Observation:
    """DATA that ends a group in which one recipient was accepted gets 354, whatever became of the others."""
    outcomes = await smtp.group(*lines(smtp), b"DATA")
    presume(accepted(outcomes[0]))
    return accepted(outcomes[-1], {354})


@scenario(
    "rfc2920/3.2/no-buffering-of-last",
    start=At.EHLO,
    offers=["PIPELINING"],
    last={
        "noop": b"NOOP",
        "ehlo": b"EHLO client.example.test",
        "vrfy": b"VRFY postmaster",
        "expn": b"EXPN postmaster",
        "turn": b"TURN",
        "data": b"DATA",
        "quit": b"QUIT",
        "unknown": row(b"BOGUS", "rfc2920/3.2/no-buffering-of-unknown"),
    },
)
async def last_of_a_group_is_answered_at_once(last: bytes, smtp: Client, second: Client) -> Observation:
    """The reply to the last command of a group comes without anything more being sent."""
    return await _as_alone(smtp, second, [b"RSET", last])


@scenario(
    "rfc2920/3.2/replies-when-input-is-empty",
    start=At.EHLO,
    offers=["PIPELINING"],
    begun={"letter": b"N", "verb": b"NOOP", "half-line-end": b"NOOP\r"},
)
async def replies_come_though_a_command_is_incomplete(begun: bytes, smtp: Client, second: Client) -> Observation:
    """The replies to a group come though the first octets of another command came with it."""
    presume(accepted(await second.mail()))
    presume(accepted(await second.rcpt()))
    presume(accepted(await second.say(b"NOOP")))
    await smtp.raw(_mail(smtp) + CRLF + _rcpt(smtp) + CRLF + begun)
    outcomes = await smtp.outcomes(2)
    if isinstance(outcomes[-1], Silence):
        return Broken("two replies", _replies(outcomes))
    presume(accepted(outcomes[-1]))
    await smtp.raw((b"NOOP" + CRLF).removeprefix(begun))
    return accepted(await smtp.reply())


@scenario(LOST, start=At.EHLO, offers=["PIPELINING"])
async def message_behind_its_data_is_not_lost(smtp: Client, second: Client) -> Observation:
    """A message that came with its DATA is answered, or refused in order; the session does not wait for what it has."""
    await second.deliver()
    group = _mail(smtp) + CRLF + _rcpt(smtp) + CRLF + b"DATA" + CRLF
    await smtp.raw(group + stuff(smtp.message()) + b"." + CRLF)
    outcomes = await smtp.outcomes(4)
    if isinstance(outcomes[-1], Silence):
        return Broken("four replies", _replies(outcomes))
    if len(outcomes) == 4 and isinstance(outcomes[2], Reply) and outcomes[2].code == 354:
        return Held(_replies(outcomes))
    return Unclear(f"refused for coming too early: {_replies(outcomes)}")


@scenario(
    LOST,
    start=At.RCPT,
    offers=["PIPELINING"],
    behind={"rset": b"RSET", "mail": b"MAIL FROM:<>", "quit": b"QUIT"},
)
async def command_behind_the_content_is_not_lost(behind: bytes, smtp: Client, second: Client) -> Observation:
    """A command that came in one piece with the end of a message is answered, whatever the answer."""
    await second.deliver()
    presume(answered(await second.say(behind)))
    presume(accepted(await smtp.say(b"DATA"), {354}))
    await smtp.raw(stuff(smtp.message()) + b"." + CRLF + behind + CRLF)
    presume(accepted(await smtp.reply()))
    return answered(await smtp.reply())


@scenario(
    LOST,
    start=At.RCPT,
    offers=["PIPELINING"],
    cut={"before-the-dot": 3, "behind-the-dot": 2, "in-the-line-end": 1, "before-the-line-end": 5},
)
async def end_of_data_in_two_pieces_is_seen(cut: int, smtp: Client, second: Client) -> Observation:
    """A message whose final CRLF.CRLF comes in two pieces, behind a pipelined DATA, is answered."""
    await second.deliver()
    presume(accepted(await smtp.say(b"DATA"), {354}))
    octets = stuff(smtp.message()) + b"." + CRLF
    await smtp.raw(octets[:-cut])
    await smtp.pause()
    await smtp.raw(octets[-cut:])
    outcome = await smtp.reply()
    return Broken("one reply", str(outcome)) if isinstance(outcome, Silence) else accepted(outcome)


@scenario(
    "rfc2920/3.2/no-assumptions",
    start=At.EHLO,
    offers=["PIPELINING"],
    begun={"noop": b"NO", "quit": b"QU", "rset": b"R", "whole-verb": b"NOOP"},
)
async def half_a_command_is_not_acted_upon(begun: bytes, smtp: Client) -> Observation:
    """A command whose line end has not come is not answered with those before it, and once when it is whole."""
    await smtp.raw(CRLF.join([_mail(smtp), _rcpt(smtp), begun]))
    for outcome in await smtp.outcomes(2):
        presume(accepted(outcome))
    await smtp.pause()
    whole = {b"NO": b"OP", b"QU": b"IT", b"R": b"SET", b"NOOP": b""}[begun]
    await smtp.raw(whole + CRLF)
    replies = await (smtp.replies() if begun == b"QU" else smtp.replies_until_quit())
    if begun == b"QU":
        codes = [reply.code for reply in replies if isinstance(reply, Reply)]
        return holds(codes == [221], expected="221 alone", seen=codes)
    return one_reply(replies)


@scenario("rfc2920/3.2/no-empty-message", start=At.EHLO, offers=["PIPELINING"], facts=["refused", "delivery_within"])
async def empty_message_without_recipients_goes_nowhere(smtp: Client, second: Client, hop: Hop) -> Observation:
    """Where DATA gets 354 though no recipient was taken, the empty message that follows is sent to nobody."""
    sender, later = new_token(), new_token()
    refused_path = b"<%b>" % (smtp.target.refused or "").encode("ascii")
    lines = [b"MAIL FROM:" + hop.path(sender), b"RCPT TO:" + refused_path, b"DATA"]
    outcomes = await smtp.group(*lines)
    if len(outcomes) < len(lines):
        return Unclear(f"not all were answered: {outcomes[-1]}")
    mail, rcpt, data = outcomes
    presume(accepted(mail))
    presume(refused(rcpt))
    if not (isinstance(data, Reply) and data.code == 354):
        return Held(f"no 354: {data}")
    await smtp.raw(b"." + CRLF)
    presume(refused(await smtp.reply()))
    await second.deliver(second.message(token=later), hop.path(later))
    return await hop.none(sender, after=later)
