"""RFC 5321 3.2 - Client Initiation, for a server that passes mail on: how it begins a session with its next hop.

Nobody knows whose mail a connection will bring before MAIL, so each scenario has an exchanger of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    HopConnection,
    Names,
    NotReady,
    Observation,
    Received,
    Rule,
    Step,
    holds,
    row,
    scenario,
    took,
    visible,
)

LATE = 3.0
"""Seconds by which the greeting is late: a client that does not wait for it has spoken by then."""


@dataclass(frozen=True)
class Odd:
    """An exchanger that does something odd, and which of ours it is."""

    number: int
    rules: tuple[Rule, ...]


@contextmanager
def exchanger(odd: Odd, hop: Hop, dns: Names) -> Iterator[tuple[str, set[int]]]:
    """Lead the scenario's domain to this exchanger: its address, and the connections that it has had before."""
    address = dns.own_exchanger(odd.number)
    dns.add(f"{dns.name()}. MX 10 {dns.name('host')}.\n{dns.name('host')}. A {address}\n")
    before = {each.number for each in hop.server.connections()}
    hop.server.script(address, *odd.rules)
    try:
        yield address, before
    finally:
        hop.server.unscript(address)


def said(connections: tuple[HopConnection, ...]) -> list[list[str]]:
    """What was said in each connection."""
    return [[visible(command.octets.strip(), 60) for command in each.commands] for each in connections]


async def send(smtp: Client, dns: Names) -> None:
    """Give the target a message for the scenario's domain."""
    await smtp.deliver(smtp.message(), b"<recipient@%b>" % dns.name().encode("ascii"))


async def received_by(odd: Odd, smtp: Client, hop: Hop, dns: Names) -> Received:
    """The message as it came to this exchanger.

    Raises:
        NotReady: none came.
    """
    with exchanger(odd, hop, dns):
        await send(smtp, dns)
        return await hop.message()


def verbs(received: Received) -> list[str]:
    """The verbs of the connection by which a message came."""
    return [visible(command.verb, 40) for command in received.transaction.connection.commands]


HELO_ONLY = {
    "500": Odd(0, (Rule.answer(Step.EHLO, 500, "Command unrecognized"),)),
    "502": Odd(1, (Rule.answer(Step.EHLO, 502, "Command not implemented"),)),
    "supported": row(
        Odd(2, (Rule.answer(Step.EHLO, 500, "Command unrecognized"),)), "rfc5321/2.2.1/client-supports-helo"
    ),
}


@scenario("rfc5321/3.2/fall-back-to-helo", start=At.EHLO, facts=["delivery_within"], odd=HELO_ONLY)
async def message_goes_where_helo_alone_is_known(odd: Odd, smtp: Client, hop: Hop, dns: Names) -> Observation:
    """A message goes to a next hop that does not recognise EHLO, behind HELO."""
    with exchanger(odd, hop, dns) as (address, before):
        await send(smtp, dns)
        if await hop.arrival() is not None:
            return Held("it went through")
        attempts = await hop.connections_at(address, but=before)
    if not any(each.commands for each in attempts):
        raise NotReady("next hop", "nobody spoke there")
    return Broken("the message behind HELO", f"none came: {said(attempts)}")


GREETINGS = {
    "other-words": Odd(3, (Rule.answer(Step.CONNECT, 220, "hop.example.test Simple Mail Transfer Service Ready"),)),
    "name-alone": Odd(4, (Rule.answer(Step.CONNECT, 220, "hop.example.test"),)),
}


@scenario("rfc5321/4.1.1.1/start-with-ehlo", start=At.EHLO, odd=GREETINGS)
async def session_starts_with_ehlo_whatever_the_greeting_says(
    odd: Odd, smtp: Client, hop: Hop, dns: Names
) -> Observation:
    """The first command is EHLO, though the greeting does not say that the next hop has extensions."""
    there = verbs(await received_by(odd, smtp, hop, dns))
    return holds(there[:1] == ["EHLO"], expected="EHLO first", seen=there)


@scenario(
    "rfc5321/4.1.1.1/old-clients-use-helo",
    start=At.EHLO,
)
async def session_may_start_with_helo(smtp: Client, hop: Hop) -> Observation:
    """A session with the next hop starts with EHLO, or with HELO."""
    await smtp.deliver(smtp.message(), hop.path())
    there = verbs(await hop.message())
    hello = [verb for verb in there if verb in {"EHLO", "HELO"}]
    return took(f"says {hello[0]}" if hello else "says neither", there)


@scenario("rfc5321/4.3.1/client-waits-for-greeting", start=At.EHLO)
async def late_greeting_comes_before_the_first_command(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Nothing is said to a next hop whose greeting is a few seconds late before it has come."""
    received = await received_by(Odd(5, (Rule.late(Step.CONNECT, LATE),)), smtp, hop, dns)
    first = received.transaction.connection.commands[0]
    return holds(not first.early, expected="the first command after the greeting", seen=visible(first.octets, 80))


UNSERVED = {
    "greeting": Odd(6, (Rule.answer(Step.CONNECT, 554, "No SMTP service here"),)),
    "hello": Odd(7, (Rule.answer(Step.EHLO, 550, "Not you"), Rule.answer(Step.HELO, 550, "Not you"))),
}


@scenario("rfc5321/4.1.4/quit-without-session", start=At.EHLO, odd=UNSERVED)
async def connection_without_a_session_ends_with_quit(odd: Odd, smtp: Client, hop: Hop, dns: Names) -> Observation:
    """A next hop that takes no mail at all, or none from this client, is left with QUIT."""
    with exchanger(odd, hop, dns) as (address, before):
        await send(smtp, dns)
        over = [each for each in await hop.connections_at(address, but=before) if each.over.is_set()]
    if not over:
        raise NotReady("next hop", "no connection there has ended")
    there = [command.verb for command in over[0].commands]
    seen = [*said((over[0],))[0], over[0].end]
    return holds(there[-1:] == [b"QUIT"], expected="QUIT before the close", seen=seen)


OLD_VERBS = (b"SEND", b"SOML", b"SAML")


@scenario("rfc5321/F.6/clients-without-send", start=At.EHLO)
async def old_verbs_are_not_used_though_offered(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Mail goes by MAIL to a next hop that offers SEND, SOML and SAML."""
    received = await received_by(Odd(8, (Rule.offer(b"SIZE", *OLD_VERBS),)), smtp, hop, dns)
    there = verbs(received)
    return holds(not {verb.decode() for verb in OLD_VERBS} & {*there}, expected="MAIL", seen=there)
