"""RFC 5321 5.2 - IPv6 and MX Records."""

from __future__ import annotations

from conformance import At, Client, Hop, Names, Observation, Received, Unclear, new_token, scenario, took

NOBODY = "100::1"
"""An IPv6 address at which nobody ever is (RFC 6666)."""


async def send(smtp: Client, hop: Hop, dns: Names, *, with_ipv6: bool) -> tuple[str, Received | None]:
    """Give the target mail for a domain whose exchanger has an IPv4 address: its sender's token, and what came."""
    dns.add(f"{dns.name()}. MX 10 {dns.name('host')}.\n{dns.name('host')}. A {dns.exchangers[0]}\n")
    if with_ipv6:
        dns.add(f"{dns.name('host')}. AAAA {NOBODY}\n")
    sender = new_token()
    path = b"<recipient@%b>" % dns.name().encode("ascii")
    await smtp.deliver(smtp.message(), path, reverse_path=hop.path(sender))
    return sender, await hop.arrival()


@scenario("rfc5321/5.2/ipv4-and-ipv6", start=At.EHLO)
async def host_may_have_addresses_of_both_kinds(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Mail for a host with a dead IPv6 address and an IPv4 address goes to the latter, or comes back."""
    sender, received = await send(smtp, hop, dns, with_ipv6=True)
    if received is not None:
        return took("sends it by IPv4", received.transaction.connection.local)
    if await hop.notification_arrival(sender) is not None:
        return took("gives it back")
    return Unclear("neither the message nor a notification came")


@scenario("rfc5321/5.2/by-circumstances", start=At.EHLO)
async def client_may_ask_for_ipv4_only(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """A client asks for the IPv6 addresses of a host too, or for its IPv4 addresses only."""
    _, received = await send(smtp, hop, dns, with_ipv6=False)
    if received is None:
        return Unclear("the message did not come")
    types = {query.type for query in await dns.queries(dns.name("host"))}
    return took("asks for both" if "AAAA" in types else "asks for IPv4 addresses", ", ".join(sorted(types)))
