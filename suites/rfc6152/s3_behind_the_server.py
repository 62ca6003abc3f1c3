"""RFC 6152 3 - The 8-bit MIME service extension: what comes out behind the server."""

from __future__ import annotations

from email import message_from_bytes

from conformance import (
    At,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Received,
    Store,
    Unclear,
    accepted,
    holds,
    new_token,
    presume,
    row,
    scenario,
    split_message,
    value_of,
    visible,
)

TEXT = "Grüße aus Köln, 3 € das Stück."
BODY = (TEXT + "\r\n").encode() * 3
FIELDS = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
HIGH = b"".join(bytes([octet]) for octet in range(0x80, 0x100))
ALL_HIGH = HIGH + b"\r\n"
BINARY_FIELDS = FIELDS.replace(b"text/plain; charset=utf-8", b"text/plain; charset=iso-8859-1")
DECLARED = b" BODY=8BITMIME"


async def to_the_bare_hop(smtp: Client, hop: Hop) -> tuple[Received | None, bool]:
    """What came to a next hop without 8BITMIME, and whether the sender was told that nothing would."""
    sender = new_token()
    content = smtp.message(body=BODY, before=FIELDS)
    path = b"<%b>" % hop.bare()
    await smtp.deliver(content, path, reverse_path=hop.path(sender), parameters=DECLARED)
    for transaction in await hop.transactions():
        ours = any(each.forward_path == hop.bare() for each in transaction.recipients)
        if ours and transaction.message is not None:
            return transaction.message, False
    return None, await hop.notification_arrival(sender) is not None


FACTS = ["bare_next_hop"]


@scenario("rfc6152/3/not-to-others", start=At.EHLO, offers=["8BITMIME"], facts=FACTS)
async def no_8_bit_content_without_the_extension(smtp: Client, hop: Hop) -> Observation:
    """A next hop that does not offer 8BITMIME is sent no octet above 127."""
    received, returned = await to_the_bare_hop(smtp, hop)
    if received is None:
        return Held("given back") if returned else Unclear("neither the message nor a notification came")
    return holds(received.data.isascii(), expected="US-ASCII alone", seen=received.data[-200:])


@scenario("rfc6152/3/convert-or-return", start=At.EHLO, offers=["8BITMIME"], facts=["delivery_within", *FACTS])
async def content_is_converted_or_given_back(smtp: Client, hop: Hop) -> Observation:
    """8-bit content for a next hop without 8BITMIME comes there in 7 bits, or goes back to its sender."""
    received, returned = await to_the_bare_hop(smtp, hop)
    if received is None:
        return holds(returned, expected="the message converted, or a notification", seen="neither")
    return holds(received.data.isascii(), expected="US-ASCII alone", seen=received.data[-200:])


@scenario(
    "rfc6152/3/convert-without-loss",
    start=At.EHLO,
    offers=["8BITMIME"],
    facts=FACTS,
    looks={"text": "text", "valid": row("form", "rfc6152/3/convert-to-valid-mime")},
)
async def conversion_is_mime_and_loses_nothing(looks: str, smtp: Client, hop: Hop) -> Observation:
    """8-bit content that comes to a next hop without 8BITMIME is 7-bit MIME for the same text, if it comes at all."""
    received, returned = await to_the_bare_hop(smtp, hop)
    if received is None:
        return Held("given back, not converted") if returned else Unclear("nothing came")
    if not received.data.isascii():
        raise NotReady("next hop", "it was not converted")
    header = split_message(received.content)[0]
    encoding = value_of(header, "Content-Transfer-Encoding").lower()
    if looks == "form":
        good = encoding in {b"base64", b"quoted-printable"} and value_of(header, "MIME-Version") != b""
        return holds(good, expected="base64 or quoted-printable", seen=encoding or "no encoding")
    payload = message_from_bytes(received.content).get_payload(decode=True)
    seen = payload if isinstance(payload, bytes) else b""
    return holds(seen.rstrip() == BODY.rstrip(), expected=visible(BODY, 100), seen=seen[:200])


@scenario(
    "rfc6152/3/client-asks-first",
    start=At.EHLO,
    offers=["8BITMIME"],
    looks={
        "asks-first": "EHLO",
        "behind-the-address": row("behind", "rfc6152/3/body-behind-the-address"),
        "once": row("once", "rfc6152/3/one-body"),
        "truly": row("truly", "rfc6152/3/body-tells-the-content"),
    },
)
async def relay_says_that_it_sends_8_bit_content(looks: str, smtp: Client, hop: Hop) -> Observation:
    """A relay that sends 8-bit content has said EHLO, and BODY=8BITMIME once, behind the reverse-path."""
    await smtp.deliver(smtp.message(body=BODY, before=FIELDS), hop.path(), parameters=DECLARED)
    received = await hop.message()
    presume(holds(not received.data.isascii(), expected="8-bit content", seen="7-bit content"))
    mail = received.transaction.commands[0].octets.strip()
    words = [word.upper() for word in received.parameters.split()]
    bodies = [word for word in words if word.startswith(b"BODY=")]
    match looks:
        case "EHLO":
            return holds(received.transaction.connection.extended, expected="EHLO", seen="no EHLO")
        case "behind":
            return holds(bool(bodies), expected="BODY behind the reverse-path", seen=mail)
        case "once":
            return holds(len(bodies) <= 1, expected="one BODY at most", seen=mail)
        case _:
            return holds(bodies != [b"BODY=7BIT"] and bool(bodies), expected="BODY=8BITMIME", seen=mail)


@scenario("rfc6152/3/preserve-all-bits", start=At.EHLO, offers=["8BITMIME"])
async def stored_content_has_all_bits(smtp: Client, store: Store) -> Observation:
    """Content with every octet above 127 is in the mailbox as it was sent."""
    sent = smtp.message(body=ALL_HIGH, before=BINARY_FIELDS)
    await smtp.deliver(sent, parameters=DECLARED)
    mail = await store.message()
    if HIGH in mail.content:
        return Held("all of them")
    if "8-bit" in mail.loses:
        return Unclear("the store may have lost them")
    return holds(False, expected="octets 128 to 255", seen=mail.content[-200:])


@scenario("rfc6152/3/last-line-end-is-content", start=At.EHLO, offers=["8BITMIME"])
async def last_line_end_is_delivered(smtp: Client, hop: Hop) -> Observation:
    """The CRLF before the final dot comes to the next hop as the end of the last line, and no line more."""
    last = b"\r\nThe last line.\r\n"
    await smtp.deliver(smtp.message(body=BODY + last, before=FIELDS), hop.path(), parameters=DECLARED)
    received = await hop.message()
    return holds(received.content.endswith(last), expected=visible(last), seen=received.content[-60:])


BINARY = b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n"
BITS = bytes(range(256)) + b"\nand an end that is no line's"


@scenario("rfc6152/3/no-binary", start=At.EHLO, offers=["BINARYMIME", "CHUNKING"], facts=["delivery_within"])
async def binary_content_is_not_declared_as_8_bit(smtp: Client, hop: Hop) -> Observation:
    """A binary message for a next hop that takes 8-bit content and no binary one does not go there as 8-bit content."""
    sender = new_token()
    await smtp.transaction(hop.path(), reverse_path=hop.path(sender), parameters=b" BODY=BINARYMIME")
    presume(accepted(await smtp.bdat(smtp.message(body=BITS, before=BINARY), last=True)))
    received = await hop.arrival()
    if received is None:
        told = await hop.notification_arrival(sender)
        return Held("given back") if told is not None else Unclear("neither the message nor a notification came")
    encoding = value_of(split_message(received.content)[0], "Content-Transfer-Encoding").lower()
    declared = b"BODY=8BITMIME" in received.parameters.upper().split()
    seen = f"{visible(encoding) or 'no encoding'}, declared with{visible(received.parameters) or ' nothing'}"
    return holds(not declared or encoding != b"binary", expected="no binary content with BODY=8BITMIME", seen=seen)
