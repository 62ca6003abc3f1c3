"""RFC 5321 3.8 - Terminating Sessions and Connections, for a server that passes mail on, whose next hop goes away.

A server may remember that a host was gone, so each scenario has an exchanger of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from conformance import At, Client, Hop, Names, Observation, Rule, Step, Then, holds, new_token, presume, scenario


@dataclass(frozen=True)
class Gone:
    """How the next hop goes away, and which exchanger of ours it is."""

    number: int
    rule: Rule


AWAY = {
    "closed-at-mail": Gone(9, Rule.close(Step.MAIL)),
    "closed-at-rcpt": Gone(10, Rule.close(Step.RCPT)),
    "closed-at-data": Gone(11, Rule.close(Step.DATA)),
    "closed-in-the-content": Gone(12, Rule.close(Step.CONTENT)),
    "closed-at-the-end": Gone(13, Rule.close(Step.END_OF_DATA)),
    "reset-at-rcpt": Gone(14, Rule.reset(Step.RCPT)),
    "reset-at-the-end": Gone(15, Rule.reset(Step.END_OF_DATA)),
}
SHUTS_DOWN = {
    "at-mail": Gone(16, Rule.answer(Step.MAIL, 421, "hop.example.test shuts down")),
    "at-data": Gone(17, Rule.answer(Step.DATA, 421, "hop.example.test shuts down")),
    "unasked-behind-rcpt": Gone(18, Rule(Step.RCPT, b"250 OK\r\n421 hop.example.test shuts down\r\n", then=Then.CLOSE)),
}


async def is_for_now(gone: Gone, smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Held where a message for this exchanger is not given back, though one that is refused for good is."""
    address = dns.own_exchanger(gone.number)
    dns.add(f"{dns.name()}. MX 10 {dns.name('host')}.\n{dns.name('host')}. A {address}\n")
    before = {each.number for each in hop.server.connections()}
    hop.server.script(address, gone.rule)
    sender = new_token()
    try:
        path = b"<recipient@%b>" % dns.name().encode("ascii")
        await smtp.deliver(smtp.message(), path, reverse_path=hop.path(sender))
        attempts = await hop.connections_at(address, but=before)
        said = {command.verb for each in attempts for command in each.commands}
        presume(holds(b"MAIL" in said, expected="an attempt", seen=said))
        return await hop.no_notification(sender, after=await hop.refuses(smtp))
    finally:
        hop.server.unscript(address)


@scenario("rfc5321/3.8/lost-connection-like-451", start=At.EHLO, facts=["delivery_within"], gone=AWAY)
async def lost_connection_is_no_refusal(gone: Gone, smtp: Client, hop: Hop, dns: Names) -> Observation:
    """A message whose transaction breaks off with its connection is not given back: that counts as a 451."""
    return await is_for_now(gone, smtp, hop, dns)


@scenario("rfc5321/3.8/client-reads-421", start=At.EHLO, facts=["delivery_within"], gone=SHUTS_DOWN)
async def host_that_shuts_down_has_refused_nothing(gone: Gone, smtp: Client, hop: Hop, dns: Names) -> Observation:
    """A message whose next hop answers 421, or has said so before the next command came, is not given back."""
    return await is_for_now(gone, smtp, hop, dns)
