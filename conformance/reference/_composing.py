"""What the reference server makes of a message that a local user hands it without an envelope (RFC 5321 appendix B)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import HeaderRegistry
from typing import Any, ClassVar

from conformance.reference._decision import Decisions, decision
from conformance.reference._parameters import Parameters
from conformance.reference._site import DOMAIN, HOST, REQUEST_FIELD
from conformance.reference._submission import LONGEST_LINE, ONCE
from conformance.reference._trace import Accepted
from conformance.store import Field, fields_named, split_message
from conformance.wire import CRLF
from conformance.wire.dates import date_time

DESTINATIONS = ("to", "cc", "bcc")
"""The fields whose addresses become RCPT commands."""

_read = HeaderRegistry()


@dataclass(slots=True, eq=False)
class Composer:
    """Makes envelopes from header fields, each step of appendix B a decision point."""

    BEHIND_THE_REPLY: ClassVar = True

    decisions: Decisions

    def composed(self, message: bytes, identity: bytes, asked_path: bytes = b"") -> Accepted | bytes:
        """The message with the envelope in which it goes on, or why it goes nowhere.

        ``identity`` is the mailbox of the user who hands it over, ``asked_path`` a reverse-path that the user wants.
        """
        fields, body = split_message(message.replace(b"\n", CRLF))
        reason = self.unfit_to_send(fields, body or b"")
        if reason:
            return reason
        recipients = self.recipients_named(fields, body or b"")
        if not recipients:
            return b"No recipient in To, Cc or Bcc"
        own_choice = asked_path if self.may_choose_reverse_path(identity) else b""
        return_path = own_choice or self.return_address(fields, identity)
        asked = self.requests_in(fields, recipients)
        kept = self.with_recipient_field(self.without_blind_copies(self.without_requests(list(fields))))
        kept = self.with_own_sender(self.without_old_sender(kept), identity)
        kept = self.with_origin(kept, identity)
        header = b"".join(each.octets for each in kept)
        content = header + CRLF + (body or b"")
        return Accepted(return_path, recipients, content, client_name=HOST, extended=False, parameters=asked)

    @decision
    def recipients_named(self, fields: Sequence[Field], body: bytes) -> tuple[bytes, ...]:
        """Every address in To, Cc and Bcc, and no other."""
        del body
        found = [each for name in DESTINATIONS for field in fields_named(fields, name) for each in self.named_in(field)]
        return tuple(dict.fromkeys(found))

    @decision
    def named_in(self, field: Field) -> list[bytes]:
        """The addresses of a field, those in groups too, whatever names and comments stand beside them."""
        return addresses(field)

    @decision
    def without_blind_copies(self, fields: list[Field]) -> list[Field]:
        """The fields without any Bcc."""
        return [each for each in fields if each.name != "bcc"]

    @decision
    def with_recipient_field(self, fields: list[Field]) -> list[Field]:
        """The fields, with an empty Bcc where no To, Cc or Bcc is left."""
        return fields if any(each.name in DESTINATIONS for each in fields) else [*fields, Field(b"Bcc:" + CRLF)]

    @decision
    def return_address(self, fields: Sequence[Field], identity: bytes) -> bytes:
        """The reverse-path: the mailbox of the user, whom the system knows."""
        del fields
        return identity

    @decision
    def may_choose_reverse_path(self, identity: bytes) -> bool:
        """Whether this user may have another reverse-path: everybody may."""
        del identity
        return True

    @decision
    def without_old_sender(self, fields: list[Field]) -> list[Field]:
        """The fields without a Sender that the message brought."""
        return [each for each in fields if each.name != "sender"]

    @decision
    def with_own_sender(self, fields: list[Field], identity: bytes) -> list[Field]:
        """The fields, with the user in Sender where From says another."""
        written = [each.lower() for field in fields_named(fields, "from") for each in addresses(field)]
        return (
            fields if not written or written == [identity.lower()] else [*fields, Field(b"Sender: " + identity + CRLF)]
        )

    @decision
    def with_origin(self, fields: list[Field], identity: bytes) -> list[Field]:
        """The fields with the two that every message has, Date and From (RFC 5322 §3.6)."""
        ours = {"date": b"Date: " + date_time(), "from": b"From: " + identity}
        return [*fields, *(Field(line + CRLF) for name, line in ours.items() if not fields_named(fields, name))]

    @decision
    def requests_in(self, fields: Sequence[Field], recipients: tuple[bytes, ...]) -> Parameters:
        """What the header asks for, as parameters of the envelope (RFC 3461 §5.3)."""
        asked = b"SUCCESS,FAILURE" if fields_named(fields, REQUEST_FIELD) else b""
        return Parameters(of_rcpt=tuple((each, b"NOTIFY", asked) for each in recipients if asked))

    @decision
    def without_requests(self, fields: list[Field]) -> list[Field]:
        """The fields without one that has become a parameter (RFC 3461 §5.3)."""
        return [each for each in fields if each.name != REQUEST_FIELD.lower()]

    @decision
    def unfit_to_send(self, fields: Sequence[Field], body: bytes) -> bytes:
        """Why this is no message that may be sent, or nothing: what must not be twice is, or a line is too long."""
        if any(len(fields_named(fields, name)) > 1 for name in ONCE if name != "bcc"):
            return b"A field stands there twice"
        if any(not each.name for each in fields):
            return b"A line of the header is no field"
        lines = b"".join([*(each.octets for each in fields), body]).split(CRLF)
        return b"A line is too long" if any(len(line) > LONGEST_LINE for line in lines) else b""


def addresses(field: Field) -> list[bytes]:
    """The addresses of a field (RFC 5322 §3.4), a name without a domain being one of ours."""
    read: Any = _read("to", field.body.decode("utf-8", "surrogateescape").strip())
    found = [(each.addr_spec, each.domain) for each in read.addresses if each.username]
    return [
        (spec if domain else f"{spec}@{DOMAIN.decode()}").encode("utf-8", "surrogateescape") for spec, domain in found
    ]
