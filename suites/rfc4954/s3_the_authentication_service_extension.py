"""RFC 4954 3 - The Authentication Service Extension."""

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
    holds,
    not_refused_as,
    presume,
    recognised,
    refused,
    scenario,
    took,
    watch,
)

NAME = re.compile(r"[A-Z0-9_-]{1,20}")
"""What SASL calls a mechanism (RFC 4422 §3.1); the case of its letters is contested and left alone."""

ENCODED_MAILBOX = b"".join(b"+%02X" % octet for octet in b"a" * 60 + b"@" + b"b" * 60 + b".example.com")
"""A mailbox of 133 octets, every one of them written as three: xtext allows it."""

PLAINTEXT = {"PLAIN", "LOGIN"}


@watch("rfc4954/3/mechanisms-listed")
def watch_auth_lists_mechanisms(exchange: Exchange) -> Observation | None:
    """What stands behind AUTH in the reply to EHLO are names of mechanisms, one space between them."""
    if exchange.verb != "EHLO" or exchange.reply.severity != 2:
        return None
    lines = [line.text for line in exchange.reply.lines[1:] if line.text.upper().split(b" ")[0] == b"AUTH"]
    if not lines:
        return None
    names = [name.decode("ascii", "replace").upper() for line in lines for name in line.rstrip(b" ").split(b" ")[1:]]
    if not names:  # after AUTH none is available any more (lines 153-155), and an empty list says so
        return None
    return holds(all(map(NAME.fullmatch, names)), expected="AUTH and names of mechanisms", seen=b" | ".join(lines))


@scenario("rfc4954/3/auth-verb", start=At.UNAUTHENTICATED, offers=["AUTH"])
async def auth_is_recognised_where_it_is_listed(smtp: Client) -> Observation:
    """A server that lists AUTH knows the command, whatever it says of the mechanism."""
    return recognised(await smtp.say(b"AUTH XBOGUS"))


@scenario("rfc4954/3/mechanisms-listed", start=At.UNAUTHENTICATED, offers=["AUTH"])
async def every_listed_mechanism_is_known(smtp: Client) -> Observation:
    """Mechanisms are listed, and AUTH with each of them is not refused as an unknown one."""
    if not smtp.mechanisms:
        return Broken("names of mechanisms behind AUTH", str(smtp.hello))
    for name in smtp.mechanisms[:8]:
        outcome = await smtp.say(b"AUTH " + name.encode("ascii"))
        known = not_refused_as(outcome, {500, 502, 504})
        if not isinstance(known, Held):
            return known
        if isinstance(outcome, Reply) and outcome.code == 334:
            await smtp.say(b"*")
    return Held(" ".join(smtp.mechanisms))


@scenario("rfc4954/3/mechanisms-may-change", start=At.UNAUTHENTICATED, offers=["STARTTLS"])
async def mechanisms_in_clear_and_under_tls(smtp: Client) -> Observation:
    """Which mechanisms are listed in clear and which under TLS, those among them that send the password as it is."""
    in_clear = set(smtp.mechanisms)
    await smtp.starttls()
    presume(accepted(await smtp.ehlo()))
    under_tls = set(smtp.mechanisms)
    if not in_clear | under_tls:
        return took("offers AUTH neither in clear nor under TLS")
    if in_clear & PLAINTEXT:
        return took("offers plaintext mechanisms in clear", " ".join(sorted(in_clear)))
    if in_clear == under_tls:
        return took("offers the same mechanisms in clear", " ".join(sorted(in_clear)))
    return took("offers other mechanisms in clear", f"{sorted(in_clear)} in clear, {sorted(under_tls)} under TLS")


@scenario("rfc4954/3/mail-parameter", start=At.EHLO, offers=["AUTH"])
async def auth_parameter_is_known_where_auth_is_listed(smtp: Client) -> Observation:
    """MAIL with AUTH=<> is not refused for an unknown parameter."""
    return not_refused_as(await smtp.mail(parameters=b" AUTH=<>"), {500, 504, 555})


@scenario("rfc4954/3/mail-line-limit", start=At.EHLO, offers=["AUTH"])
async def mail_may_be_500_octets_longer(smtp: Client) -> Observation:
    """MAIL with an AUTH parameter of 400 octets and more is not refused for its length."""
    presume(accepted(await smtp.mail(parameters=b" AUTH=<>")))
    presume(accepted(await smtp.say(b"RSET")))
    parameter = b" AUTH=" + ENCODED_MAILBOX
    return not_refused_as(await smtp.mail(parameters=parameter), {500, 501, 552, 555})


@scenario(
    "rfc4954/3/mechanisms-listed",
    start=At.UNAUTHENTICATED,
    lacks=["AUTH"],
    line={
        "plain": b"AUTH PLAIN",
        "login": b"AUTH LOGIN",
        "cram-md5": b"AUTH CRAM-MD5",
    },
)
async def auth_is_refused_where_it_is_not_listed(line: bytes, smtp: Client) -> Observation:
    """A server that lists no mechanism begins no exchange."""
    return refused(await smtp.say(line))


@scenario(
    "rfc5321/4.1.1.2/parameters-when-negotiated",
    start=At.EHLO,
    lacks=["AUTH"],
    parameter={"empty": b" AUTH=<>", "mailbox": b" AUTH=sender@example.com"},
)
async def auth_parameter_where_auth_is_not_listed(parameter: bytes, smtp: Client) -> Observation:
    """A server that does not list AUTH refuses its parameter, or it knows it all the same."""
    outcome = await smtp.mail(parameters=parameter)
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else "refuses it", outcome)


@scenario(
    "rfc4954/3/ehlo-keyword",
    start=At.UNAUTHENTICATED,
    lacks=["AUTH"],
    mechanism={"plain": b"PLAIN", "login": b"LOGIN", "cram-md5": b"CRAM-MD5", "scram-sha-256": b"SCRAM-SHA-256"},
)
async def auth_that_works_is_listed(mechanism: bytes, smtp: Client) -> Observation:
    """Where the reply to EHLO has no AUTH, the command brings no challenge."""
    outcome = await smtp.say(b"AUTH " + mechanism)
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    return holds(outcome.severity == 5, expected="AUTH listed, or not working", seen=outcome)


@scenario("rfc4954/3/submission", roles=["submission"], start=At.UNAUTHENTICATED)
async def submission_server_may_offer_auth(smtp: Client) -> Observation:
    """A submission server offers AUTH, or does not."""
    if not smtp.extended:
        return Unclear("EHLO is not taken")
    return took("offers AUTH" if "AUTH" in smtp.offers else "does not offer AUTH", " ".join(smtp.mechanisms))
