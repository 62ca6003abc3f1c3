"""RFC 5321 6.2 - Unwanted, Unsolicited, and "Attack" Messages."""

from __future__ import annotations

from conformance import (
    CRLF,
    At,
    Broken,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Reply,
    Store,
    Unclear,
    accepted,
    new_token,
    presume,
    scenario,
    took,
)

NOW = b"Thu, 26 Nov 2026 10:00:00 +0000"
FAULTS = {
    "no-date": (b"From", b"Message-ID", b"Subject"),
    "no-from": (b"Date", b"Message-ID", b"Subject"),
    "no-message-id": (b"From", b"Date", b"Subject"),
    "two-subjects": (b"From", b"Date", b"Message-ID", b"Subject", b"Subject"),
    "two-dates": (b"From", b"Date", b"Date", b"Message-ID", b"Subject"),
    "nothing": (b"Subject",),
}
"""The fields that a message has, and no others, among them those that RFC 5322 §3.6 asks for."""

HOSTILE = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
"""What every scanner takes for hostile and nobody can be hurt by; it stands here in pieces for their sake."""


def with_fields(smtp: Client, names: tuple[bytes, ...]) -> bytes:
    """A message with these fields."""
    mark = smtp.token.encode("ascii")
    values = {
        b"From": smtp.reverse_path,
        b"Date": NOW,
        b"Message-ID": b"<%b@client.example.test>" % mark,
        b"Subject": b"smtp-conformance " + mark,
    }
    return b"".join(name + b": " + values[name] + CRLF for name in names) + CRLF + b"A faulty message." + CRLF


async def taken(smtp: Client, content: bytes, reverse_path: bytes) -> Reply:
    """What a message to a mailbox of the target is answered with at last: a 2yz or a 5yz.

    Raises:
        NotReady: neither.
    """
    await smtp.transaction(reverse_path=reverse_path)
    presume(accepted(await smtp.say(b"DATA"), {354}))
    await smtp.raw(content + b"." + CRLF)
    outcome = await smtp.reply()
    if not (isinstance(outcome, Reply) and outcome.severity in {2, 5}):
        raise NotReady("end of data", outcome)
    return outcome


@scenario(
    "rfc5321/6.2/deliver-what-can-be-delivered",
    start=At.EHLO,
    facts=["delivery_within", "content_filter=no"],
    fault=FAULTS,
)
async def faulty_message_is_not_lost(fault: tuple[bytes, ...], smtp: Client, hop: Hop, store: Store) -> Observation:
    """A message with a fault in its header section that was taken is delivered, or its sender is told.

    Refusing it in the session is the site's to choose (4357-4361).
    """
    sender = new_token()
    outcome = await taken(smtp, with_fields(smtp, fault), hop.path(sender))
    if outcome.severity == 5:
        return Held(f"refused: {outcome}")
    if await store.arrival() is not None:
        return Held("delivered")
    if await hop.notification_arrival(sender) is not None:
        return Held("returned")
    return Broken("the message in the mailbox, or a notification", f"neither, behind {outcome}")


@scenario("rfc5321/6.2/no-bounce-of-hostile-content", start=At.EHLO, facts=["delivery_within"])
async def hostile_content_is_not_bounced(smtp: Client, hop: Hop, store: Store) -> Observation:
    """A message with the test pattern of virus scanners is delivered, refused or dropped; no notification comes."""
    sender = new_token()
    outcome = await taken(smtp, smtp.message(body=HOSTILE + CRLF), hop.path(sender))
    if outcome.severity == 2 and await store.arrival() is not None:
        return Held("delivered, as nothing found it hostile")
    twin = await hop.refuses(smtp)
    return await hop.no_notification(sender, after=twin)


@scenario("rfc5321/6.2/may-drop-silently", start=At.EHLO, facts=["delivery_within", "fails_after_acceptance"])
async def failed_mail_may_be_dropped(smtp: Client, hop: Hop) -> Observation:
    """Of a message that fails after its acceptance the sender is told, or nobody is."""
    sender = new_token()
    mailbox = (smtp.target.fails_after_acceptance or "").encode("ascii")
    await smtp.deliver(smtp.message(), b"<%b>" % mailbox, reverse_path=hop.path(sender))
    told = await hop.notification_arrival(sender)
    return took("nobody is told" if told is None else "the sender is told")


@scenario("rfc5321/6.2/may-drop-invalid-return-address", start=At.EHLO, facts=["delivery_within"])
async def mail_from_nowhere_may_be_left(smtp: Client, store: Store) -> Observation:
    """A message whose return address can't exist is delivered, refused or dropped."""
    outcomes = [await smtp.mail(b"<sender@nowhere.invalid>")]
    if isinstance(outcomes[0], Reply) and outcomes[0].severity == 2:
        outcomes.append(await smtp.rcpt())
    last = outcomes[-1]
    if isinstance(last, Reply) and last.severity == 2:
        last = await smtp.data()
    if isinstance(last, Reply) and last.severity == 2:
        return took("delivers it" if await store.arrival() is not None else "drops it", last)
    refuses = isinstance(last, Reply) and last.severity in {4, 5} and last.code != 421
    return took("refuses it", last) if refuses else Unclear(str(last))
