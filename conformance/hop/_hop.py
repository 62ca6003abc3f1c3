"""Our own next hop: an SMTP and LMTP server that writes down what comes and does what a scenario tells it."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass, field

import trio

from conformance.hop._certificates import Authority
from conformance.hop._ledger import Ledger
from conformance.hop._records import HopConnection, Protocol, Received, Transaction
from conformance.hop._rules import Rule, Script
from conformance.hop._session import HopSession, LayerOffer, Manner, with_small_domain
from conformance.hop._windows import small_windows
from conformance.wire import Transcript

USUAL_OFFERS = (b"PIPELINING", b"8BITMIME", b"SIZE")
LEAST_BY = 240
"""The shortest time in seconds that our next hop with all extensions says it can deliver by (RFC 2852 §2)."""

ALL_OFFERS = (
    *USUAL_OFFERS,
    b"DSN",
    b"CHUNKING",
    b"BINARYMIME",
    b"SMTPUTF8",
    b"DELIVERBY %d" % LEAST_BY,
    b"MT-PRIORITY",
    b"RRVS",
    b"MTRK",
    b"NO-SOLICITING",
)
"""What our next hop can take without doing more than writing it down."""

BARE_SIZE = 32768
"""The largest message that our next hop without extensions says it takes, in octets."""

BARE_OFFERS = (b"SIZE %d" % BARE_SIZE,)
ACCOUNT_OFFERS = (*USUAL_OFFERS, b"AUTH PLAIN LOGIN CRAM-MD5")
"""What our next hop offers to a relay that authenticates there."""

MESSAGE_BOUND = 1 << 20
IDLE_SECONDS = 600.0
"""How long a client may say nothing; RFC 5321 §4.5.3.2.7 asks a server for five minutes at least."""

BACKLOG = 512


class HopError(Exception):
    """The next hop can't listen; the text is one line that says where and why."""


@dataclass(slots=True, eq=False)
class Listening:
    """One open port of the next hop; ``address`` is its ``host:port``, by which rules find it."""

    address: str
    host: str
    port: int
    _scope: trio.CancelScope
    _stopped: trio.Event

    async def close(self) -> None:
        """Close the port: new connections are refused, sessions under way go on."""
        self._scope.cancel()
        await self._stopped.wait()


@dataclass(slots=True, eq=False)
class NextHop:
    """A server that takes all mail, keeps it as it came, and answers otherwise where a rule says so.

    One next hop serves many scenarios at once. A transaction belongs to the tokens that stand in its MAIL, its RCPTs
    or its message; ``messages`` and its like find it by them. Rules are kept by key, and the most particular key
    that has one for the step wins: the recipient's address, a token, the recipient's domain, our own address
    (``host:port``, then ``host``), ``EVERYONE``. What comes before MAIL names no scenario: to act on the connection,
    the greeting or EHLO for one scenario only, give it a port or an address of its own.

    Sessions run in ``nursery``. ``tls`` is the server's side of TLS: with it STARTTLS is offered. Of each message
    ``message_bound`` octets are kept. ``forget`` frees what a scenario left.
    """

    nursery: trio.Nursery
    name: bytes = b"hop.example.test"
    tls: ssl.SSLContext | None = None
    offers: tuple[bytes, ...] = USUAL_OFFERS
    offers_at: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    """What is offered at a ``host:port`` of ours, where that differs."""
    offers_under_tls_at: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    """What is offered there under TLS, where that differs from what is in clear."""
    tls_at: dict[str, ssl.SSLContext] = field(default_factory=dict)
    """The server's side of TLS at a ``host:port`` of ours, where that differs."""
    tls_first_at: set[str] = field(default_factory=set)
    """The ``host:port`` of ours at which TLS begins with the first octet (RFC 8314 §3.3)."""
    layer_at: dict[str, LayerOffer] = field(default_factory=dict)
    """The security layer that DIGEST-MD5 brings at a ``host:port`` of ours, where it does."""
    recipients_at_most: dict[str, int] = field(default_factory=dict)
    """As many as a transaction at a ``host:port`` of ours has, where there is a limit."""
    narrows: Callable[[], AbstractContextManager[None]] = small_windows
    """What gives connections small windows."""
    is_narrow: bool = False
    authority: Authority | None = None
    """Who signs certificates for us that the target trusts."""
    message_bound: int = MESSAGE_BOUND
    idle: float = IDLE_SECONDS
    _script: Script = field(default_factory=Script)
    _ledger: Ledger = field(default_factory=Ledger)
    ports: list[Listening] = field(default_factory=list)
    """What is open now."""
    _number: int = 0

    # Connections in.

    async def listen(
        self, host: str = "127.0.0.1", port: int = 0, *, protocol: Protocol = "smtp", implicit_tls: bool = False
    ) -> Listening:
        """Open a port; ``host`` is an address, port 0 any free one.

        Raises:
            HopError: the address is none, or the port can't be had.
        """
        if implicit_tls and self.tls is None:
            raise HopError(f"{host}:{port}: implicit TLS needs a certificate, and the next hop has none")
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            raise HopError(f"{host}: our next hop listens at an address, not at a name; write 127.0.0.1") from None
        family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        listener = trio.socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            await listener.bind((host, port))
            listener.listen(BACKLOG)
        except (OSError, OverflowError) as error:
            listener.close()
            reason = error.strerror if isinstance(error, OSError) else "no port number"
            raise HopError(f"our next hop can't listen at {_ends(host, port)}: {reason}") from error
        bound = listener.getsockname()[1]
        listening = Listening(_ends(host, bound), host, bound, trio.CancelScope(), trio.Event())
        self.ports.append(listening)
        self.nursery.start_soon(self._accept, trio.SocketListener(listener), listening, protocol, implicit_tls)
        return listening

    async def _accept(
        self, listener: trio.SocketListener, listening: Listening, protocol: Protocol, implicit_tls: bool
    ) -> None:
        async def session(stream: trio.SocketStream) -> None:
            await self.serve(stream, protocol=protocol, implicit_tls=implicit_tls)

        try:
            with listening._scope:  # noqa: SLF001 - a Listening is ours
                await trio.serve_listeners(session, [listener], handler_nursery=self.nursery)
        finally:
            listener.socket.close()
            self.ports.remove(listening)
            listening._stopped.set()  # noqa: SLF001 - as above

    async def serve(
        self,
        stream: trio.abc.Stream,
        *,
        protocol: Protocol = "smtp",
        implicit_tls: bool = False,
        local: str = "",
        peer: str = "",
    ) -> None:
        """Serve one client over any stream to its end; the addresses are those of the stream where it has any."""
        if isinstance(stream, trio.SocketStream):
            local = local or _ends(*stream.socket.getsockname()[:2])
            peer = peer or _peer(stream)
        self._number += 1
        transcript = Transcript(trio.current_time, role="hop", number=self._number, local=local, peer=peer)
        connection = HopConnection(self._number, transcript, protocol, trio.current_time())
        self._ledger.recent.append(connection)
        offers, tls = self.offers_at.get(local, self.offers), self.tls_at.get(local, self.tls)
        under_tls = self.offers_under_tls_at.get(local, offers)
        at_most = self.recipients_at_most.get(local)
        layer = self.layer_at.get(local)
        manner = Manner(
            self.name, offers, tls, self.message_bound, self.idle, under_tls, at_most, layer, narrow=self.is_narrow
        )
        session = HopSession(stream, connection, manner, self._script, self._ledger)
        await session.serve(implicit_tls=implicit_tls or local in self.tls_first_at)

    @asynccontextmanager
    async def narrow(self, place: str) -> AsyncIterator[None]:
        """Have small windows for the connections that begin within the block, and look whether one gets stuck.

        The ``host:port`` of ours is opened anew, as sockets have the room that there was when they were made.

        Raises:
            HopError: it can't be done here.
        """
        try:
            with ExitStack() as stack:
                try:
                    stack.enter_context(self.narrows())
                except OSError as error:
                    raise HopError(f"windows of TCP can't be made small here: {error.strerror}") from error
                self.is_narrow = True
                stack.callback(setattr, self, "is_narrow", False)
                await self._open_anew(place)
                yield
        finally:
            with trio.CancelScope(shield=True):
                await self._open_anew(place)

    async def _open_anew(self, place: str) -> None:
        for port in [each for each in self.ports if each.address == place]:
            await port.close()
            await self.listen(port.host, port.port)

    # What scenarios say and ask.

    def script(self, key: str, *rules: Rule) -> None:
        """Keep rules for a recipient, a token, a domain, an address of ours, or ``EVERYONE``."""
        self._script.add(with_small_domain(key) if "@" in key else key.lower(), rules)

    def unscript(self, key: str) -> None:
        """Drop the rules of a key that is no token's, as an address of ours."""
        self._script.drop(with_small_domain(key) if "@" in key else key.lower())

    async def message(self, token: str, *, within: float) -> Received | None:
        """The first message of this token, or ``None`` where none has come in so many seconds."""
        found = await self.messages(token, within=within)
        return found[0] if found else None

    async def messages(self, token: str, *, within: float, at_least: int = 1) -> tuple[Received, ...]:
        """All messages of this token: as soon as there are ``at_least`` so many, else after ``within`` seconds."""

        def received() -> tuple[Received, ...]:
            return tuple(seen.message for seen in self._ledger.of(token) if seen.message is not None)

        await self._ledger.wait(token, lambda: len(received()) >= at_least, within)
        return received()

    async def transactions(self, token: str, *, within: float, at_least: int = 1) -> tuple[Transaction, ...]:
        """All transactions of this token, refused ones too: as ``messages``, but those that have ended count."""

        def over() -> bool:
            return sum(seen.ended is not None for seen in self._ledger.of(token)) >= at_least

        await self._ledger.wait(token, over, within)
        return self._ledger.of(token)

    def seen(self, token: str) -> tuple[Transaction, ...]:
        """The transactions of this token so far."""
        return self._ledger.of(token)

    def connections(self, token: str | None = None) -> tuple[HopConnection, ...]:
        """The connections in which this token has a transaction; without a token the last ones of all."""
        if token is None:
            return tuple(self._ledger.recent)
        return tuple(dict.fromkeys(seen.connection for seen in self._ledger.of(token)))

    async def connection_over(self) -> None:
        """Return when the next connection is over."""
        await self._ledger.connection_over.wait()

    def forget(self, token: str) -> None:
        """Drop the rules and the mail of this token; what still comes for it is answered and not kept."""
        self._script.forget(token)
        self._ledger.forget(token)

    def for_token(self, token: str) -> HopOfToken:
        """The next hop as one scenario sees it."""
        return HopOfToken(self, token)


@dataclass(frozen=True, slots=True)
class HopOfToken:
    """The next hop as one scenario sees it: its own mail and rules."""

    hop: NextHop
    token: str

    def script(self, *rules: Rule, key: str | None = None) -> None:
        """Keep rules for this token, or for a recipient or address that only this scenario uses."""
        self.hop.script(key or self.token, *rules)

    async def message(self, *, within: float) -> Received | None:
        """As ``NextHop.message``."""
        return await self.hop.message(self.token, within=within)

    async def messages(self, *, within: float, at_least: int = 1) -> tuple[Received, ...]:
        """As ``NextHop.messages``."""
        return await self.hop.messages(self.token, within=within, at_least=at_least)

    async def transactions(self, *, within: float, at_least: int = 1) -> tuple[Transaction, ...]:
        """As ``NextHop.transactions``."""
        return await self.hop.transactions(self.token, within=within, at_least=at_least)

    def connections(self) -> tuple[HopConnection, ...]:
        """As ``NextHop.connections``."""
        return self.hop.connections(self.token)

    def forget(self) -> None:
        """As ``NextHop.forget``."""
        self.hop.forget(self.token)


def _ends(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _peer(stream: trio.SocketStream) -> str:
    try:
        name: Iterable[str | int] = stream.socket.getpeername()
    except OSError:
        return ""  # gone already
    host, port = list(name)[:2]
    return _ends(str(host), int(port))
