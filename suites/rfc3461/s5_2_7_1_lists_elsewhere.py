"""RFC 3461 5.2.7.1 - Mailing lists: what a list asks of the next hop for its members."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    delivery_report,
    holds,
    new_token,
    scenario,
    took,
    visible,
)

FACTS = ["list_elsewhere", "extended_next_hop"]
HEXADECIMAL = re.compile(rb"\+([0-9A-F]{2})")


def list_of(smtp: Client) -> tuple[bytes, tuple[bytes, ...]]:
    """The path of the list, and its members."""
    assert smtp.target.list_elsewhere is not None
    known = smtp.target.list_elsewhere
    return b"<%b>" % known.address.encode("ascii"), tuple(member.encode("ascii") for member in known.members)


async def asked_for(smtp: Client, hop: Hop, mail: bytes, rcpt: bytes) -> list[dict[bytes, bytes]]:
    """What is asked of the next hop for each member of the list, for a message with these parameters.

    Raises:
        NotReady: a member's copy did not come, or the client did not ask what we offer.
    """
    token = new_token()
    path, members = list_of(smtp)
    reverse_path = hop.path(new_token())
    await smtp.deliver(smtp.message(token=token), path + rcpt, reverse_path=reverse_path, parameters=mail)
    asked: list[dict[bytes, bytes]] = []
    for member in members:
        received = await hop.message_for(member, token)
        if not received.transaction.connection.extended:
            raise NotReady("next hop", "it was not asked with EHLO what it offers")
        given = [each.parameters for each in received.transaction.recipients if each.forward_path == member]
        words = (received.parameters + b" " + b" ".join(given)).split()
        asked.append({name.upper(): value for name, _, value in (word.partition(b"=") for word in words)})
    return asked


def plain(original_recipient: bytes) -> bytes:
    """The address in ORCPT, decoded."""
    encoded = original_recipient.partition(b";")[2]
    return HEXADECIMAL.sub(lambda found: bytes([int(found[1], 16)]), encoded)


@scenario(
    "rfc3461/5.2.7.1/list-orcpt",
    start=At.EHLO,
    offers=["DSN"],
    facts=FACTS,
    rcpt={"asked": b" ORCPT=rfc822;someone@example.com", "not-asked": b""},
)
async def list_gives_its_members_as_original_recipients(rcpt: bytes, smtp: Client, hop: Hop) -> Observation:
    """ORCPT in what a list sends on, where it stands there, is the member's address."""
    _, members = list_of(smtp)
    asked = await asked_for(smtp, hop, b"", rcpt)
    seen = [plain(each[b"ORCPT"]) if b"ORCPT" in each else None for each in asked]
    good = all(said is None or said.lower() == member.lower() for said, member in zip(seen, members, strict=True))
    return holds(good, expected="none, or each member's own", seen=[visible(said or b"none") for said in seen])


TWO_WISHES = {
    "envid": (b"ENVID", b"the-first", b"the-second"),
    "ret": (b"RET", b"FULL", b"HDRS"),
    "notify": (b"NOTIFY", b"SUCCESS", b"DELAY"),
    "orcpt": (b"ORCPT", b"rfc822;first@example.com", b"rfc822;second@example.com"),
}


@scenario("rfc3461/5.2.7.1/list-parameters-are-new", start=At.EHLO, offers=["DSN"], facts=FACTS, wishes=TWO_WISHES)
async def list_follows_no_wish_of_the_sender(wishes: tuple[bytes, bytes, bytes], smtp: Client, hop: Hop) -> Observation:
    """What a list asks for does not follow what two messages asked for, each something else.

    It may ask for what it likes, which may be what one of them asked for.
    """
    keyword, *values = wishes
    of_mail = keyword in {b"ENVID", b"RET"}
    seen: list[list[bytes]] = []
    for value in values:
        parameter = b" " + keyword + b"=" + value
        asked = await asked_for(smtp, hop, parameter if of_mail else b"", b"" if of_mail else parameter)
        seen.append([each.get(keyword, b"").upper() for each in asked])
    if keyword in {b"ENVID", b"ORCPT"}:  # which may differ from message to message, and from member to member
        follows = all(value.upper() in given for value, given in zip(values, seen, strict=True))
    else:
        follows = seen[0] != seen[1]
    shown = [[visible(value) for value in given] for given in seen]
    return holds(not follows, expected=f"{visible(keyword)} that does not follow the message's", seen=shown)


@scenario("rfc3461/5.2.7.1/list-may-ask", start=At.EHLO, offers=["DSN"], facts=FACTS)
async def list_may_ask_for_notifications(smtp: Client, hop: Hop) -> Observation:
    """A list asks for notifications of its own, with NOTIFY or RET, or for none."""
    asked = await asked_for(smtp, hop, b"", b"")
    own = sorted({visible(name) for each in asked for name in each if name in {b"NOTIFY", b"RET"}})
    return took("asks for notifications" if own else "asks for none", ", ".join(own))


@scenario("rfc3461/5.2.7.1/list-may-reject", start=At.EHLO, facts=["mailing_list", "delivery_within"])
async def list_may_say_that_it_rejects(smtp: Client, hop: Hop) -> Observation:
    """A list that does not take a stranger's message says so in an ordinary message, or does not, or takes it."""
    assert smtp.target.mailing_list is not None
    sender = new_token()
    path = b"<%b>" % smtp.target.mailing_list.address.encode("ascii")
    await smtp.deliver(smtp.message(), path, reverse_path=hop.path(sender))
    told = await hop.notification_arrival(sender)
    if told is None:
        return took("says nothing to the sender")
    ordinary = delivery_report(told.content) is None
    return took("tells the sender in an ordinary message" if ordinary else "sends a notification", told.reverse_path)
