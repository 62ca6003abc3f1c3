"""RFC 5321 4.1.1.1 - Extended HELLO (EHLO) or HELLO (HELO)."""

from __future__ import annotations

import re

from conformance import (
    At,
    Broken,
    Client,
    Exchange,
    Held,
    Observation,
    Reply,
    Unclear,
    accepted,
    goes_on,
    holds,
    not_refused_as,
    presume,
    recognised,
    refused,
    row,
    scenario,
    watch,
)

LABEL = rb"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
FIRST_LINE = re.compile(rb"(?:%b(?:\.%b)*|\[[\x21-\x5a\x5e-\x7e]+\])\.?(?: [^\r\n]*)?" % (LABEL, LABEL))
KEYWORD_LINE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9-]*(?: [\x21-\x7e]+)*")


@scenario("rfc5321/4.1.1.1/helo-supported", start=At.GREETING, segments=["octets", "line-ends"])
async def helo_is_known(smtp: Client) -> Observation:
    """HELO is not answered as unrecognised or not implemented."""
    return recognised(await smtp.say(b"HELO " + smtp.helo_name))


@scenario("rfc5321/4.1.1.1/helo-supported", start=At.GREETING)
async def helo_opens_a_session(smtp: Client) -> Observation:
    """After HELO alone a transaction can be opened."""
    presume(accepted(await smtp.say(b"HELO " + smtp.helo_name)))
    return goes_on(await smtp.mail())


@scenario(
    "rfc5321/4.1.1.1/hello-clears",
    start=At.EHLO,
    verb={"helo": b"HELO", "ehlo": row(b"EHLO", "rfc5321/4.1.4/ehlo-again")},
)
async def second_hello_clears_the_transaction(verb: bytes, smtp: Client) -> Observation:
    """A sender and a recipient given before an accepted EHLO or HELO are gone after it."""
    presume(refused(await smtp.data()))  # else DATA tells nothing about the state
    await smtp.transaction()
    presume(accepted(await smtp.say(verb + b" " + smtp.helo_name)))
    return refused(await smtp.data())


@watch("rfc5321/4.1.1.1/ehlo-reply-form")
def watch_ehlo_reply_form(exchange: Exchange) -> Observation | None:
    """The reply to EHLO has a domain on its first line and a keyword on each other line."""
    if exchange.verb not in {"EHLO", "LHLO"} or exchange.reply.code != 250:
        return None
    first, *others = (line.text for line in exchange.reply.lines)
    odd = [line for line in others if not KEYWORD_LINE.fullmatch(line)]
    if FIRST_LINE.fullmatch(first) is None:
        odd.insert(0, first)
    if odd:
        return Broken("a domain first, then a keyword with parameters on each line", str(exchange.reply))
    return Held()


async def _listed_if_it_works(smtp: Client, line: bytes, codes: set[int]) -> Observation:
    keyword = line.split()[0].decode()
    if not smtp.offers:
        return Unclear("EHLO lists nothing")
    if keyword in smtp.offers:
        return Held("listed")
    outcome = await smtp.say(line)
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    return holds(outcome.code not in codes, expected=f"{keyword} listed, or not working", seen=outcome)


@scenario("rfc5321/4.1.1.1/lists-all-optional-commands", start=At.EHLO)
async def working_help_is_listed(smtp: Client) -> Observation:
    """HELP that works is listed in the reply to EHLO."""
    return await _listed_if_it_works(smtp, b"HELP", {211, 214, 250})


@scenario("rfc5321/3.5.2/expn-is-listed", start=At.EHLO, facts=["mailing_list"])
async def working_expn_is_listed(smtp: Client) -> Observation:
    """EXPN that works is listed in the reply to EHLO."""
    known = smtp.target.mailing_list
    return await _listed_if_it_works(smtp, b"EXPN " + (known.address if known else "").encode("ascii"), {250})


@scenario(
    "rfc5321/4.1.1.1/keywords-have-no-case",
    start=At.EHLO,
    offers=["8BITMIME"],
    parameter={"lower": b" body=8bitmime", "mixed": b" Body=8BitMime"},
)
async def parameter_keyword_in_any_case(parameter: bytes, smtp: Client) -> Observation:
    """A MAIL parameter of an offered extension is recognised whatever its case."""
    presume(accepted(await smtp.mail(parameters=b" BODY=8BITMIME")))
    presume(accepted(await smtp.say(b"RSET")))
    return not_refused_as(await smtp.mail(parameters=parameter), {500, 501, 504, 555})
