"""RFC 6531 3.2 - The SMTPUTF8 Extension: what comes out behind the server."""

from __future__ import annotations

from collections.abc import Sequence

from conformance import (
    At,
    Client,
    Held,
    Hop,
    Names,
    NotReady,
    Observation,
    Reply,
    Rule,
    Step,
    Transaction,
    Unclear,
    arrived,
    delivery_report,
    holds,
    new_token,
    row,
    scenario,
    split_message,
    took,
    visible,
)

FIELD = "X-Gruss: Grüße aus Köln\r\n".encode()
DECLARED = b" SMTPUTF8"
LOCAL = "grüße-".encode() + b"%b"

WHAT = {
    "header": "header",
    "local-part": "local-part",
}


async def sent(what: str, smtp: Client, hop: Hop) -> tuple[str, Reply | None]:
    """An internationalized message for the next hop without SMTPUTF8: the sender's token, and a refusal of it.

    Raises:
        NotReady: it was refused for another reason, or only for now.
    """
    sender = new_token()
    path = hop.path(local=LOCAL) if what == "local-part" else hop.path()
    # What is told about it can need the extension too: the sender is where it is offered.
    outcomes = [await smtp.mail(b"<%b>" % hop.extended(sender), DECLARED)]
    outcomes.append(await smtp.rcpt(path))
    if isinstance(outcomes[-1], Reply) and outcomes[-1].severity == 2:
        outcomes.append(await smtp.data(smtp.message(before=FIELD)))
    last = outcomes[-1]
    if isinstance(last, Reply) and last.severity == 5:
        return sender, last
    if not (isinstance(last, Reply) and last.severity == 2):
        raise NotReady("mail", str(last))
    return sender, None


async def ours(hop: Hop, sender: str) -> Sequence[Transaction]:
    """The attempts to send the message on, once they or a notification have come."""
    seen = await hop.transactions()
    return [each for each in seen if each.reverse_path.startswith(sender.encode("ascii"))]


def is_ascii(tried: Sequence[Transaction], *, of_commands: bool = False) -> Observation:
    """Held where the header sections, or else the commands, of these attempts are in US-ASCII."""
    commands = b"".join(command.octets for each in tried for command in each.commands)
    header = b"".join(
        field.octets for each in tried if each.message is not None for field in split_message(each.message.content)[0]
    )
    seen = commands if of_commands else header
    return holds(seen.isascii(), expected="US-ASCII alone", seen=visible(seen, 300))


# These are asked alone: over a connection that it keeps open for several messages Postfix sends such a one on, which it
# does by chance where mail of other scenarios goes out; the one that brings that about is about it.


@scenario(
    "rfc6531/3.2/no-message-without-offer",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    facts=["extended_next_hop"],
    alone=True,
    what={
        "header": row("header"),
        "local-part": row("local-part", "rfc6531/3.2/no-address-without-offer"),
    },
)
async def nothing_internationalized_without_the_offer(what: str, smtp: Client, hop: Hop) -> Observation:
    """A next hop that does not offer SMTPUTF8 is given no address and no header field outside ASCII."""
    sender, refusal = await sent(what, smtp, hop)
    if refusal is not None:
        return Held(f"refused: {refusal}")
    tried = await ours(hop, sender)
    if not tried:
        return Held("not sent on")
    return is_ascii(tried, of_commands=what == "local-part")


BACKLOG, BEHIND = 40, 5
"""Messages for one next hop at once, enough for servers that keep connections open to do so, and what comes behind."""


@scenario(
    "rfc6531/3.2/no-message-without-offer",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    facts=["extended_next_hop"],
    alone=True,
)
async def nothing_internationalized_over_an_open_connection(smtp: Client, hop: Hop) -> Observation:
    """A next hop that does not offer SMTPUTF8 is given no such header field behind dozens of other messages either."""
    tokens = [new_token() for _ in range(BACKLOG)]
    for token in tokens:
        hop.script(hop.mailbox(token), Rule.late(Step.RCPT, 0.2, times=1))
        await smtp.deliver(smtp.message(token=token), hop.path(token))
    senders: list[bytes] = []
    for _ in range(BEHIND):
        sender, refusal = await sent("header", smtp, hop)
        if refusal is not None:
            return Held(f"refused: {refusal}")
        senders.append(sender.encode("ascii"))
    seen = await hop.transactions(at_least=BEHIND)
    tried = [each for each in seen if each.reverse_path.startswith(tuple(senders))]
    for token in tokens:  # what comes next is not to find a connection that is open still
        for before in await hop.transactions(token):
            await hop.ended(before)
    return is_ascii(tried) if tried else Held("not sent on")


@scenario(
    "rfc6531/3.2/else-reject",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    facts=["delivery_within", "extended_next_hop"],
    alone=True,
    what=WHAT,
)
async def what_can_not_be_sent_on_is_rejected(what: str, smtp: Client, hop: Hop) -> Observation:
    """An internationalized message for a next hop without SMTPUTF8 is refused, or its sender told; or it is ASCII.

    It may also be kept and tried again (322-325), so silence says something only where the target soon gives up.
    """
    sender, refusal = await sent(what, smtp, hop)
    if refusal is not None:
        return Held(f"refused: {refusal}")
    gives_up = smtp.target.gives_up_within
    within = None if gives_up is None else gives_up + (smtp.target.delivery_within or 0.0)
    told = await hop.notification_arrival(sender, within=within)
    if told is not None:
        return Held("a notification came")
    tried = await ours(hop, sender)
    came = [each.message for each in tried if each.message is not None]
    if came and all(split_message(each.content)[0] and each.data.isascii() for each in came):
        return Held("it was made ASCII")
    if gives_up is None and not came:
        return Unclear(f"no notification; it may be tried again ({len(tried)} attempts)")
    return holds(False, expected="a refusal or a notification", seen=f"{len(tried)} attempts, no notification")


@scenario(
    "rfc6531/3.2/notification-conforms", start=At.EHLO, offers=["SMTPUTF8"], facts=["extended_next_hop"], alone=True
)
async def notification_of_it_is_a_report(smtp: Client, hop: Hop) -> Observation:
    """The notification about it comes from nobody and has fields for programs with a group for the recipient."""
    sender, refusal = await sent("header", smtp, hop)
    if refusal is not None:
        return Held(f"refused, not told: {refusal}")
    told = await hop.notification_arrival(sender)
    if told is None:
        return Unclear("no notification came")
    found = delivery_report(told.content)
    good = told.reverse_path == b"" and found is not None and bool(found.recipients)
    return holds(good, expected="a report from nobody", seen=told.content[:300])


@scenario("rfc6531/3.4/client-supplies-parameter", start=At.EHLO, offers=["SMTPUTF8"], facts=["extended_next_hop"])
async def parameter_is_passed_on(smtp: Client, hop: Hop) -> Observation:
    """A next hop that offers SMTPUTF8 is given the parameter with an internationalized message."""
    await smtp.deliver(smtp.message(before=FIELD), b"<%b>" % hop.extended(), parameters=DECLARED)
    received = await hop.message()
    if FIELD.strip() not in received.content:
        raise NotReady("next hop", "the message was changed")
    words = received.parameters.upper().split()
    return holds(b"SMTPUTF8" in words, expected="SMTPUTF8", seen=received.parameters)


@scenario("rfc6531/3.4/client-supplies-parameter", start=At.EHLO, offers=["SMTPUTF8"], facts=["extended_next_hop"])
async def address_is_passed_on(smtp: Client, hop: Hop) -> Observation:
    """A next hop that offers SMTPUTF8 is given the parameter, and the recipient outside ASCII as it came."""
    path = b"<%b>" % hop.extended(local=LOCAL)
    await smtp.deliver(smtp.message(), path, parameters=DECLARED)
    received = await hop.message()
    good = b"SMTPUTF8" in received.parameters.upper().split() and hop.extended(local=LOCAL) in received.forward_paths
    seen = [*received.forward_paths, received.parameters]
    return holds(good, expected=f"SMTPUTF8 and {visible(path)}", seen=seen)


@scenario("rfc6531/3.4/not-when-not-needed", start=At.EHLO, offers=["SMTPUTF8"], facts=["extended_next_hop"])
async def parameter_is_not_added(smtp: Client, hop: Hop) -> Observation:
    """A message that came without the parameter and is all ASCII goes on without it."""
    await smtp.deliver(smtp.message(), b"<%b>" % hop.extended())
    received = await hop.message()
    words = received.parameters.upper().split()
    return holds(b"SMTPUTF8" not in words, expected="no SMTPUTF8", seen=received.parameters)


@scenario("rfc6531/3.2/ascii-unchanged", start=At.EHLO, offers=["SMTPUTF8"], facts=["delivery_within"])
async def ascii_message_with_the_parameter_goes_on(smtp: Client, hop: Hop) -> Observation:
    """A message that came with the parameter and is all ASCII goes to a next hop without the extension."""
    await smtp.deliver(smtp.message(), hop.path(), parameters=DECLARED)
    came = await hop.arrival()
    return arrived(came, expected="the message at the next hop")


@scenario(
    "rfc6531/3.2/msa-may-transform",
    roles=["submission"],
    start=At.EHLO,
    offers=["SMTPUTF8"],
    facts=["delivery_within", "extended_next_hop"],
)
async def submission_server_may_make_it_ascii(smtp: Client, hop: Hop) -> Observation:
    """An internationalized message for a next hop without SMTPUTF8 is made ASCII by a submission server, or not."""
    sender, refusal = await sent("header", smtp, hop)
    if refusal is not None:
        return took("refuses it", refusal)
    if await hop.notification_arrival(sender) is not None:
        return took("gives it back")
    came = [each.message for each in await ours(hop, sender) if each.message is not None]
    if not came:
        return Unclear("neither the message nor a notification came")
    if not all(each.data.isascii() for each in came):
        return Unclear(f"it went on as it was: {visible(came[0].data, 200)}")
    return took("makes it ASCII", visible(came[0].data, 200))


@scenario(
    "rfc6531/3.2/client-may-send-utf-8",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    facts=["delivery_within", "extended_next_hop"],
    what={
        "local-part": row("local-part"),
        "header": row("header", "rfc6531/3.2/client-may-send-headers"),
    },
)
async def what_is_internationalized_may_go_on(what: str, smtp: Client, hop: Hop) -> Observation:
    """An address, or a header, in UTF-8 goes on to a next hop with the extension, is changed, or goes back."""
    path = b"<%b>" % (hop.extended(local=LOCAL) if what == "local-part" else hop.extended())
    await smtp.deliver(smtp.message(before=FIELD if what == "header" else b""), path, parameters=DECLARED)
    received = await hop.arrival()
    if received is None:
        return took("does not send it on")
    octets = received.content if what == "header" else b" ".join(received.forward_paths)
    return took("sends ASCII" if octets.isascii() else "sends it in UTF-8", visible(octets, 200))


LABELS = {"u-label": "bücher", "a-label": "xn--bcher-kva"}


@scenario(
    "rfc6531/3.2/client-may-send-either-label",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    facts=["extended_next_hop"],
    label=LABELS,
)
async def domain_may_go_on_in_either_form(label: str, smtp: Client, hop: Hop) -> Observation:
    """The domain of a sender goes on in U-labels or in A-labels, as it came or not."""
    reverse_path = f"<sender@{label}.{smtp.helo_name.decode('ascii')}>".encode()
    await smtp.deliver(smtp.message(), b"<%b>" % hop.extended(), reverse_path=reverse_path, parameters=DECLARED)
    received = await hop.message()
    return took("in A-labels" if received.reverse_path.isascii() else "in U-labels", received.reverse_path.decode())


OFFERS = (b"PIPELINING", b"8BITMIME", b"SIZE", b"SMTPUTF8")


# Alone: what is offered changes for all that goes to this exchanger meanwhile.
@scenario(
    "rfc6531/3.2/may-requeue",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    facts=["delivery_within", "dns_domains"],
    alone=True,
)
async def it_may_wait_or_go_to_who_has_the_extension(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """What the best exchanger can't take goes to a worse one with SMTPUTF8, waits, or goes back."""
    best, other = dns.exchangers[0], dns.exchangers[-1]
    for preference, address in ((10, best), (20, other)):
        host = dns.name(f"host{preference}")
        dns.add(f"{dns.name()}. MX {preference} {host}.\n{host}. A {address}\n")
    sender = new_token()
    path = b"<recipient@%b>" % dns.name().encode("ascii")
    hop.server.script(other, Rule.offer(*OFFERS))
    try:
        await smtp.deliver(smtp.message(before=FIELD), path, reverse_path=hop.path(sender), parameters=DECLARED)
        received = await hop.arrival()
    finally:
        hop.server.unscript(other)
    if received is not None:
        there = received.transaction.connection.local.rpartition(":")[0]
        return took("goes to the best" if there == best else "goes to who has the extension", there)
    returned = await hop.notification_arrival(sender)
    return took("waits" if returned is None else "goes back")
