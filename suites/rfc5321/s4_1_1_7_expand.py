"""RFC 5321 4.1.1.7 - EXPAND (EXPN)."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Reply,
    accepted,
    answered,
    goes_on,
    holds,
    not_refused_as,
    presume,
    refused,
    scenario,
)


@scenario("rfc5321/4.1.1.7/expn-keeps-buffers", start=At.MAIL)
async def expn_keeps_the_sender(smtp: Client) -> Observation:
    """After EXPN within a transaction a recipient is still taken."""
    presume(answered(await smtp.say(b"EXPN postmaster")))
    return goes_on(await smtp.rcpt())


@scenario("rfc5321/4.1.1.7/expn-keeps-buffers", start=At.RCPT)
async def expn_keeps_the_recipients(smtp: Client) -> Observation:
    """After EXPN within a transaction DATA is still taken."""
    presume(answered(await smtp.say(b"EXPN postmaster")))
    return goes_on(await smtp.say(b"DATA"))


def _list(smtp: Client) -> bytes:
    known = smtp.target.mailing_list
    return known.address.encode("ascii") if known else b""


@scenario("rfc5321/4.1.1.7/confirms-list", start=At.EHLO, offers=["EXPN"], facts=["mailing_list", "refused"])
async def expn_confirms_lists_only(smtp: Client) -> Observation:
    """Where EXPN names the members of a list, it does not confirm an address whose mail is refused."""
    presume(accepted(await smtp.say(b"EXPN " + _list(smtp)), {250}))
    return refused(await smtp.say(b"EXPN " + (smtp.target.refused or "").encode("ascii")))


@scenario("rfc5321/4.1.1.7/one-line-per-member", start=At.EHLO, offers=["EXPN"], facts=["mailing_list"])
async def expn_lists_each_member_on_a_line(smtp: Client) -> Observation:
    """Where EXPN names the members of a list, there are as many lines as members."""
    outcome = await smtp.say(b"EXPN " + _list(smtp))
    presume(accepted(outcome, {250}))
    lines = len(outcome.lines) if isinstance(outcome, Reply) else 0
    known = smtp.target.mailing_list
    members = len(known.members) if known else 0
    return holds(lines > 1 or members < 2, expected=f"several lines for {members} members", seen=outcome)


@scenario("rfc5321/4.1.1.7/expn-at-any-time", start=(At.GREETING, At.MAIL, At.RCPT), offers=["EXPN"])
async def expn_is_served_at_any_time(smtp: Client, second: Client) -> Observation:
    """EXPN that is no error after EHLO is not out of sequence elsewhere."""
    await _introduced(second)
    presume(not_refused_as(await second.say(b"EXPN postmaster"), {500, 502, 503}))
    return not_refused_as(await smtp.say(b"EXPN postmaster"), {503})


async def _introduced(smtp: Client) -> None:
    """EHLO where the session begins before it."""
    if smtp.hello is None:
        presume(accepted(await smtp.ehlo()))


@scenario("rfc5321/4.1.1.7/expn-syntax", start=At.EHLO, offers=["EXPN"])
async def expn_takes_a_quoted_string(smtp: Client, second: Client) -> Observation:
    """EXPN with a quoted string is no syntax error where the same word is none without quotes."""
    presume(not_refused_as(await second.say(b"EXPN staff"), {500, 501, 502}))
    return not_refused_as(await smtp.say(b'EXPN "staff"'), {500, 501})
