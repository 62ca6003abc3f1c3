"""RFC 3464 2 - Format of a Delivery Status Notification."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Rule,
    Step,
    delivery_report,
    holds,
    new_token,
    scenario,
    split_message,
    took,
    value_of,
    visible,
)

ADDRESS = re.compile(rb"[^\s<>@]+@[A-Za-z0-9.-]+")


@scenario("rfc3464/2/addressed-to-return-address", start=At.EHLO)
async def notification_is_addressed_to_the_sender(smtp: Client, hop: Hop) -> Observation:
    """The reverse-path of the message is the recipient of the notification, in its envelope and in its header."""
    sender = await hop.refuses(smtp)
    told = await hop.notification(sender)
    mailbox = hop.mailbox(sender).lower()
    to = value_of(split_message(told.content)[0], "To")
    good = mailbox in {path.lower() for path in told.forward_paths} and mailbox in to.lower()
    return holds(good, expected=f"To: {visible(mailbox)}", seen=f"To: {visible(to)}")


@scenario("rfc3464/2/from-a-human", start=At.EHLO)
async def notification_has_somebody_to_answer_to(smtp: Client, hop: Hop) -> Observation:
    """The From field of the notification holds an address."""
    told = await hop.notification(await hop.refuses(smtp))
    seen = value_of(split_message(told.content)[0], "From")
    return holds(ADDRESS.search(seen) is not None, expected="an address", seen=seen or "no From")


@scenario(
    "rfc3464/2/null-return-address",
    start=At.EHLO,
    at={"recipient": Step.RCPT, "data": Step.DATA, "end-of-data": Step.END_OF_DATA},
)
async def notification_comes_from_nobody(at: Step, smtp: Client, hop: Hop) -> Observation:
    """MAIL of the notification has the null reverse-path."""
    told = await hop.notification(await hop.refuses(smtp, at=at))
    return holds(told.reverse_path == b"", expected="MAIL FROM:<>", seen=visible(told.reverse_path))


@scenario("rfc3464/2/several-recipients", start=At.EHLO)
async def several_recipients_may_share_a_report(smtp: Client, hop: Hop) -> Observation:
    """Two recipients that fail stand in one report, or in two."""
    sender = new_token()
    both = [hop.mailbox(local=local) for local in (b"first-%b", b"second-%b")]
    for mailbox in both:
        hop.script(mailbox, Rule.answer(Step.RCPT, 550))
    await smtp.deliver(smtp.message(), *(b"<%b>" % each for each in both), reverse_path=hop.path(sender))
    found = await hop.report(sender)
    if not found.recipients:
        raise NotReady("notification", "it names no recipient")
    return took("in one report" if len(found.recipients) > 1 else "in a report each")


@scenario("rfc3464/2.1/7bit-encoding", start=At.EHLO)
async def part_for_programs_is_7bit(smtp: Client, hop: Hop) -> Observation:
    """The part message/delivery-status is not encoded, and holds US-ASCII alone."""
    found = delivery_report((await hop.notification(await hop.refuses(smtp))).content)
    if found is None or found.status.type != "message/delivery-status":
        raise NotReady("notification", "it has no part of the type message/delivery-status")
    encoding = value_of(found.status.header, "Content-Transfer-Encoding").lower()
    good = encoding in {b"", b"7bit"} and found.status.body.isascii()
    return holds(good, expected="7bit", seen=encoding or "octets beyond US-ASCII")
