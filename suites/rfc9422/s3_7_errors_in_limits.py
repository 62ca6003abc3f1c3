"""RFC 9422 3.7 - Syntax Errors in the LIMITS Parameter Value."""

from __future__ import annotations

from conformance import At, Client, Hop, NotReady, Observation, Transaction, holds, new_token, presume, scenario

RECIPIENTS = 3
FACTS = ["heeds_limits", "bare_next_hop"]


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


async def as_without(limits: bytes, smtp: Client, hop: Hop) -> Observation:
    """Whether three recipients go together as where no limits are said, though RCPTMAX=1 would part them."""
    place = smtp.target.bare_next_hop or ""
    together = await transactions(smtp, hop)
    presume(holds(len(together) == 1, expected="one transaction without LIMITS", seen=len(together)))
    with hop.offers(place, b"LIMITS RCPTMAX=1"):
        singly = await transactions(smtp, hop)
    presume(holds(len(singly) == RECIPIENTS, expected="a transaction for each with RCPTMAX=1", seen=len(singly)))
    with hop.offers(place, b"LIMITS " + limits):
        seen = await transactions(smtp, hop)
    return holds(len(seen) == 1, expected="one transaction, as without LIMITS", seen=len(seen))


@scenario(
    "rfc9422/3.7/bad-syntax-ignored",
    start=At.EHLO,
    facts=FACTS,
    limits={
        "semicolon": b"RCPTMAX=1;2 MAILMAX=5",
        "odd-name": b"RCPTMAX=1 MAIL$MAX=5",
        "no-name": b"=5 RCPTMAX=1",
        "no-value": b"RCPTMAX=1 MAILMAX=",
    },
    alone=True,
)
async def limits_in_a_wrong_form_are_ignored(limits: bytes, smtp: Client, hop: Hop) -> Observation:
    """A relay goes by none of the limits where LIMITS has not its form."""
    return await as_without(limits, smtp, hop)


@scenario(
    "rfc9422/3.7/bad-value-ignored",
    start=At.EHLO,
    facts=FACTS,
    limits={
        "letters-behind": b"RCPTMAX=1x",
        "leading-zero": b"RCPTMAX=01",
        "seven-digits": b"RCPTMAX=0000001",
        "fraction": b"RCPTMAX=1.5",
        "sign": b"RCPTMAX=+1",
        "zero": b"RCPTMAX=0",
        "word": b"RCPTMAX=one",
        "beside-another": b"MAILMAX=20 RCPTMAX=1x",
    },
    alone=True,
)
async def limit_with_a_wrong_value_is_ignored(limits: bytes, smtp: Client, hop: Hop) -> Observation:
    """A relay goes by no limit whose value is not one that it can have."""
    return await as_without(limits, smtp, hop)
