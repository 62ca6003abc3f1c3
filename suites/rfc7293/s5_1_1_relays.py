"""RFC 7293 5.1.1 - Relays."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Reply,
    Unclear,
    holds,
    new_token,
    row,
    scenario,
)

SINCE = b"2020-01-01T00:00:00Z"
VALUE = re.compile(rb"RRVS=(\S+)", re.IGNORECASE)


async def relayed(smtp: Client, hop: Hop, rcpt: bytes) -> bytes:
    """The parameters of RCPT at the next hop that offers RRVS, of a message with these."""
    await smtp.deliver(smtp.message(), b"<%b>" % hop.extended() + rcpt)
    received = await hop.message()
    return next(each.parameters for each in received.transaction.recipients if each.accepted)


@scenario(
    "rfc7293/5.1.1/relays-pass-it-on",
    start=At.EHLO,
    offers=["RRVS"],
    facts=["extended_next_hop"],
    action={
        "none": row(b""),
        "continue": row(b";C", "rfc7293/5.1.1/action-is-kept"),
        "reject": row(b";R", "rfc7293/5.1.1/action-is-kept"),
    },
)
async def valid_since_is_passed_on(action: bytes, smtp: Client, hop: Hop) -> Observation:
    """A next hop that offers RRVS is given the time and the action that came."""
    seen = await relayed(smtp, hop, b" RRVS=" + SINCE + action)
    found = VALUE.search(seen)
    value = found[1].upper() if found else b""
    good = value == (SINCE + action).upper()
    return holds(good, expected=f"RRVS={(SINCE + action).decode()}", seen=seen or "no RRVS")


@scenario("rfc7293/8/not-introduced", start=At.EHLO, offers=["RRVS"], facts=["extended_next_hop"])
async def valid_since_is_not_added(smtp: Client, hop: Hop) -> Observation:
    """A message that came without RRVS goes on without it, and without its header field."""
    seen = await relayed(smtp, hop, b"")
    content = (await hop.message()).content.lower()
    good = b"RRVS" not in seen.upper() and b"require-recipient-valid-since" not in content
    return holds(good, expected="no RRVS", seen=seen or "the header field")


@scenario(
    "rfc7293/5.1.1/r-rejects-without-support",
    start=At.EHLO,
    offers=["RRVS"],
    facts=["delivery_within"],
    action={
        "reject": row(b";R"),
        "none": row(b""),
        "declines": row(b";R", "rfc7293/6/decline-to-relay"),
    },
)
async def message_is_not_relayed_without_the_check(action: bytes, smtp: Client, hop: Hop) -> Observation:
    """A recipient with R, or without an action, is refused or comes back where the next hop lacks RRVS."""
    sender = new_token()
    outcomes = [await smtp.mail(hop.path(sender)), await smtp.rcpt(hop.path(), b" RRVS=" + SINCE + action)]
    if isinstance(outcomes[-1], Reply) and outcomes[-1].severity == 5:
        return Held(f"refused: {outcomes[-1]}")
    outcomes.append(await smtp.data(smtp.message()))
    if isinstance(outcomes[-1], Reply) and outcomes[-1].severity == 5:
        return Held(f"refused: {outcomes[-1]}")
    if not (isinstance(outcomes[-1], Reply) and outcomes[-1].severity == 2):
        raise NotReady("mail", str(outcomes[-1]))
    ours = [each for each in await hop.transactions() if each.reverse_path.startswith(sender.encode("ascii"))]
    if any(each.message is not None for each in ours):
        return holds(False, expected="a notification", seen="the message was relayed")
    told = await hop.notification_arrival(sender)
    return Held("the sender was told") if told else Unclear("neither the message nor a notification came")
