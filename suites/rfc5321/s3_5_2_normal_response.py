"""RFC 5321 3.5.2 - VRFY Normal Response."""

from __future__ import annotations

import re

from conformance import (
    At,
    Broken,
    Client,
    Exchange,
    Observation,
    Reply,
    Unclear,
    accepted,
    holds,
    presume,
    read_as_valid,
    scenario,
    succeeds_with,
    took,
    watch,
)

ADDRESS = re.compile(rb"(?P<bracket><?)(?P<local>[^<>@]*?[^\s<>@])@(?P<domain>\[[^\]\s]+\]|[A-Za-z0-9._-]*[A-Za-z0-9])")
FULL_DOMAIN = re.compile(rb"\[[^\]\s]+\]|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")
TOP_LEVEL = re.compile(rb"[A-Za-z]+|[Xx][Nn]--[A-Za-z0-9-]+")
ROUTE = re.compile(rb"<@[^<>:]+:[^<>]+>")
BRACKETED = re.compile(rb"<([^<>]+@[^<>]+)>")


def _line(smtp: Client, verb: bytes) -> bytes:
    """VRFY of a mailbox that the target declares, or EXPN of its mailing list."""
    known = smtp.target.mailing_list
    return (
        verb + b" " + (known.address.encode("ascii") if verb == b"EXPN" and known else smtp.forward_path.strip(b"<>"))
    )


async def _confirmed(smtp: Client, verb: bytes) -> Reply:
    """The reply with 250; without one there is nothing to look at."""
    outcome = await smtp.say(_line(smtp, verb))
    presume(succeeds_with(outcome, {250}))
    assert isinstance(outcome, Reply)
    return outcome


async def _full_domains(smtp: Client, verb: bytes) -> Observation:
    reply = await _confirmed(smtp, verb)
    domains = [found["domain"] for found in ADDRESS.finditer(reply.text)]
    aliases = [domain for domain in domains if not FULL_DOMAIN.fullmatch(domain)]
    if aliases and all(TOP_LEVEL.fullmatch(domain) and domain.lower() != b"localhost" for domain in aliases):
        return Unclear(f"a domain of one label can be a top-level domain: {reply}")
    expected = "local-part@domain with a fully-qualified domain"
    return holds(bool(domains) and not aliases, expected=expected, seen=reply)


@scenario("rfc5321/3.5.2/vrfy-mailbox-with-domain", start=At.EHLO, facts=["mailboxes"])
async def mailbox_in_reply_to_vrfy_is_whole(smtp: Client) -> Observation:
    """A 250 to VRFY has a mailbox with a fully-qualified domain."""
    return await _full_domains(smtp, b"VRFY")


@scenario("rfc5321/3.5.2/expn-mailbox-with-domain", start=At.EHLO, offers=["EXPN"], facts=["mailing_list"])
async def mailboxes_in_reply_to_expn_are_whole(smtp: Client) -> Observation:
    """A 250 to EXPN has mailboxes with fully-qualified domains."""
    return await _full_domains(smtp, b"EXPN")


@scenario("rfc5321/3.5.2/free-text", start=At.EHLO, facts=["mailboxes"])
async def vrfy_may_answer_in_free_text(smtp: Client) -> Observation:
    """The text of a 2yz to VRFY has a mailbox, or is free text."""
    outcome = await smtp.say(_line(smtp, b"VRFY"))
    if not isinstance(outcome, Reply) or outcome.severity != 2:
        return Unclear(f"no success to look at: {outcome}")
    if outcome.code == 252:
        return took("verifies nothing", outcome)
    return took("a mailbox" if b"@" in outcome.text else "free text", outcome)


async def _in_brackets(smtp: Client, verb: bytes) -> Observation:
    reply = await _confirmed(smtp, verb)
    found = list(ADDRESS.finditer(reply.text))
    if not found:
        return Unclear(f"no address to look at: {reply}")
    return holds(all(each["bracket"] for each in found), expected="addresses in angle brackets", seen=reply)


@scenario("rfc5321/3.5.2/addresses-in-brackets", start=At.EHLO, offers=["EXPN"], facts=["mailing_list"])
async def addresses_in_reply_to_expn_are_in_brackets(smtp: Client) -> Observation:
    """The addresses of a 250 to EXPN stand in angle brackets."""
    return await _in_brackets(smtp, b"EXPN")


async def _usable(smtp: Client, second: Client, verb: bytes) -> Observation:
    reply = await _confirmed(second, verb)
    addresses = BRACKETED.findall(reply.text)
    if not addresses:
        return Unclear(f"no address in brackets to try: {reply}")
    presume(accepted(await smtp.rcpt()))
    seen: Observation = Unclear("nothing was tried")
    for address in addresses:
        seen = read_as_valid(await smtp.rcpt(b"<%b>" % address))
        if isinstance(seen, Broken):
            return seen
    return seen


@scenario("rfc5321/3.5.2/addresses-usable-in-rcpt", start=At.MAIL, facts=["mailboxes"])
async def address_that_vrfy_tells_is_one_for_rcpt(smtp: Client, second: Client) -> Observation:
    """The address in a 250 to VRFY is no syntax error in RCPT."""
    return await _usable(smtp, second, b"VRFY")


@scenario("rfc5321/3.5.2/addresses-usable-in-rcpt", start=At.MAIL, offers=["EXPN"], facts=["mailing_list"])
async def addresses_that_expn_tells_are_for_rcpt(smtp: Client, second: Client) -> Observation:
    """The addresses in a 250 to EXPN are no syntax error in RCPT."""
    return await _usable(smtp, second, b"EXPN")


@watch("rfc5321/3.5.2/no-source-routes-returned")
def watch_no_source_routes_in_replies(exchange: Exchange) -> Observation | None:
    """No reply to VRFY or EXPN has a source route in it."""
    if exchange.verb not in {"VRFY", "EXPN"} or b"@" not in exchange.reply.text:
        return None
    return holds(ROUTE.search(exchange.reply.text) is None, expected="no source route", seen=exchange.reply)


@scenario("rfc5321/3.5.2/may-be-disabled", start=At.EHLO, facts=["mailboxes"])
async def vrfy_may_be_turned_off(smtp: Client) -> Observation:
    """VRFY of a mailbox is answered, or turned off."""
    outcome = await smtp.say(_line(smtp, b"VRFY"))
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("turned off" if outcome.code in {252, 500, 502} else "answers", outcome)


@scenario("rfc5321/3.5.2/need-not-cross-relays", start=At.EHLO)
async def vrfy_need_not_look_elsewhere(smtp: Client) -> Observation:
    """VRFY of an address at another host is answered, or not."""
    outcome = await smtp.say(b"VRFY someone@elsewhere.example.org")
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took(f"answers {outcome.code}", outcome)


@scenario("rfc5321/3.5.2/vrfy-may-be-listed", start=At.EHLO)
async def vrfy_may_be_in_the_reply_to_ehlo(smtp: Client) -> Observation:
    """The reply to EHLO lists VRFY, or does not."""
    return took("lists it" if "VRFY" in smtp.offers else "does not list it", smtp.hello)
