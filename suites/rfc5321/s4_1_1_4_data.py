"""RFC 5321 4.1.1.4 - DATA."""

from __future__ import annotations

from conformance import (
    CRLF,
    At,
    Client,
    Observation,
    accepted,
    answered,
    one_message,
    presume,
    refused,
    row,
    scenario,
    stays_open,
)

BARE_LF_LINE = "rfc5321/4.1.1.4/no-bare-lf-lines"
ONLY_CRLF = "rfc5321/2.3.8/only-crlf-in-mail-data"
STUFFED = "rfc5321/4.5.2/stuffed-dot-does-not-end"

LOOK_ALIKES = {
    "lf-dot-lf": b"\n.\n",
    "lf-dot-crlf": row(b"\n.\r\n", BARE_LF_LINE),
    "crlf-dot-lf": row(b"\r\n.\n", BARE_LF_LINE),
    "lf-dot-cr": row(b"\n.\r", BARE_LF_LINE),
    "cr-dot-lf": row(b"\r.\n", BARE_LF_LINE),
    "cr-dot-cr": row(b"\r.\r", ONLY_CRLF),
    "cr-dot-crlf": row(b"\r.\r\n", ONLY_CRLF),
    "crlf-dot-cr": row(b"\r\n.\r", ONLY_CRLF),
    "crlf-dot-cr-crlf": row(b"\r\n.\r\r\n", ONLY_CRLF),
    "cr-crlf-dot-cr-crlf": row(b"\r\r\n.\r\r\n", ONLY_CRLF),
    "crlf-nul-dot-crlf": row(b"\r\n\0.\r\n", "rfc5321/4.5.2/all-ascii"),
    "crlf-dot-nul-crlf": row(b"\r\n.\0\r\n", STUFFED),
}


@scenario(
    "rfc5321/4.1.1.4/lf-dot-lf",
    start=At.DATA,
    eod=LOOK_ALIKES,
    tags=["smuggling"],
    segments=["octets", "line-ends"],
)
async def data_does_not_end_at(eod: bytes, smtp: Client) -> Observation:
    """Only CRLF.CRLF ends mail data: one message in, one reply out."""
    await smtp.raw(smtp.message(body=b"first" + eod + b"second" + CRLF) + b"." + CRLF)
    return one_message(await smtp.replies_until_quit())


@scenario("rfc5321/4.1.1.4/lf-dot-lf", start=At.DATA, eod=LOOK_ALIKES, tags=["smuggling"])
async def data_does_not_end_at_segment_end(eod: bytes, smtp: Client) -> Observation:
    """The same where the look-alike ends a segment and the rest of the message comes in the next."""
    whole = smtp.message(body=b"first" + eod + b"second" + CRLF) + b"." + CRLF
    cut = whole.index(eod) + len(eod)
    await smtp.raw(whole[:cut])
    await smtp.pause()
    await smtp.raw(whole[cut:])
    return one_message(await smtp.replies_until_quit())


@scenario("rfc5321/4.1.1.4/crlf-dot-crlf", start=At.DATA, segments=["octets", "line-ends"])
async def data_ends_at_crlf_dot_crlf(smtp: Client) -> Observation:
    """CRLF, a dot and CRLF bring the reply to the message."""
    short = smtp.message(body=b"body" + CRLF, without={"To", "Message-ID"})  # each octet of it is a segment and a pause
    await smtp.raw(short + b"." + CRLF)
    return answered(await smtp.reply())


@scenario("rfc5321/4.1.1.4/crlf-dot-crlf", start=At.DATA, segments=["octets"])
async def data_may_end_at_once(smtp: Client) -> Observation:
    """The CRLF of DATA itself begins the end: a dot and CRLF bring a reply, whichever."""
    await smtp.raw(b"." + CRLF)
    return answered(await smtp.reply())


@scenario("rfc5321/4.1.1.4/ok-when-processed", start=At.DATA)
async def end_of_data_is_answered(smtp: Client) -> Observation:
    """The end of the mail data is answered with success or a failure."""
    await smtp.raw(smtp.message() + b"." + CRLF)
    return answered(await smtp.reply(), {*range(200, 300), *range(400, 600)})


async def _rcpt(smtp: Client) -> Observation:
    return refused(await smtp.rcpt())


async def _data(smtp: Client) -> Observation:
    return refused(await smtp.data())


@scenario("rfc5321/4.1.1.4/buffers-empty-after-data", start=At.EHLO, then={"rcpt": _rcpt, "data": _data})
async def buffers_are_empty_after_a_message(then: object, smtp: Client) -> Observation:
    """After a delivered message neither its sender nor its recipients serve for another."""
    assert callable(then)
    presume(await then(smtp))
    await smtp.deliver()
    observation: Observation = await then(smtp)
    return observation


@scenario("rfc5321/4.1.1.4/buffers-empty-after-data", start=At.EHLO)
async def second_message_is_taken(smtp: Client) -> Observation:
    """A second transaction on the same connection is taken like the first."""
    await smtp.deliver()
    presume(stays_open(await smtp.say(b"NOOP")))
    return accepted(await smtp.mail())


@scenario("rfc5321/4.1.1.4/one-reply-for-all", start=At.RCPT, facts=["mailboxes", "sender"])
async def one_reply_for_all_recipients(smtp: Client) -> Observation:
    """A message for two recipients brings one reply."""
    presume(accepted(await smtp.rcpt(smtp.other_forward_path)))
    presume(accepted(await smtp.say(b"DATA"), {354}))
    await smtp.raw(smtp.message() + b"." + CRLF)
    return one_message(await smtp.replies_until_quit())
