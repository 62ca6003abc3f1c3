"""RFC 5321 4.5.2 - Transparency, as it shows behind the server: dots and control characters go through."""

from __future__ import annotations

import re

from conformance import (
    CRLF,
    At,
    Client,
    Delivered,
    Hop,
    NotReady,
    Observation,
    Store,
    Unclear,
    accepted,
    holds,
    presume,
    row,
    same_body,
    scenario,
    split_message,
    stuff,
    visible,
)

DOTS = {
    "dot": b".",
    "two-dots": b"..",
    "three-dots": b"...",
    "dot-and-text": b".text",
    "dot-space": b". ",
    "many-dots": b"." * 80,
}
CHARACTERS = {
    "tab": b"\t",
    "spaces-at-the-end": b"text   ",
    "tab-at-the-end": b"text\t",
    "vertical-tab": b"a\x0bb",
    "form-feed": b"a\x0cb",
    "bell": b"a\x07b",
    "backspace": b"a\x08b",
    "escape": b"a\x1bb",
    "control-z": b"a\x1ab",
    "delete": b"a\x7fb",
    "all-printable": bytes(range(32, 127)),
}
ORDINARY = {
    "from": b"From here on",
    "998-characters": b"x" * 998,
}


def lines(*given: bytes) -> bytes:
    """A body with ordinary lines about these."""
    return b"".join(line + CRLF for line in (b"before", *given, b"behind"))


@scenario("rfc5321/4.5.2/client-adds-dot", start=At.EHLO, line=DOTS)
async def relay_doubles_dots(line: bytes, smtp: Client, hop: Hop) -> Observation:
    """A line that begins with a dot goes to the next hop with one dot more."""
    sent = smtp.message(body=lines(line))
    await smtp.deliver(sent, hop.path())
    received = await hop.message()
    came = [each.rstrip() for each in received.lines.split(CRLF)]
    return holds((b"." + line).rstrip() in came, expected=visible(b"." + line), seen=visible(received.lines[-200:]))


@scenario("rfc5321/4.5.2/reversible-storage", start=At.EHLO, line={**DOTS, **CHARACTERS, "nul": b"a\0b"})
async def relayed_mail_leaves_as_it_came(line: bytes, smtp: Client, hop: Hop) -> Observation:
    """A line with dots or unusual characters reaches the next hop as it was sent."""
    sent = smtp.message(body=lines(line))
    await smtp.deliver(sent, hop.path())
    received = await hop.message()
    return holds(received.content.endswith(sent), expected=visible(line), seen=visible(received.content[-200:]))


def whole(mail: Delivered, sent: bytes) -> Observation:
    """The body is as it was sent, as far as the store shows."""
    same = same_body(mail, sent)
    if same is None:
        raise NotReady("store", f"it may lose this by itself: {', '.join(sorted(mail.loses))}")
    body = split_message(sent)[1] or b""
    return holds(same, expected=visible(body, 200), seen=visible((split_message(mail.content)[1] or b""), 200))


@scenario("rfc5321/4.5.2/all-characters-delivered", start=At.EHLO, line={**CHARACTERS, **DOTS, **ORDINARY})
async def character_is_delivered(line: bytes, smtp: Client, store: Store) -> Observation:
    """A line with dots or unusual characters reaches the mailbox as it was sent."""
    sent = smtp.message(body=lines(line))
    await smtp.deliver(sent)
    return whole(await store.message(), sent)


MANY_DOTS = {
    "some-lines": lines(b".one", b"..two", b"three", b".", b"....five", b".six"),
    "lines-on-end": lines(*[b"."] * 9, *[b".."] * 9),
    "first-line": b".first" + CRLF + b"second" + CRLF,
    "first-line-is-a-dot": b"." + CRLF + b"second" + CRLF,
    "between-empty-lines": CRLF + b"." + CRLF + CRLF + b".." + CRLF,
    # Lines of many lengths: wherever a server that reads in blocks divides them, a dot stands at a boundary somewhere.
    "fifty-thousand-octets": b"".join(b"." * (number % 4) + b"x" * (number % 61) + CRLF for number in range(1500)),
}


def dotted(body: bytes) -> list[bytes]:
    """The lines that begin with a dot."""
    return [line for line in body.split(CRLF) if line.startswith(b".")]


@scenario("rfc5321/4.5.2/all-characters-delivered", start=At.EHLO, body=MANY_DOTS)
async def body_with_many_dots_is_delivered(body: bytes, smtp: Client, store: Store) -> Observation:
    """A body in which several lines begin with dots reaches the mailbox as it was sent."""
    sent = smtp.message(body=body)
    await smtp.deliver(sent)
    return whole(await store.message(), sent)


@scenario("rfc5321/4.5.2/client-adds-dot", start=At.EHLO, body=MANY_DOTS)
async def body_with_many_dots_is_relayed(body: bytes, smtp: Client, hop: Hop) -> Observation:
    """Of a body with several lines that begin with dots the next hop gets these lines as they were sent."""
    await smtp.deliver(smtp.message(body=body), hop.path())
    sent, came = dotted(body), dotted(split_message((await hop.message()).content)[1] or b"")
    if not came:
        return Unclear("no such line came")
    # Where the message breaks off, that is not for its dots.
    return holds(came == sent[: len(came)], expected=visible(CRLF.join(sent), 200), seen=visible(CRLF.join(came), 200))


@scenario("rfc5321/4.5.2/stuffed-dot-does-not-end", start=At.DATA)
async def dot_that_begins_the_mail_data_goes(smtp: Client, store: Store) -> Observation:
    """The first dot of the very first line of the mail data is deleted, too."""
    name = b".odd-" + smtp.token.encode("ascii")
    await smtp.raw(stuff(smtp.message(before=name + b": a field whose name begins with a dot" + CRLF)) + b"." + CRLF)
    presume(accepted(await smtp.reply()))
    content = (await store.message()).content
    if re.search(rb"(?m)^\.?" + re.escape(name), content) is None:
        return Unclear("the line is not in the message")
    return holds(re.search(rb"(?m)^" + re.escape(name), content) is not None, expected="one dot", seen=b"." + name)


@scenario(
    "rfc5321/4.5.2/stuffed-dot-does-not-end",
    start=At.DATA,
    line={"text": b".text", "space": b". text", "other-dots": b".a.b."},
)
async def dot_that_was_not_doubled_goes(line: bytes, smtp: Client, store: Store) -> Observation:
    """The first of the characters of a line is deleted where it is a dot, whatever follows it."""
    await smtp.raw(smtp.message(body=lines(line)) + b"." + CRLF)
    presume(accepted(await smtp.reply()))
    there = [each.rstrip(b"\r") for each in (await store.message()).content.split(b"\n")]
    if line not in there and line[1:] not in there:
        return Unclear("the line is not in the message")
    return holds(line not in there, expected=visible(line[1:]), seen=visible(line))


LAST_LINES = {
    "text": b"text" + CRLF,
    "empty-line": b"text" + CRLF + CRLF,
    "dot": b"text" + CRLF + b"." + CRLF,
}


@scenario("rfc5321/4.1.1.4/end-keeps-the-last-crlf", start=At.EHLO, body=LAST_LINES)
async def last_line_is_delivered(body: bytes, smtp: Client, store: Store) -> Observation:
    """The last line of a message reaches the mailbox, with no line more."""
    sent = smtp.message(body=body)
    await smtp.deliver(sent)
    return whole(await store.message(), sent)


@scenario("rfc5321/4.1.1.4/end-keeps-the-last-crlf", start=At.EHLO, body=LAST_LINES)
async def last_line_is_relayed(body: bytes, smtp: Client, hop: Hop) -> Observation:
    """The last line of a message reaches the next hop, with its line end and no line more."""
    sent = smtp.message(body=body)
    await smtp.deliver(sent, hop.path())
    received = await hop.message()
    return holds(received.content.endswith(sent), expected=visible(body), seen=visible(received.content[-80:]))


@scenario(
    "rfc5321/4.1.1.4/lines-are-mail-data",
    start=At.EHLO,
    line={"quit": b"QUIT", "rset": b"RSET", "data": b"DATA", "mail": b"MAIL FROM:<>", "bare-dots": row(b"..")},
)
async def command_in_the_data_is_delivered(line: bytes, smtp: Client, store: Store) -> Observation:
    """A line of mail data that looks like a command reaches the mailbox with all others."""
    sent = smtp.message(body=lines(line))
    await smtp.deliver(sent)
    return whole(await store.message(), sent)
