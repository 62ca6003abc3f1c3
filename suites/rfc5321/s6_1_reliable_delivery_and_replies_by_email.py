"""RFC 5321 6.1 - Reliable Delivery and Replies by Email."""

from __future__ import annotations

from collections.abc import Callable

from conformance import (
    CRLF,
    At,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Process,
    Received,
    Reply,
    Rule,
    Step,
    Store,
    Unclear,
    accepted,
    arrived,
    fields_named,
    holds,
    new_token,
    presume,
    row,
    scenario,
    split_message,
    visible,
)

Check = Callable[[Received, bytes], Observation]


async def refused_there(smtp: Client, hop: Hop, at: Step, code: int) -> str:
    """Have the next hop refuse a message; returns the token of its sender."""
    sender = await hop.refuses(smtp, at=at, code=code)
    seen = await hop.transactions(sender)
    presume(holds(bool(seen), expected="an attempt at our next hop", seen=len(seen)))
    return sender


AT_THE_NEXT_HOP = {
    "recipient": row((Step.RCPT, 550)),
    "domain": row((Step.RCPT, 551)),
    "data": row((Step.DATA, 554)),
    "end-of-data": row((Step.END_OF_DATA, 554)),
    "by-who-found-out": row((Step.RCPT, 550), "rfc5321/3.6.3/notified-by-who-failed"),
}


@scenario("rfc5321/3.6.3/undeliverable-notification", start=At.EHLO, facts=["delivery_within"], refusal=AT_THE_NEXT_HOP)
async def refused_by_the_next_hop_is_notified(refusal: tuple[Step, int], smtp: Client, hop: Hop) -> Observation:
    """The sender of a message that the next hop refuses for good is told by mail."""
    sender = await refused_there(smtp, hop, *refusal)
    told = await hop.notification_arrival(sender)
    return arrived(told, expected="a notification to the reverse-path", seen="none came")


def has_the_null_reverse_path(told: Received, _: bytes) -> Observation:
    """Its MAIL has the null reverse-path."""
    return holds(told.reverse_path == b"", expected="MAIL FROM:<>", seen=visible(told.reverse_path))


def goes_to_the_sender_alone(told: Received, mailbox: bytes) -> Observation:
    """It goes to the reverse-path and to nobody else."""
    good = [path.lower() for path in told.forward_paths] == [mailbox.lower()]
    return holds(good, expected=visible(mailbox), seen=[visible(path) for path in told.forward_paths])


def is_a_delivery_report(told: Received, _: bytes) -> Observation:
    """It is a report with a part for programs (RFC 3464, RFC 6522)."""
    types = fields_named(split_message(told.content)[0], "Content-Type")
    said = types[0].body.lower() if types else b""
    good = b"multipart/report" in said and b"delivery-status" in said
    return holds(good, expected="multipart/report with a delivery-status", seen=visible(said, 200))


def is_sent_with_mail(told: Received, _: bytes) -> Observation:
    """Its connection has seen no SEND, SOML or SAML."""
    verbs = {command.verb for command in told.transaction.connection.commands}
    return holds(not verbs & {b"SEND", b"SOML", b"SAML"}, expected="MAIL", seen=sorted(visible(verb) for verb in verbs))


NOTIFICATIONS = {
    "null": row(has_the_null_reverse_path, "rfc5321/4.4/notifications-null-reverse-path"),
    "null-for-dsn": row(has_the_null_reverse_path, "rfc5321/4.5.5/notifications-null"),
    "to-the-sender": row(goes_to_the_sender_alone, "rfc5321/4.5.5/notifications-to-reverse-path"),
    "report": row(is_a_delivery_report, "rfc5321/3.6.3/standard-report-format"),
    "by-mail": row(is_sent_with_mail, "rfc5321/4.4/notifications-by-mail"),
}


@scenario("rfc5321/4.4/notifications-null-reverse-path", start=At.EHLO, check=NOTIFICATIONS)
async def notification(check: Check, smtp: Client, hop: Hop) -> Observation:
    """A notification of failed delivery comes from nobody, to the sender, as a report, by MAIL."""
    sender = await refused_there(smtp, hop, Step.RCPT, 550)
    return check(await hop.notification(sender), hop.mailbox(sender))


@scenario("rfc5321/4.4/notifications-null-reverse-path", start=At.EHLO)
async def notification_of_refused_data_is_null(smtp: Client, hop: Hop) -> Observation:
    """A notification of a message that was refused at its end has the null reverse-path too."""
    sender = await refused_there(smtp, hop, Step.END_OF_DATA, 554)
    return has_the_null_reverse_path(await hop.notification(sender), b"")


OTHER_NAMES = ("From", "Sender", "Reply-To", "Errors-To", "Return-Path", "Return-Receipt-To")


@scenario(
    "rfc5321/4.4/errors-to-reverse-path",
    start=At.EHLO,
    facts=["delivery_within"],
    name={name.lower(): name for name in OTHER_NAMES},
)
async def errors_go_to_no_header_field(name: str, smtp: Client, hop: Hop) -> Observation:
    """A notification goes to the reverse-path and not to an address in the header section."""
    other = new_token()
    field = name.encode("ascii") + b": <%b>" % hop.mailbox(other) + CRLF
    content = smtp.message(before=field, without=["From"] if name == "From" else [])
    sender = await hop.refuses(smtp, content=content)
    return await hop.no_notification(other, after=sender)


def report_about(reported: bytes, to: bytes) -> bytes:
    """A delivery report as another server sends it."""
    lines = [
        b"To: <%b>" % to,
        b"Date: Thu, 26 Nov 2026 10:00:00 +0000",
        b"Message-ID: <report-%b>" % to,
        b"Subject: Undelivered mail",
        b"Auto-Submitted: auto-replied",
        b"MIME-Version: 1.0",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=part",
        b"",
        b"--part",
        b"",
        b"Not delivered.",
        b"--part",
        b"Content-Type: message/delivery-status",
        b"",
        b"Reporting-MTA: dns; mx.client.example.test",
        b"",
        b"Final-Recipient: rfc822; " + reported,
        b"Action: failed",
        b"Status: 5.1.1",
        b"",
        b"--part--",
    ]
    return CRLF.join(lines) + CRLF


ABOUT_NULL = {
    "message": row(False),
    "report": row(True, "rfc5321/4.5.4/no-error-about-an-error"),
}


@scenario("rfc5321/6.1/none-to-null", start=At.EHLO, facts=["delivery_within"], is_report=ABOUT_NULL)
async def null_reverse_path_gets_no_notification(is_report: bool, smtp: Client, hop: Hop) -> Observation:
    """A message with the null reverse-path that fails brings no notification to anybody that it names."""
    author = new_token()
    before = b"From: <%b>" % hop.mailbox(author) + CRLF
    content = smtp.message(before=before, without=["From"])
    if is_report:
        content = before + report_about(b"nobody@client.example.test", hop.mailbox(author))
    await hop.refuses(smtp, content=content, sender=b"<>")
    twin = await hop.refuses(smtp)
    return await hop.no_notification(author, after=twin)


@scenario("rfc5321/6.1/route-stripped", start=At.EHLO)
async def route_is_taken_off_the_reverse_path(smtp: Client, hop: Hop) -> Observation:
    """The notification to a reverse-path with a source route goes to the mailbox at its end, without the route."""
    sender = new_token()
    path = b"<@a.client.example.test,@b.client.example.test:%b>" % hop.mailbox(sender)
    await hop.refuses(smtp, sender=path)
    seen = [
        command.argument
        for transaction in await hop.transactions(sender, at_least=2)
        for command in transaction.commands
        if command.verb == b"RCPT" and sender.encode("ascii") in command.argument.lower()
    ]
    if not seen:
        raise NotReady("notification", "no RCPT with the sender's mailbox")
    good = all(b"<" + hop.mailbox(sender) + b">" in argument for argument in seen)
    return holds(good, expected=visible(hop.path(sender)), seen=[visible(argument) for argument in seen])


# Several recipients.


async def both_are_refused(smtp: Client, hop: Hop) -> tuple[str, bytes, bytes]:
    """One message to two mailboxes that the next hop refuses: the sender's token, and the two."""
    first, second = hop.mailbox(local=b"first-%b"), hop.mailbox(local=b"second-%b")
    sender = new_token()
    for mailbox in (first, second):
        hop.script(mailbox, Rule.answer(Step.RCPT, 550))
    await smtp.deliver(smtp.message(), b"<%b>" % first, b"<%b>" % second, reverse_path=hop.path(sender))
    return sender, first, second


async def all_told(hop: Hop, sender: str, *mailboxes: bytes) -> list[list[bytes]]:
    """Which of these mailboxes each notification is about, read until all are told or no more come."""
    told: list[list[bytes]] = []
    while {mailbox for each in told for mailbox in each} < set(mailboxes):
        messages = await hop.messages(sender, at_least=len(told) + 1)
        if len(messages) <= len(told):
            break
        told = [[each for each in mailboxes if each in message.content] for message in messages]
    return told


@scenario("rfc5321/4.4/each-failure-notified", start=At.EHLO, facts=["delivery_within"])
async def each_failed_recipient_is_notified(smtp: Client, hop: Hop) -> Observation:
    """Where two recipients fail, the sender is told of both, in one message or in two."""
    sender, *failed = await both_are_refused(smtp, hop)
    told = await all_told(hop, sender, *failed)
    named = {mailbox for each in told for mailbox in each}
    return holds(named == set(failed), expected="both recipients", seen=[visible(mailbox) for mailbox in named])


@scenario("rfc5321/4.4/one-notification-for-all", start=At.EHLO)
async def one_notification_names_all(smtp: Client, hop: Hop) -> Observation:
    """Where two recipients fail in one transaction, one notification names both."""
    sender, *failed = await both_are_refused(smtp, hop)
    attempts = await hop.transactions(sender)
    presume(holds(any(len(each.recipients) == 2 for each in attempts), expected="both in one transaction", seen=""))
    told = [each for each in await all_told(hop, sender, *failed) if each]
    presume(holds(bool(told), expected="a notification", seen="none"))
    # Whether one that names both comes a second time is another clause's business, and may not have shown yet.
    apart = len(told) > 1 and failed not in told
    return holds(not apart, expected="one notification", seen=f"{len(told)} notifications")


@scenario("rfc5321/4.4/partial-failure-notification", start=At.EHLO, facts=["delivery_within"])
async def partial_failure_is_notified(smtp: Client, hop: Hop) -> Observation:
    """Where one of two recipients fails, the sender is told of that one."""
    failed = hop.mailbox(local=b"failed-%b")
    hop.script(failed, Rule.answer(Step.RCPT, 550))
    sender = new_token()
    await smtp.deliver(smtp.message(), hop.path(), b"<%b>" % failed, reverse_path=hop.path(sender))
    told = await all_told(hop, sender, failed)
    seen = f"{len(told)} notifications, and none about it"
    return holds([failed] in told, expected=f"a notification about {visible(failed)}", seen=seen)


@scenario("rfc5321/4.2.5/2yz-delivers", start=At.EHLO, facts=["delivery_within"])
async def the_other_recipient_gets_its_copy(smtp: Client, hop: Hop) -> Observation:
    """Where one of two recipients is refused at the next hop, the other one gets the message."""
    failed = hop.mailbox(local=b"failed-%b")
    hop.script(failed, Rule.answer(Step.RCPT, 550))
    sender = new_token()
    await smtp.deliver(smtp.message(), b"<%b>" % failed, hop.path(), reverse_path=hop.path(sender))
    came = await hop.arrival()
    return arrived(came, expected="a copy for the other recipient", seen="none came")


# Failures here.


@scenario(
    "rfc5321/4.1.1.4/late-errors-by-mail",
    start=At.EHLO,
    facts=["delivery_within", "fails_after_acceptance"],
    reading={
        "by-mail": row(None),
        "2yz": row(None, "rfc5321/4.2.5/2yz-notifies"),
        "bounced": row(None, "rfc5321/6.2/bounce-what-can-not"),
    },
)
async def failure_after_acceptance_is_notified(reading: None, smtp: Client, hop: Hop) -> Observation:
    """The sender of a message that was accepted and then could not be delivered is told by mail."""
    del reading
    sender = new_token()
    mailbox = (smtp.target.fails_after_acceptance or "").encode("ascii")
    await smtp.deliver(smtp.message(), b"<%b>" % mailbox, reverse_path=hop.path(sender))
    told = await hop.notification_arrival(sender)
    return arrived(told, expected="a notification to the reverse-path", seen="none came")


# Responsibility.


@scenario("rfc5321/2.1/responsible-after-250", start=At.EHLO, facts=["delivery_within"])
async def accepted_message_reaches_the_mailbox(smtp: Client, store: Store) -> Observation:
    """A message that was answered with 250 reaches the mailbox."""
    await smtp.deliver(smtp.message())
    came = await store.arrival()
    return arrived(came, expected="the message in the mailbox")


@scenario("rfc5321/2.1/responsible-after-250", start=At.EHLO, facts=["delivery_within"])
async def accepted_message_reaches_the_next_hop(smtp: Client, hop: Hop) -> Observation:
    """A message that was answered with 250 reaches the next hop."""
    await smtp.deliver(smtp.message(), hop.path())
    came = await hop.arrival()
    return arrived(came, expected="the message at the next hop")


ODD_MESSAGES: dict[str, Callable[[Client], bytes]] = {
    "no-header": lambda smtp: smtp.token.encode("ascii") + b", and nothing else" + CRLF,
    "no-header-two-lines": lambda smtp: b"two lines and" + CRLF + smtp.token.encode("ascii") + CRLF,
    "empty-line-first": lambda smtp: CRLF + smtp.token.encode("ascii") + CRLF,
    "header-alone": lambda smtp: smtp.message(body=b""),
    "header-without-an-end": lambda smtp: smtp.message(body=b"").removesuffix(CRLF),
    "no-field-first": lambda smtp: b"this is no field" + CRLF + smtp.message(),
    "no-field-within": lambda smtp: b"Comments: one" + CRLF + b"this is no field" + CRLF + smtp.message(),
    "from-line-first": lambda smtp: b"From suite@client.example.test Thu Jan  1 00:00:00 1970" + CRLF + smtp.message(),
    "folded-line-first": lambda smtp: b" folded, and nothing before it" + CRLF + smtp.message(),
}


@scenario("rfc5321/2.1/responsible-after-250", start=At.RCPT, facts=["delivery_within"], odd=ODD_MESSAGES)
async def odd_message_that_is_accepted_reaches_the_mailbox(
    odd: Callable[[Client], bytes], smtp: Client, store: Store
) -> Observation:
    """A message with an odd header section or none is refused, or it reaches the mailbox like an ordinary one."""
    if smtp.target.content_filter:
        return Unclear("a content filter may keep it for what it is")
    outcome = await smtp.data(odd(smtp))
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return Held(f"refused: {outcome}")
    presume(accepted(outcome))
    came = await store.arrival()
    if came is None:
        ordinary = new_token()
        await smtp.deliver(smtp.message(token=ordinary))
        await store.message(ordinary)
    return arrived(came, expected="the message in the mailbox")


@scenario("rfc5321/4.1.1.4/processed-at-end-of-data", start=At.EHLO, facts=["delivery_within"])
async def each_of_several_messages_is_processed(smtp: Client, store: Store) -> Observation:
    """Three messages of one session all reach the mailbox."""
    tokens = [new_token() for _ in range(3)]
    for token in tokens:
        await smtp.deliver(smtp.message(token=token))
    came = [await store.arrival(token) for token in tokens]
    return holds(None not in came, expected="three messages", seen=[each is not None for each in came])


@scenario("rfc5321/4.5.4.1/no-memory-of-refused-mail", start=At.EHLO, facts=["delivery_within"])
async def refused_mail_command_is_not_remembered(smtp: Client, hop: Hop) -> Observation:
    """A 5yz to one MAIL does not keep the next message to the same host from being sent."""
    refused = new_token()
    hop.script(refused, Rule.answer(Step.MAIL, 550))
    await smtp.deliver(smtp.message(token=new_token()), hop.path(), reverse_path=hop.path(refused))
    presume(holds(bool(await hop.transactions(refused)), expected="an attempt", seen="none"))
    second = new_token()
    await smtp.deliver(smtp.message(token=second), hop.path(second), reverse_path=hop.path(new_token()))
    came = await hop.arrival(second)
    return arrived(came, expected="the second message at the next hop")


# Crashes.

IN_AN_HOUR = 3300.0
"""Seconds within which a server that was down has looked into its queue: it may retry as seldom as §4.5.4.1 says."""

HELD_UP = 5.0
"""Seconds that the next hop lets the first attempt wait, so that the crash finds the message in the queue."""

KILLED = ["process.kill", "delivery_within"]


async def crash(process: Process) -> None:
    """Kill the server, and start it again."""
    await process.kill()
    presume(holds(not await process.listens(), expected="nobody who listens", seen="a server"))
    await process.start()


@scenario("rfc5321/6.1/survives-a-crash", start=At.EHLO, facts=KILLED, alone=True, slow=True)
async def message_on_its_way_survives_a_crash(smtp: Client, hop: Hop, process: Process) -> Observation:
    """A message that waits for the next hop when its server is killed gets there when that is up again."""
    twin = new_token()
    await smtp.deliver(smtp.message(token=twin), hop.path(twin))
    await hop.message(twin)
    hop.script(hop.mailbox(), Rule.late(Step.RCPT, HELD_UP, times=1))
    await smtp.deliver(smtp.message(), hop.path())
    await crash(process)
    came = await hop.arrival(within=IN_AN_HOUR)
    return arrived(came, expected="the message at the next hop", seen=f"none within {IN_AN_HOUR:g} s")


@scenario("rfc5321/6.1/survives-a-crash", start=At.EHLO, facts=KILLED, alone=True, slow=True)
async def message_for_a_mailbox_survives_a_crash(smtp: Client, store: Store, process: Process) -> Observation:
    """A message for a mailbox here whose server is killed right after the 250 is there when that is up again."""
    twin = new_token()
    await smtp.deliver(smtp.message(token=twin))
    await store.message(twin)
    await smtp.deliver(smtp.message())
    await crash(process)
    came = await store.arrival(within=IN_AN_HOUR)
    return arrived(came, expected="the message in the mailbox", seen=f"none within {IN_AN_HOUR:g} s")
