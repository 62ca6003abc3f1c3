"""Trace information of the reference server: Received at every hop, Return-path at the final one (RFC 5321 §4.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import ClassVar

from conformance.reference._decision import Decisions, decision
from conformance.reference._internationalized import in_u_labels
from conformance.reference._parameters import Parameters
from conformance.reference._site import HOST
from conformance.wire import CRLF
from conformance.wire.dates import date_time

MAX_RECEIVED = 100
"""Received fields that a message may bring before it counts as caught in a loop (RFC 5321 §6.3)."""

_RETURN_PATH = re.compile(rb"\A((?:[^\r\n]+\r\n)*?)Return-Path:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", re.IGNORECASE)
_RECEIVED = re.compile(rb"^Received[ \t]*:", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that the server took, the envelope as it came, and what is known of the client it came from.

    ``peer`` is the client's IP address, ``certified`` the name on its certificate, ``user`` who authenticated;
    ``suite`` is the cipher suite of TLS by its registered name; ``eight_bit`` says that MAIL declared BODY=8BITMIME.
    """

    reverse_path: bytes
    forward_paths: tuple[bytes, ...]
    content: bytes
    client_name: bytes
    peer: bytes = b"127.0.0.1"
    extended: bool = True
    secured: bool = False
    suite: bytes = b""
    authenticated: bool = False
    certified: str = ""
    user: bytes | None = None
    eight_bit: bool = False
    parameters: Parameters = field(default_factory=Parameters)
    number: int = 0

    @property
    def header(self) -> bytes:
        """The header section, less the empty line behind it."""
        return self.content.partition(CRLF + CRLF)[0] + CRLF


class Trace:
    """Writes the fields that a server adds on the way, each part of them a decision point."""

    BEHIND_THE_REPLY: ClassVar = True

    def __init__(self, decisions: Decisions) -> None:
        self.decisions = decisions

    @decision
    def with_trace(self, accepted: Accepted, content: bytes) -> bytes:
        """The content with our Received before all that was there, which stays as it is."""
        return self.received(accepted) + content

    @decision
    def received(self, accepted: Accepted) -> bytes:
        """The Received field, folded before each clause but the first (§4.4)."""
        clauses = [
            self.from_clause(accepted),
            self.by_clause(),
            self.with_clause(accepted),
            self.id_clause(accepted),
            self.for_clause(accepted),
            self.priority_clause(accepted),
            self.tls_clause(accepted),
        ]
        said = (CRLF + b" ").join(clause for clause in clauses if clause)
        return b"Received: " + said + b";" + CRLF + b" " + self.time_stamp() + CRLF

    @decision
    def from_clause(self, accepted: Accepted) -> bytes:
        """FROM: the name of EHLO, and the address of the connection (§4.4)."""
        return b"from %b (%b)" % (self.name_in_trace(accepted, accepted.client_name), self.address_of(accepted))

    @decision
    def name_in_trace(self, accepted: Accepted, domain: bytes) -> bytes:
        """A domain in U-labels where the message came with SMTPUTF8, as it is where not (RFC 6531 §3.7.3)."""
        return in_u_labels(domain) if accepted.parameters.of(b"SMTPUTF8") is not None else domain

    @decision
    def address_of(self, accepted: Accepted) -> bytes:
        """The client's address as TCP knows it, as a literal (§4.4)."""
        return b"[IPv6:%b]" % accepted.peer if b":" in accepted.peer else b"[%b]" % accepted.peer

    @decision
    def by_clause(self) -> bytes:
        """BY: our own name (§4.4)."""
        return b"by " + HOST

    @decision
    def with_clause(self, accepted: Accepted) -> bytes:
        """WITH: the protocol by which it came (§4.4, RFC 3848), with S under TLS and A after AUTH."""
        if not accepted.extended:
            return b"with SMTP"
        utf8 = accepted.parameters.of(b"SMTPUTF8") is not None  # RFC 6531 §4.3
        kind = b"UTF8SMTP" if utf8 else b"ESMTP"
        return b"with " + kind + (b"S" if accepted.secured else b"") + (b"A" if accepted.authenticated else b"")

    @decision
    def priority_clause(self, accepted: Accepted) -> bytes:
        """PRIORITY: what MAIL asked for (RFC 6710 §4.1)."""
        priority = accepted.parameters.of(b"MT-PRIORITY")
        return b"PRIORITY " + priority if priority else b""

    @decision
    def tls_clause(self, accepted: Accepted) -> bytes:
        """TLS: the cipher suite by its registered name (RFC 8314 §4.3)."""
        return b"tls " + accepted.suite if accepted.suite else b""

    @decision
    def id_clause(self, accepted: Accepted) -> bytes:
        """ID: our number for the message (§4.4)."""
        return b"id %d" % accepted.number

    @decision
    def for_clause(self, accepted: Accepted) -> bytes:
        """FOR: the recipient, where there is one only (§4.4, §7.6)."""
        if len(accepted.forward_paths) != 1:
            return b""
        local, at, domain = accepted.forward_paths[0].rpartition(b"@")
        return b"for <%b%b%b>" % (local, at, self.name_in_trace(accepted, domain))

    @decision
    def time_stamp(self) -> bytes:
        """The time, with a numeric offset and four digits of year (§4.4)."""
        return date_time()

    def deliver_by(self, seconds: int | None) -> bytes:
        """The date in so many seconds, as far as a date can be told (RFC 2852 §5); nothing for no seconds."""
        if seconds is None:
            return b""
        return date_time(seconds)

    @decision
    def is_looping(self, content: bytes) -> bool:
        """Whether the message has come by too many servers (§6.3)."""
        return len(_RECEIVED.findall(content.partition(CRLF + CRLF)[0])) >= MAX_RECEIVED

    @decision
    def finally_delivered(self, reverse_path: bytes, content: bytes) -> bytes:
        """The content with one Return-path before it; those that it brought go (§4.4)."""
        while found := _RETURN_PATH.match(content):
            content = found[1] + content[found.end() :]
        return self.return_path(reverse_path) + content

    @decision
    def return_path(self, reverse_path: bytes) -> bytes:
        """The Return-path field: the reverse-path as MAIL had it (§4.4)."""
        return b"Return-Path: <%b>" % reverse_path + CRLF
