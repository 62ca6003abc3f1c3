"""RFC 2852 4.1.4 - Relaying by DELIVERBY."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Rule,
    Step,
    Unclear,
    holds,
    new_token,
    row,
    scenario,
    value_of,
)

SECONDS = 3600
BY = re.compile(rb"BY=([+-]?\d{1,9});([NR])(T?)", re.IGNORECASE)


async def sent(smtp: Client, hop: Hop, by: bytes, mailbox: bytes, rcpt: bytes = b"") -> str:
    """A message with this BY; the sender's token."""
    sender = new_token()
    await smtp.deliver(smtp.message(), b"<%b>" % mailbox + rcpt, reverse_path=hop.path(sender), parameters=b" BY=" + by)
    return sender


@scenario(
    "rfc2852/4.1.4/relays-by",
    start=At.EHLO,
    offers=["DELIVERBY"],
    facts=["extended_next_hop"],
    mode={"return": b"R", "notify": b"N"},
)
async def time_that_is_left_is_passed_on(mode: bytes, smtp: Client, hop: Hop) -> Observation:
    """A next hop that offers DELIVERBY is given BY with the same mode and no more seconds than came."""
    await sent(smtp, hop, b"%d;%b" % (SECONDS, mode), hop.extended())
    received = await hop.message()
    found = BY.search(received.parameters)
    good = found is not None and found[2].upper() == mode and 0 < int(found[1]) <= SECONDS
    return holds(good, expected=f"BY={SECONDS} or less, the same mode", seen=received.parameters or "no BY")


@scenario(
    "rfc2852/4.1.4.1/r-needs-support",
    start=At.EHLO,
    offers=["DELIVERBY"],
    case={
        "not-offered": row((3600, False)),
        "no-room": row((120, True), "rfc2852/4.1.4.1/r-needs-room"),
    },
)
async def message_to_return_goes_where_the_time_is_kept(case: tuple[int, bool], smtp: Client, hop: Hop) -> Observation:
    """A message with R goes to no next hop without DELIVERBY, or whose shortest time is more than what is left."""
    seconds, extended = case
    if extended and not smtp.target.extended_next_hop:
        raise NotReady("next hop", "the target does not say extended-next-hop")
    sender = await sent(smtp, hop, b"%d;R" % seconds, hop.extended() if extended else hop.mailbox())
    ours = [each for each in await hop.transactions() if each.reverse_path.startswith(sender.encode("ascii"))]
    if any(each.recipients for each in ours):
        return holds(False, expected="no RCPT", seen=ours[0].commands[0].octets)
    told = await hop.notification_arrival(sender)
    return Held("the sender was told") if told else Unclear("neither the message nor a notification came")


@scenario("rfc2852/4.1.2/failed-dsn", start=At.EHLO, offers=["DELIVERBY"], facts=["delivery_within"])
async def failure_before_the_time_is_told(smtp: Client, hop: Hop) -> Observation:
    """A message with N that the next hop refuses for good makes a notification that says failed."""
    hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 550))
    sender = await sent(smtp, hop, b"%d;N" % SECONDS, hop.mailbox())
    if await hop.notification_arrival(sender) is None:
        return holds(False, expected="a notification", seen="none")
    actions = (await hop.report(sender)).actions
    return holds("failed" in actions, expected="failed", seen=", ".join(actions))


@scenario("rfc2852/4.1.1/success-dsn", start=At.EHLO, offers=["DELIVERBY", "DSN"], facts=["delivery_within"])
async def delivery_in_time_is_told_where_it_was_asked_for(smtp: Client, hop: Hop) -> Observation:
    """A delivery here under BY and NOTIFY=SUCCESS makes a notification that says delivered."""
    mailbox = smtp.forward_path.removeprefix(b"<").removesuffix(b">")
    sender = await sent(smtp, hop, b"%d;N" % SECONDS, mailbox, b" NOTIFY=SUCCESS")
    if await hop.notification_arrival(sender) is None:
        return holds(False, expected="a notification", seen="none")
    actions = (await hop.report(sender)).actions
    return holds("delivered" in actions, expected="delivered", seen=", ".join(actions))


@scenario(
    "rfc2852/5/arrival-date",
    start=At.EHLO,
    offers=["DELIVERBY"],
    name={
        "arrival": row("Arrival-Date"),
        "deliver-by": row("Deliver-By-Date", "rfc2852/5/deliver-by-date"),
    },
)
async def report_has_the_dates(name: str, smtp: Client, hop: Hop) -> Observation:
    """A report about a message with BY says when it came and by when it was to be delivered."""
    hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 550))
    found = await hop.report(await sent(smtp, hop, b"%d;N" % SECONDS, hop.mailbox()))
    seen = value_of(found.message, name) or b"".join(value_of(group, name) for group in found.recipients)
    return holds(bool(seen), expected=name, seen=seen or "no such field")
