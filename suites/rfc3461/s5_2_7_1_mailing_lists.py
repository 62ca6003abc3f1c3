"""RFC 3461 5.2.7.1 - Mailing lists."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Hop,
    Observation,
    Store,
    Unclear,
    delivery_report,
    holds,
    new_token,
    presume,
    scenario,
    value_of,
)

FACTS = ["delivery_within", "mailing_list"]
ENVELOPE_ID = b"of-the-sender"


async def posted(smtp: Client, hop: Hop) -> str:
    """A message to the list whose sender wants to be told of success; the sender's token."""
    assert smtp.target.mailing_list is not None
    sender = new_token()
    path = b"<%b> NOTIFY=SUCCESS" % smtp.target.mailing_list.address.encode("ascii")
    await smtp.deliver(smtp.message(), path, reverse_path=hop.path(sender), parameters=b" ENVID=" + ENVELOPE_ID)
    return sender


@scenario("rfc3461/5.2.7.1/list-delivered", start=At.EHLO, offers=["DSN"], facts=FACTS)
async def list_that_took_the_message_says_delivered(smtp: Client, hop: Hop) -> Observation:
    """SUCCESS for a list makes a notification that says delivered."""
    told = await hop.notification_arrival(await posted(smtp, hop))
    found = delivery_report(told.content) if told else None
    if told is not None and (found is None or not found.actions):
        return Unclear("the notification tells programs no action")
    seen = ", ".join(found.actions) if found else "no notification"
    return holds(found is not None and "delivered" in found.actions, expected="delivered", seen=seen)


@scenario("rfc3461/5.2.7.1/list-parameters-are-new", start=At.EHLO, offers=["DSN"], facts=FACTS)
async def list_does_not_ask_what_the_sender_asked(smtp: Client, hop: Hop, store: Store) -> Observation:
    """The owner of the list is told of no success that only the sender had asked for."""
    assert smtp.target.mailing_list is not None
    await hop.report(await posted(smtp, hop))
    members = len(smtp.target.mailing_list.members)
    came = await store.messages(at_least=members + 1)
    presume(holds(len(came) >= members, expected="a copy for each member", seen=len(came)))
    reports = [report for each in came if (report := delivery_report(each.content)) is not None]
    derived = [each for each in reports if value_of(each.message, "Original-Envelope-Id") == ENVELOPE_ID]
    return holds(not derived, expected="no report with the sender's ENVID", seen=f"{len(derived)} reports")
