"""RFC 5321 6.1 - Reliable Delivery and Replies by Email: servers whose disks are full for a while."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Outcome,
    Process,
    Reply,
    Rule,
    Silence,
    Step,
    Store,
    Unclear,
    arrived,
    new_token,
    scenario,
)

IN_AN_HOUR = 3300.0
"""Seconds within which a server has looked into its queue again: it may retry as seldom as §4.5.4.1 says."""

HELD_UP = 10.0
"""Seconds that the next hop lets an attempt wait, so that there is no room any more when it answers."""

ATTEMPT_SECONDS = 5.0
"""Seconds that a full disk is left so, for what the server does about an attempt."""

SIZE = 100_000
"""Octets of a message that finds no room where some octets are left by chance."""

FULL_QUEUE = ["process.fill_queue", "process.make_room", "delivery_within"]
FULL_MAILBOXES = ["process.fill_mailboxes", "process.make_room", "delivery_within"]


def was_taken(outcome: Outcome) -> bool:
    """Whether the server answered for the message."""
    return isinstance(outcome, Reply) and outcome.severity == 2


def not_taken(outcome: Outcome) -> Observation:
    """What was not answered with 250 is its client's still."""
    return Unclear(str(outcome)) if isinstance(outcome, Silence) else Held(f"it was not taken: {outcome}")


async def was_told(hop: Hop, sender: str, where: str) -> Observation:
    """Held where the sender of a message that did not come was told by mail; so it is not lost either."""
    told = await hop.notification_arrival(sender, within=hop.target.delivery_within)
    seen = f"neither came within {IN_AN_HOUR:g} s"
    return arrived(told, expected=f"the message {where}, or a notification", seen=seen)


async def reaches_the_next_hop(smtp: Client, hop: Hop) -> None:
    """A control: a message goes to the next hop as long as there is room."""
    twin = new_token()
    await smtp.deliver(smtp.message(token=twin), hop.path(twin))
    await hop.message(twin)


@scenario("rfc5321/6.1/survives-a-shortage", start=At.EHLO, facts=FULL_QUEUE, alone=True, slow=True)
async def message_on_its_way_survives_a_full_queue(smtp: Client, hop: Hop, process: Process) -> Observation:
    """A message that the next hop refuses for now, while the queue's disk is full, gets there when there is room."""
    await reaches_the_next_hop(smtp, hop)
    sender = new_token()
    hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 450, delay=HELD_UP, times=1))
    await smtp.deliver(smtp.message(), hop.path(), reverse_path=hop.path(sender))
    await process.fill_queue()
    if not await hop.transactions(within=HELD_UP + ATTEMPT_SECONDS):
        raise NotReady("next hop", "no attempt while there was no room")
    await hop.arrival(within=ATTEMPT_SECONDS)
    await process.make_room()
    if await hop.arrival(within=IN_AN_HOUR) is not None:
        return Held("the message came to the next hop")
    return await was_told(hop, sender, "at the next hop")


@scenario("rfc5321/6.1/survives-a-shortage", start=At.EHLO, facts=FULL_QUEUE, alone=True, slow=True)
async def message_without_room_in_the_queue_is_not_lost(smtp: Client, hop: Hop, process: Process) -> Observation:
    """A message whose data find the queue's disk full is refused, or else gets to the next hop when there is room."""
    await reaches_the_next_hop(smtp, hop)
    sender = new_token()
    await smtp.transaction(hop.path(), reverse_path=hop.path(sender))
    await process.fill_queue()
    outcome = await smtp.data(smtp.message_of(SIZE))
    await process.make_room()
    if not was_taken(outcome):
        return not_taken(outcome)
    if await hop.arrival(within=IN_AN_HOUR) is not None:
        return Held(f"it was taken, and came to the next hop: {outcome}")
    return await was_told(hop, sender, "at the next hop")


@scenario("rfc5321/4.2.5/4yz-not-delivered", start=At.EHLO, facts=FULL_QUEUE, alone=True, slow=True)
async def message_without_room_in_the_queue_is_its_clients(
    smtp: Client, second: Client, hop: Hop, process: Process
) -> Observation:
    """A message that is refused for now because the queue's disk is full goes to nobody when there is room."""
    await reaches_the_next_hop(smtp, hop)
    await smtp.transaction(hop.path())
    await process.fill_queue()
    outcome = await smtp.data(smtp.message_of(SIZE))
    await process.make_room()
    if not (isinstance(outcome, Reply) and outcome.severity == 4):
        raise NotReady("end of data", f"not refused for now: {outcome}")
    later = new_token()
    await second.deliver(second.message(token=later), hop.path(later))
    return await hop.none(after=later)


@scenario("rfc5321/6.1/survives-a-shortage", start=At.EHLO, facts=FULL_MAILBOXES, alone=True, slow=True)
async def message_for_a_full_mailbox_is_not_lost(smtp: Client, hop: Hop, store: Store, process: Process) -> Observation:
    """A message for a mailbox on a full disk is refused, or else is there when there is room, or its sender is told."""
    twin, sender = new_token(), new_token()
    await smtp.deliver(smtp.message(token=twin))
    await store.message(twin)
    await process.fill_mailboxes()
    await smtp.transaction(reverse_path=hop.path(sender))
    outcome = await smtp.data(smtp.message_of(SIZE))
    if was_taken(outcome):
        await store.arrival(within=ATTEMPT_SECONDS)
    await process.make_room()
    if not was_taken(outcome):
        return not_taken(outcome)
    if await hop.notification_arrival(sender, within=ATTEMPT_SECONDS) is not None:
        return Held("it was taken, and its sender told that it could not be delivered")
    if await store.arrival(within=IN_AN_HOUR) is not None:
        return Held(f"it was taken, and came to the mailbox: {outcome}")
    return await was_told(hop, sender, "in the mailbox")
