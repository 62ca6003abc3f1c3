"""RFC 5321 2.4 - General Syntax Principles and Transaction Model, as they show behind the server."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Reply,
    Store,
    Unclear,
    arrived,
    fields_named,
    holds,
    new_token,
    row,
    scenario,
    split_message,
    took,
    visible,
)

LOCAL_PARTS = {
    "mixed-case": row(b"CaSe-%b", "rfc5321/2.4/relay-keeps-case-of-local-part"),
    "upper-case": row(b"CASE-%b", "rfc5321/2.4/relay-keeps-case-of-local-part"),
    "plus": row(b"%b+detail"),
    "hyphens-and-dots": row(b"a-b.c--d.%b"),
    "equals": row(b"%b=client.example.test"),
    "specials": row(b"#$&'*?^_`{|}~-%b"),
    "quoted": row(b'"%b with spaces"'),
}


@scenario("rfc5321/2.3.11/local-part-left-to-its-host", start=At.EHLO, local=LOCAL_PARTS)
async def local_part_of_a_recipient_is_relayed(local: bytes, smtp: Client, hop: Hop) -> Observation:
    """The local-part of a recipient elsewhere reaches the next hop as it came, its case with it."""
    mailbox = hop.mailbox(local=local)
    await smtp.deliver(smtp.message(), b"<%b>" % mailbox)
    received = await hop.message()
    return holds(mailbox in received.forward_paths, expected=visible(mailbox), seen=visible(received.forward_paths[0]))


@scenario("rfc5321/2.4/relay-keeps-case-of-local-part", start=At.EHLO)
async def local_part_of_the_sender_is_relayed(smtp: Client, hop: Hop) -> Observation:
    """The local-part of the sender reaches the next hop in its case."""
    sender = hop.mailbox(new_token(), local=b"SenDer-%b")
    await smtp.deliver(smtp.message(), hop.path(), reverse_path=b"<%b>" % sender)
    received = await hop.message()
    return holds(received.reverse_path == sender, expected=visible(sender), seen=visible(received.reverse_path))


@scenario("rfc5321/2.4/client-keeps-case-of-local-part", start=At.EHLO)
async def notification_keeps_the_case_of_the_sender(smtp: Client, hop: Hop) -> Observation:
    """A notification goes to the sender's local-part in the case in which MAIL gave it."""
    sender = new_token()
    mailbox = hop.mailbox(sender, local=b"SenDer-%b")
    await hop.refuses(smtp, sender=b"<%b>" % mailbox)
    told = await hop.message(sender)
    return holds(mailbox in told.forward_paths, expected=visible(mailbox), seen=visible(told.forward_paths[0]))


@scenario("rfc5321/2.4/server-keeps-case-of-local-part", start=At.EHLO, facts=["sender"])
async def return_path_keeps_the_case_of_the_sender(smtp: Client, store: Store) -> Observation:
    """Return-Path has the sender's local-part in the case in which MAIL gave it."""
    local, at, domain = (smtp.target.sender or "").encode("ascii").rpartition(b"@")
    odd = local[:1].lower() + local[1:].upper()
    await smtp.deliver(smtp.message(), reverse_path=b"<" + odd + at + domain + b">")
    there = fields_named(split_message((await store.message()).content)[0], "Return-Path")
    if not there:
        raise NotReady("store", "no Return-Path field")
    said = re.sub(rb"\s", b"", there[0].body)
    return holds(odd + b"@" in said, expected=visible(odd), seen=str(there[0]))


# Octets above 127.

OCTETS = b"caf\xe9 \xa4" + b"\r\n"


@scenario("rfc5321/2.4/may-clear-or-reject-8-bit-content", start=At.EHLO)
async def eight_bit_content_may_be_cleared_or_refused(smtp: Client, hop: Hop) -> Observation:
    """Octets above 127 for which nothing was agreed on are kept, cleared or refused."""
    await smtp.transaction(hop.path())
    outcome = await smtp.data(smtp.message(body=OCTETS))
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return took("refuses it", outcome)
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        raise NotReady("end of data", outcome)
    content = (await hop.message()).content
    cleared = bytes(octet & 0x7F for octet in OCTETS).strip() in content
    kept = OCTETS.strip() in content
    return took("keeps them" if kept else "clears the high bit" if cleared else "writes them otherwise", outcome)


@scenario("rfc5321/2.4/delivery-may-reject-or-return", start=At.EHLO, offers=["8BITMIME"], facts=["delivery_within"])
async def mislabelled_content_may_be_refused_or_returned(smtp: Client, hop: Hop, store: Store) -> Observation:
    """A message that says it is US-ASCII and is not is delivered, refused or returned."""
    sender = new_token()
    label = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n"
    await smtp.transaction(reverse_path=hop.path(sender), parameters=b" BODY=8BITMIME")
    outcome = await smtp.data(smtp.message(before=label, body=OCTETS))
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return took("refuses it", outcome)
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        raise NotReady("end of data", outcome)
    if await store.arrival() is not None:
        return took("delivers it", outcome)
    if await hop.notification_arrival(sender) is not None:
        return took("returns it", outcome)
    return Unclear("it was neither delivered nor returned")


# Paths on their way.


def route(smtp: Client) -> bytes:
    """A source route that begins with a name of the target."""
    names = smtp.target.domains
    if not names:
        raise NotReady("domains", "the target file does not say domains")
    return b"@" + names[0].encode("ascii") + b",@b.client.example.test:"


@scenario("rfc5321/4.1.1.3/relay-strips-source-route", start=At.EHLO, facts=["domains"])
async def source_route_is_not_relayed(smtp: Client, hop: Hop) -> Observation:
    """A recipient with a source route goes to the next hop without it."""
    await smtp.deliver(smtp.message(), b"<" + route(smtp) + hop.mailbox() + b">")
    path = (await hop.message()).forward_paths[0]
    return holds(not path.startswith(b"@"), expected=visible(hop.mailbox()), seen=visible(path))


@scenario("rfc5321/4.1.2/ignore-source-routes", start=At.EHLO, facts=["domains", "delivery_within"])
async def source_route_makes_no_difference(smtp: Client, hop: Hop) -> Observation:
    """A recipient with a source route gets the message like one without."""
    await smtp.deliver(smtp.message(), b"<" + route(smtp) + hop.mailbox() + b">")
    came = await hop.arrival()
    return arrived(came, expected="the message at the next hop")


@scenario("rfc5321/C/own-name-removed", start=At.EHLO, facts=["domains"])
async def own_name_is_not_left_in_the_route(smtp: Client, hop: Hop) -> Observation:
    """A relay that a source route names first does not leave its name in it."""
    await smtp.deliver(smtp.message(), b"<" + route(smtp) + hop.mailbox() + b">")
    path = (await hop.message()).forward_paths[0]
    own = b"@" + smtp.target.domains[0].encode("ascii") + b","
    return holds(own not in path.lower(), expected="its own name taken out", seen=visible(path))


@scenario("rfc5321/4.1.1.3/no-route-into-reverse-path", start=At.EHLO, facts=["domains"])
async def route_does_not_get_into_the_reverse_path(smtp: Client, hop: Hop) -> Observation:
    """No name of a recipient's source route is in the reverse-path at the next hop."""
    sender = hop.mailbox(new_token())
    await smtp.deliver(smtp.message(), b"<" + route(smtp) + hop.mailbox() + b">", reverse_path=b"<%b>" % sender)
    path = (await hop.message()).reverse_path
    return holds(not path.startswith(b"@"), expected=visible(sender), seen=visible(path))


@scenario("rfc5321/4.1.1.3/source-route-stripped", start=At.EHLO, facts=["domains", "mailboxes", "delivery_within"])
async def source_route_to_a_mailbox_is_dropped(smtp: Client, store: Store) -> Observation:
    """A recipient here with a source route gets the message."""
    path = b"<" + route(smtp) + smtp.forward_path[1:]
    await smtp.deliver(smtp.message(), path)
    came = await store.arrival()
    return arrived(came, expected="the message in the mailbox")


@scenario(
    "rfc5321/3.6.1/reverse-path-stays",
    start=At.EHLO,
    null={"mailbox": False, "null": row(True, "rfc5321/4.5.5/null-kept-when-forwarding")},
)
async def reverse_path_is_relayed(null: bool, smtp: Client, hop: Hop) -> Observation:
    """The reverse-path reaches the next hop as MAIL gave it, the null one too."""
    sender = b"" if null else hop.mailbox(new_token())
    await smtp.deliver(smtp.message(), hop.path(), reverse_path=b"<%b>" % sender)
    received = await hop.message()
    return holds(received.reverse_path == sender, expected=f"<{visible(sender)}>", seen=visible(received.reverse_path))


@scenario("rfc5321/4.1.1.2/mail-sets-reverse-path", start=At.EHLO)
async def second_transaction_has_its_own_reverse_path(smtp: Client, hop: Hop) -> Observation:
    """The second message of a session goes out with the second reverse-path."""
    first, second, later = new_token(), new_token(), new_token()
    await smtp.deliver(smtp.message(), hop.path(), reverse_path=hop.path(first))
    await smtp.deliver(smtp.message(token=later), hop.path(later), reverse_path=hop.path(second))
    received = await hop.message(later)
    wanted = hop.mailbox(second)
    return holds(received.reverse_path == wanted, expected=visible(wanted), seen=visible(received.reverse_path))
