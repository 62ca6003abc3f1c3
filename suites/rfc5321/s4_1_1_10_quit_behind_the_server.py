"""RFC 5321 4.1.1.10 - QUIT and connections that break off: what is complete is kept, what is not is dropped."""

from __future__ import annotations

from conformance import (
    CRLF,
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Reply,
    Rule,
    Step,
    Store,
    arrived,
    holds,
    new_token,
    row,
    scenario,
)

BROKEN_OFF = {
    "in-the-header": b"Subject: broken off",
    "behind-a-line": b"Subject: broken off" + CRLF,
    "behind-the-header": b"Subject: broken off" + CRLF + CRLF,
    "before-the-dot": b"Subject: broken off" + CRLF + CRLF + b"text" + CRLF,
    "behind-the-dot": b"Subject: broken off" + CRLF + CRLF + b"text" + CRLF + b".",
    "behind-the-cr": b"Subject: broken off" + CRLF + CRLF + b"text" + CRLF + b".\r",
}
CANCELS = "rfc5321/4.1.1.10/lost-connection-cancels"


async def break_off(smtp: Client, forward_path: bytes, octets: bytes) -> None:
    """Send a part of a message and close the connection."""
    await smtp.transaction(forward_path)
    begun = await smtp.say(b"DATA")
    if not (isinstance(begun, Reply) and begun.code == 354):
        raise NotReady("DATA", begun)
    await smtp.raw(smtp.message().partition(CRLF + CRLF)[0] + CRLF + octets)
    await smtp.pause()
    await smtp.drop()


@scenario(CANCELS, start=At.EHLO, facts=["delivery_within"], octets=BROKEN_OFF)
async def unfinished_message_is_not_relayed(octets: bytes, smtp: Client, second: Client, hop: Hop) -> Observation:
    """A message whose connection breaks off before its end goes to nobody."""
    await break_off(smtp, hop.path(), octets)
    later = new_token()
    await second.deliver(second.message(token=later), hop.path(later))
    return await hop.none(after=later)


@scenario(CANCELS, start=At.EHLO, facts=["delivery_within"], octets=BROKEN_OFF)
async def unfinished_message_is_not_delivered(octets: bytes, smtp: Client, second: Client, store: Store) -> Observation:
    """A message whose connection breaks off before its end reaches no mailbox."""
    await break_off(smtp, smtp.forward_path, octets)
    later = new_token()
    await second.deliver(second.message(token=later))
    return await store.none(after=later)


@scenario(
    "rfc5321/4.1.1.10/completed-transaction-kept",
    start=At.EHLO,
    facts=["delivery_within"],
    then={
        "at-once": b"",
        "after-mail": b"MAIL FROM:<>\r\n",
        "in-the-next-data": b"MAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nDATA\r\nSubject: broken off\r\n",
        "rset": row(b"RSET\r\n", "rfc5321/4.1.1.5/keeps-accepted-message"),
        "as-with-quit": row(b"", "rfc5321/4.1.1.5/lost-connection-like-quit"),
    },
)
async def finished_message_is_kept(then: bytes, smtp: Client, store: Store) -> Observation:
    """A message that was answered with 250 is delivered, though the connection breaks off or is reset afterwards."""
    await smtp.deliver(smtp.message())
    for line in then.splitlines(keepends=True):
        await smtp.raw(line)
        await smtp.reply(1.0)
    await smtp.drop()
    came = await store.arrival()
    return arrived(came, expected="the message in the mailbox")


@scenario(
    "rfc5321/4.1.1.10/quit-aborts-transaction",
    start=At.EHLO,
    facts=["delivery_within"],
    says_quit={"quit": True, "lost": row(False, "rfc5321/4.1.1.5/lost-connection-like-quit")},
)
async def transaction_without_data_sends_nothing(
    says_quit: bool, smtp: Client, second: Client, hop: Hop
) -> Observation:
    """A session that ends behind RCPT, with QUIT or without, sends nothing to the recipient."""
    await smtp.transaction(hop.path())
    if says_quit:
        await smtp.quit()
    else:
        await smtp.drop()
    later = new_token()
    await second.deliver(second.message(token=later), hop.path(later))
    return await hop.none(after=later)


@scenario("rfc5321/4.1.1/hold-until-end-of-data", start=At.EHLO, facts=["delivery_within"])
async def nothing_goes_out_before_the_end(smtp: Client, second: Client, hop: Hop) -> Observation:
    """Nothing of a message goes to the next hop while its end is still to come."""
    await smtp.transaction(hop.path())
    begun = await smtp.say(b"DATA")
    if not (isinstance(begun, Reply) and begun.code == 354):
        raise NotReady("DATA", begun)
    await smtp.raw(smtp.message())
    later = new_token()
    await second.deliver(second.message(token=later), hop.path(later))
    observation = await hop.none(after=later)
    await smtp.drop()
    return observation


@scenario("rfc5321/4.2.5/5yz-not-delivered", start=At.EHLO, facts=["delivery_within", "refused_content"])
async def refused_message_is_not_delivered(smtp: Client, second: Client, store: Store) -> Observation:
    """A message that was refused after its end reaches no mailbox."""
    await smtp.transaction()
    outcome = await smtp.data(smtp.message_with(smtp.target.refused_content))
    if not (isinstance(outcome, Reply) and outcome.severity == 5):
        raise NotReady("end of data", f"not refused: {outcome}")
    later = new_token()
    await second.deliver(second.message(token=later))
    return await store.none(after=later)


@scenario("rfc5321/4.2.5/5yz-not-delivered", start=At.EHLO, facts=["delivery_within", "refused_content"])
async def refused_message_is_not_relayed(smtp: Client, second: Client, hop: Hop) -> Observation:
    """A message that was refused after its end goes to nobody."""
    await smtp.transaction(hop.path())
    outcome = await smtp.data(smtp.message_with(smtp.target.refused_content))
    if not (isinstance(outcome, Reply) and outcome.severity == 5):
        raise NotReady("end of data", f"not refused: {outcome}")
    later = new_token()
    await second.deliver(second.message(token=later), hop.path(later))
    return await hop.none(after=later)


# Several connections.


@scenario("rfc5321/4.5.4.2/several-transactions-at-once", start=At.EHLO)
async def two_messages_at_once_are_kept_apart(smtp: Client, second: Client, hop: Hop) -> Observation:
    """Two messages that come line by line on two connections go out whole, each with its own envelope."""
    token = new_token()
    senders = new_token(), new_token()
    for client, sender, mark in ((smtp, senders[0], smtp.token), (second, senders[1], token)):
        await client.transaction(hop.path(mark), reverse_path=hop.path(sender))
    contents = smtp.message(), second.message(token=token)
    for client in (smtp, second):
        begun = await client.say(b"DATA")
        if not (isinstance(begun, Reply) and begun.code == 354):
            raise NotReady("DATA", begun)
    for first_line, second_line in zip(*(content.splitlines(keepends=True) for content in contents), strict=True):
        await smtp.raw(first_line)
        await second.raw(second_line)
    for client in (second, smtp):
        await client.raw(b"." + CRLF)
        ended = await client.reply()
        if not (isinstance(ended, Reply) and ended.severity == 2):
            raise NotReady("end of data", ended)
    received = [await hop.message(mark) for mark in (smtp.token, token)]
    paths = [(each.reverse_path, *each.forward_paths) for each in received]
    wanted = [
        (hop.mailbox(sender), hop.mailbox(mark)) for sender, mark in zip(senders, (smtp.token, token), strict=True)
    ]
    whole = all(each.content.endswith(content) for each, content in zip(received, contents, strict=True))
    return holds(whole and paths == wanted, expected="each message whole, with its own envelope", seen=paths)


LATE = 3.0
"""Seconds by which the reply to QUIT is late."""


@scenario("rfc5321/4.1.1.10/client-waits-for-221", start=At.EHLO, alone=True)
async def late_221_is_waited_for(smtp: Client, hop: Hop) -> Observation:
    """A relay whose QUIT is answered a few seconds late closes only behind the reply."""
    recipient = hop.mailbox()
    hop.script(recipient, Rule.late(Step.QUIT, LATE))
    await smtp.deliver(smtp.message(), b"<%b>" % recipient)
    connection = await hop.ended(await hop.message())
    said = [command for command in connection.commands if command.verb == b"QUIT"]
    if not said or connection.ended is None:
        raise NotReady("next hop", f"no QUIT: {connection.end}")
    waited = connection.ended - said[-1].at
    return holds(waited >= LATE - 0.5, expected=f"the close behind {LATE:g} s", seen=f"behind {waited:.1f} s")
