"""RFC 7505 1 - Introduction."""

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
    Unclear,
    new_token,
    scenario,
)

EVERY = 1000
"""More transactions than will come: all that come in the time are looked at."""


async def _refused(smtp: Client, hop: Hop, names: Names) -> tuple[str, str]:
    """Give the target a message for a domain with a null MX and an address of its own.

    Returns the reply where the target refuses it, else nothing, and the token to whose mailbox notifications go.

    Raises:
        NotReady: it is neither taken nor refused for good.
    """
    names.add(f"{names.name()}. MX 0 .\n{names.name()}. A {names.exchangers[0]}\n")
    sender = new_token()
    outcome = await smtp.mail(hop.path(sender))
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.rcpt(b"<recipient@%b>" % names.name().encode("ascii"))
        if isinstance(outcome, Reply) and outcome.severity == 5:
            return str(outcome), sender
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.data(smtp.message())
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        raise NotReady("the message", outcome)
    return "", sender


@scenario("rfc7505/1/no-delivery-attempt", start=At.EHLO)
async def host_of_a_domain_with_null_mx_gets_nothing(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Mail for a domain with a null MX does not go to the domain's own address."""
    refused, _ = await _refused(smtp, hop, dns)
    if refused:
        return Held(f"refused: {refused}")
    twin = new_token()
    await smtp.deliver(smtp.message(token=twin), hop.path(twin))
    await hop.message(twin)
    within = smtp.target.delivery_within
    tried = await hop.transactions(at_least=EVERY, within=within)
    places = {each.connection.local.rpartition(":")[0] for each in tried}
    if dns.exchangers[0] in places:
        return Broken(f"no attempt at {dns.exchangers[0]}", ", ".join(sorted(places)))
    if within is None:
        return Unclear("nothing was tried there, and the target does not say delivery-within")
    return Held(f"no attempt at {dns.exchangers[0]} within {within:g} s, though a later message came")
