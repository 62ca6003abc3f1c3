"""RFC 2033 4.1 - The LHLO, HELO and EHLO commands."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    Observation,
    Reply,
    Unclear,
    accepted,
    answered,
    holds,
    presume,
    refused,
    scenario,
)

NAME = re.compile(rb"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.?|\[[!-Z^-~]+\])(?: [^\r\n]*)?")
KEYWORD = re.compile(rb"[A-Za-z0-9][A-Za-z0-9-]*(?:[ =][!-~ ]*)?")

LHLO = "rfc2033/4.1/lhlo-means-what-ehlo-means"


@scenario("rfc2033/4.1/lhlo-in-place-of-ehlo-and-helo", roles=["lmtp"], start=At.GREETING)
async def lhlo_begins_a_session(smtp: Client) -> Observation:
    """LHLO is accepted as the first command."""
    return accepted(await smtp.ehlo(), {250})


@scenario(
    "rfc2033/4.1/no-positive-reply-to-ehlo-and-helo",
    roles=["lmtp"],
    start=(At.GREETING, At.EHLO, At.MAIL, At.RCPT),
    verb={"ehlo": b"EHLO", "helo": b"HELO", "ehlo-lower": b"ehlo", "helo-lower": b"helo"},
)
async def hello_of_smtp_never_succeeds(verb: bytes, smtp: Client) -> Observation:
    """EHLO and HELO are refused, before LHLO and after it, in any case."""
    return refused(await smtp.say(verb + b" client.example.test"))


@scenario(
    "rfc2033/4.1/500-to-ehlo-and-helo",
    roles=["lmtp"],
    start=(At.GREETING, At.EHLO),
    verb={"ehlo": b"EHLO", "helo": b"HELO"},
)
async def hello_of_smtp_gets_500(verb: bytes, smtp: Client) -> Observation:
    """EHLO and HELO are answered with 500, the code that says that there is no such command."""
    return answered(await smtp.say(verb + b" client.example.test"), {500})


@scenario(LHLO, roles=["lmtp"], start=At.EHLO)
async def lhlo_reply_names_the_server(smtp: Client) -> Observation:
    """The reply to LHLO begins with the server's name."""
    if not isinstance(smtp.hello, Reply):
        return Unclear(str(smtp.hello))
    first = smtp.hello.lines[0].text.rstrip(b" ")
    return holds(NAME.fullmatch(first) is not None, expected="a domain or an address literal first", seen=smtp.hello)


@scenario(LHLO, roles=["lmtp"], start=At.EHLO)
async def lhlo_reply_lists_keywords(smtp: Client) -> Observation:
    """Each further line of the reply to LHLO is a keyword, and parameters behind it."""
    if not isinstance(smtp.hello, Reply):
        return Unclear(str(smtp.hello))
    odd = [line.text for line in smtp.hello.lines[1:] if KEYWORD.fullmatch(line.text.rstrip(b" ")) is None]
    return holds(not odd, expected="a keyword on each line", seen=smtp.hello)


@scenario(LHLO, roles=["lmtp"], start=At.GREETING, verb={"lower": b"lhlo", "mixed": b"LhLo"})
async def lhlo_has_no_case(verb: bytes, smtp: Client) -> Observation:
    """LHLO is known however it is spelled."""
    return accepted(await smtp.say(verb + b" " + smtp.ehlo_name), {250})


@scenario(LHLO, roles=["lmtp"], start=(At.EHLO, At.MAIL, At.RCPT))
async def second_lhlo_is_taken(smtp: Client) -> Observation:
    """LHLO can come again, within a transaction too; a server that takes it for out of order has a case."""
    outcome = await smtp.ehlo()
    return Unclear(str(outcome)) if isinstance(outcome, Reply) and outcome.code == 503 else accepted(outcome, {250})


@scenario(LHLO, roles=["lmtp"], start=At.RCPT)
async def lhlo_clears_the_recipients(smtp: Client) -> Observation:
    """LHLO within a transaction ends it, as RSET does: DATA has nobody to go to."""
    presume(accepted(await smtp.ehlo()))
    return refused(await smtp.data())


@scenario(LHLO, roles=["lmtp"], start=At.MAIL)
async def lhlo_clears_the_sender(smtp: Client) -> Observation:
    """LHLO after MAIL ends the transaction: RCPT is out of order."""
    presume(accepted(await smtp.ehlo()))
    return refused(await smtp.rcpt())


@scenario(LHLO, roles=["lmtp"], start=At.GREETING)
async def lhlo_without_a_name_is_refused(smtp: Client) -> Observation:
    """LHLO takes an argument, as EHLO does."""
    return refused(await smtp.say(b"LHLO"))
