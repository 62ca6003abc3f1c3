"""RFC 5321 B - Generating SMTP Commands from RFC 822 Header Fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from conformance import (
    CRLF,
    At,
    Field,
    Held,
    Hop,
    Observation,
    Received,
    Store,
    Submit,
    fields_named,
    holds,
    new_token,
    presume,
    row,
    scenario,
    split_message,
    took,
    visible,
)

RECIPIENT_FIELDS = ("to", "cc", "bcc")

QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Named:
    """Header fields, %1, %2 and %3 in them being mailboxes at our next hop, and what their local-parts look like."""

    fields: tuple[bytes, ...]
    locals: tuple[bytes, ...] = (b"one.%b", b"two.%b", b"three.%b")

    def placed(self, hop: Hop, token: str | None = None) -> tuple[list[bytes], bytes]:
        """The mailboxes that are named, which have the token, and the fields with them."""
        text = CRLF.join(self.fields)
        mailboxes = []
        for number, local in enumerate(self.locals, 1):
            if b"%%%d" % number in text:
                mailboxes.append(hop.mailbox(token, local))
                text = text.replace(b"%%%d" % number, mailboxes[-1])
        return mailboxes, text


def named(*fields: bytes) -> Named:
    """Fields that name plain mailboxes."""
    return Named(fields)


async def takes_a_plain_message(submit: Submit, hop: Hop) -> None:
    """A message with one plain address, in To and in Cc, comes: so what follows is not for want of a way."""
    token = new_token()
    mailbox = hop.mailbox(token, b"one.%b")
    await submit.message(submit.content(b"To: " + mailbox, b"Cc: " + mailbox, token=token))
    await hop.message_for(mailbox, token)


def unquoted(mailbox: bytes) -> bytes:
    """A mailbox in the form in which all quoted forms of it are equal (RFC 5321 4.1.2)."""
    local, _, domain = mailbox.rpartition(b"@")
    if local[:1] == b'"' == local[-1:]:
        local = QUOTED_PAIR.sub(rb"\\1", local[1:-1])
    return local + b"@" + domain.lower()


async def have_copies(wanted: Sequence[bytes], hop: Hop, token: str | None = None) -> list[bytes]:
    """Those of the mailboxes to which the target has tried to send, in as many transactions as it likes."""
    seen = 0
    while True:
        found = await hop.transactions(token, at_least=seen + 1)
        paths = {unquoted(to.forward_path) for transaction in found for to in transaction.recipients}
        reached = [each for each in wanted if unquoted(each) in paths]
        if len(reached) == len(wanted) or len(found) <= seen:
            return reached
        seen = len(found)


async def reaches_all(given: Named, submit: Submit, hop: Hop, token: str | None = None) -> Observation:
    """Held where every mailbox in the fields gets an RCPT, in one transaction or in several."""
    wanted, fields = given.placed(hop, token)
    expected = f"RCPT for {', '.join(visible(each) for each in wanted)}"
    done = await submit.tried(submit.content(fields, token=token))
    reached = await have_copies(wanted, hop, token)
    seen = ", ".join(map(visible, reached)) or "no RCPT"
    return holds(reached == wanted, expected=expected, seen=seen if done.succeeded else f"{seen}; {done}")


@scenario(
    "rfc5321/B/rcpt-from-fields",
    start=At.EHLO,
    facts=["delivery_within"],
    given={
        "to": named(b"To: %1"),
        "cc": named(b"Cc: %1"),
        "bcc": named(b"Bcc: %1"),
        "each": named(b"To: %1", b"Cc: %2", b"Bcc: %3"),
        "several-in-one": named(b"To: %1, %2,%3"),
        "several-in-bcc": named(b"Bcc: %1, %2, %3"),
        "folded": named(b"To: %1,\r\n %2,\r\n\t%3"),
        "folded-at-once": named(b"To:\r\n %1"),
        "names-in-small-letters": named(b"to: %1", b"cc: %2", b"bcc: %3"),
        "in-brackets": named(b"To: <%1>, Somebody Else <%2>"),
        "name-with-a-comma": named(b'To: "Else, Somebody" <%1>, %2'),
        "name-with-a-semicolon": named(b'To: "here; there" <%1>, %2'),
        "name-with-a-quote": named(b'To: "a \\"b\\", c" <%1>, %2'),
        "comment-with-a-comma": named(b"To: %1 (here, there), %2"),
        "comments-in-comments": named(b"To: (a (b) c) %1, %2 (d (e, f) g)"),
        "comment-in-the-brackets": named(b"To: Somebody <%1 (at home)>, %2"),
        "encoded-name": named(b"To: =?utf-8?q?J=C3=BCrgen=2C_too?= <%1>, %2"),
        "quoted-local-part": Named((b"To: %1, Somebody <%2>",), (b'"one two.%b"', b'"three, four.%b"')),
        "twice": named(b"To: %1, %2", b"Cc: %1"),
    },
)
async def every_address_becomes_a_recipient(given: Named, submit: Submit, hop: Hop) -> Observation:
    """Every address in To, Cc and Bcc gets a copy."""
    await takes_a_plain_message(submit, hop)
    return await reaches_all(given, submit, hop)


GROUPS = {
    "group": (named(b"To: friends: %1, %2;"), named(b"To: %1, %2")),
    "group-of-one": (named(b"To: friends: %1;"), named(b"To: %1")),
    "in-cc": (named(b"Cc: friends: %1, %2;"), named(b"Cc: %1, %2")),
    "in-bcc": (named(b"Bcc: friends: %1, %2;"), named(b"Bcc: %1, %2")),
    "beside-others": (named(b"To: %1, friends: %2;, %3"), named(b"To: %1, %2, %3")),
    "with-names": (
        named(b'To: friends: Somebody <%1>, "Else, Somebody" <%2>;'),
        named(b'To: Somebody <%1>, "Else, Somebody" <%2>'),
    ),
    "two-groups": (named(b"To: friends: %1;, foes: %2;"), named(b"To: %1, %2")),
    "quoted-name": (named(b'To: "friends: all; of them": %1, %2;'), named(b"To: %1, %2")),
    "folded": (named(b"To: friends:\r\n %1,\r\n %2;"), named(b"To: %1,\r\n %2")),
    "empty-one-beside": row(
        (named(b"To: undisclosed-recipients:;", b"Bcc: %1"), named(b"Bcc: %1")), "rfc5321/B/rcpt-from-fields"
    ),
    "empty-one-before": row((named(b"To: nobody:;, %1"), named(b"To: %1")), "rfc5321/B/rcpt-from-fields"),
}
"""Fields with groups, and the same addresses without."""


@scenario("rfc5321/B/rcpt-from-groups", start=At.EHLO, facts=["delivery_within"], given=GROUPS)
async def every_member_of_a_group_becomes_a_recipient(
    given: tuple[Named, Named], submit: Submit, hop: Hop
) -> Observation:
    """The addresses in a group get a copy each, as they do without it."""
    in_group, by_themselves = given
    presume(await reaches_all(by_themselves, submit, hop, new_token()))
    return await reaches_all(in_group, submit, hop)


@scenario(
    "rfc5321/B/envelope-from-header",
    start=At.EHLO,
    facts=["delivery_within"],
    field={
        "from": b"From: %o",
        "reply-to": b"Reply-To: %o",
        "comments": b"Comments: %o",
        "in-reply-to": b"In-Reply-To: <%o>",
        "name-with-to-in-it": b"X-To: %o",
        "folded-into-a-line-like-to": b"Comments: words\r\n To: %o",
        "comment": b"Cc: %m (%o)",
        "comment-before": b"Cc: (%o) %m",
        "display-name": b'Cc: "%o" <%m>',
        "group-name": b'Cc: "%o": %m;',
        "body": b"\r\nTo: %o",
    },
)
async def nobody_else_becomes_a_recipient(field: bytes, submit: Submit, hop: Hop) -> Observation:
    """An address that is not one of To, Cc and Bcc gets no copy."""
    other, later = new_token(), new_token()
    written = field.replace(b"%o", hop.mailbox(other)).replace(b"%m", hop.mailbox(local=b"cc.%b"))
    ours = field.startswith(b"From")
    await submit.message(submit.content(b"To: " + hop.mailbox(), written, without="From" if ours else ""))
    await hop.message()
    await submit.message(submit.content(b"To: " + hop.mailbox(later), token=later))
    return await hop.none(other, after=later)


def header(content: bytes) -> tuple[Field, ...]:
    """The fields of a message that came."""
    return split_message(content)[0]


def without_bcc(content: bytes, *, alone: bool = False) -> Observation:
    """No Bcc field is left, but for the empty one of a message in which there was neither To nor Cc."""
    left = fields_named(header(content), "bcc")
    good = alone and len(left) == 1 and not left[0].body.strip()
    return holds(good or not left, expected="no Bcc field", seen=b"".join(field.octets for field in left) or "none")


BLIND = {
    "beside-to": (b"To: %v", b"Bcc: %b"),
    "alone": (b"Bcc: %b",),
    "before-to": (b"Bcc: %b", b"To: %v"),
    "in-small-letters": (b"To: %v", b"bcc: %b"),
    "in-large-letters": (b"To: %v", b"BCC: %b"),
    "folded": (b"To: %v", b"Bcc: Somebody\r\n <%b>,\r\n %a"),
    "group": (b"To: %v", b"Bcc: friends: %b, %a;"),
    "two": (b"To: %v", b"Bcc: %b", b"Bcc: %a"),
    "empty": (b"To: %v, %b", b"Bcc:"),
}


def written(lines: tuple[bytes, ...], visible_one: bytes, blind: bytes, another: bytes) -> list[bytes]:
    """The fields with these mailboxes in the place of %v, %b and %a."""
    return [line.replace(b"%v", visible_one).replace(b"%b", blind).replace(b"%a", another) for line in lines]


@scenario("rfc5321/B/bcc-removed", start=At.EHLO, lines=BLIND)
async def bcc_is_taken_out(lines: tuple[bytes, ...], submit: Submit, hop: Hop) -> Observation:
    """What goes to the next hop has no Bcc field."""
    seen, blind, another = (hop.mailbox(local=local) for local in (b"seen.%b", b"blind.%b", b"another.%b"))
    await submit.message(submit.content(*written(lines, seen, blind, another)))
    return without_bcc((await hop.message_for(blind)).content, alone=len(lines) == 1)


@scenario("rfc5321/B/bcc-removed", start=At.EHLO, facts=["mailboxes"])
async def bcc_is_taken_out_of_delivered_mail(submit: Submit, store: Store) -> Observation:
    """What is delivered here has no Bcc field either."""
    mailboxes = [each.encode("ascii") for each in submit.target.mailboxes]
    await submit.message(submit.content(b"To: " + mailboxes[0], b"Bcc: " + mailboxes[-1]))
    return without_bcc((await store.message()).content)


@scenario(
    "rfc5321/B/recipient-field-left",
    start=At.EHLO,
    field={
        "bcc-alone": b"Bcc: %m",
        "group-in-bcc": b"Bcc: friends: %m;",
    },
)
async def field_for_recipients_is_left(field: bytes, submit: Submit, hop: Hop) -> Observation:
    """A To, Cc or Bcc field is there when the message goes."""
    came = await sent_with(field, submit, hop)
    names = [each.name for each in header(came.content)]
    return holds(any(name in RECIPIENT_FIELDS for name in names), expected="a To, Cc or Bcc field", seen=names)


async def sent_with(field: bytes, submit: Submit, hop: Hop) -> Received:
    """What came of a message with this field, ``%m`` being a mailbox at our next hop."""
    await submit.message(submit.content(field.replace(b"%m", hop.mailbox())))
    return await hop.message()


@scenario("rfc5321/B/empty-bcc-added", start=At.EHLO)
async def empty_bcc_is_put_where_no_field_is_left(submit: Submit, hop: Hop) -> Observation:
    """A message whose recipients all stood in Bcc goes with an empty Bcc field."""
    came = await sent_with(b"Bcc: %m", submit, hop)
    fields = [field for name in RECIPIENT_FIELDS for field in fields_named(header(came.content), name)]
    good = any(field.name == "bcc" and not field.body.strip() for field in fields)
    seen = b"".join(field.octets for field in fields) or "none of the three"
    return holds(good, expected="an empty Bcc field", seen=seen)


def is_the_user(mailbox: bytes, submit: Submit) -> bool:
    """Whether it is the mailbox of the user who submitted, at any of the target's domains."""
    local, _, domain = submit.user.rpartition(b"@")
    domains = {domain.lower(), *(each.lower().encode("ascii") for each in submit.target.domains)}
    at = mailbox.rpartition(b"@")
    return at[0] == local and at[2].lower() in domains


@scenario(
    "rfc5321/B/reverse-path-from-identity",
    start=At.EHLO,
    facts=["submit.user", "sender"],
    lines={
        "user-in-from": (b"From: %u",),
        "another-in-from": (b"From: Somebody Else <%o>",),
        "another-in-sender": (b"From: %u", b"Sender: %o"),
        "another-in-reply-to": (b"From: %u", b"Reply-To: %o"),
        "another-before-the-user": (b"From: %o, %u", b"Sender: %o"),
        "another-behind-the-user": (b"From: %u, %o", b"Sender: %u"),
        "no-from": (),
    },
)
async def reverse_path_is_the_user(lines: tuple[bytes, ...], submit: Submit, hop: Hop) -> Observation:
    """The reverse-path is the mailbox of who submits, whoever stands in the header."""
    came = await sent_from(lines, submit, hop)
    return holds(is_the_user(came.reverse_path, submit), expected=visible(submit.user), seen=came.reverse_path or "<>")


@scenario(
    "rfc5321/B/override", start=At.EHLO, facts=["submit.user", "submit.return_path_option", "sender", "delivery_within"]
)
async def user_may_choose_the_reverse_path(submit: Submit, hop: Hop) -> Observation:
    """A reverse-path that the user asks for is taken, or not heeded, or the message is refused."""
    await takes_a_plain_message(submit, hop)
    done = await submit.tried(submit.content(b"To: " + hop.mailbox()), reverse_path=stranger(submit))
    if not done.succeeded:
        return took("refused", done)
    came = await hop.message()
    return took("taken" if came.reverse_path == stranger(submit) else "not heeded", came.reverse_path)


def stranger(submit: Submit) -> bytes:
    """A mailbox that is not the user's."""
    return (submit.target.sender or "").encode("ascii")


async def sent_from(lines: tuple[bytes, ...], submit: Submit, hop: Hop) -> Received:
    """What came of a message with these fields, ``%u`` being the user and ``%o`` somebody else."""
    named_there = [line.replace(b"%u", submit.user).replace(b"%o", stranger(submit)) for line in lines]
    await submit.message(submit.content(b"To: " + hop.mailbox(), *named_there, without="From"))
    return await hop.message()


MAILBOX = re.compile(rb"<([^<>]*)>|([^\s<>(),:;\"]+@[^\s<>(),:;\"]+)")


def in_sender(came: Received) -> list[bytes]:
    """The mailboxes in the Sender fields of a message."""
    found = (MAILBOX.findall(field.body) for field in fields_named(header(came.content), "sender"))
    return [one or other for each in found for one, other in each]


@scenario(
    "rfc5321/B/identity-as-sender",
    start=At.EHLO,
    facts=["submit.user", "sender"],
    lines={
        "another-in-from": (b"From: %o",),
        "another-with-a-name": (b'From: "Else, Somebody" <%o>',),
        "another-in-sender-too": (b"From: %o", b"Sender: %o"),
    },
)
async def user_stands_in_sender(lines: tuple[bytes, ...], submit: Submit, hop: Hop) -> Observation:
    """Where From says another, the user who submits stands in a Sender field."""
    came = await sent_from(lines, submit, hop)
    found = in_sender(came)
    good = any(is_the_user(each, submit) for each in found)
    return holds(good, expected=f"Sender: {visible(submit.user)}", seen=[visible(each) for each in found])


@scenario(
    "rfc5321/B/old-sender-removed",
    start=At.EHLO,
    facts=["submit.user", "sender"],
    lines={
        "user-in-from": (b"From: %u", b"Sender: %o"),
        "another-in-from": (b"From: %o", b"Sender: %o"),
        "in-small-letters": (b"From: %u", b"sender: %o"),
        "folded": (b"From: %u", b"Sender: Somebody\r\n <%o>"),
    },
)
async def old_sender_is_taken_out(lines: tuple[bytes, ...], submit: Submit, hop: Hop) -> Observation:
    """A Sender field that the message brought is not in what goes on."""
    came = await sent_from(lines, submit, hop)
    found = in_sender(came)
    good = stranger(submit).lower() not in [each.lower() for each in found]
    return holds(good, expected="no Sender field of the message's own", seen=[visible(each) for each in found])


def has_once(name: str) -> Callable[[bytes], Observation]:
    """Makes a check that a field is there once."""

    def check(content: bytes) -> Observation:
        found = fields_named(header(content), name)
        return holds(len(found) == 1, expected=f"one {name.capitalize()} field", seen=f"{len(found)} of them")

    return check


LONGEST_LINE = 998
"""Octets of a line of a message, its end apart (RFC 5322 §2.1.1)."""


def has_no_line_too_long(content: bytes) -> Observation:
    """No line is longer than a message may have."""
    longest = max(len(line) for line in content.split(CRLF))
    return holds(longest <= LONGEST_LINE, expected=f"lines of {LONGEST_LINE} octets at most", seen=f"one of {longest}")


@dataclass(frozen=True, slots=True)
class Invalid:
    """What is wrong with a message, and how it is seen that it no longer is."""

    without: str = ""
    fields: tuple[bytes, ...] = ()
    body: bytes = b""
    check: Callable[[bytes], Observation] = has_no_line_too_long


@scenario(
    "rfc5321/B/valid-message",
    start=At.EHLO,
    facts=["delivery_within"],
    invalid={
        "no-date": Invalid(without="Date", check=has_once("date")),
        "no-from": Invalid(without="From", check=has_once("from")),
        "two-dates": Invalid(fields=(b"Date: Thu, 01 Jan 1998 00:00:00 +0000",), check=has_once("date")),
        "two-from-fields": Invalid(fields=(b"From: <somebody@client.example.test>",), check=has_once("from")),
        "line-too-long": Invalid(body=b"x" * (LONGEST_LINE + 1), check=has_no_line_too_long),
    },
)
async def what_is_sent_is_valid(invalid: Invalid, submit: Submit, hop: Hop) -> Observation:
    """A message that is not valid is made so, or is not sent."""
    await takes_a_plain_message(submit, hop)
    content = submit.content(b"To: " + hop.mailbox(), *invalid.fields, without=invalid.without, body=invalid.body)
    done = await submit.tried(content)
    came = await hop.arrival()
    if came is None and not done.succeeded:
        return Held(f"not taken: {done}")
    if came is None:
        await takes_a_plain_message(submit, hop)
        came = await hop.arrival(within=submit.target.delivery_within)
    return invalid.check(came.content) if came else Held("taken, and not sent, though a later message was")
