"""RFC 3885 3.3 - Forwarding Tracking Certifiers."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Received,
    Unclear,
    holds,
    row,
    scenario,
    took,
    visible,
)

MTRK = re.compile(rb"(?:^| )MTRK=([A-Za-z0-9+/]+)(?::([^ ]*))?(?= |$)", re.IGNORECASE)
ENVID = re.compile(rb"(?:^| )ENVID=([^ ]+)", re.IGNORECASE)
ORCPT = re.compile(rb"(?:^| )ORCPT=([^ ]+)", re.IGNORECASE)

CERTIFIER = b"6xGf4fGvEHHmn0xHTvSv5VRwPrk"
DAY = 86400
TIME = b":%d" % DAY
"""As long as the shortest limit that a server may have of its own, so that none makes it less."""

NO_WORD = b"nothing"


def envid(smtp: Client) -> bytes:
    """An identifier that no other message has."""
    return smtp.token.encode("ascii") + b"@client.example.test"


def original(mailbox: bytes) -> bytes:
    """The ORCPT of a mailbox that has nothing in it that has to be written otherwise."""
    return b"rfc822;" + mailbox


async def sent(smtp: Client, mailbox: bytes, value: bytes = CERTIFIER + TIME, rcpt: bytes = b"") -> None:
    """A message with MTRK and the ENVID that it needs."""
    await smtp.deliver(smtp.message(), b"<%b>" % mailbox + rcpt, parameters=b" MTRK=%b ENVID=%b" % (value, envid(smtp)))


def said(pattern: re.Pattern[bytes], parameters: bytes) -> bytes:
    """What stands behind a parameter, or nothing."""
    found = pattern.search(parameters)
    return found[1] if found else b""


@scenario(
    "rfc3885/3.3/forwards-certifiers",
    start=At.EHLO,
    offers=["MTRK"],
    facts=["extended_next_hop"],
    value={
        "with-a-time": CERTIFIER + TIME,
        "without-a-time": CERTIFIER,
        "all-letters": b"abcXYZ019+/abcXYZ019+/abcXY" + TIME,
    },
)
async def certifier_goes_on(value: bytes, smtp: Client, hop: Hop) -> Observation:
    """A next hop that offers MTRK is given the certifier that came."""
    await sent(smtp, hop.extended(), value)
    received = await hop.message()
    wanted = value.partition(b":")[0]
    return holds(
        said(MTRK, received.parameters) == wanted, expected=f"MTRK={wanted.decode()}", seen=received.parameters
    )


@scenario(
    "rfc3885/3.3/deletes-where-not-offered",
    start=At.EHLO,
    offers=["MTRK"],
    value={"with-a-time": CERTIFIER + TIME, "without-a-time": CERTIFIER},
)
async def certifier_is_left_out(value: bytes, smtp: Client, hop: Hop) -> Observation:
    """A next hop that does not offer MTRK is not given it."""
    await sent(smtp, hop.mailbox(), value)
    received = await hop.message()
    return holds(b"MTRK" not in received.parameters.upper(), expected="no MTRK", seen=received.parameters or NO_WORD)


@scenario("rfc3885/3.3/deletes-where-not-offered", start=At.EHLO, offers=["MTRK"], facts=["bare_next_hop"])
async def certifier_is_left_out_where_nothing_is_offered(smtp: Client, hop: Hop) -> Observation:
    """A next hop that offers SIZE and no more is not given MTRK."""
    await sent(smtp, hop.bare())
    received = await hop.message()
    return holds(b"MTRK" not in received.parameters.upper(), expected="no MTRK", seen=received.parameters or NO_WORD)


@scenario(
    "rfc3885/3.3/keeps-envid-and-orcpt",
    start=At.EHLO,
    offers=["MTRK"],
    facts=["extended_next_hop"],
    parameter={"envid": "ENVID", "orcpt": "ORCPT"},
)
async def envid_and_orcpt_go_on(parameter: str, smtp: Client, hop: Hop) -> Observation:
    """A next hop that offers DSN is given the ENVID and the ORCPT of a message with MTRK."""
    await sent(smtp, hop.extended(), rcpt=b" ORCPT=" + original(hop.extended()))
    received = await hop.message()
    seen = received.parameters if parameter == "ENVID" else _of_rcpt(received)
    pattern, wanted = (ENVID, envid(smtp)) if parameter == "ENVID" else (ORCPT, original(hop.extended()))
    found = said(pattern, seen)
    return holds(found.lower() == wanted.lower(), expected=f"{parameter}={wanted.decode()}", seen=seen or NO_WORD)


def _of_rcpt(received: Received) -> bytes:
    return b" ".join(each.parameters for each in received.transaction.recipients if each.accepted)


# An address here that stands for one elsewhere.


async def by_alias(smtp: Client, hop: Hop) -> Received:
    """The message at the next hop, sent to an address that stands for one there."""
    alias = smtp.target.alias_elsewhere
    assert alias is not None
    mailbox = alias.address.encode("ascii")
    await sent(smtp, mailbox, rcpt=b" ORCPT=" + original(mailbox))
    came = await hop.messages(at_least=1)
    if not came:
        raise NotReady("next hop", "no message came by the alias")
    return came[0]


def values_of(received: Received, smtp: Client) -> dict[str, tuple[bytes, bytes]]:
    """What came of each parameter, and what was sent; the time of MTRK apart."""
    alias = smtp.target.alias_elsewhere
    assert alias is not None
    return {
        "MTRK": (said(MTRK, received.parameters), CERTIFIER),
        "ENVID": (said(ENVID, received.parameters), envid(smtp)),
        "ORCPT": (said(ORCPT, _of_rcpt(received)), original(alias.address.encode("ascii"))),
    }


NAMES = {"mtrk": "MTRK", "envid": "ENVID", "orcpt": "ORCPT"}


@scenario(
    "rfc3885/3.3/single-redirection-forwards",
    start=At.EHLO,
    offers=["MTRK"],
    facts=["extended_next_hop", "alias_elsewhere"],
    name=NAMES,
)
async def alias_of_one_is_one_more_hop(name: str, smtp: Client, hop: Hop) -> Observation:
    """Mail for an address that stands for one other goes there with MTRK, ENVID and ORCPT."""
    seen, _ = values_of(await by_alias(smtp, hop), smtp)[name]
    return holds(bool(seen), expected=name, seen=seen or NO_WORD)


@scenario(
    "rfc3885/3.3/values-stay",
    start=At.EHLO,
    offers=["MTRK"],
    facts=["extended_next_hop", "alias_elsewhere"],
    name=NAMES,
)
async def values_stay_along_an_alias(name: str, smtp: Client, hop: Hop) -> Observation:
    """What goes on of these by an address that stands for one other is what came, the time of MTRK apart."""
    seen, wanted = values_of(await by_alias(smtp, hop), smtp)[name]
    if not seen:
        return Unclear(f"no {name} came, which another clause is about")
    same = seen.lower() == wanted.lower() if name == "ORCPT" else seen == wanted
    return holds(same, expected=visible(wanted), seen=seen)


# One that stands for several, and a list.


async def tracked(smtp: Client, hop: Hop, address: str, members: tuple[str, ...]) -> tuple[bytes, ...]:
    """Which of these, to whom a message for the address went, had MTRK.

    Raises:
        NotReady: it did not come to all of them.
    """
    await sent(smtp, address.encode("ascii"))
    wanted = {each.lower().encode("ascii") for each in members}
    came = await hop.messages(at_least=1)
    if len({path for each in came for path in each.forward_paths}) < len(wanted):
        came = await hop.messages(at_least=len(wanted))
    reached = [(path.lower(), each) for each in came for path in each.forward_paths if path.lower() in wanted]
    if {path for path, _ in reached} != wanted:
        raise NotReady("next hop", f"it came to {len(reached)} of {len(wanted)}")
    return tuple(path for path, each in reached if MTRK.search(each.parameters))


async def tracked_by_alias(smtp: Client, hop: Hop) -> tuple[bytes, ...]:
    """As ``tracked``, for an address that stands for several."""
    alias = smtp.target.alias_of_several_elsewhere
    assert alias is not None
    if len(alias.members) < 2:
        raise NotReady("target", "alias-of-several-elsewhere has one member only")
    return await tracked(smtp, hop, alias.address, alias.members)


@scenario(
    "rfc3885/3.3/no-copies",
    start=At.EHLO,
    offers=["MTRK"],
    facts=["extended_next_hop", "alias_of_several_elsewhere"],
    reading={"copies": row(""), "others": row("", "rfc3885/3.3/others-get-none")},
)
async def one_of_several_gets_the_certifier_at_most(reading: str, smtp: Client, hop: Hop) -> Observation:
    """Of those for whom an address stands one gets MTRK at most."""
    del reading
    had = await tracked_by_alias(smtp, hop)
    return holds(len(had) <= 1, expected="MTRK for one of them at most", seen=b", ".join(had) or NO_WORD)


@scenario(
    "rfc3885/3.3/primary-recipient",
    start=At.EHLO,
    offers=["MTRK"],
    facts=["extended_next_hop", "alias_of_several_elsewhere"],
)
async def one_of_several_may_get_the_certifier(smtp: Client, hop: Hop) -> Observation:
    """Whether one of those for whom an address stands gets MTRK."""
    had = await tracked_by_alias(smtp, hop)
    if len(had) > 1:
        return Unclear(f"{len(had)} of them got it, which another clause is about")
    return took("chooses one" if had else "chooses none", had[0].decode("ascii", "replace") if had else "")


@scenario(
    "rfc3885/3.3/no-certifiers-to-lists",
    start=At.EHLO,
    offers=["MTRK"],
    facts=["extended_next_hop", "list_elsewhere"],
)
async def members_of_a_list_get_no_certifier(smtp: Client, hop: Hop) -> Observation:
    """What a list sends to its members has no MTRK."""
    known = smtp.target.list_elsewhere
    assert known is not None
    had = await tracked(smtp, hop, known.address, known.members)
    return holds(not had, expected="no MTRK", seen=b", ".join(had) or NO_WORD)
