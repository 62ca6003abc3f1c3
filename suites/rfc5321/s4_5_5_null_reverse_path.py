"""RFC 5321 4.5.5 - Messages with a Null Reverse-Path: who gets them in the end, and that nobody answers them."""

from __future__ import annotations

from conformance import CRLF, At, Client, Hop, Observation, Store, new_token, row, scenario, took

REPORT = (
    b"Auto-Submitted: auto-replied\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=part\r\n"
)
PARTS = (
    b"--part\r\n\r\nNot delivered.\r\n"
    b"--part\r\nContent-Type: message/delivery-status\r\n\r\n"
    b"Reporting-MTA: dns; mx.client.example.test\r\n\r\n"
    b"Final-Recipient: rfc822; nobody@client.example.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    b"--part--\r\n"
)


def everybody(smtp: Client) -> list[bytes]:
    """The paths of all who take mail at the target: mailboxes, the alias and the list."""
    target = smtp.target
    others = [known.address for known in (target.alias, target.mailing_list) if known is not None]
    return [b"<%b>" % address.encode("ascii") for address in (*target.mailboxes, *others)] or [smtp.forward_path]


@scenario(
    "rfc5321/4.5.5/no-reply-to-null",
    start=At.EHLO,
    facts=["delivery_within"],
    is_report={"message": False, "report": row(True, "rfc5321/4.5.5/automatic-processors")},
)
async def null_reverse_path_is_not_replied_to(is_report: bool, smtp: Client, hop: Hop) -> Observation:
    """Nobody at the target answers a message with the null reverse-path, neither its From nor its Reply-To."""
    author = new_token()
    before = b"".join(name + b": <%b>" % hop.mailbox(author) + CRLF for name in (b"From", b"Reply-To"))
    content = smtp.message(before=before, without=["From"])
    if is_report:
        content = smtp.message(before=before + REPORT, without=["From"], body=PARTS)
    await smtp.deliver(content, *everybody(smtp), reverse_path=b"<>")
    twin = await hop.refuses(smtp)
    return await hop.no_notification(author, after=twin)


@scenario("rfc5321/4.5.5/failed-notification-to-postmaster", start=At.EHLO, facts=["delivery_within"])
async def failed_notification_may_go_to_a_person(smtp: Client, hop: Hop, store: Store) -> Observation:
    """A message with the null reverse-path that the next hop refuses comes to a mailbox of the target, or does not."""
    await hop.refuses(smtp, sender=b"<>", content=smtp.message())
    came = await store.arrival()
    return took("nobody here gets it") if came is None else took("it comes to a mailbox here", came.where)
