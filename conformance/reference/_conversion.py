"""What a relay changes of a message because of what its next hop offers, each choice a decision point."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, replace
from typing import ClassVar

from conformance.reference._decision import Decisions, decision
from conformance.reference._internationalized import extended_path_argument
from conformance.reference._owners import field, required, time_of, without, written
from conformance.reference._parameters import Parameters
from conformance.reference._site import CHECKED_BEHIND
from conformance.reference._soliciting import KEYWORDS, solicitation
from conformance.wire import CRLF

_ENCODING = re.compile(rb"^Content-Transfer-Encoding[ \t]*:[^\r\n]*\r\n", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outward:
    """A message for one next hop: to whom, what, and with which parameters; ``lingered`` seconds it has been here."""

    forward_paths: tuple[bytes, ...]
    content: bytes
    parameters: Parameters
    lingered: float


@dataclass(slots=True, eq=False, weakref_slot=True)
class Conversion:
    """What is done for a next hop with these extensions."""

    BEHIND_THE_REPLY: ClassVar = True

    decisions: Decisions
    offers: frozenset[bytes]

    def converted(self, message: Outward) -> Outward:
        """The message as this next hop is to get it."""
        if message.parameters.of(b"MTRK") is not None:
            message = self.with_time_left(message)
        if required(message.content):
            message = self.field_as_parameter(message)
        if any(keyword == b"RRVS" for _, keyword, _value in message.parameters.of_rcpt):
            message = self.parameter_as_field(message)
        if b"NO-SOLICITING" in self.offers:
            message = replace(message, parameters=_with(message.parameters, b"SOLICIT", self.soliciting(message)))
        if message.parameters.of(b"BURL") is not None and not message.content.isascii():
            message = self.for_seven_bits(message)
        return message

    # RFC 3885.

    def with_time_left(self, message: Outward) -> Outward:
        """The message with MTRK as it goes on."""
        value = message.parameters.of(b"MTRK") or b""
        return replace(message, parameters=_with(message.parameters, b"MTRK", self.tracking(value, message.lingered)))

    @decision
    def tracking(self, value: bytes, lingered: float) -> bytes:
        """MTRK that goes on: its time less the seconds that the message was here; nothing where none is left (§3.1)."""
        certifier, colon, seconds = value.partition(b":")
        if not colon:
            return value
        left = int(seconds) - int(lingered)
        return certifier + b":%d" % left if left > 0 else b""

    # RFC 7293.

    @decision
    def field_as_parameter(self, message: Outward) -> Outward:
        """The header field becomes RRVS where the next hop has that (§6.1)."""
        if b"RRVS" not in self.offers:
            return message
        taken = [
            each
            for each in required(message.content)
            if each.mailbox and each.since and bytes(each.mailbox) in message.forward_paths
        ]
        asked = tuple(
            (bytes(each.mailbox), b"RRVS", written(each.since))
            for each in taken
            if each.mailbox and each.since and message.parameters.at(bytes(each.mailbox), b"RRVS") is None
        )
        parameters = replace(message.parameters, of_rcpt=(*message.parameters.of_rcpt, *asked))
        return replace(message, content=without(message.content, taken), parameters=parameters)

    @decision
    def parameter_as_field(self, message: Outward) -> Outward:
        """RRVS becomes the header field where that is known to count later, and for one recipient only (§4, §6.1)."""
        recipient = message.forward_paths[0]
        since = time_of(message.parameters.at(recipient, b"RRVS") or b"")
        if b"RRVS" in self.offers or since is None or len(message.forward_paths) > 1:
            return message
        if not self.counts_later(recipient):
            return message
        return replace(message, content=field(recipient, since) + message.content)

    @decision
    def counts_later(self, forward_path: bytes) -> bool:
        """Whether a host behind this next hop is known to act on the header field (§6.1)."""
        found = extended_path_argument(b"<" + forward_path + b">")
        return bool(found and found.path.mailbox and found.path.mailbox.domain.lower() in CHECKED_BEHIND)

    # RFC 3865.

    @decision
    def soliciting(self, message: Outward) -> bytes:
        """SOLICIT that goes on: what the Solicitation field says, if that can be read (§2.3, §2.7)."""
        words = re.sub(rb"[ \t]*,[ \t]*", b",", solicitation(message.content))
        return words if KEYWORDS.fullmatch(words) and len(words) < 1000 else b""

    # RFC 4468.

    @decision
    def for_seven_bits(self, message: Outward) -> Outward:
        """What came by BURL is written in ASCII where the next hop takes nothing else (§4)."""
        header, _, body = message.content.partition(CRLF + CRLF)
        if b"8BITMIME" in self.offers or not header.isascii():
            return message
        encoded = binascii.b2a_qp(body.replace(CRLF, b"\n"), istext=True).replace(b"\n", CRLF)
        header = _ENCODING.sub(b"", header + CRLF) + b"Content-Transfer-Encoding: quoted-printable" + CRLF
        return replace(message, content=header + CRLF + encoded)


def _with(parameters: Parameters, keyword: bytes, value: bytes) -> Parameters:
    """With this value of a parameter of MAIL, or without it where the value is nothing."""
    rest = tuple(each for each in parameters.of_mail if each[0] != keyword)
    return replace(parameters, of_mail=(*rest, (keyword, value)) if value else rest)
