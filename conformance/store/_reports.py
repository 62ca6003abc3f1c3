"""Delivery status notifications as they came: the fields for programs, and what comes back (RFC 3464, RFC 6522)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_bytes

from conformance.store._fields import Field, fields_named, split_fields, split_message

_COMMENT = re.compile(rb"\((?:[^()\\]|\\.)*\)")
_EMPTY_LINES = re.compile(rb"(?:\r?\n){2,}")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart message: its header, and its octets as they stand."""

    header: tuple[Field, ...]
    body: bytes

    @property
    def type(self) -> str:
        """The media type in small letters; that of text where none is given (RFC 2045 §5.2)."""
        return message_from_bytes(b"".join(field.octets for field in self.header)).get_content_type()


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A notification with a part for programs; ``message`` are its fields of the message, ``recipients`` the groups."""

    header: tuple[Field, ...]
    parts: tuple[Part, ...]
    status: Part
    message: tuple[Field, ...]
    recipients: tuple[tuple[Field, ...], ...]

    @property
    def returned(self) -> Part | None:
        """What comes back of the message: the part behind the one for programs."""
        behind = self.parts[self.parts.index(self.status) + 1 :]
        return behind[0] if behind else None

    def about(self, mailbox: bytes) -> tuple[Field, ...] | None:
        """The group whose Final-Recipient is this mailbox, cases of letters apart, or ``None``."""
        for group in self.recipients:
            if typed_value(value_of(group, "Final-Recipient"))[1].lower() == mailbox.lower():
                return group
        return None

    @property
    def actions(self) -> tuple[str, ...]:
        """The action of each group that has one, in small letters, in their order."""
        said = [without_comments(value_of(group, "Action")) for group in self.recipients]
        return tuple(action.decode("latin-1").lower() for action in said if action)


def delivery_report(content: bytes) -> DeliveryReport | None:
    """What a notification says to programs, or ``None`` where it says nothing to them."""
    header, body = split_message(content)
    parts = _parts(header, body or b"")
    status = next((part for part in parts if part.type in STATUS_TYPES), None)
    if status is None:
        return None
    groups = [split_fields(group) for group in _EMPTY_LINES.split(status.body.strip(b"\r\n")) if group]
    return DeliveryReport(header, parts, status, groups[0] if groups else (), tuple(groups[1:]))


STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
"""The second one is for internationalized mail (RFC 6533 §4)."""


def _parts(header: Iterable[Field], body: bytes) -> tuple[Part, ...]:
    message = message_from_bytes(b"".join(field.octets for field in header))
    boundary = message.get_boundary()
    if message.get_content_maintype() != "multipart" or not boundary:
        return ()
    line = re.compile(
        rb"(?:\A|\r?\n)--" + re.escape(boundary.encode("latin-1", "replace")) + rb"(--)?[ \t]*(?:\r?\n|\Z)"
    )
    found: list[Part] = []
    opened = line.search(body)
    while opened is not None and opened[1] is None:
        # The line end behind a boundary may be the one before the next.
        begin = opened.end()
        closed = line.search(body, begin - (body[begin - 2 : begin] == b"\r\n") - (body[begin - 1 : begin] == b"\n"))
        octets = body[begin : closed.start()] if closed else body[begin:]
        fields, inner = split_message(octets)
        found.append(Part(fields, inner or b""))
        opened = closed
    return tuple(found)


def value_of(fields: Iterable[Field], name: str) -> bytes:
    """The value of the first field of this name, white space at its ends apart; nothing where there is none."""
    named = fields_named(fields, name)
    return named[0].body.strip() if named else b""


def without_comments(value: bytes) -> bytes:
    """A value without its comments (RFC 3464 §2.1.1)."""
    return _COMMENT.sub(b"", value).strip()


def typed_value(value: bytes) -> tuple[str, bytes]:
    """The type of a value in small letters, and what stands behind the semicolon (RFC 3464 §2.1.2)."""
    kind, _, rest = value.partition(b";")
    return kind.strip().decode("latin-1").lower(), rest.strip()
