"""RFC 3461 5.2.7.2 - Single-recipient aliases."""

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
    new_token,
    presume,
    row,
    scenario,
    visible,
)

FACTS = ["alias_elsewhere", "extended_next_hop"]
HEXADECIMAL = re.compile(rb"\+([0-9A-F]{2})")


def alias_of(smtp: Client) -> tuple[bytes, bytes]:
    """The path of the alias, and the mailbox that it stands for."""
    assert smtp.target.alias_elsewhere is not None
    known = smtp.target.alias_elsewhere
    return b"<%b>" % known.address.encode("ascii"), known.members[0].encode("ascii")


async def forwarded(hop: Hop, mailbox: bytes) -> Received:
    """This scenario's message as it comes to the mailbox for which the alias stands.

    Raises:
        NotReady: it did not come, or the client did not ask what we offer.
    """
    received = await hop.message_for(mailbox)
    if not received.transaction.connection.extended:
        raise NotReady("next hop", "it was not asked with EHLO what it offers")
    return received


REQUESTS = {
    "envid": (b" ENVID=QQ314159", b"", b"ENVID", b"QQ314159"),
    "ret-full": (b" RET=FULL", b"", b"RET", b"FULL"),
    "ret-hdrs": (b" RET=HDRS", b"", b"RET", b"HDRS"),
    "notify-never": (b"", b" NOTIFY=NEVER", b"NOTIFY", b"NEVER"),
    "notify-success": (b"", b" NOTIFY=SUCCESS", b"NOTIFY", b"SUCCESS"),
    "notify-all": (b"", b" NOTIFY=DELAY,FAILURE,SUCCESS", b"NOTIFY", b"DELAY,FAILURE,SUCCESS"),
    "orcpt": (b"", b" ORCPT=rfc822;some.one@example.com", b"ORCPT", b"rfc822;some.one@example.com"),
}


@scenario("rfc3461/5.2.7.2/alias-propagates", start=At.EHLO, offers=["DSN"], facts=FACTS, request=REQUESTS)
async def alias_of_one_passes_requests_on(
    request: tuple[bytes, bytes, bytes, bytes], smtp: Client, hop: Hop
) -> Observation:
    """What was asked for an alias of one mailbox elsewhere is asked of the next hop for that mailbox."""
    mail, rcpt, keyword, value = request
    path, mailbox = alias_of(smtp)
    await smtp.deliver(smtp.message(), path + rcpt, reverse_path=hop.path(new_token()), parameters=mail)
    received = await forwarded(hop, mailbox)
    asked = next(each.parameters for each in received.transaction.recipients if each.forward_path == mailbox)
    pairs = (word.partition(b"=") for word in (received.parameters + b" " + asked).split())
    seen = {name.upper(): given for name, _, given in pairs}.get(keyword)
    good = seen is not None and _plain(keyword, seen) == _plain(keyword, value)
    return holds(good, expected=f"{visible(keyword)}={visible(value)}", seen=seen or f"no {visible(keyword)}")


def _plain(keyword: bytes, value: bytes) -> tuple[bytes, ...]:
    """What a value means: words have no order and no case, an address type has no case, xtext is decoded."""
    if keyword in {b"NOTIFY", b"RET"}:
        return tuple(sorted(value.upper().split(b",")))
    kind, semicolon, rest = value.partition(b";") if keyword == b"ORCPT" else (b"", b"", value)
    return kind.lower() + semicolon, HEXADECIMAL.sub(lambda found: bytes([int(found[1], 16)]), rest)


SAYS_NOTHING = {
    "success": row(b" NOTIFY=SUCCESS"),
    "all-three": row(b" NOTIFY=SUCCESS,FAILURE,DELAY"),
    "failure": row(b" NOTIFY=FAILURE"),
    "no-notify": row(b""),
}


@scenario(
    "rfc3461/5.2.7.2/alias-no-dsn",
    start=At.EHLO,
    offers=["DSN"],
    facts=[*FACTS, "delivery_within"],
    notify=SAYS_NOTHING,
)
async def alias_of_one_makes_no_notification(notify: bytes, smtp: Client, hop: Hop) -> Observation:
    """An alias of one mailbox elsewhere, whose host tells of success itself, makes no notification."""
    sender = new_token()
    path, mailbox = alias_of(smtp)
    await smtp.deliver(smtp.message(), path + notify, reverse_path=hop.path(sender))
    received = await forwarded(hop, mailbox)
    presume(holds(bool(received.reverse_path), expected="the sender's reverse-path", seen="none"))
    twin = await hop.refuses(smtp)
    return await hop.no_notification(sender, after=twin)
