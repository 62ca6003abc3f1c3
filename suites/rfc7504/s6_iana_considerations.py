"""RFC 7504 6 - IANA Considerations."""

from __future__ import annotations

from conformance import At, Client, Hop, Names, Observation, accepted, carries_status, new_token, presume, scenario


@scenario("rfc7504/6/556-goes-with-x.1.10", start=At.EHLO, offers=["ENHANCEDSTATUSCODES"])
async def refusal_for_a_null_mx_says_so(smtp: Client, second: Client, hop: Hop, dns: Names) -> Observation:
    """A 556 to a recipient in a domain with a null MX has the status 5.1.10."""
    there = f"open-{dns.name()}"
    dns.add(f"{there}. MX 0 host.{there}.\nhost.{there}. A {dns.exchangers[0]}\n{dns.name()}. MX 0 .\n")
    presume(accepted(await second.mail(hop.path(new_token()))))
    presume(accepted(await second.rcpt(b"<recipient@%b>" % there.encode("ascii"))))
    presume(accepted(await smtp.mail(hop.path(new_token()))))
    return carries_status(await smtp.rcpt(b"<recipient@%b>" % dns.name().encode("ascii")), 556, {"5.1.10"})
