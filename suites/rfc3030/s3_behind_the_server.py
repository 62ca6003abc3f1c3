"""RFC 3030 3 - Framework for the binary service extension: what comes out behind the server."""

from __future__ import annotations

import re
from email import message_from_bytes

from conformance import (
    At,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Received,
    Rule,
    Step,
    Unclear,
    added,
    arrived,
    delivery_report,
    holds,
    new_token,
    row,
    scenario,
    split_message,
    visible,
)

FIELDS = b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n"
BODY = bytes(range(256)) + b"a line end of one octet\nand of the other\rand none"
BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
NO_LINES = re.compile(rb"\0|\r(?!\n)|(?<!\r)\n")
DECLARED = b" BODY=BINARYMIME"
OFFERS = ["BINARYMIME", "CHUNKING"]


async def sent(smtp: Client, path: bytes, sender: bytes) -> bytes:
    """A binary message, taken to its end; what was sent.

    Raises:
        NotReady: it was refused.
    """
    content = smtp.message(body=BODY, before=FIELDS)
    await smtp.transaction(path, reverse_path=sender, parameters=DECLARED)
    outcome = await smtp.bdat(content, last=True)
    if getattr(outcome, "severity", 0) != 2:
        raise NotReady("BDAT", str(outcome))
    return content


async def to_the_usual_hop(smtp: Client, hop: Hop) -> tuple[Received | None, bool]:
    """What came to a next hop without BINARYMIME, and whether the sender was told that nothing would."""
    sender = new_token()
    await sent(smtp, hop.path(), hop.path(sender))
    for transaction in await hop.transactions():
        ours = any(each.forward_path.startswith(hop.token.encode("ascii")) for each in transaction.recipients)
        if ours and transaction.message is not None:
            return transaction.message, False
    return None, await hop.notification_arrival(sender) is not None


@scenario("rfc3030/3/preserve-all-bits", start=At.EHLO, offers=OFFERS, facts=["extended_next_hop"])
async def binary_content_is_passed_on_as_it_was(smtp: Client, hop: Hop) -> Observation:
    """A binary message comes to a next hop with BINARYMIME octet by octet."""
    content = await sent(smtp, b"<%b>" % hop.extended(), hop.path(new_token()))
    received = await hop.message()
    same = added(received, content) is not None
    return holds(same, expected="the same octets behind the trace fields", seen=received.content[-80:])


@scenario("rfc3030/3/body-with-mail", start=At.EHLO, offers=OFFERS, facts=["extended_next_hop"])
async def relay_says_that_it_sends_binary_content(smtp: Client, hop: Hop) -> Observation:
    """A relay that sends a binary message says BODY=BINARYMIME with MAIL."""
    await sent(smtp, b"<%b>" % hop.extended(), hop.path(new_token()))
    received = await hop.message()
    if NO_LINES.search(received.content) is None:
        raise NotReady("next hop", "it was sent no binary data")
    words = received.parameters.upper().split()
    return holds(b"BODY=BINARYMIME" in words, expected="BODY=BINARYMIME", seen=received.parameters)


@scenario("rfc3030/3/no-binary-to-others", start=At.EHLO, offers=OFFERS)
async def no_binary_content_without_the_extension(smtp: Client, hop: Hop) -> Observation:
    """A next hop without BINARYMIME is sent no binary data."""
    received, returned = await to_the_usual_hop(smtp, hop)
    if received is None:
        return Held("given back") if returned else Unclear("neither the message nor a notification came")
    found = NO_LINES.search(received.data)
    return holds(found is None, expected="lines", seen=received.data[-80:])


@scenario("rfc3030/3/convert-or-return", start=At.EHLO, offers=OFFERS, facts=["delivery_within"])
async def content_is_converted_or_given_back(smtp: Client, hop: Hop) -> Observation:
    """A binary message for a next hop without BINARYMIME comes there in lines, or goes back to its sender."""
    received, returned = await to_the_usual_hop(smtp, hop)
    if received is None:
        return holds(returned, expected="the message converted, or a notification", seen="neither")
    return holds(NO_LINES.search(received.data) is None, expected="lines", seen=received.data[-80:])


@scenario(
    "rfc3030/3/convert-without-loss",
    start=At.EHLO,
    offers=OFFERS,
    looks={
        "content": "content",
        "valid": row("form", "rfc3030/3/convert-to-valid-mime"),
        "not-nested": row("nested", "rfc3030/3/no-nested-encodings"),
    },
)
async def conversion_is_mime_and_loses_nothing(looks: str, smtp: Client, hop: Hop) -> Observation:
    """A binary message that comes to a next hop without BINARYMIME is MIME of the same content, if it comes at all."""
    received, returned = await to_the_usual_hop(smtp, hop)
    if received is None:
        return Held("given back, not converted") if returned else Unclear("nothing came")
    if NO_LINES.search(received.data) is not None:
        raise NotReady("next hop", "it was not converted")
    encodings = [
        field.body.strip().lower()
        for field in split_message(received.content)[0]
        if field.name == "content-transfer-encoding"
    ]
    if looks in {"form", "nested"}:
        good = encodings in ([b"base64"], [b"quoted-printable"])
        return holds(good, expected="one encoding", seen=b", ".join(encodings) or "no encoding")
    payload = message_of(received)
    return holds(payload == BODY, expected="the same octets", seen=payload[-80:])


def message_of(received: Received) -> bytes:
    """The content with its encoding taken off."""
    payload = message_from_bytes(received.content).get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


@scenario("rfc3030/3/undeclared-binary-returned", start=At.EHLO, offers=OFFERS, facts=["delivery_within"])
async def undeclared_binary_content_is_given_back(smtp: Client, hop: Hop) -> Observation:
    """A message that says binary of itself, though BODY did not, goes back to its sender in a report."""
    sender = new_token()
    content = smtp.message(before=FIELDS)
    await smtp.deliver(content, hop.path(), reverse_path=hop.path(sender))
    told = await hop.notification_arrival(sender)
    if told is not None and delivery_report(told.content) is None:
        return Unclear("the notification says nothing to programs")
    return arrived(told, expected="a notification", seen="none")


EDGE = b"edge-of-the-parts"
PLAIN = b"A line.\r\n.A line with a dot.\r\n\r\nFrom here to the last line.\r\n"
HTML = b"<p>\r\nA line.\r\n</p>\r\n"
NESTED = b"From: <someone@example.com>\r\nSubject: within\r\n\r\nA line.\r\n"
PARTS = {
    b"text/plain; charset=us-ascii": PLAIN,
    b"text/html; charset=us-ascii": HTML,
    b"message/rfc822": NESTED,
    b"application/octet-stream": BODY,
}


def mixed() -> tuple[bytes, bytes]:
    """Fields and the body of a message of several parts, each in the canonical form of its type."""
    fields = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="%b"\r\n' % EDGE
    parts = [
        b"--%b\r\nContent-Type: %b\r\nContent-Transfer-Encoding: binary\r\n\r\n%b\r\n" % (EDGE, kind, content)
        for kind, content in PARTS.items()
    ]
    return fields + b"Content-Transfer-Encoding: binary\r\n", b"".join(parts) + b"--%b--\r\n" % EDGE


@scenario(
    "rfc3030/3/text-has-crlf",
    start=At.EHLO,
    offers=OFFERS,
    facts=["extended_next_hop"],
    kind={
        "plain-text": row((PLAIN, b"text/plain")),
        "html": row((HTML, b"text/html")),
        "local-form": row((PLAIN, b"text/plain"), "rfc3030/3/reverse-local-form"),
        "message": row((NESTED, b"message/rfc822"), "rfc3030/3/canonical-encoding"),
        "octets": row((BODY, b"application/octet-stream"), "rfc3030/3/canonical-encoding"),
    },
)
async def part_of_a_binary_message_goes_on_in_canonical_form(
    kind: tuple[bytes, bytes], smtp: Client, hop: Hop
) -> Observation:
    """A part of a message that is sent on as BINARYMIME is in the canonical form of its type: text has CRLF."""
    content, type_ = kind
    text = content is not BODY
    received = await _mixed_at_the_hop(smtp, hop)
    begins = received.content.find(type_)
    part = received.content[begins : received.content.find(b"--" + EDGE, begins)] if begins >= 0 else b""
    good = (b"\r\n" in part and BARE.search(part) is None) if text else content in part
    return holds(good, expected="lines that end in CRLF" if text else "the octets as they were", seen=part[-200:])


@scenario("rfc3030/3/well-formed-mime", start=At.EHLO, offers=OFFERS, facts=["extended_next_hop"])
async def binary_message_goes_on_well_formed(smtp: Client, hop: Hop) -> Observation:
    """A message of several parts that is sent on as BINARYMIME has them all, and its last boundary."""
    received = await _mixed_at_the_hop(smtp, hop)
    message = message_from_bytes(received.content)
    kinds = [part.get_content_type() for part in message.get_payload()] if message.is_multipart() else []
    wanted = [kind.partition(b";")[0].decode("ascii") for kind in PARTS]
    good = kinds == wanted and b"--%b--" % EDGE in received.content and not message.defects
    return holds(good, expected=", ".join(wanted), seen=f"{', '.join(map(str, kinds))}; {message.defects}")


async def _mixed_at_the_hop(smtp: Client, hop: Hop) -> Received:
    """The message of several parts at a next hop to which it was sent as BINARYMIME.

    Raises:
        NotReady: it was refused, or did not come so.
    """
    fields, body = mixed()
    await smtp.transaction(b"<%b>" % hop.extended(), reverse_path=hop.path(new_token()), parameters=DECLARED)
    outcome = await smtp.bdat(smtp.message(body=body, before=fields), last=True)
    if getattr(outcome, "severity", 0) != 2:
        raise NotReady("BDAT", str(outcome))
    received = await hop.message()
    if b"BODY=BINARYMIME" not in received.parameters.upper().split():
        raise NotReady("next hop", "it was not sent as BINARYMIME")
    return received


@scenario("rfc3030/3/rset-after-503", start=At.EHLO, offers=OFFERS, facts=["extended_next_hop"])
async def rset_follows_data_for_binary_content(smtp: Client, hop: Hop) -> Observation:
    """Where DATA follows BODY=BINARYMIME and is answered with 503, the transaction is reset before anything else."""
    # BDAT seems to be unknown there once it comes: what tempts to say DATA.
    unknown = (Rule.answer(step, 502, times=1) for step in (Step.BDAT, Step.END_OF_DATA))
    hop.script(hop.token, *unknown, Rule.answer(Step.DATA, 503, times=1))
    await sent(smtp, b"<%b>" % hop.extended(), hop.path(new_token()))
    first = next((each for each in await hop.transactions() if b"BINARYMIME" in each.parameters.upper()), None)
    if first is None:
        raise NotReady("next hop", "it was not sent as BINARYMIME")
    commands = (await hop.ended(first)).commands
    behind = commands[commands.index(first.commands[0]) :]
    shown = ", ".join(f"{visible(each.octets.strip(), 40)}: {visible(each.reply, 12)}" for each in behind)
    verbs = [each.verb for each in behind]
    until_reset = verbs[: verbs.index(b"RSET")] if b"RSET" in verbs else verbs
    if b"DATA" not in until_reset:
        return Held(f"DATA did not follow: {shown}")
    following = verbs[verbs.index(b"DATA") + 1 :]
    return holds(not following or following[0] in {b"RSET", b"QUIT"}, expected="RSET, or the end", seen=shown)


@scenario("rfc3030/3/no-utf-16-text", start=At.EHLO)
async def text_of_its_own_is_not_in_utf_16(smtp: Client, hop: Hop) -> Observation:
    """No part of a notification that is text is in UTF-16."""
    told = message_from_bytes((await hop.notification(await hop.refuses(smtp))).content)
    own = [told] if not told.is_multipart() else [part for part in told.get_payload() if not part.is_multipart()]
    charsets = [str(part.get_content_charset("us-ascii")) for part in own if part.get_content_maintype() == "text"]
    good = not any(charset.startswith("utf-16") for charset in charsets)
    return holds(good, expected="another charset", seen=", ".join(charsets) or "no text")
