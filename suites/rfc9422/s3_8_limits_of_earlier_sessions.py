"""RFC 9422 3.8 - Caching of Limit Settings between Sessions Involving the Same Client and Server SMTP."""

from __future__ import annotations

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    Observation,
    Unclear,
    new_token,
    scenario,
    took,
)

RECIPIENTS = 3
FACTS = ["heeds_limits", "bare_next_hop"]


async def deliver(smtp: Client, hop: Hop) -> list[str]:
    """Send a message to three recipients of the next hop without extensions; their tokens."""
    tokens = [new_token() for _ in range(RECIPIENTS)]
    await smtp.deliver(smtp.message(token=tokens[0]), *(b"<%b>" % hop.bare(token) for token in tokens))
    return tokens


async def number_of_transactions(hop: Hop, tokens: list[str]) -> int:
    """In how many transactions these recipients came, 0 where one of them did not."""
    found: set[int] = set()
    for token in tokens:
        seen = [each for each in await hop.transactions(token) if each.recipients]
        if not seen:
            return 0
        found |= {id(each) for each in seen}
    return len(found)


@scenario("rfc9422/3.8/caching", start=At.EHLO, facts=FACTS, alone=True)
async def limits_may_be_remembered(smtp: Client, hop: Hop) -> Observation:
    """Whether a relay goes by limits of an earlier session where the next hop says none any more."""
    place = smtp.target.bare_next_hop or ""
    with hop.offers(place, b"LIMITS RCPTMAX=1"):
        singly = await number_of_transactions(hop, await deliver(smtp, hop))
    later = await number_of_transactions(hop, await deliver(smtp, hop))
    if singly != RECIPIENTS or not later:
        return Unclear(f"{singly} transactions with RCPTMAX=1, {later} later")
    return took("goes by what it is told" if later == 1 else "goes by what it remembers", f"{later} transactions")


@scenario(
    "rfc9422/3.8/changes-between-sessions",
    start=At.EHLO,
    facts=[*FACTS, "delivery_within"],
    limits={
        "fewer-recipients": ([b"LIMITS RCPTMAX=20"], [b"LIMITS RCPTMAX=1"]),
        "none-before": ([], [b"LIMITS RCPTMAX=1"]),
    },
    alone=True,
)
async def limits_may_change(limits: tuple[list[bytes], list[bytes]], smtp: Client, hop: Hop) -> Observation:
    """All recipients of a message get it though the next hop has other limits than before, and keeps to them."""
    place, sender = smtp.target.bare_next_hop or "", new_token()
    before, after = limits
    with hop.offers(place, *before):
        if not await number_of_transactions(hop, await deliver(smtp, hop)):
            return Unclear("not all recipients of a message before the change came")
    tokens = [new_token() for _ in range(RECIPIENTS)]
    paths = [b"<%b>" % hop.bare(token) for token in tokens]
    with hop.offers(place, *after, recipients_at_most=1):
        await smtp.deliver(smtp.message(token=tokens[0]), *paths, reverse_path=hop.path(sender))
        came = [await hop.arrival(token) for token in tokens]
    missing = came.count(None)
    if not missing:
        return Held("all came")
    if await hop.notification_arrival(sender) is not None:
        return Broken("the message for all", f"{missing} of {RECIPIENTS} were given up")
    return Unclear(f"{missing} of {RECIPIENTS} did not come yet")
