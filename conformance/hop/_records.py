"""What our next hop keeps of the connections it took: every octet as it came, with times."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

import trio

from conformance.hop._authentication import Authentication
from conformance.wire import CRLF, Transcript, unstuff

Protocol = Literal["smtp", "lmtp"]

_TOKEN = re.compile(rb"(?<![0-9a-z])t[0-9a-f]{12}(?![0-9a-z])", re.IGNORECASE)


def tokens_in(octets: bytes) -> tuple[str, ...]:
    """The tokens of scenarios that stand in the octets, each once, in their order, in lower case."""
    return tuple(dict.fromkeys(found.decode("ascii").lower() for found in _TOKEN.findall(octets)))


@dataclass(slots=True)
class Command:
    """One command line, its line end included, and what we answered to it.

    Times are seconds of trio's clock. ``early`` tells that its first octet had come before our reply to what went
    before was sent, ``secured`` that it came under TLS. A line over our bound keeps its beginning; ``full_length``
    counts all of it.
    """

    at: float
    octets: bytes
    early: bool = False
    full_length: int = 0
    reply: bytes = b""
    replied_at: float | None = None
    secured: bool = False
    protected: bool = False

    @property
    def verb(self) -> bytes:
        """The verb in upper case (RFC 5321 §2.4)."""
        return self.octets.removesuffix(CRLF).partition(b" ")[0].upper()

    @property
    def argument(self) -> bytes:
        """What stands behind the verb and a space, as it came."""
        return self.octets.removesuffix(CRLF).partition(b" ")[2]


@dataclass(slots=True)
class Recipient:
    """One RCPT: the forward-path without its brackets, the parameters as they came, and our reply."""

    forward_path: bytes
    parameters: bytes
    reply: bytes = b""

    @property
    def accepted(self) -> bool:
        """Whether our reply was a 2yz."""
        return self.reply.startswith(b"2")


@dataclass(slots=True, eq=False)
class Received:
    """One message that came to its end, whatever we answered.

    ``data`` are the octets behind DATA's CRLF up to and with the final dot and its CRLF, as sent: dots are still
    doubled. With BDAT (``chunked``) they are the chunks, joined. A message over our bound keeps its beginning;
    ``full_length`` counts all of it. ``began`` and ``ended`` are seconds of trio's clock; ``replies`` are our answers
    to the end of data, one in SMTP and one for each accepted recipient in LMTP, filled in as they are sent: a held
    back reply comes later than the message, and no octets stand for none.
    """

    transaction: Transaction
    data: bytes
    began: float
    ended: float
    full_length: int
    chunked: bool = False
    replies: list[bytes] = field(default_factory=list)
    loses: frozenset[str] = frozenset()
    """Nothing is lost here; stores that do lose something say so in the same place."""

    @property
    def complete(self) -> bool:
        """Whether ``data`` is all of it."""
        return len(self.data) == self.full_length

    @property
    def lines(self) -> bytes:
        """The data without the line that ends it, dots still doubled."""
        return self.data.removesuffix(b"." + CRLF) if self.complete and not self.chunked else self.data

    @property
    def content(self) -> bytes:
        """The message: the data less the final line and less the dot that begins a line (RFC 5321 §4.5.2)."""
        return self.data if self.chunked else unstuff(self.lines)

    @property
    def unstuffed_lines(self) -> tuple[bytes, ...]:
        """Lines that begin with a single dot: their sender did not double it (RFC 5321 §4.5.2)."""
        if self.chunked:
            return ()
        return tuple(line for line in self.lines.split(CRLF) if line.startswith(b".") and not line.startswith(b".."))

    @property
    def reverse_path(self) -> bytes:
        """The reverse-path without its brackets; empty for the null reverse-path."""
        return self.transaction.reverse_path

    @property
    def parameters(self) -> bytes:
        """The parameters of MAIL as they came."""
        return self.transaction.parameters

    @property
    def forward_paths(self) -> tuple[bytes, ...]:
        """The forward-paths that we took, without their brackets, in order."""
        return tuple(recipient.forward_path for recipient in self.transaction.recipients if recipient.accepted)


@dataclass(slots=True, eq=False)
class Transaction:
    """What one MAIL opened, up to the end of its data or to what ended it before.

    ``unfinished`` is mail data that never came to an end. ``ended`` is ``None`` while it is under way.
    """

    connection: HopConnection
    began: float
    reverse_path: bytes = b""
    parameters: bytes = b""
    recipients: list[Recipient] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    message: Received | None = None
    unfinished: bytes = b""
    ended: float | None = None
    tokens: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class HopConnection:
    """One connection to our next hop, from its acceptance to its end.

    ``commands`` are all its lines in order, those of other scenarios too where the client uses a connection for
    several messages. ``rest`` is what never became a line; ``leftover`` came in clear behind STARTTLS,
    and ``handshake`` are the first octets behind our 220. ``protected`` tells that a security layer of SASL began;
    ``outside`` are the octets that came then and are none of it, or none of TLS where that is below it. ``end`` says
    who ended it and how; ``over`` is set then.
    ``stuck`` tells that the client took nothing of our replies any more, where windows were small.
    """

    number: int
    transcript: Transcript
    protocol: Protocol
    began: float
    client_name: bytes | None = None
    extended: bool = False
    secured: bool = False
    tls_version: str = ""
    commands: list[Command] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    authentications: list[Authentication] = field(default_factory=list)
    rest: bytes = b""
    leftover: bytes = b""
    handshake: bytes = b""
    protected: bool = False
    outside: bytes = b""
    ended: float | None = None
    end: str = ""
    stuck: bool = False
    over: trio.Event = field(default_factory=trio.Event)

    @property
    def authenticated(self) -> bool:
        """Whether the client has authenticated."""
        return any(each.succeeded for each in self.authentications)

    @property
    def local(self) -> str:
        """Our address, ``host:port``."""
        return self.transcript.local

    @property
    def peer(self) -> str:
        """The client's address, ``host:port``."""
        return self.transcript.peer
