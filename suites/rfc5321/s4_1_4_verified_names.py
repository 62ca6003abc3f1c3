"""RFC 5321 4.1.4 - Order of Commands: whether the name in EHLO is looked up."""

from __future__ import annotations

from conformance import At, Client, Names, Observation, accepted, presume, scenario, took


@scenario("rfc5321/4.1.4/may-verify-ehlo-name", start=At.GREETING)
async def name_of_the_client_may_be_looked_up(smtp: Client, dns: Names) -> Observation:
    """A server asks the DNS for the name that EHLO gave, or does not."""
    name = dns.name("client")
    dns.add(f"{name}. A 127.0.0.1")
    presume(accepted(await smtp.ehlo(name.encode("ascii"))))
    await smtp.deliver()
    asked = await dns.queries(name)
    return took("looks it up" if asked else "does not look it up", ", ".join(sorted({query.type for query in asked})))
