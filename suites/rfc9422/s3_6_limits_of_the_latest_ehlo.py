"""RFC 9422 3.6 - Multiple EHLO Commands."""

from __future__ import annotations

from conformance import At, Client, Hop, NotReady, Observation, Transaction, holds, new_token, presume, scenario

RECIPIENTS = 3


async def transactions(smtp: Client, hop: Hop) -> list[Transaction]:
    """The transactions in which a message for three recipients reaches the next hop without extensions.

    Raises:
        NotReady: one of them has none.
    """
    tokens = [new_token() for _ in range(RECIPIENTS)]
    await smtp.deliver(smtp.message(token=tokens[0]), *(b"<%b>" % hop.bare(token) for token in tokens))
    found: dict[int, Transaction] = {}
    for token in tokens:
        seen = await hop.transactions(token)
        if not seen:
            raise NotReady("next hop", "not all recipients came")
        found |= {id(each): each for each in seen if each.recipients}
    return list(found.values())


async def heeds_limits(smtp: Client, hop: Hop, place: str) -> None:
    """Go on only with a relay that sends three recipients together, and singly where LIMITS says so.

    Raises:
        NotReady: it does not.
    """
    together = await transactions(smtp, hop)
    presume(holds(len(together) == 1, expected="one transaction without LIMITS", seen=len(together)))
    with hop.offers(place, b"LIMITS RCPTMAX=1"):
        singly = await transactions(smtp, hop)
    presume(holds(len(singly) == RECIPIENTS, expected="a transaction for each with RCPTMAX=1", seen=len(singly)))


@scenario(
    "rfc9422/3.6/old-limits-discarded",
    start=At.EHLO,
    facts=["heeds_limits", "account_authority", "bare_next_hop"],
    limits={
        "none-any-more": ([b"LIMITS RCPTMAX=1"], [], 1),
        "more": ([b"LIMITS RCPTMAX=1"], [b"LIMITS RCPTMAX=20"], 1),
        "fewer": ([b"LIMITS RCPTMAX=20"], [b"LIMITS RCPTMAX=1"], RECIPIENTS),
        "others": ([b"LIMITS RCPTMAX=1"], [b"LIMITS MAILMAX=20"], 1),
    },
    alone=True,
    tags=["starttls"],
)
async def limits_before_tls_do_not_count_behind_it(
    limits: tuple[list[bytes], list[bytes], int], smtp: Client, hop: Hop
) -> Observation:
    """A relay goes by the limits of the reply to EHLO under TLS, and by none where that says none."""
    place, domain = smtp.target.bare_next_hop or "", smtp.target.bare_domain or ""
    in_clear, under_tls, number = limits
    await heeds_limits(smtp, hop, place)
    with hop.speaks_tls(place, domain, offers=in_clear, under_tls=under_tls):
        seen = await transactions(smtp, hop)
    if not all(each.connection.secured for each in seen):
        raise NotReady("next hop", "not all came under TLS")
    return holds(len(seen) == number, expected=f"{number} transactions", seen=len(seen))
