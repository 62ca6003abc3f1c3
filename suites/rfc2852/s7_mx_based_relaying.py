"""RFC 2852 7 - MX based relaying considerations."""

from __future__ import annotations

from conformance import At, Client, Hop, Names, Observation, Rule, holds, scenario

SECONDS = 3600
USUAL = b"PIPELINING", b"8BITMIME", b"SIZE"


@scenario(
    "rfc2852/7/no-shopping-for-mx",
    start=At.EHLO,
    offers=["DELIVERBY"],
    alone=True,
    by={"notify": b"N", "trace": b"NT"},
)
async def first_exchanger_is_good_enough(by: bytes, smtp: Client, hop: Hop, dns: Names) -> Observation:
    """A message with N goes to the first exchanger without DELIVERBY, though the second one has it.

    One with R can't: whether it may go on to the second is left open by the example of section 6.
    """
    first, second = dns.exchangers[:2]
    hosts = dns.name("first"), dns.name("second")
    dns.add(f"{dns.name()}. MX 10 {hosts[0]}.\n{dns.name()}. MX 20 {hosts[1]}.\n")
    dns.add(f"{hosts[0]}. A {first}\n{hosts[1]}. A {second}\n")
    hop.server.script(first, Rule.offer(*USUAL))
    hop.server.script(second, Rule.offer(*USUAL, b"DELIVERBY"))
    try:
        path = b"<recipient@%b>" % dns.name().encode("ascii")
        await smtp.deliver(smtp.message(), path, parameters=b" BY=%d;%b" % (SECONDS, by))
        received = await hop.message()
    finally:
        hop.server.unscript(first)
        hop.server.unscript(second)
    where = received.transaction.connection.local.rpartition(":")[0]
    return holds(where == first, expected="the message at the first exchanger", seen=f"it came to {where}")
