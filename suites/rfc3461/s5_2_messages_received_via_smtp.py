"""RFC 3461 5.2 - Handling of messages received via SMTP."""

from __future__ import annotations

from conformance import At, Client, Hop, Observation, Rule, Step, new_token, scenario


@scenario("rfc3461/5.2/none-for-null", start=At.EHLO, offers=["DSN"], facts=["delivery_within", "extended_next_hop"])
async def null_reverse_path_gets_no_notification(smtp: Client, hop: Hop) -> Observation:
    """A message from the null reverse-path that asks for everything and fails makes no notification to its author."""
    author = new_token()
    hop.script(hop.extended(), Rule.answer(Step.RCPT, 550))
    content = smtp.message(before=b"From: <%b>\r\n" % hop.mailbox(author), without=["From"])
    path = b"<%b> NOTIFY=SUCCESS,FAILURE" % hop.extended()
    await smtp.deliver(content, path, reverse_path=b"<>", parameters=b" RET=FULL")
    twin = await hop.refuses(smtp)
    return await hop.no_notification(author, after=twin)
