"""RFC 2033 5 - Implementation requirements."""

from __future__ import annotations

import re

from conformance import (
    CRLF,
    At,
    Client,
    Held,
    Observation,
    Reply,
    Unclear,
    accepted,
    answered,
    holds,
    presume,
    refused,
    row,
    scenario,
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
