"""RFC 2033 4.2 - The DATA command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from conformance import (
    CRLF,
    At,
    Broken,
    Client,
    Held,
    NotReady,
    Observation,
    Outcome,
    Reply,
    Unclear,
    accepted,
    answered,
    one_reply_each,
    presume,
    refused,
    row,
    scenario,
    stuff,
)

EACH = "rfc2033/4.2/one-reply-per-recipient"
NOBODY = "rfc2033/4.2/503-without-recipients"


def _paths(smtp: Client, names: Iterable[str]) -> list[bytes]:
    """The forward-paths that the words of a row stand for."""
    known = {
        "first": smtp.forward_path,
        "other": smtp.other_forward_path,
        "refused": b"<%b>" % (smtp.target.refused or "").encode("ascii"),
        "failing": b"<%b>" % (smtp.target.fails_after_acceptance or "").encode("ascii"),
    }
    return [known[name] for name in names]


async def _recipients(smtp: Client, names: Iterable[str]) -> int:
    """Give the recipients and count those that are accepted.

    Raises:
        NotReady: none is.
    """
    outcomes = [await smtp.rcpt(path) for path in _paths(smtp, names)]
    count = sum(isinstance(outcome, Reply) and outcome.severity == 2 for outcome in outcomes)
    if not count:
        raise NotReady("RCPT", outcomes[-1])
    return count


async def _replies(smtp: Client) -> list[Outcome]:
    """DATA, a message, and all replies up to the end that QUIT brings."""
    presume(answered(await smtp.say(b"DATA"), {354}))
    await smtp.raw(stuff(smtp.message()) + b"." + CRLF)
    return await smtp.replies_until_quit()


@scenario(NOBODY, roles=["lmtp"], start=At.MAIL, segments=["octets"])
async def data_without_a_recipient_gets_503(smtp: Client) -> Observation:
    """DATA after MAIL alone is answered with 503."""
    return answered(await smtp.say(b"DATA"), {503})


@scenario(
    NOBODY,
    roles=["lmtp"],
    start=At.MAIL,
    facts=["refused"],
    names={"one": ("refused",), "two": ("refused", "refused")},
)
async def data_after_refused_recipients_gets_503(names: Sequence[str], smtp: Client) -> Observation:
    """Where every recipient was refused DATA is answered with 503."""
    for path in _paths(smtp, names):
        presume(refused(await smtp.rcpt(path)))
    return answered(await smtp.say(b"DATA"), {503})


@scenario(NOBODY, roles=["lmtp"], start=At.EHLO)
async def recipients_of_the_message_before_do_not_count(smtp: Client) -> Observation:
    """After a delivered message, DATA in a transaction without recipients is answered with 503."""
    await smtp.deliver()
    presume(accepted(await smtp.mail()))
    return answered(await smtp.say(b"DATA"), {503})


@scenario(NOBODY, roles=["lmtp"], start=At.RCPT)
async def recipients_before_rset_do_not_count(smtp: Client) -> Observation:
    """After RSET, DATA in a transaction without recipients is answered with 503."""
    presume(accepted(await smtp.say(b"RSET")))
    presume(accepted(await smtp.mail()))
    return answered(await smtp.say(b"DATA"), {503})


@scenario(NOBODY, roles=["lmtp"], start=At.EHLO, offers=["PIPELINING"], facts=["refused"])
async def data_pipelined_behind_a_refused_recipient_gets_503(smtp: Client) -> Observation:
    """MAIL, a recipient that is refused and DATA in one segment: DATA is answered with 503."""
    lines = (b"MAIL FROM:" + smtp.reverse_path, b"RCPT TO:" + _paths(smtp, ["refused"])[0], b"DATA")
    await smtp.raw(CRLF.join(lines) + CRLF)
    presume(accepted(await smtp.reply()))
    presume(refused(await smtp.reply()))
    return answered(await smtp.reply(), {503})


@scenario(
    EACH,
    roles=["lmtp"],
    start=At.MAIL,
    names={"one": ("first",), "two": ("first", "other"), "two-reversed": ("other", "first")},
)
async def each_recipient_gets_a_reply(names: Sequence[str], smtp: Client) -> Observation:
    """After the dot come as many replies as recipients were accepted."""
    count = await _recipients(smtp, names)
    return one_reply_each(await _replies(smtp), count)


@scenario(
    EACH,
    roles=["lmtp"],
    start=At.MAIL,
    facts=["refused"],
    names={
        "first": ("refused", "first"),
        "between": ("first", "refused", "other"),
        "last": ("first", "other", "refused"),
    },
)
async def refused_recipient_gets_no_reply(names: Sequence[str], smtp: Client) -> Observation:
    """A recipient that was refused at RCPT gets no reply after the dot."""
    count = await _recipients(smtp, names)
    return one_reply_each(await _replies(smtp), count)


@scenario(EACH, roles=["lmtp"], start=At.EHLO)
async def second_message_is_counted_afresh(smtp: Client) -> Observation:
    """The recipients of one message bring no replies to the next."""
    presume(accepted(await smtp.mail()))
    count = await _recipients(smtp, ["first", "other"])
    presume(answered(await smtp.say(b"DATA"), {354}))
    await smtp.raw(stuff(smtp.message()) + b"." + CRLF)
    for _ in range(count):
        presume(accepted(await smtp.reply()))
    presume(accepted(await smtp.mail()))
    count = await _recipients(smtp, ["first"])
    return one_reply_each(await _replies(smtp), count)


@scenario(
    EACH,
    roles=["lmtp"],
    start=At.MAIL,
    line={"rset": b"RSET", "lhlo": b"LHLO client.example.test"},
)
async def recipients_of_an_ended_transaction_get_no_reply(line: bytes, smtp: Client) -> Observation:
    """Recipients that were given before RSET or LHLO bring no replies later."""
    await _recipients(smtp, ["first", "other"])
    presume(accepted(await smtp.say(line)))
    presume(accepted(await smtp.mail()))
    count = await _recipients(smtp, ["first"])
    return one_reply_each(await _replies(smtp), count)


@scenario(EACH, roles=["lmtp"], start=At.EHLO, offers=["PIPELINING"])
async def pipelined_recipients_get_a_reply_each(smtp: Client) -> Observation:
    """MAIL, two recipients and DATA in one segment: after the dot come as many replies as were accepted."""
    first, other = (b"RCPT TO:" + path for path in _paths(smtp, ["first", "other"]))
    await smtp.raw(CRLF.join((b"MAIL FROM:" + smtp.reverse_path, first, other, b"DATA")) + CRLF)
    presume(accepted(await smtp.reply()))
    answers = [await smtp.reply(), await smtp.reply()]
    presume(answered(await smtp.reply(), {354}))
    await smtp.raw(stuff(smtp.message()) + b"." + CRLF)
    count = sum(isinstance(outcome, Reply) and outcome.severity == 2 for outcome in answers)
    return one_reply_each(await smtp.replies_until_quit(), count)


@scenario(
    "rfc2033/4.2/one-reply-per-duplicate",
    roles=["lmtp"],
    start=At.MAIL,
    names={
        "twice": ("first", "first"),
        "three-times": ("first", "first", "first"),
        "around-another": ("first", "other", "first"),
        "behind-another": ("other", "first", "first"),
        "both-twice": ("first", "other", "first", "other"),
    },
)
async def duplicate_gets_a_reply_of_its_own(names: Sequence[str], smtp: Client) -> Observation:
    """A recipient that was accepted twice gets two replies."""
    count = await _recipients(smtp, names)
    if count < 2:
        return Unclear("a recipient that stood there already was refused")
    return one_reply_each(await _replies(smtp), count)


@scenario(
    "rfc2033/4.2/replies-in-order-of-recipients",
    roles=["lmtp"],
    start=At.MAIL,
    facts=["fails_after_acceptance"],
    names={
        "first": ("failing", "first"),
        "last": ("first", "failing"),
        "between": row(("first", "failing", "first")),
    },
)
async def failure_stands_in_its_place(names: Sequence[str], smtp: Client) -> Observation:
    """The one recipient for whom delivery fails is told by the place of the reply."""
    if await _recipients(smtp, names) < len(names):
        return Unclear("one of the recipients was refused at RCPT")
    outcomes = await _replies(smtp)
    replies = [outcome for outcome in outcomes if isinstance(outcome, Reply)][: len(names)]
    failed = [reply.severity in {4, 5} for reply in replies]
    seen = " | ".join(map(str, outcomes))
    if sum(failed) != 1 or len(failed) < len(names) or any(reply.code == 421 for reply in replies):
        return Unclear(f"no single failure to find: {seen}")
    expected = [name == "failing" for name in names]
    if failed == expected:
        return Held(seen)
    return Broken(f"the failure in place {expected.index(True) + 1}", seen)
