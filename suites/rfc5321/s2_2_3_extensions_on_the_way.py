"""RFC 5321 2.2.3 - Special Issues with Extensions: a next hop that lacks one that a message would have.

The extension is DSN (RFC 3461), which our next hop does not offer and without which every message can go on.
"""

from __future__ import annotations

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    Names,
    NotReady,
    Observation,
    Reply,
    Rule,
    Unclear,
    new_token,
    scenario,
    took,
)

LONG = 120.0
"""Seconds that a message is waited for that its relay keeps: enough where timers are short."""


async def send(smtp: Client, forward_path: bytes, sender: bytes) -> None:
    """Give the target a message that asks for notifications."""
    await smtp.mail(sender)
    taken = await smtp.rcpt(forward_path, b" NOTIFY=SUCCESS,FAILURE")
    if isinstance(taken, Reply) and taken.severity == 2:
        taken = await smtp.data(smtp.message())
    if not (isinstance(taken, Reply) and taken.severity == 2):
        raise NotReady("a message with NOTIFY", taken)


@scenario("rfc5321/2.2.3/may-requeue", start=At.EHLO, offers=["DSN"], facts=["delivery_within"])
async def message_may_wait_for_an_extension(smtp: Client, hop: Hop) -> Observation:
    """A message that asks for notifications goes on without, comes back, or waits."""
    sender = new_token()
    await send(smtp, hop.path(), hop.path(sender))
    if await hop.arrival() is not None:
        return took("goes on without the extension")
    returned = await hop.notification_arrival(sender)
    return took("waits" if returned is None else "comes back")


@scenario("rfc5321/2.2.3/falls-back-before-bouncing", start=At.EHLO, offers=["DSN"], facts=["delivery_within"])
async def message_goes_without_the_extension_in_the_end(smtp: Client, hop: Hop) -> Observation:
    """A message that waited for an extension is not given back before it was tried without."""
    sender = new_token()
    await send(smtp, hop.path(), hop.path(sender))
    twin = await hop.refuses(smtp)
    at_once = await hop.notification(twin)
    if await hop.arrival(within=LONG) is not None:
        return Held("it went on without the extension")
    returned = await hop.notification_arrival(sender)
    if returned is None:
        return Unclear(f"it still waits after {LONG:g} s")
    waited = returned.began - at_once.began
    if waited <= (smtp.target.delivery_within or 0.0):
        return Unclear("it came back at once: it did not wait for the extension")
    return Broken("the message without the extension", f"it waited {waited:.0f} s, and came back")


@scenario("rfc5321/2.2.3/may-try-another-exchanger", start=At.EHLO, offers=["DSN"], facts=["delivery_within"])
async def message_may_go_to_who_has_the_extension(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """A message that asks for notifications goes to the best exchanger, or to a worse one that has DSN."""
    best, other = dns.exchangers[0], dns.exchangers[-1]
    hop.server.script(other, Rule.offer(b"PIPELINING", b"8BITMIME", b"SIZE", b"DSN"))
    for preference, address in ((10, best), (20, other)):
        host = dns.name(f"host{preference}")
        dns.add(f"{dns.name()}. MX {preference} {host}.\n{host}. A {address}\n")
    sender = new_token()
    try:
        await send(smtp, b"<recipient@%b>" % dns.name().encode("ascii"), hop.path(sender))
        received = await hop.arrival()
    finally:
        hop.server.unscript(other)
    if received is None:
        raise NotReady("next hop", "the message did not come")
    there = received.transaction.connection.local.rpartition(":")[0]
    return took("goes to the best" if there == best else "goes to who has the extension", there)
