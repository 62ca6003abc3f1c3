"""RFC 3461 6.1 - SMTP envelope to be used with delivery status notifications."""

from __future__ import annotations

import re

from conformance import At, Client, Hop, NotReady, Observation, Received, holds, row, scenario, took, visible

FACTS = ["extended_next_hop"]
HEXADECIMAL = re.compile(rb"\+([0-9A-F]{2})")


def parameters(octets: bytes) -> dict[bytes, bytes]:
    """The parameters behind a path, keywords in capitals."""
    pairs = (word.partition(b"=") for word in octets.split())
    return {keyword.upper(): value for keyword, _, value in pairs}


async def told(smtp: Client, hop: Hop) -> tuple[Received, dict[bytes, bytes]]:
    """A notification that came to a next hop with DSN, and what its envelope asked for."""
    sender = await hop.refuses(smtp, sender=b"<%b>" % hop.extended())
    del sender
    received = await hop.notification(hop.token)
    if not received.transaction.connection.extended:
        raise NotReady("next hop", "it was not asked with EHLO what it offers")
    recipient = next(each for each in received.transaction.recipients if each.accepted)
    return received, {**parameters(received.parameters), **parameters(recipient.parameters)}


@scenario("rfc3461/6.1/null-reverse-path", start=At.EHLO, offers=["DSN"], facts=FACTS)
async def notification_comes_from_nobody(smtp: Client, hop: Hop) -> Observation:
    """MAIL of a notification has the null reverse-path."""
    received, _ = await told(smtp, hop)
    return holds(received.reverse_path == b"", expected="MAIL FROM:<>", seen=visible(received.reverse_path))


@scenario("rfc3461/6.1/no-ret", start=At.EHLO, offers=["DSN"], facts=FACTS)
async def notification_has_no_ret(smtp: Client, hop: Hop) -> Observation:
    """MAIL of a notification has no RET."""
    _, asked = await told(smtp, hop)
    return holds(b"RET" not in asked, expected="no RET", seen=asked)


@scenario("rfc3461/6.1/notify-never", start=At.EHLO, offers=["DSN"], facts=FACTS)
async def notify_of_a_notification_is_never(smtp: Client, hop: Hop) -> Observation:
    """Where RCPT of a notification has NOTIFY it is NEVER."""
    _, asked = await told(smtp, hop)
    return holds(asked.get(b"NOTIFY", b"NEVER").upper() == b"NEVER", expected="NOTIFY=NEVER, or none", seen=asked)


@scenario("rfc3461/4.2/same-as-rcpt-at-submission", start=At.EHLO, offers=["DSN"], facts=FACTS)
async def original_recipient_of_a_notification_is_its_own(smtp: Client, hop: Hop) -> Observation:
    """RCPT of a notification, which nobody sent before, has its own address in ORCPT, or no ORCPT."""
    received, asked = await told(smtp, hop)
    value = asked.get(b"ORCPT")
    if value is None:
        return holds(True, expected="", seen="no ORCPT")
    address = HEXADECIMAL.sub(lambda found: bytes([int(found[1], 16)]), value.partition(b";")[2])
    mailbox = received.forward_paths[0]
    return holds(address.lower() == mailbox.lower(), expected=visible(mailbox), seen=value)


@scenario(
    "rfc3461/6.1/may-notify",
    start=At.EHLO,
    offers=["DSN"],
    facts=FACTS,
    keywords={
        "notify": row((b"NOTIFY",)),
        "envid-orcpt": row((b"ENVID", b"ORCPT"), "rfc3461/6.1/may-envid-orcpt"),
    },
)
async def notification_may_ask(keywords: tuple[bytes, ...], smtp: Client, hop: Hop) -> Observation:
    """The envelope of a notification has NOTIFY, ENVID or ORCPT, or it has not."""
    _, asked = await told(smtp, hop)
    found = [visible(keyword) for keyword in keywords if keyword in asked]
    return took(f"has {', '.join(found)}" if found else "has none", asked)
