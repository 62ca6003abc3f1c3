"""RFC 5321 6.4 - Compensating for Irregularities: a relay changes nothing but its own Received field."""

from __future__ import annotations

from collections.abc import Sequence

from conformance import (
    CRLF,
    At,
    Broken,
    Client,
    Field,
    Held,
    Hop,
    Observation,
    Received,
    Reply,
    fields_named,
    holds,
    row,
    scenario,
    split_message,
    visible,
)

RELAYS = ["mx", "relay"]
# A server may mend what comes from a client that it takes for one of its own (lines 4113-4122), and often takes every
# client on its own machine for one: what is said of header fields holds for a client that it does not trust.
HEADER = "rfc5321/3.6.3/relay-changes-nothing"
CONTENT = "rfc5321/3.6.3/relay-leaves-content-alone"


def octets_of(fields: Sequence[Field]) -> list[bytes]:
    """The fields as they stand."""
    return [field.octets for field in fields]


def unchanged(received: Received, sent: bytes) -> Observation:
    """What we sent is the end of what came."""
    if received.content.endswith(sent):
        return Held("as it was sent")
    there, body = split_message(received.content)
    ours, our_body = split_message(sent)
    lost = [each for each in octets_of(ours) if each not in octets_of(there)]
    if lost:
        return Broken("the header fields as they were sent", f"without {[visible(each, 120) for each in lost]}")
    if body != our_body:
        return Broken(f"the body {visible(our_body or b'', 120)}", visible(body or b"", 120))
    return Broken("the header section as it was sent", [visible(each, 80) for each in octets_of(there)].__str__())


# What a submission server may mend, and a relay must not.

IRREGULAR = {
    "no-message-id": (("Message-ID",), b""),
    "no-date": (("Date",), b""),
    "no-from": row((("From",), b""), HEADER),  # not among the changes of lines 4131-4135
    "no-to": row((("To",), b""), HEADER),
    "date-without-zone": (("Date",), b"Date: Thu, 26 Nov 2026 10:00:00" + CRLF),
    "unqualified-from": (("From",), b"From: <alice>" + CRLF),
    "unqualified-to": (("To",), b"To: alice, bob" + CRLF),
    "unqualified-cc": ((), b"Cc: postmaster" + CRLF),
}
MENDED = ("Message-ID", "Date", "From", "To", "Cc")


@scenario(
    "rfc5321/6.4/relay-changes-nothing", start=At.EHLO, roles=RELAYS, facts=["client_trusted=no"], message=IRREGULAR
)
async def irregular_header_is_relayed(message: tuple[tuple[str, ...], bytes], smtp: Client, hop: Hop) -> Observation:
    """A relay adds no missing field and completes no address; it may refuse the message."""
    without, before = message
    sent = smtp.message(without=without, before=before)
    await smtp.transaction(hop.path())
    outcome = await smtp.data(sent)
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return Held(f"refused as it is: {outcome}")
    received = await hop.message()
    there, ours = split_message(received.content)[0], split_message(sent)[0]
    for name in MENDED:
        new, old = octets_of(fields_named(there, name)), octets_of(fields_named(ours, name))
        if new != old:
            seen = [visible(each, 120) for each in new]
            return Broken(f"{name} as it was sent: {[visible(each, 120) for each in old]}", str(seen))
    return unchanged(received, sent)


# What is in order and stays as it is.

FIELDS = {
    "unknown": b"X-Conformance: one" + CRLF,
    "repeated": b"Comments: one" + CRLF + b"Comments: two" + CRLF,
    "empty": b"Comments:" + CRLF,
    "folded": b"Comments: one" + CRLF + b" two" + CRLF + b"\tthree" + CRLF,
    "trailing-white-space": b"Comments: one \t " + CRLF,
    "odd-case": b"cOMMENTS: one" + CRLF,
    "no-space": b"Comments:one" + CRLF,
    "long": b"Comments: " + b"x" * 900 + CRLF,
    "bcc": b"Bcc: <blind@client.example.test>" + CRLF,
    "resent": b"Resent-From: <one@client.example.test>" + CRLF + b"Resent-To: <two@client.example.test>" + CRLF,
    "list": b"List-Id: <one.client.example.test>" + CRLF,
    "mime": b"MIME-Version: 1.0" + CRLF + b"Content-Type: text/plain; charset=us-ascii" + CRLF,
    "comment-in-address": b"Reply-To: One (two) <three@client.example.test>, four:;" + CRLF,
}


@scenario(HEADER, start=At.EHLO, roles=RELAYS, facts=["client_trusted=no"], fields=FIELDS)
async def header_field_is_relayed(fields: bytes, smtp: Client, hop: Hop) -> Observation:
    """A header field reaches the next hop as it was sent."""
    sent = smtp.message(before=fields)
    await smtp.deliver(sent, hop.path())
    return unchanged(await hop.message(), sent)


LINES = {
    "line-of-998": b"x" * 998 + CRLF,
    "white-space-at-the-end": b"text \t " + CRLF + b" " + CRLF + b"\t" + CRLF,
    "empty-lines-at-the-end": b"text" + CRLF * 4,
    "empty-lines-at-the-beginning": CRLF * 4 + b"text" + CRLF,
    "no-body": b"",
    "from-line": b"From here on" + CRLF + CRLF + b"From there" + CRLF,
    "quoted-printable": b"a=3Db=20" + CRLF + b"soft=" + CRLF + b"break" + CRLF,
    "commands": b"QUIT" + CRLF + b"RSET" + CRLF + b"MAIL FROM:<>" + CRLF,
    "looks-like-a-header": b"Subject: another" + CRLF + CRLF + b"text" + CRLF,
    "many-lines": b"".join(b"line %d" % number + CRLF for number in range(2000)),
}


@scenario(CONTENT, start=At.EHLO, roles=RELAYS, body=LINES)
async def body_is_relayed(body: bytes, smtp: Client, hop: Hop) -> Observation:
    """The body of a message reaches the next hop as it was sent."""
    sent = smtp.message(body=body)
    await smtp.deliver(sent, hop.path())
    return unchanged(await hop.message(), sent)


@scenario(
    CONTENT,
    start=At.EHLO,
    offers=["8BITMIME"],
    roles=RELAYS,
    body={
        "latin-1": b"caf\xe9" + CRLF,
        "utf-8": "caf\u00e9 \u20ac".encode() + CRLF,
        "all": bytes(range(128, 256)) + CRLF,
    },
)
async def eight_bit_body_is_relayed(body: bytes, smtp: Client, hop: Hop) -> Observation:
    """An 8-bit body, declared so, reaches a next hop that takes such as it was sent."""
    mime = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    sent = smtp.message(body=body, before=mime)
    await smtp.deliver(sent, hop.path(), parameters=b" BODY=8BITMIME")
    return unchanged(await hop.message(), sent)


@scenario(
    "rfc5321/2.4/relay-trusts-content",
    start=At.EHLO,
    roles=RELAYS,
    body={
        "unknown-charset": b"Content-Type: text/plain; charset=x-unknown" + CRLF,
        "unknown-type": b"Content-Type: x-conformance/x-unknown; a=b" + CRLF,
        "broken-type": b"Content-Type: text" + CRLF,
        "unknown-encoding": b"Content-Transfer-Encoding: x-unknown" + CRLF,
    },
)
async def content_type_is_not_judged(body: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message whose content the relay can make nothing of is passed on unread."""
    sent = smtp.message(before=b"MIME-Version: 1.0" + CRLF + body)
    await smtp.deliver(sent, hop.path())
    return unchanged(await hop.message(), sent)


@scenario(
    CONTENT,
    start=At.EHLO,
    roles=RELAYS,
    before={"none": b"", "one": b"Return-Path: <old@client.example.test>" + CRLF},
)
async def relay_adds_no_return_path(before: bytes, smtp: Client, hop: Hop) -> Observation:
    """A relay adds no Return-Path field, which is for final delivery (3203-3207): it adds Received (1526-1527)."""
    sent = smtp.message(before=before)
    await smtp.deliver(sent, hop.path())
    there, ours = (
        fields_named(split_message(each)[0], "Return-Path") for each in ((await hop.message()).content, sent)
    )
    seen = [visible(each, 80) for each in octets_of(there)]
    return holds(len(there) <= len(ours), expected=f"no more Return-Path fields than the {len(ours)} sent", seen=seen)


@scenario("rfc5321/7.2/no-apparently-to", start=At.EHLO)
async def no_apparently_to_is_added(smtp: Client, hop: Hop) -> Observation:
    """A message without To, Cc and Bcc gets no Apparently-To field."""
    await smtp.deliver(smtp.message(without=["To"]), hop.path())
    there = fields_named(split_message((await hop.message()).content)[0], "Apparently-To")
    return holds(not there, expected="no Apparently-To", seen=[str(field) for field in there])


@scenario(
    "rfc5321/7.2/recipients-not-in-header",
    start=At.EHLO,
    without={"to": row(()), "no-to": row(("To",))},
)
async def recipients_are_not_copied_into_the_header(without: tuple[str, ...], smtp: Client, hop: Hop) -> Observation:
    """The recipients of the envelope do not all appear in the header section of what goes on."""
    locals_ = (b"first-%b", b"second-%b", b"third-%b")
    sent = smtp.message(without=without)
    await smtp.deliver(sent, *(hop.path(local=local) for local in locals_))
    header = b"".join(octets_of(split_message((await hop.message()).content)[0])).lower()
    named = [visible(local) for local in locals_ if hop.mailbox(local=local).lower() in header]
    return holds(len(named) < len(locals_), expected="not all recipients in the header section", seen=named)


@scenario("rfc5321/7.2/no-deductions", start=At.EHLO)
async def header_addresses_stay(smtp: Client, hop: Hop) -> Observation:
    """To, Cc and From stay as they were, though the envelope has other addresses."""
    sent = smtp.message(before=b"Cc: <somebody@client.example.test>" + CRLF)
    await smtp.deliver(sent, hop.path(), reverse_path=hop.path())
    there, ours = split_message((await hop.message()).content)[0], split_message(sent)[0]
    names = ("From", "To", "Cc")
    good = all(octets_of(fields_named(there, name)) == octets_of(fields_named(ours, name)) for name in names)
    seen = [str(field) for name in names for field in fields_named(there, name)]
    return holds(good, expected="From, To and Cc as they were sent", seen=seen)


@scenario("rfc5321/C/no-routing-by-header", start=At.EHLO, facts=["mailboxes"])
async def header_does_not_route(smtp: Client, hop: Hop) -> Observation:
    """A message goes to the recipient of the envelope, though the header section names another."""
    sent = smtp.message(without=["To"], before=b"To: " + smtp.forward_path + CRLF)
    await smtp.deliver(sent, hop.path())
    received = await hop.message()
    good = [path.lower() for path in received.forward_paths] == [hop.mailbox()]
    return holds(good, expected=visible(hop.mailbox()), seen=[visible(path) for path in received.forward_paths])
