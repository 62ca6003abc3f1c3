"""RFC 3461 5.2.1 - Relay of messages to other conforming SMTP servers."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Received,
    holds,
    presume,
    row,
    scenario,
    took,
    visible,
)

FACTS = ["extended_next_hop"]
HEXADECIMAL = re.compile(rb"\+([0-9A-F]{2})")


def parameters(octets: bytes) -> dict[bytes, bytes]:
    """The parameters behind a path, keywords in capitals."""
    pairs = (word.partition(b"=") for word in octets.split())
    return {keyword.upper(): value for keyword, _, value in pairs}


def decoded(xtext: bytes | None) -> bytes | None:
    """What the value stands for: a server may encode more or less than we did."""
    return None if xtext is None else HEXADECIMAL.sub(lambda found: bytes([int(found[1], 16)]), xtext)


def words(value: bytes | None) -> set[bytes] | None:
    """The words of RET or NOTIFY, whose order and case mean nothing."""
    return None if value is None else set(value.upper().split(b","))


async def relayed(smtp: Client, hop: Hop, mail: bytes = b"", rcpt: bytes = b"") -> Received:
    """A message with these parameters, as it comes to the next hop that offers DSN.

    Raises:
        NotReady: it did not come, or the client did not ask what we offer.
    """
    await smtp.deliver(smtp.message(), b"<%b>" % hop.extended() + rcpt, parameters=mail)
    received = await hop.message()
    if not received.transaction.connection.extended:
        raise NotReady("next hop", "it was not asked with EHLO what it offers")
    return received


def of_rcpt(received: Received) -> dict[bytes, bytes]:
    """The parameters of the first recipient that we took."""
    return parameters(next(each.parameters for each in received.transaction.recipients if each.accepted))


ENVELOPE_IDS = {
    "word": row(b"QQ314159"),
    "plus-sign": row(b"a+2Bb"),
    "capitals-and-small": row(b"aBcDeF"),
    "propagated": row(b"QQ314160", "rfc3461/3/propagate-envelope-id"),
}


@scenario("rfc3461/5.2.1/envid-relayed", start=At.EHLO, offers=["DSN"], facts=FACTS, value=ENVELOPE_IDS)
async def envelope_id_is_passed_on(value: bytes, smtp: Client, hop: Hop) -> Observation:
    """A next hop that offers DSN is given the ENVID that came."""
    received = await relayed(smtp, hop, b" ENVID=" + value)
    seen = parameters(received.parameters).get(b"ENVID")
    return holds(decoded(seen) == decoded(value), expected=f"ENVID={visible(value)}", seen=received.parameters)


@scenario(
    "rfc3461/5.2.1/ret-relayed", start=At.EHLO, offers=["DSN"], facts=FACTS, value={"full": b"FULL", "hdrs": b"HDRS"}
)
async def return_is_passed_on(value: bytes, smtp: Client, hop: Hop) -> Observation:
    """A next hop that offers DSN is given the RET that came."""
    received = await relayed(smtp, hop, b" RET=" + value)
    seen = parameters(received.parameters).get(b"RET")
    return holds(words(seen) == words(value), expected=f"RET={visible(value)}", seen=received.parameters)


NOTIFY = {
    "never": row(b"NEVER"),
    "success": row(b"SUCCESS"),
    "failure": row(b"FAILURE"),
    "delay": row(b"DELAY"),
    "all-three": row(b"SUCCESS,FAILURE,DELAY"),
    "propagated": row(b"SUCCESS,FAILURE", "rfc3461/3/propagate"),
}


@scenario("rfc3461/5.2.1/notify-relayed", start=At.EHLO, offers=["DSN"], facts=FACTS, value=NOTIFY)
async def notify_is_passed_on(value: bytes, smtp: Client, hop: Hop) -> Observation:
    """A next hop that offers DSN is given the NOTIFY that came."""
    received = await relayed(smtp, hop, rcpt=b" NOTIFY=" + value)
    seen = of_rcpt(received)
    return holds(words(seen.get(b"NOTIFY")) == words(value), expected=f"NOTIFY={visible(value)}", seen=seen)


ORIGINAL_RECIPIENTS = {
    "address": row(b"rfc822;someone@example.com"),
    "plus-sign": row(b"rfc822;some+2Bone@example.com"),
    "other-type": row(b"x400;/C+3DXX/A+3D400NET/S+3DSOMEONE/"),
    "capitals-and-small": row(b"rfc822;SomeOne@Example.COM", "rfc3461/5.2.1/orcpt-case-kept"),
    "propagated": row(b"rfc822;some.one@example.com", "rfc3461/3/propagate-original-recipient"),
}


@scenario("rfc3461/5.2.1/orcpt-relayed", start=At.EHLO, offers=["DSN"], facts=FACTS, value=ORIGINAL_RECIPIENTS)
async def original_recipient_is_passed_on(value: bytes, smtp: Client, hop: Hop) -> Observation:
    """A next hop that offers DSN is given the ORCPT that came, letter by letter; its type has no case."""
    received = await relayed(smtp, hop, rcpt=b" ORCPT=" + value)
    seen = of_rcpt(received).get(b"ORCPT", b"")
    kind, _, address = seen.partition(b";")
    wanted, _, given = value.partition(b";")
    good = kind.lower() == wanted and decoded(address) == decoded(given)
    return holds(good, expected=f"ORCPT={visible(value)}", seen=seen)


NOT_ADDED = {
    "envid": row(b"ENVID", "rfc3461/5.2.1/no-new-envid"),
    "ret": row(b"RET", "rfc3461/5.2.1/no-new-ret"),
    "notify": row(b"NOTIFY", "rfc3461/5.2.1/no-new-notify"),
}


@scenario("rfc3461/5.2.1/no-new-envid", start=At.EHLO, offers=["DSN"], facts=FACTS, keyword=NOT_ADDED)
async def request_is_not_added(keyword: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message that came without requests goes on without ENVID, RET and NOTIFY."""
    received = await relayed(smtp, hop)
    seen = {**parameters(received.parameters), **of_rcpt(received)}
    return holds(keyword not in seen, expected=f"no {visible(keyword)}", seen=seen)


@scenario("rfc3461/5.2.1/may-add-orcpt", start=At.EHLO, offers=["DSN"], facts=FACTS)
async def original_recipient_may_be_added(smtp: Client, hop: Hop) -> Observation:
    """A recipient that came without ORCPT goes on with one, or without."""
    seen = of_rcpt(await relayed(smtp, hop))
    return took("adds ORCPT" if b"ORCPT" in seen else "adds none", seen)


@scenario("rfc3461/5.2.1/added-orcpt", start=At.EHLO, offers=["DSN"], facts=FACTS)
async def added_original_recipient_is_that_of_rcpt(smtp: Client, hop: Hop) -> Observation:
    """An ORCPT that was added holds the address of the RCPT that came."""
    seen = of_rcpt(await relayed(smtp, hop)).get(b"ORCPT")
    if seen is None:
        return holds(True, expected="", seen="none was added")
    address = decoded(seen.partition(b";")[2]) or b""
    return holds(address.lower() == hop.extended().lower(), expected=visible(hop.extended()), seen=seen)


@scenario("rfc3461/5.2.1/notify-relayed", start=At.EHLO, offers=["DSN"], facts=FACTS)
async def each_recipient_keeps_its_own_requests(smtp: Client, hop: Hop) -> Observation:
    """Two recipients with NOTIFY of their own go on with these."""
    first, second = hop.extended(local=b"first-%b"), hop.extended(local=b"second-%b")
    asked = {first.lower(): b"NEVER", second.lower(): b"SUCCESS"}
    paths = [b"<%b> NOTIFY=%b" % pair for pair in asked.items()]
    await smtp.deliver(smtp.message(), *paths)
    received = await hop.message()
    presume(holds(received.transaction.connection.extended, expected="EHLO", seen="HELO"))
    seen: dict[bytes, bytes | None] = {}
    for transaction in await hop.transactions(at_least=1):
        for each in transaction.recipients:
            seen[each.forward_path.lower()] = parameters(each.parameters).get(b"NOTIFY")
    presume(holds(first.lower() in seen, expected="the first recipient", seen=seen))
    good = all(words(value) == words(asked[path]) for path, value in seen.items() if path in asked)
    return holds(good, expected=str(asked), seen=seen)
