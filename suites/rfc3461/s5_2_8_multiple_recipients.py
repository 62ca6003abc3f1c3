"""RFC 3461 5.2.8 - DSNs describing delivery to multiple recipients."""

from __future__ import annotations

from conformance import At, Client, Hop, Observation, Rule, Step, holds, new_token, presume, scenario


@scenario("rfc3461/5.2.8/only-for-those-that-ask", start=At.EHLO, offers=["DSN"])
async def notification_names_nobody_who_did_not_ask(smtp: Client, hop: Hop) -> Observation:
    """Of two recipients that fail, the notification has a group for the one under FAILURE only."""
    sender = new_token()
    never, asked = hop.mailbox(local=b"never-%b"), hop.mailbox(local=b"asked-%b")
    for mailbox in (never, asked):
        hop.script(mailbox, Rule.answer(Step.RCPT, 550))
    paths = b"<%b> NOTIFY=NEVER" % never, b"<%b> NOTIFY=FAILURE" % asked
    await smtp.deliver(smtp.message(), *paths, reverse_path=hop.path(sender))
    found = await hop.report(sender)
    presume(holds(found.about(asked) is not None, expected="the other recipient", seen=found.actions))
    return holds(found.about(never) is None, expected="one recipient", seen=f"{len(found.recipients)} recipients")
