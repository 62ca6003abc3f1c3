"""Who has owned a mailbox since when, and the header field that asks for it (RFC 7293)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime

from conformance.reference._answer import Answer, answer
from conformance.reference._decision import Decisions, decision
from conformance.reference._internationalized import extended_path_argument
from conformance.reference._parameters import Parameters
from conformance.reference._site import CONFIRMED, OWNED_SINCE, Site, unquoted
from conformance.wire import CRLF
from conformance.wire.paths import Mailbox

NAME = b"Require-Recipient-Valid-Since"
ROLES = frozenset({b"postmaster", b"abuse", b"hostmaster", b"webmaster"})
"""Mailboxes of whoever has the duty, which change hands without harm (RFC 2142)."""

_FIELD = re.compile(rb"^" + NAME + rb"[ \t]*:((?:[^\r\n]|\r\n[ \t])*)\r\n", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Required:
    """One such field: its octets, and what they say where they can be read."""

    octets: bytes
    mailbox: Mailbox | None
    since: datetime | None


def required(content: bytes) -> tuple[Required, ...]:
    """The fields of this name in the header section."""
    header = content.partition(CRLF + CRLF)[0] + CRLF
    return tuple(_read(found[0], found[1]) for found in _FIELD.finditer(header))


def _read(octets: bytes, body: bytes) -> Required:
    address, _, date = body.replace(CRLF, b"").rpartition(b";")
    found = extended_path_argument(b"<" + address.strip() + b">")
    try:
        since = parsedate_to_datetime(date.strip().decode("ascii"))
    except (ValueError, UnicodeDecodeError):
        return Required(octets, None, None)
    return Required(octets, found.path.mailbox if found else None, since if since.tzinfo else None)


def without(content: bytes, fields: Collection[Required]) -> bytes:
    """The content less these fields of its header."""
    header, end, body = content.partition(CRLF + CRLF)
    header += CRLF
    for each in fields:
        header = header.replace(each.octets, b"", 1)
    return header.removesuffix(CRLF) + end + body


def field(mailbox: bytes, since: datetime) -> bytes:
    """The field that asks for this (RFC 7293 §3.2)."""
    return NAME + b": %b;" % mailbox + CRLF + b" " + format_datetime(since).encode("ascii") + CRLF


def time_of(parameter: bytes) -> datetime | None:
    """The date and time of RRVS, whatever is to be done without support for it; ``None`` where it is none."""
    try:
        found = datetime.fromisoformat(parameter.partition(b";")[0].upper().decode("ascii"))
    except ValueError:
        return None
    return found if found.tzinfo else None


def written(since: datetime) -> bytes:
    """A date and time as RRVS has it, without fractions of a second."""
    return since.replace(microsecond=0).isoformat().encode("ascii")


@dataclass(slots=True, eq=False, weakref_slot=True)
class Ownership:
    """What a site does with RRVS and with the header field in its place."""

    site: Site
    decisions: Decisions

    @decision
    def has_changed_hands(self, local: bytes, since: datetime) -> bool:
        """Whether the mailbox was another's then: never one of a role, nor one that has had one owner (§5.1, §9)."""
        name = unquoted(local)
        owned = OWNED_SINCE.get(name)
        return name.lower() not in ROLES and owned is not None and since < datetime.fromisoformat(owned)

    def refuse_rcpt(self, mailbox: Mailbox, parameters: dict[bytes, bytes]) -> Answer | None:
        """The refusal of a recipient with RRVS whose mailbox is another's now, or ``None``."""
        since = time_of(parameters.get(b"RRVS", b""))
        if since is None or not self.site.is_local(mailbox.domain):
            return None
        return self.refuse_owner(b"RCPT") if self.has_changed_hands(mailbox.local, since) else None

    @decision
    def refuse_message(self, content: bytes, forward_paths: list[bytes], asked: Collection[bytes]) -> Answer | None:
        """The refusal of a message for a field of its header, or ``None``; ``asked`` are those who have RRVS."""
        for each in self.to_be_checked(content, forward_paths, asked):
            assert each.mailbox is not None
            assert each.since is not None
            if self.has_changed_hands(each.mailbox.local, each.since):
                return self.refuse_owner(b"DATA")
        return None

    @decision
    def to_be_checked(
        self, content: bytes, forward_paths: list[bytes], asked: Collection[bytes]
    ) -> tuple[Required, ...]:
        """The fields that count: those that can be read, of recipients here who came without RRVS (§5.2)."""
        count = set(forward_paths) - set(asked)
        return tuple(
            each
            for each in required(content)
            if each.mailbox and each.since and bytes(each.mailbox) in count and self.site.is_local(each.mailbox.domain)
        )

    @decision
    def refuse_owner(self, verb: bytes) -> Answer | None:
        """The refusal for a mailbox that is another's now (§5.1, §15.3)."""
        del verb
        return answer(550, b"The mailbox is another's now", status=b"5.7.17")

    @decision
    def without_required(self, content: bytes) -> bytes:
        """What goes into a mailbox: none of these fields (§5.2)."""
        return without(content, required(content))

    @decision
    def along_alias(self, name: bytes, since: bytes) -> bytes:
        """RRVS for the one address behind an alias: the later time of two, or none where we know none (§8.2)."""
        confirmed, asked = CONFIRMED.get(name), time_of(since)
        if confirmed is None or asked is None:
            return b""
        _, semicolon, action = since.partition(b";")
        return written(max(asked, datetime.fromisoformat(confirmed))) + semicolon + action

    def behind_alias(self, parameters: Parameters, name: bytes, members: tuple[bytes, ...]) -> Parameters:
        """The parameters with RRVS as it is for those behind the alias: of several nobody is known."""
        kept: list[tuple[bytes, bytes, bytes]] = []
        for path, keyword, value in parameters.of_rcpt:
            if keyword != b"RRVS" or path not in members:
                kept.append((path, keyword, value))
            elif len(members) == 1 and (later := self.along_alias(name, value)):
                kept.append((path, keyword, later))
        return Parameters(parameters.of_mail, tuple(kept))
