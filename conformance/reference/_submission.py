"""What a submission server does with a message before it sends it on: completes it, or refuses it (RFC 6409 §4, §8)."""

from __future__ import annotations

import re
from email.utils import parsedate_tz

from conformance.reference._decision import Decisions, decision, decision_by
from conformance.reference._site import DOMAIN, HOST
from conformance.store import Field, fields_named, split_message
from conformance.wire import CRLF
from conformance.wire.dates import date_time
from conformance.wire.paths import Mailbox, is_address_literal, mailbox

LONGEST_LINE = 998
"""Octets of a line, less its CRLF (RFC 5322 §2.1.1)."""

ORIGINATORS = ("from", "sender", "reply-to")
DESTINATIONS = ("to", "cc")
ONCE = ("from", "sender", "reply-to", "to", "cc", "bcc", "subject", "date", "message-id")
"""The fields of which a message has one at most (RFC 5322 §3.6)."""

_MESSAGE_ID = re.compile(rb"<[^\s<>@]+@(?:[^\s<>@\[\]]+|\[[^\s<>@\[\]]+\])>")
_ZONE = re.compile(r"[0-9]\s+(?:[+-]\d{4}|[A-Za-z]{1,5})\s*(?:\(.*\)\s*)?\Z")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_COMMENT = re.compile(rb"\([^()]*\)")
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"')
_ADDRESS = re.compile(rb"[^\s<>,;:]+")


class Submission:
    """What a submission server adds to a server: each choice is a decision point."""

    def __init__(self, decisions: Decisions) -> None:
        self.decisions = decisions

    # The envelope.

    @decision
    def qualified_mailbox(self, given: Mailbox) -> Mailbox | None:
        """A mailbox with its domain in full, or ``None`` (§4.2): a single label is not completed (RFC 5321 §5.1)."""
        return given if b"." in given.domain or is_address_literal(given.domain) else None

    @decision
    def submitted_local_part(self, given: Mailbox) -> Mailbox:
        """A recipient elsewhere keeps its local-part (§8.8)."""
        return given

    # The message.

    def finished(self, content: bytes, identity: bytes | None) -> tuple[bytes, bytes]:
        """The message as it goes on, and why it is refused, or nothing."""
        content = _LINE_END.sub(CRLF, content)
        fields, body = split_message(content)
        reason = self.improper_message(fields, content) or self.improper_addresses(fields)
        if reason:
            return content, reason
        changed = tuple(self.qualified_field(each) for each in fields)
        if any(each is None for each in changed):
            return content, b"An address in the header is incomplete"
        kept = [each for each in changed if each is not None]
        kept += self.added_sender(fields, identity)
        kept = self.with_date(kept)
        kept = self.with_message_id(kept)
        header = b"".join(each.octets for each in kept)
        return header + (b"" if body is None else CRLF + body), b""

    @decision
    def improper_message(self, fields: tuple[Field, ...], content: bytes) -> bytes:
        """Why this is no message as RFC 5322 has it, and can't be made one; or nothing (§8)."""
        named = {name: len(fields_named(fields, name)) for name in ONCE}
        if named["from"] != 1:
            return b"One From field, please"
        if any(number > 1 for name, number in named.items() if name not in {"date", "message-id"}):
            return b"A field stands there twice"
        if any(not each.name for each in fields):
            return b"A line of the header is no field"
        if any(len(line) > LONGEST_LINE for line in content.split(CRLF)):
            return b"A line is too long"
        return b""

    @decision
    def improper_addresses(self, fields: tuple[Field, ...]) -> bytes:
        """Why the addresses of the header can't be such, or nothing (§5.1)."""
        given = [each for field in fields for each in _addresses(field)]
        whole = all(_is_closed(field) for field in fields if field.name in {*ORIGINATORS, *DESTINATIONS})
        good = whole and all(mailbox(each) for each in given if each.isascii())
        return b"" if good else b"An address in the header is none"

    @decision
    def qualified_field(self, field: Field) -> Field | None:
        """A field with all its domains in full (§4.2); ``None`` where that can't be had."""
        octets = field.octets
        for each in _addresses(field):
            found = mailbox(each)
            whole = self.qualified_mailbox(found) if found else found
            if found and whole is None:
                return None
            octets = octets.replace(each, bytes(whole)) if whole and whole != found else octets
        return Field(octets)

    @decision
    def added_sender(self, fields: tuple[Field, ...], identity: bytes | None) -> list[Field]:
        """A Sender field where it is known who sends, and From does not say so (§8.1)."""
        if identity is None or fields_named(fields, "sender"):
            return []
        address = self.sender_address(identity)
        written = [each.lower() for field in fields_named(fields, "from") for each in _addresses(field)]
        return [] if address.lower() in written else [Field(b"Sender: <%b>" % address + CRLF)]

    @decision
    def sender_address(self, identity: bytes) -> bytes:
        """The mailbox of who has authenticated (§8.1)."""
        return identity if b"@" in identity else identity + b"@" + DOMAIN

    @decision
    def with_date(self, fields: list[Field]) -> list[Field]:
        """The fields with a Date: ours where there is none that is one (§8.2)."""
        good = [each for each in fields_named(fields, "date") if _is_date(each)]
        others = [each for each in fields if each.name != "date"]
        return [*others, *(good[:1] or [Field(b"Date: " + date_time() + CRLF)])]

    @decision
    def with_message_id(self, fields: list[Field]) -> list[Field]:
        """The fields with a Message-ID: ours where there is none that is one (§8.3)."""
        given = fields_named(fields, "message-id")
        good = [each for each in given if _MESSAGE_ID.fullmatch(each.body.strip())]
        others = [each for each in fields if each.name != "message-id"]
        return [*others, *(good[:1] or [Field(b"Message-ID: <%x@%b>" % (id(fields), HOST) + CRLF)])]

    @decision_by(lambda _, verb: verb.decode("ascii", "replace"))
    def seconds_before_reply(self, verb: bytes) -> float:
        """How long a client waits for the reply to a command: not at all, where two minutes are the most (§5.3)."""
        del verb
        return 0.0


def _is_closed(field: Field) -> bool:
    """Whether each bracket of the field has its other."""
    body = _QUOTED.sub(b"", _COMMENT.sub(b"", field.body))
    return body.count(b"<") == body.count(b">")


def _is_date(field: Field) -> bool:
    """Whether it is a date with a time and a zone (RFC 5322 §3.3)."""
    body = field.body.decode("ascii", "replace")
    return parsedate_tz(body) is not None and _ZONE.search(body) is not None


def _addresses(field: Field) -> list[bytes]:
    """The addresses of a field, roughly: words with an at sign, and all that stands in brackets."""
    if field.name not in {*ORIGINATORS, *DESTINATIONS}:
        return []
    body = _COMMENT.sub(b" ", field.body)
    found = re.findall(rb"<([^<>]*)>", body)
    rest = _QUOTED.sub(b" ", re.sub(rb"<[^<>]*>", b" ", body))
    return [*found, *(word for word in _ADDRESS.findall(rest) if b"@" in word)]
