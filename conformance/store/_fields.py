"""Header fields of a message, and what was put before it on its way; octets in, octets out, nothing repaired."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from conformance.store._delivered import BARE_CR, BARE_LF, EIGHT_BIT, FROM_LINES, LINE_ENDS, NUL
from conformance.wire import visible

_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_EMPTY_LINE = re.compile(rb"^\r?\n", re.MULTILINE)
_NAME = re.compile(rb"([\x21-\x39\x3b-\x7e]+)[ \t]*:")
_FROM = re.compile(rb"^>*From ", re.MULTILINE)
_BARE_CR = re.compile(rb"\r(?!\n)")
_ANY_LINE_END = re.compile(rb"\r*\n")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")


class Mail(Protocol):
    """A message that came back to us: from a store, or at our next hop."""

    @property
    def content(self) -> bytes:
        """Its octets."""

    @property
    def loses(self) -> frozenset[str]:
        """What the way back loses."""

    @property
    def complete(self) -> bool:
        """Whether ``content`` is all of it."""


@dataclass(frozen=True, slots=True)
class Field:
    """One header field, folds and line end included; a line that is none has no name (RFC 5322 §2.2)."""

    octets: bytes

    @property
    def name(self) -> str:
        """Its name in lower case: names have no case (RFC 5322 §1.2.2)."""
        match = _NAME.match(self.octets)
        return match[1].decode("ascii").lower() if match else ""

    @property
    def body(self) -> bytes:
        """What stands behind the colon, unfolded (RFC 5322 §2.2.3), without the last line end; not stripped."""
        match = _NAME.match(self.octets)
        body = self.octets[match.end() :] if match else self.octets
        return _FOLD.sub(b"", body.removesuffix(b"\n").removesuffix(b"\r"))

    def __str__(self) -> str:
        return visible(self.octets, 200)


def split_message(octets: bytes) -> tuple[tuple[Field, ...], bytes | None]:
    """The header fields, and the body behind the first empty line; ``None`` where there is no empty line."""
    empty = _EMPTY_LINE.search(octets)
    if empty is None:
        return split_fields(octets), None
    return split_fields(octets[: empty.start()]), octets[empty.end() :]


def split_fields(octets: bytes) -> tuple[Field, ...]:
    """The fields of a header section, lines that begin with white space joined to the one before (RFC 5322 §2.2.3).

    Lines end with CRLF or, as stores have them, with LF. What follows an empty line is no header and left out.
    """
    fields: list[bytes] = []
    for line in _LINE.findall(octets):
        if line in {b"\n", b"\r\n"}:
            break
        if line[:1] in {b" ", b"\t"} and fields:
            fields[-1] += line
        else:
            fields.append(line)
    return tuple(Field(field) for field in fields)


def fields_named(fields: Iterable[Field], name: str) -> tuple[Field, ...]:
    """The fields of this name, in any case, in their order."""
    return tuple(field for field in fields if field.name == name.lower())


def added(mail: Mail | None, sent: bytes) -> tuple[Field, ...] | None:
    """The header fields that were put before what was sent, topmost first.

    ``None`` where there is no mail, where not all of it was kept, or where what was sent is not its end, what the way
    back loses apart: then somebody changed or added within it, and nothing is known about what came before.
    """
    if mail is None or not mail.complete:
        return None
    delivered, end = _comparable(mail.content, mail.loses), _comparable(sent, mail.loses)
    before = delivered[: len(delivered) - len(end)]
    if not delivered.endswith(end) or before[-1:] not in {b"", b"\n"} or _EMPTY_LINE.search(before):
        return None
    return split_fields(mail.content)[: len(split_fields(before))]


def same_body(mail: Mail, sent: bytes) -> bool | None:
    """Whether the body is octet for octet that of what was sent, line ends apart where the way back loses them.

    ``None`` where it can't be told: not all of it was kept, or it differs and what was sent holds something that
    ``mail.loses`` names.
    """
    if not mail.complete:
        return None
    body, sent_body = split_message(mail.content)[1], split_message(sent)[1]
    if body == sent_body:
        return True
    if body is None or sent_body is None:
        return False
    if _at_risk(sent_body, mail.loses):
        return None
    return _comparable(body, mail.loses) == _comparable(sent_body, mail.loses)


def _at_risk(octets: bytes, loses: frozenset[str]) -> bool:
    """Whether the octets hold what the way back loses, the ends of lines apart."""
    inner = octets.replace(b"\r\n", b"")
    return (
        (b"\n" in inner and not loses.isdisjoint({BARE_LF, LINE_ENDS}))
        or (b"\r" in inner and not loses.isdisjoint({BARE_CR, LINE_ENDS}))
        or (b"\0" in inner and NUL in loses)
        or (not inner.isascii() and EIGHT_BIT in loses)
        or (FROM_LINES in loses and _FROM.search(octets) is not None)
    )


def _comparable(octets: bytes, loses: frozenset[str]) -> bytes:
    """The octets in a form in which what the way back loses makes no difference; 8-bit octets stay."""
    if BARE_CR in loses:
        octets = _BARE_CR.sub(b"", octets)
    if NUL in loses:
        octets = octets.replace(b"\0", b"")
    if not loses.isdisjoint({BARE_LF, LINE_ENDS}):
        octets = _ANY_LINE_END.sub(b"\n", octets)
    if FROM_LINES in loses:
        octets = _FROM.sub(b"From ", octets)
    if LINE_ENDS in loses and octets[-1:] not in {b"", b"\n"}:
        octets += b"\n"
    return octets
