"""RFC 5321 4.1.1.5 - RESET (RSET)."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Reply,
    accepted,
    answered,
    not_refused_as,
    presume,
    refused,
    scenario,
    stays_open,
)

ANYWHERE = (At.EHLO, At.MAIL, At.RCPT)
UNKNOWN_PARAMETER = (500, 501, 504, 555)


async def _rcpt(smtp: Client) -> Observation:
    return refused(await smtp.rcpt())


async def _data(smtp: Client) -> Observation:
    return refused(await smtp.data())


@scenario("rfc5321/4.1.1.5/rset-discards", start=At.EHLO, then={"rcpt": _rcpt, "data": _data})
async def rset_discards_the_transaction(then: object, smtp: Client) -> Observation:
    """After RSET neither the sender nor the recipients count."""
    assert callable(then)
    presume(await then(smtp))
    await smtp.transaction()
    presume(accepted(await smtp.say(b"RSET")))
    observation: Observation = await then(smtp)
    return observation


@scenario("rfc5321/4.1.1.5/rset-250", start=ANYWHERE, segments=["octets", "line-ends"])
async def rset_gets_250(smtp: Client) -> Observation:
    """RSET is answered with 250."""
    return answered(await smtp.say(b"RSET"), {250})


@scenario("rfc5321/4.1.1.5/rset-at-any-time", start=ANYWHERE)
async def rset_leaves_the_session_usable(smtp: Client) -> Observation:
    """After RSET a transaction can begin without another EHLO."""
    presume(accepted(await smtp.say(b"RSET")))
    return not_refused_as(await smtp.mail(), {503})


@scenario("rfc5321/4.1.1.5/no-effect-before-ehlo", start=At.GREETING)
async def rset_before_ehlo_changes_nothing(smtp: Client, second: Client) -> Observation:
    """EHLO is taken behind a RSET that was the first command, as it is without one."""
    presume(accepted(await second.ehlo()))
    presume(answered(await smtp.say(b"RSET")))
    return accepted(await smtp.ehlo())


@scenario("rfc5321/4.1.1.5/keeps-the-session", start=At.EHLO, offers=["8BITMIME"])
async def rset_keeps_the_extensions(smtp: Client, second: Client) -> Observation:
    """A parameter of an extension that EHLO brought is still known after RSET."""
    presume(accepted(await second.mail(parameters=b" BODY=8BITMIME")))
    presume(accepted(await smtp.say(b"RSET")))
    return not_refused_as(await smtp.mail(parameters=b" BODY=8BITMIME"), UNKNOWN_PARAMETER)


@scenario("rfc5321/4.1.1.5/prepared-for-lost-connection", start=At.EHLO, lost_at={"ehlo": b"", "data": b"DATA"})
async def lost_connection_is_survived(lost_at: bytes, smtp: Client, second: Client) -> Observation:
    """When a session ends without QUIT, one beside it goes on."""
    presume(stays_open(await second.say(b"NOOP")))
    if lost_at:
        await smtp.transaction()
        presume(answered(await smtp.say(lost_at), {354}))
        await smtp.raw(b"Subject: the connection is lost behind this line\r\n")
    await smtp.drop()
    await second.pause()
    return stays_open(await second.say(b"NOOP"))


@scenario("rfc5321/4.1.1.5/rset-does-not-close", start=ANYWHERE)
async def rset_does_not_close(smtp: Client) -> Observation:
    """After RSET the connection stays open."""
    presume(stays_open(await smtp.say(b"NOOP")))
    outcome = await smtp.say(b"RSET")
    if isinstance(outcome, Reply) and outcome.code != 421:
        outcome = await smtp.say(b"NOOP")
    return stays_open(outcome)
