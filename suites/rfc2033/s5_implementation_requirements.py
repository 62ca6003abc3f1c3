"""RFC 2033 5 - Implementation requirements."""

from __future__ import annotations

import re

from conformance import (
    CRLF,
    At,
    Broken,
    Client,
    Held,
    Hop,
    Observation,
    Reply,
    Rule,
    Silence,
    Step,
    Store,
    Unclear,
    accepted,
    answered,
    holds,
    presume,
    refused,
    row,
    scenario,
    stuff,
)

SMTP_PORT = 25
STATUS = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?: |$)")


@scenario("rfc2033/5/not-on-port-25", roles=["mx", "lmtp"], start=At.GREETING)
async def port_25_speaks_no_lmtp(smtp: Client) -> Observation:
    """LHLO is refused on port 25; on any other port it may be accepted."""
    outcome = await smtp.say(b"LHLO " + smtp.ehlo_name)
    if smtp.target.where.port == SMTP_PORT:
        return refused(outcome)
    return Held(str(outcome)) if isinstance(outcome, Reply) and outcome.severity in {2, 5} else Unclear(str(outcome))


HELD_UP = 12.0
"""Seconds that our next hop takes with the mail for a recipient elsewhere."""
A_MOMENT = 2.0
"""Seconds within which a reply comes that is ready."""


def _offered(smtp: Client, keyword: str) -> Observation:
    return holds(keyword in smtp.offers, expected=f"{keyword} in the list", seen=smtp.hello)


@scenario("rfc2033/5/pipelining", roles=["lmtp"], start=At.EHLO)
async def pipelining_is_offered(smtp: Client) -> Observation:
    """The reply to LHLO lists PIPELINING."""
    return _offered(smtp, "PIPELINING")


@scenario("rfc2033/5/pipelining", roles=["lmtp"], start=At.EHLO, offers=["PIPELINING"])
async def group_of_commands_is_answered_in_order(smtp: Client) -> Observation:
    """NOOP, an unknown command and MAIL in one segment get their replies in that order."""
    await smtp.raw(CRLF.join((b"NOOP", b"BOGUS", b"MAIL FROM:" + smtp.reverse_path)) + CRLF)
    presume(accepted(await smtp.reply()))
    second = await smtp.reply()
    presume(answered(second))
    if not (isinstance(second, Reply) and second.severity == 5):
        return Unclear(f"BOGUS was not refused: {second}") if not isinstance(second, Reply) else refused(second)
    return accepted(await smtp.reply())


@scenario("rfc2033/5/enhanced-status-codes", roles=["lmtp"], start=At.EHLO)
async def enhanced_status_codes_are_offered(smtp: Client) -> Observation:
    """The reply to LHLO lists ENHANCEDSTATUSCODES."""
    return _offered(smtp, "ENHANCEDSTATUSCODES")


@scenario(
    "rfc2033/5/enhanced-status-codes",
    roles=["lmtp"],
    start=At.EHLO,
    offers=["ENHANCEDSTATUSCODES"],
    line={
        "mail": b"MAIL FROM:<>",
        "noop": b"NOOP",
        "rset": b"RSET",
        "unknown": b"BOGUS",
        "rcpt-without-mail": b"RCPT TO:<postmaster>",
        "data-without-recipients": row(b"DATA", start=At.MAIL),
        "quit": b"QUIT",
    },
)
async def reply_has_an_enhanced_status_code(line: bytes, smtp: Client) -> Observation:
    """A reply begins with an enhanced status code of its class."""
    outcome = await smtp.say(line)
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 4, 5}:
        return Unclear(str(outcome))
    digit = b"%d." % outcome.severity
    good = all(STATUS.match(each.text) and each.text.startswith(digit) for each in outcome.lines)
    return holds(good, expected=f"a code that begins with {outcome.severity}.", seen=outcome)


@scenario("rfc2033/5/enhanced-status-codes", roles=["lmtp"], start=At.RCPT, offers=["ENHANCEDSTATUSCODES"])
async def reply_after_the_dot_has_an_enhanced_status_code(smtp: Client) -> Observation:
    """The reply for a recipient begins with an enhanced status code of its class."""
    outcome = await smtp.data()
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 4, 5}:
        return Unclear(str(outcome))
    digit = b"%d." % outcome.severity
    good = all(STATUS.match(each.text) and each.text.startswith(digit) for each in outcome.lines)
    return holds(good, expected=f"a code that begins with {outcome.severity}.", seen=outcome)


@scenario("rfc2033/5/8bitmime", roles=["lmtp"], start=At.EHLO)
async def eight_bit_mime_is_offered(smtp: Client) -> Observation:
    """The reply to LHLO lists 8BITMIME."""
    return _offered(smtp, "8BITMIME")


@scenario(
    "rfc2033/5/8bitmime",
    roles=["lmtp"],
    start=At.EHLO,
    offers=["8BITMIME"],
    value={"8bitmime": b"8BITMIME", "7bit": b"7BIT", "lower": b"8bitmime"},
)
async def body_parameter_is_taken(value: bytes, smtp: Client, second: Client) -> Observation:
    """Where 8BITMIME is listed MAIL takes BODY."""
    presume(accepted(await second.mail()))
    return accepted(await smtp.mail(parameters=b" BODY=" + value))


@scenario(
    "rfc2033/5/replies-at-once",
    roles=["lmtp"],
    start=At.MAIL,
    reading={"at-once": "", "flushed": row("", "rfc2033/5/replies-flushed")},
)
async def reply_does_not_wait_for_the_next_recipient(reading: str, smtp: Client, hop: Hop, store: Store) -> Observation:
    """The reply for a mailbox here comes while the next recipient, at a host that is slow, still takes its time.

    Broken only where the message was in the mailbox, so that the reply was ready, and the reply came with the next.
    """
    del reading
    hop.script(hop.mailbox(), Rule.late(Step.END_OF_DATA, HELD_UP))
    presume(accepted(await smtp.rcpt()))
    presume(accepted(await smtp.rcpt(hop.path())))
    presume(answered(await smtp.say(b"DATA"), {354}))
    await smtp.raw(stuff(smtp.message()) + b"." + CRLF)
    stored = await store.arrival(within=HELD_UP / 2)
    first = await smtp.reply(within=A_MOMENT)
    if not isinstance(first, Silence):
        presume(accepted(first))
        return Held(f"it came at once: {first}")
    first = await smtp.reply()
    presume(accepted(first))
    if stored is None:
        return Unclear(f"the mailbox was served late: {first}")
    return Broken("a reply once the mailbox has the message", f"{first}, {A_MOMENT:g} s later at least")
