"""RFC 7504 4 - The 556 Reply Code."""

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
    Step,
    accepted,
    new_token,
    presume,
    refused_with,
    scenario,
)


async def refused_domain(smtp: Client, second: Client, hop: Hop, names: Names, records: str) -> Reply:
    """The 5yz to a recipient in a domain with a null MX, where one beside it that takes mail is taken.

    Raises:
        NotReady: that is not taken either, or the other is: then there is no reply that could say 556.
    """
    there = f"open-{names.name()}"
    names.add(f"{there}. MX 0 host.{there}.\nhost.{there}. A {names.exchangers[0]}\n")
    names.add(records)
    presume(accepted(await second.mail(hop.path(new_token()))))
    presume(accepted(await second.rcpt(b"<recipient@%b>" % there.encode("ascii"))))
    presume(accepted(await smtp.mail(hop.path(new_token()))))
    outcome = await smtp.rcpt(b"<recipient@%b>" % names.name().encode("ascii"))
    if not isinstance(outcome, Reply) or outcome.severity != 5:
        raise NotReady("the recipient", f"not refused: {outcome}")
    return outcome


RECORDS = {
    "null-mx": "{name}. MX 0 .\n",
    "null-mx-and-address": "{name}. MX 0 .\n{name}. A {address}\n",
}


@scenario("rfc7504/4/556-for-domains-without-mail", start=At.EHLO, records=RECORDS)
async def domain_without_mail_is_refused_with_556(
    records: str, smtp: Client, second: Client, hop: Hop, dns: Names
) -> Observation:
    """A recipient that is refused at RCPT for its domain's null MX is refused with 556."""
    written = records.format(name=dns.name(), address=dns.exchangers[0])
    return refused_with(await refused_domain(smtp, second, hop, dns, written), {556})


@scenario(
    "rfc7504/4/client-takes-556-as-permanent",
    start=At.EHLO,
    at={"recipient": Step.RCPT, "data": Step.DATA, "content": Step.END_OF_DATA},
)
async def sender_is_told_of_a_556_as_of_a_550(at: Step, smtp: Client, hop: Hop) -> Observation:
    """The sender of a message that the next hop refuses with 556 is told, as of one that it refuses with 550."""
    sender = await hop.refuses(smtp, at=at, code=556)
    twin = await hop.refuses(smtp, at=at)
    match await hop.no_notification(sender, after=twin):
        case Broken():
            return Held("a notification came")
        case Held():
            return Broken("a notification, as after 550", "none, though that after 550 came")
        case seen:
            return seen
