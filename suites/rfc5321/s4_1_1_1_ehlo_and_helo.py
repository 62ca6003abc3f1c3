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
    took,
    watch,
)

LABEL = rb"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
FIRST_LINE = re.compile(rb"(?:%b(?:\.%b)*|\[[\x21-\x5a\x5e-\x7e]+\])\.?(?: [^\r\n]*)?" % (LABEL, LABEL))
KEYWORD = re.compile(rb"[A-Za-z0-9][A-Za-z0-9-]*")
PARAMETERS = re.compile(rb"[\x21-\x7e]+(?: [\x21-\x7e]+)*")
KEYWORD_LINE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9-]*(?: [\x21-\x7e]+)*")


@scenario("rfc5321/4.1.1.1/helo-supported", start=At.GREETING, segments=["octets", "line-ends"])
async def helo_is_known(smtp: Client) -> Observation:
    """HELO is not answered as unrecognised or not implemented."""
    return recognised(await smtp.say(b"HELO " + smtp.helo_name))


@scenario("rfc5321/4.1.1.1/ehlo-supported", start=At.GREETING, segments=["octets", "line-ends"])
async def ehlo_is_known(smtp: Client) -> Observation:
    """EHLO is not answered as unrecognised or not implemented."""
    return recognised(await smtp.ehlo())


@scenario("rfc5321/4.1.1.1/helo-supported", start=At.GREETING, facts=["not auth_required"])
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


DOMAIN_OR_LITERAL = re.compile(rb"(?:%b(?:\.%b)*\.?|\[[\x21-\x5a\x5e-\x7e]+\])(?: |$)" % (LABEL, LABEL))


def _ehlo_lines(exchange: Exchange) -> list[bytes]:
    """The lines behind the first of a successful reply to EHLO."""
    if exchange.verb not in {"EHLO", "LHLO"} or exchange.reply.code != 250:
        return []
    return [line.text for line in exchange.reply.lines[1:]]


@watch("rfc5321/4.1.1.1/greeting-names-server")
def watch_greeting_names_the_server(exchange: Exchange) -> Observation | None:
    """The greeting begins with a domain or an address literal."""
    if exchange.verb != "CONNECT" or exchange.reply.code != 220:
        return None
    named = DOMAIN_OR_LITERAL.match(exchange.reply.lines[0].text) is not None
    return holds(named, expected="a domain or an address literal first", seen=exchange.reply)


@watch("rfc5321/4.1.1.1/hello-reply-names-server")
def watch_hello_reply_names_the_server(exchange: Exchange) -> Observation | None:
    """The replies to EHLO and HELO begin with a domain or an address literal."""
    if exchange.verb not in {"EHLO", "HELO", "LHLO"} or exchange.reply.code != 250:
        return None
    named = DOMAIN_OR_LITERAL.match(exchange.reply.lines[0].text) is not None
    return holds(named, expected="a domain or an address literal first", seen=exchange.reply)


@scenario("rfc5321/4.1.1.1/hello-reply-names-server", start=At.GREETING, verb={"ehlo": b"EHLO", "helo": b"HELO"})
async def hello_reply_names_not_the_client(verb: bytes, smtp: Client, second: Client) -> Observation:
    """Of two clients not each finds its own name in the place of the server's."""
    first_words = []
    names = [label + b"." + smtp.helo_name for label in (b"first", b"second")]
    for client, name in zip((smtp, second), names, strict=True):
        outcome = await client.say(verb + b" " + name)
        presume(accepted(outcome, {250}))
        first_words += [line.text.split(b" ")[0] for line in outcome.lines[:1]] if isinstance(outcome, Reply) else []
    seen = b", ".join(first_words)
    return holds([word.lower() for word in first_words] != names, expected="the server's own name", seen=seen)


@watch("rfc5321/4.1.1.1/ehlo-greet-octets")
def watch_ehlo_greet_is_7_bit(exchange: Exchange) -> Observation | None:
    """The text behind the domain in the reply to EHLO is 7-bit and has neither CR nor LF."""
    if exchange.verb not in {"EHLO", "LHLO"} or exchange.reply.code != 250:
        return None
    _, _, greet = exchange.reply.lines[0].text.partition(b" ")
    plain = not any(octet > 0x7F or octet in b"\r\n" for octet in greet)
    return holds(plain, expected="7-bit text", seen=exchange.reply)


@watch("rfc5321/4.1.1.1/one-keyword-per-line")
def watch_ehlo_keywords_stand_alone(exchange: Exchange) -> Observation | None:
    """Each line behind the first of the reply to EHLO has a keyword, and no keyword stands on two."""
    lines = _ehlo_lines(exchange)
    if not lines:
        return None
    keywords = [line.split(b" ")[0].upper() for line in lines]
    alone = all(keywords) and len(set(keywords)) == len(keywords)
    return holds(alone, expected="one keyword on each line, each once", seen=exchange.reply)


@watch("rfc5321/4.1.1.1/ehlo-keyword-syntax")
def watch_ehlo_keyword_syntax(exchange: Exchange) -> Observation | None:
    """EHLO keywords are letters, digits and hyphens and begin with a letter or a digit."""
    lines = _ehlo_lines(exchange)
    if not lines:
        return None
    odd = [line for line in lines if not KEYWORD.fullmatch(line.split(b" ")[0])]
    return holds(not odd, expected="letters, digits and hyphens", seen=exchange.reply)


@watch("rfc5321/4.1.1.1/ehlo-param-syntax")
def watch_ehlo_parameter_syntax(exchange: Exchange) -> Observation | None:
    """EHLO parameters are printable ASCII, each behind one space."""
    lines = [line for line in _ehlo_lines(exchange) if b" " in line]
    if not lines:
        return None
    odd = [line for line in lines if not PARAMETERS.fullmatch(line.partition(b" ")[2])]
    return holds(not odd, expected="printable parameters, one space before each", seen=exchange.reply)


@scenario("rfc5321/4.1.1.1/may-list-private-commands", start=At.EHLO)
async def private_commands_may_be_listed(smtp: Client) -> Observation:
    """The reply to EHLO lists private-use keywords, which begin with X, or none."""
    private = sorted(keyword for keyword in smtp.offers if keyword.startswith("X"))
    return took("lists private commands" if private else "lists none", ", ".join(private))


async def _listed_if_it_works(smtp: Client, line: bytes, codes: set[int]) -> Observation:
    keyword = line.split()[0].decode()
    if not smtp.extended:
        return Unclear("EHLO is not taken")
    if keyword in smtp.offers:
        return Held("listed")
    outcome = await smtp.say(line)
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    return holds(outcome.code not in codes, expected=f"{keyword} listed, or not working", seen=outcome)


@scenario("rfc5321/4.1.1.1/lists-all-optional-commands", start=At.EHLO)
async def working_help_is_listed(smtp: Client) -> Observation:
    """HELP that works is listed in the reply to EHLO."""
    return await _listed_if_it_works(smtp, b"HELP", {211, 214})


@scenario("rfc5321/3.5.2/expn-is-listed", start=At.EHLO)
async def expn_of_postmaster_is_listed_where_it_works(smtp: Client) -> Observation:
    """EXPN that tells who postmaster is is listed in the reply to EHLO."""
    return await _listed_if_it_works(smtp, b"EXPN postmaster", {250})


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
async def parameter_keyword_in_any_case(parameter: bytes, smtp: Client, second: Client) -> Observation:
    """A MAIL parameter of an offered extension is recognised whatever its case."""
    presume(accepted(await second.mail(parameters=b" BODY=8BITMIME")))
    return not_refused_as(await smtp.mail(parameters=parameter), {500, 501, 504, 555})


@scenario("rfc5321/4.1.1.1/prepared-for-text-after-literal", start=At.GREETING)
async def text_behind_the_literal_may_be_put_up_with(smtp: Client) -> Observation:
    """EHLO with words behind an address literal is taken, or refused."""
    outcome = await smtp.ehlo(smtp.address_literal + b" some host")
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else "refuses it", outcome)
