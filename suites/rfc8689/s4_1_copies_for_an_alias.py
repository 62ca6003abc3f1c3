"""RFC 8689 4.1 - REQUIRETLS Receipt Requirements: messages for several."""

from __future__ import annotations

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    Observation,
    Transaction,
    Unclear,
    new_token,
    scenario,
    visible,
)

FACTS = ["starttls_required", "account_authority", "extended_next_hop", "alias_of_several_elsewhere"]
REQUIRETLS = b"REQUIRETLS"


async def copies(hop: Hop, sender: str, members: int) -> tuple[Transaction, ...]:
    """The transactions of this sender's mail, once there are enough for all members or no more come."""
    path = sender.encode("ascii")
    seen: tuple[Transaction, ...] = ()
    while True:
        more = await hop.transactions(sender, at_least=len(seen) + 1)
        ours = tuple(each for each in more if each.reverse_path.startswith(path))
        if len(more) <= len(seen) or sum(len(each.recipients) for each in ours) >= members:
            return ours
        seen = more


@scenario(
    "rfc8689/4.1/all-copies-tagged",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=FACTS,
    under_tls={"where-it-can-go": [REQUIRETLS], "where-it-can-not": []},
    alone=True,
    tags=["starttls"],
)
async def all_copies_behind_an_alias_need_tls(under_tls: list[bytes], smtp: Client, hop: Hop) -> Observation:
    """Of a message with REQUIRETLS for an alias every copy goes on with it, and where that can't be, none goes."""
    alias = smtp.target.alias_of_several_elsewhere
    place, domain = smtp.target.extended_next_hop or "", smtp.target.extended_domain or ""
    assert alias is not None
    sender = new_token()
    with hop.speaks_tls(place, domain, under_tls=under_tls):
        await smtp.deliver(
            smtp.message(),
            b"<%b>" % alias.address.encode("ascii"),
            reverse_path=hop.path(sender),
            parameters=b" " + REQUIRETLS,
        )
        sent = await copies(hop, sender, len(alias.members))
    without = [each for each in sent if REQUIRETLS not in each.parameters.upper().split()]
    if without:
        return Broken("REQUIRETLS at MAIL of each copy", visible(without[0].commands[0].octets))
    reached = sum(len(each.recipients) for each in sent)
    if under_tls and reached < len(alias.members):
        return Unclear(f"copies for {reached} of {len(alias.members)} came")
    return Held(f"copies for {reached} came, each with REQUIRETLS")
