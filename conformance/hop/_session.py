"""One session of our next hop: it takes what comes, writes it down as it came, and does what the rules say."""

from __future__ import annotations

import re
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import trio

from conformance.hop._authentication import Authentication
from conformance.hop._ledger import Ledger
from conformance.hop._records import Command, HopConnection, Received, Recipient, Transaction, tokens_in
from conformance.hop._rules import EVERYONE, Rule, Script, Step, Then, reply_octets
from conformance.wire import CRLF
from conformance.wire.digest_md5 import IntegrityLayer, LayerError

COMMAND_BOUND = 64 * 1024
"""Octets that we keep of one command line."""

COMMANDS_BOUND = 10_000
"""Command lines of one connection, after which we close it."""

READ_AHEAD = 1 << 20
"""Octets that may wait unread while a reply is held back; beyond it we leave them to the network."""

_PATH = re.compile(rb"[ \t]*<((?:\"(?:\\.|[^\"\\])*\"|[^>\"])*)>(.*)", re.DOTALL)
_STEPS = {step.value.encode("ascii"): step for step in Step if step.value.isupper()}


@dataclass(frozen=True, slots=True)
class LayerOffer:
    """The security layer that DIGEST-MD5 brings: the client's password, and what is offered under the layer."""

    secret: bytes = field(repr=False)
    offers: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Manner:
    """What all sessions of a next hop share: its name, its usual offers, its bounds (octets, seconds)."""

    name: bytes
    offers: tuple[bytes, ...]
    tls: ssl.SSLContext | None
    message_bound: int
    idle: float
    offers_under_tls: tuple[bytes, ...]
    recipients_at_most: int | None
    layer: LayerOffer | None = None
    narrow: bool = False


STUCK_SECONDS = 15.0
"""After this a client that takes nothing of a reply, where windows are small, is stuck."""

FIRST_OCTETS = 64


@dataclass(slots=True, eq=False)
class Begun(trio.abc.Stream):
    """A stream that keeps the first octets that come, and the last: for what a client says in the place of TLS."""

    stream: trio.abc.Stream
    first: bytes = b""
    last: bytes = b""

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """As the stream's own."""
        octets = bytes(await self.stream.receive_some(max_bytes))
        self.last = octets[:FIRST_OCTETS] or self.last
        self.first += octets[: FIRST_OCTETS - len(self.first)]
        return octets

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """As the stream's own."""
        await self.stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """As the stream's own."""
        await self.stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """As the stream's own."""
        await self.stream.aclose()


class _PeerIsGone(Exception):  # noqa: N818 - no error: the client left, which ends the session
    """The client closed or reset the connection."""


@dataclass(slots=True, eq=False)
class HopSession:
    """A session from the accepted connection to its end."""

    stream: trio.abc.Stream
    connection: HopConnection
    manner: Manner
    script: Script
    ledger: Ledger
    buffer: bytearray = field(default_factory=bytearray)
    transaction: Transaction | None = None
    last: Transaction | None = None
    rejects: bool = False
    ending: Then = Then.GO_ON
    offered: tuple[bytes, ...] = ()
    layer: IntegrityLayer | None = None
    _below: Begun | None = None
    _chunks: bytearray = field(default_factory=bytearray)
    _chunked: int = 0
    _chunks_began: float | None = None
    _taken: int = 0
    _heard: int = 0
    _heard_at_reply: int = 0
    _at_end: bool = False

    async def serve(self, *, implicit_tls: bool) -> None:
        """Serve until the client leaves or a rule ends the session."""
        try:
            if implicit_tls:
                await self._handshake()
            await self._greet()
            while self.ending is Then.GO_ON:
                await self._command(await self._next_line())
        except _PeerIsGone as gone:
            self.connection.end = str(gone)
        finally:
            self.connection.rest = bytes(self.buffer)
            self._end_transaction()
            with trio.CancelScope(shield=True, relative_deadline=2):
                await self._close()
            if self.connection.ended is None:
                self.connection.ended = trio.current_time()
            self.connection.transcript.note(self.connection.end)
            self.connection.over.set()
            self.ledger.tell_over()

    # Octets in and out.

    async def _hear(self) -> bool:
        """Read once; false where the client has closed."""
        if self._at_end:
            return False
        try:
            octets = bytes(await self.stream.receive_some(65536))
        except trio.BrokenResourceError as error:
            unannounced = isinstance(error.__cause__, ssl.SSLEOFError)
            if self.layer is not None and self._below is not None and isinstance(error.__cause__, ssl.SSLError):
                self.connection.outside = b"" if unannounced else self._below.last
            raise _PeerIsGone(
                "closed by the client, no close_notify" if unannounced else "reset by the client"
            ) from None
        if not octets:
            self._at_end = True
            self.connection.ended = trio.current_time()
            return False
        octets = self._unwrapped(octets)
        self.connection.transcript.received(octets)
        self.buffer += octets
        self._heard += len(octets)
        return True

    def _unwrapped(self, octets: bytes) -> bytes:
        if self.layer is None:
            return octets
        try:
            return self.layer.unwrap(octets)
        except LayerError as error:
            self.connection.outside = error.octets
            self.connection.transcript.note(str(error))
            raise _PeerIsGone("closed by us, what came was outside the security layer") from None

    def _begin_layer(self, key: bytes) -> None:
        """What follows our 235 is under the layer, and all that was said before is forgotten (RFC 4954 §4)."""
        self._end_transaction()
        self.connection.client_name, self.connection.protected = None, True
        self.connection.transcript.note("a security layer of SASL begins; what it holds is shown")
        self.layer = IntegrityLayer.of_server(key)
        begun, self.buffer = bytes(self.buffer), bytearray()
        self.buffer += self._unwrapped(begun)

    async def _hear_or_leave(self) -> None:
        with trio.CancelScope(relative_deadline=self.manner.idle) as waiting:
            if not await self._hear():
                raise _PeerIsGone("closed by the client")
        if waiting.cancelled_caught:
            await self._send(reply_octets(421, self.manner.name + b" heard nothing for too long"))
            raise _PeerIsGone(f"closed by us after {self.manner.idle:.0f} s of silence")

    async def _send(self, octets: bytes) -> None:
        self._heard_at_reply = self._heard
        self.connection.transcript.sent(octets)
        wrapped = self.layer.wrap(octets) if self.layer else octets
        try:
            if self.manner.narrow:
                await self._send_unless_stuck(wrapped)
            else:
                await self.stream.send_all(wrapped)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise _PeerIsGone("closed by the client" if self._at_end else "reset by the client") from None

    async def _send_unless_stuck(self, octets: bytes) -> None:
        with trio.move_on_after(STUCK_SECONDS) as waiting:
            await self.stream.send_all(octets)
        if waiting.cancelled_caught:
            self.connection.stuck = True
            self._leave(Then.RESET)

    async def _pause(self, seconds: float, *, deaf: bool = False) -> None:
        """Hold back, and note what comes and when the client leaves meanwhile, but where we are ``deaf``."""
        until = trio.current_time() + seconds
        with trio.move_on_at(until):
            while not deaf and len(self.buffer) < READ_AHEAD and await self._hear():
                pass
        await trio.sleep_until(until)

    async def _next_line(self) -> Command:
        """The next line; only CRLF ends one (RFC 5321 §2.3.8)."""
        early = self._taken < self._heard_at_reply
        searched = left_out = 0
        while (end := self.buffer.find(CRLF, searched)) < 0:
            if len(self.buffer) > COMMAND_BOUND:
                left_out += len(self.buffer) - COMMAND_BOUND
                # The last octet stays, it may be the CR of the line's end.
                del self.buffer[COMMAND_BOUND - 1 : -1]
            searched = max(0, len(self.buffer) - 1)
            await self._hear_or_leave()
        line = self._take(end + 2)
        self._taken += left_out
        return Command(
            trio.current_time(),
            line,
            early,
            len(line) + left_out,
            secured=self.connection.secured,
            protected=self.layer is not None,
        )

    def _take(self, length: int) -> bytes:
        octets = bytes(self.buffer[:length])
        del self.buffer[:length]
        self._taken += length
        return octets

    async def _close(self) -> None:
        """Close as the session ended: politely, or with a reset (RFC 9293 §3.10.4, by a linger of no seconds)."""
        if self.ending is Then.RESET:
            inner = self.stream
            while isinstance(inner, trio.SSLStream):
                inner = inner.transport_stream
            inner = inner.stream if isinstance(inner, Begun) else inner
            if isinstance(inner, trio.SocketStream):
                inner.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await trio.aclose_forcefully(inner)
            return
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError):
            await self.stream.aclose()

    # Rules and replies.

    def _keys(self, tokens: Iterable[str], forward_paths: Iterable[bytes]) -> list[str]:
        """Under which keys to look for rules, the most particular first."""
        addresses = [address_of(path) for path in forward_paths]
        domains = [address.rpartition("@")[2] for address in addresses]
        local = self.connection.local
        return [*addresses, *tokens, *domains, local, local.rpartition(":")[0].strip("[]"), EVERYONE]

    def _rule(
        self, step: Step, tokens: Iterable[str] = (), forward_paths: Iterable[bytes] | None = None
    ) -> Rule | None:
        """The rule for this step, of the transaction unless recipients are given."""
        transaction = self.transaction or self.last
        if transaction is not None:
            tokens = [*tokens, *transaction.tokens]
            if forward_paths is None:
                forward_paths = [recipient.forward_path for recipient in transaction.recipients]
        return self.script.take(step, self._keys(tokens, forward_paths or ()), len(self._accepted()))

    async def _answer(
        self, usual: bytes, rule: Rule | None, command: Command | None = None, replies: list[bytes] | None = None
    ) -> bytes:
        """Send the usual reply, or what the rule says, and return what was sent; ``replies`` has it before."""
        if rule is not None and rule.delay:
            await self._pause(rule.delay, deaf=bool(rule.every))
        reply = usual if rule is None or rule.reply is None else rule.reply
        if replies is not None:
            replies.append(reply)
        if reply:
            await self._send(reply)
        if rule is not None and rule.rest:
            await self._pause(rule.pause)
            await self._send(rule.rest)
        if command is not None:
            command.reply = reply
            command.replied_at = trio.current_time() if reply else None
        if rule is not None and rule.then is not Then.GO_ON:
            self._leave(rule.then)
        return reply

    def _leave(self, how: Then) -> None:
        self.ending = how
        self.connection.end = "reset by us" if how is Then.RESET else "closed by us"

    async def _greet(self) -> None:
        words = b" LMTP" if self.connection.protocol == "lmtp" else b" ESMTP"
        usual = reply_octets(220, self.manner.name + words + b" next hop of smtp-conformance")
        reply = await self._answer(usual, self._rule(Step.CONNECT))
        # After 554 the session waits for QUIT (RFC 5321 §3.1).
        self.rejects = reply.startswith(b"5")

    # Commands.

    async def _command(self, command: Command) -> None:
        """Act on one line and answer it, as it stands: what is odd is written down, not refused."""
        self.connection.commands.append(command)
        if self.transaction is not None:
            self.transaction.commands.append(command)
        step = self._step(command)
        if self.rejects and step is not Step.QUIT:
            await self._answer(reply_octets(503, "This host takes no mail"), None, command)
        elif len(self.connection.commands) >= COMMANDS_BOUND:
            await self._answer(b"", Rule.answer(step, 421, "Too many commands in one session"), command)
        else:
            await _HANDLERS[step](self, command)

    def _step(self, command: Command) -> Step:
        """The step of this line; LMTP has LHLO for EHLO and HELO, and does not know those (RFC 2033 §4.1)."""
        verb = command.verb
        if self.connection.protocol == "lmtp":
            verb = {b"LHLO": b"EHLO", b"EHLO": b"", b"HELO": b""}.get(verb, verb)
        return _STEPS.get(verb, Step.OTHER)

    async def noop(self, command: Command) -> None:
        """NOOP (RFC 5321 §4.1.1.9)."""
        await self._answer(reply_octets(250, "OK"), self._rule(Step.NOOP), command)

    async def rset(self, command: Command) -> None:
        """RSET ends the transaction (RFC 5321 §4.1.1.5)."""
        await self._answer(reply_octets(250, "OK"), self._rule(Step.RSET), command)
        self._end_transaction()

    async def quit(self, command: Command) -> None:
        """221 and the close (RFC 5321 §4.1.1.10)."""
        reply = await self._answer(reply_octets(221, self.manner.name), self._rule(Step.QUIT), command)
        if reply.startswith(b"221") and self.ending is Then.GO_ON:
            self._leave(Then.CLOSE)

    async def other(self, command: Command) -> None:
        """A verb that we do not know (RFC 5321 §4.2.4)."""
        rule = self._rule(Step.OTHER, tokens_in(command.octets))
        await self._answer(reply_octets(500, "Command not recognized"), rule, command)

    async def ehlo(self, command: Command) -> None:
        """EHLO, or LHLO: the keywords offered, and an end to the transaction (RFC 5321 §4.1.4)."""
        await self._hello(Step.EHLO, command)

    async def helo(self, command: Command) -> None:
        """As EHLO, but one line (RFC 5321 §3.2)."""
        await self._hello(Step.HELO, command)

    async def _hello(self, step: Step, command: Command) -> None:
        rule = self._rule(step)
        offers = self.manner.offers_under_tls if self.connection.secured else self.manner.offers
        if self.manner.tls is not None and not self.connection.secured:
            offers += (b"STARTTLS",)
        if self.layer is not None and self.manner.layer is not None:
            offers = self.manner.layer.offers
        if rule is not None and rule.offers is not None:
            offers = rule.offers
        self.offered = offers if step is Step.EHLO else ()
        usual = reply_octets(250, self.manner.name, *self.offered)
        reply = await self._answer(usual, rule, command)
        if reply.startswith(b"2"):
            self._end_transaction()
            self.connection.client_name = command.argument
            self.connection.extended = step is Step.EHLO

    async def starttls(self, command: Command) -> None:
        """STARTTLS, where there is a certificate (RFC 3207 §4)."""
        usual = reply_octets(220, "Ready to start TLS")
        if self.manner.tls is None or self.connection.secured:
            usual = reply_octets(503 if self.connection.secured else 502, "Not now")
        reply = await self._answer(usual, self._rule(Step.STARTTLS), command)
        if reply.startswith(b"220") and self.manner.tls is not None and self.ending is Then.GO_ON:
            self._end_transaction()
            self.connection.client_name = None
            await self._handshake()

    async def _handshake(self) -> None:
        """Go over to TLS and drop what came in clear (RFC 3207 §4.2)."""
        if self.manner.tls is None:
            raise ValueError("TLS was asked for, and the next hop has no certificate")
        self.connection.leftover = self._take(len(self.buffer))
        begun = self._below = Begun(self.stream)
        secure = trio.SSLStream(begun, self.manner.tls, server_side=True)
        try:
            with trio.fail_after(self.manner.idle):
                await secure.do_handshake()
        except trio.TooSlowError:
            raise _PeerIsGone("closed by us, no TLS handshake in time") from None
        except trio.BrokenResourceError as error:
            raise _PeerIsGone(f"TLS handshake failed: {error.__cause__ or error}") from None
        finally:
            self.connection.handshake = begun.first
        self.stream = secure
        self.connection.secured = self.connection.transcript.tls = True
        self.connection.tls_version = str(secure.version())
        self.connection.transcript.note(f"TLS handshake completed: {secure.version()}")

    async def auth(self, command: Command) -> None:
        """AUTH, where it is offered: whoever it is gets in (RFC 4954 §4)."""
        if not any(keyword.upper().startswith(b"AUTH ") for keyword in self.offered):
            await self.other(command)
            return
        mechanism, space, initial = command.argument.strip(b" ").partition(b" ")
        has_initial = bool(space) or (bool(mechanism) and command.argument == mechanism + b" ")
        exchange = Authentication(
            mechanism.upper(),
            initial if has_initial else None,
            len(command.octets),
            self.connection.secured,
            authenticated_before=self.connection.authenticated,
            in_transaction=self.transaction is not None,
            pipelined=bool(self.buffer),
            secret=self.manner.layer.secret if self.manner.layer else b"",
        )
        self.connection.authentications.append(exchange)
        reply = await self._answer(exchange.first(), self._rule(Step.AUTH), command)
        while reply.startswith(b"334") and self.ending is Then.GO_ON:
            exchange.challenges.append(reply)
            line = await self._next_line()
            exchange.responses.append(line.octets.removesuffix(CRLF))
            reply = await self._answer(exchange.following(), self._rule(Step.RESPONSE))
        exchange.reply = reply
        for secret in exchange.secrets():
            self.connection.transcript.secret(secret)
        if exchange.succeeded and exchange.key:
            self._begin_layer(exchange.key)

    async def mail(self, command: Command) -> None:
        """MAIL opens a transaction, whatever its argument is (RFC 5321 §4.1.1.2)."""
        tokens = tokens_in(command.octets)
        if self.transaction is not None:
            await self._answer(reply_octets(503, "A transaction is open"), self._rule(Step.MAIL, tokens), command)
            return
        reverse_path, parameters = path_in(command.argument, b"FROM:")
        opened = Transaction(self.connection, command.at, reverse_path, parameters, commands=[command])
        self.connection.transactions.append(opened)
        self.transaction = opened
        self.ledger.enter(opened, tokens)
        usual = reply_octets(250, "OK") if self.connection.client_name is not None else reply_octets(503, "Say EHLO")
        reply = await self._answer(usual, self._rule(Step.MAIL, tokens), command)
        if not reply.startswith(b"2"):
            self._end_transaction()

    async def rcpt(self, command: Command) -> None:
        """RCPT adds a recipient, whoever it is (RFC 5321 §4.1.1.3)."""
        tokens = tokens_in(command.octets)
        forward_path, parameters = path_in(command.argument, b"TO:")
        if self.transaction is None:
            rule = self._rule(Step.RCPT, tokens, (forward_path,))
            await self._answer(reply_octets(503, "Say MAIL"), rule, command)
            return
        recipient = Recipient(forward_path, parameters)
        self.transaction.recipients.append(recipient)
        self.ledger.enter(self.transaction, tokens)
        rule = self._rule(Step.RCPT, tokens, (forward_path,))
        at_most = self.manner.recipients_at_most
        too_many = at_most is not None and len(self.transaction.recipients) > at_most
        usual = reply_octets(452, "Too many recipients") if too_many else reply_octets(250, "OK")
        recipient.reply = await self._answer(usual, rule, command)

    def _accepted(self) -> list[Recipient]:
        return (
            [recipient for recipient in self.transaction.recipients if recipient.accepted] if self.transaction else []
        )

    async def data(self, command: Command) -> None:
        """DATA, then the mail data and the answer to its end (RFC 5321 §4.1.1.4)."""
        usual = reply_octets(354, "Go ahead") if self._accepted() else reply_octets(503, "No recipient")
        reply = await self._answer(usual, self._rule(Step.DATA), command)
        if not (reply.startswith(b"354") and self.ending is Then.GO_ON):
            return
        data, length = await self._mail_data()
        if self.ending is Then.GO_ON:
            await self._end_of_data(data, length, command.replied_at or command.at)

    async def _mail_data(self) -> tuple[bytes, int]:
        """All up to and with CRLF.CRLF, whose first CRLF may be that of DATA (RFC 5321 §4.1.1.4), and its length."""
        kept, length = bytearray(), 0
        before = CRLF
        due: int | None = 0
        try:
            while True:
                if due is not None and length + len(self.buffer) > due:
                    every = await self._interrupt()
                    due = length + len(self.buffer) + every if every else None
                    if self.ending is not Then.GO_ON:
                        return b"", 0
                window = before + bytes(self.buffer)
                found = window.find(b"\r\n.\r\n")
                block = self._take(len(self.buffer) if found < 0 else found + 5 - len(before))
                kept += block[: max(0, self.manner.message_bound - len(kept))]
                length += len(block)
                if found >= 0:
                    return bytes(kept), length
                before = (before + block)[-4:]
                await self._hear_or_leave()
        finally:
            if self.transaction is not None:
                self.transaction.unfinished = bytes(kept)

    async def _interrupt(self) -> int:
        """What the rules say for the middle of the content, and behind how many octets they are asked again."""
        rule = self._rule(Step.CONTENT)
        if rule is None:
            return 0
        await self._answer(b"", rule)
        return rule.every

    async def bdat(self, command: Command) -> None:
        """Take a chunk of so many octets, whatever stands in it (RFC 3030 §2)."""
        size, _, last = command.argument.strip().partition(b" ")
        if not (size.isdigit() and len(size) < 12 and last.upper() in {b"", b"LAST"}):
            await self._answer(reply_octets(501, "BDAT takes a size and LAST"), self._rule(Step.BDAT), command)
            return
        if self._chunks_began is None:
            self._chunks_began = command.at
        await self._chunk(int(size))
        if self.ending is not Then.GO_ON:
            return
        if not self._accepted():
            self._drop_chunks()
            await self._answer(reply_octets(503, "No recipient"), self._rule(Step.BDAT), command)
        elif last:
            data, length, began = bytes(self._chunks), self._chunked, self._chunks_began
            self._drop_chunks()
            await self._end_of_data(data, length, began, chunked=True, command=command)
        else:
            await self._answer(reply_octets(250, "OK"), self._rule(Step.BDAT), command)

    async def burl(self, command: Command) -> None:
        """BURL, where it is offered: what is behind the URL counts as taken, and is not fetched (RFC 4468 §3.2)."""
        if not any(keyword.upper().split(b" ")[0] == b"BURL" for keyword in self.offered):
            await self.other(command)
            return
        usual = reply_octets(250, "OK, taken") if self._accepted() else reply_octets(503, "No recipient")
        await self._answer(usual, self._rule(Step.BURL), command)
        if command.argument.upper().endswith(b" LAST"):
            self._end_transaction()

    async def _chunk(self, left: int) -> None:
        try:
            while left:
                block = self._take(min(left, len(self.buffer)))
                left -= len(block)
                self._chunked += len(block)
                self._chunks += block[: max(0, self.manner.message_bound - len(self._chunks))]
                if block:
                    await self._interrupt()
                if self.ending is not Then.GO_ON:
                    return
                if left:
                    await self._hear_or_leave()
        finally:
            if self.transaction is not None:
                self.transaction.unfinished = bytes(self._chunks)

    def _drop_chunks(self) -> None:
        self._chunks, self._chunked, self._chunks_began = bytearray(), 0, None

    async def _end_of_data(
        self, data: bytes, length: int, began: float, *, chunked: bool = False, command: Command | None = None
    ) -> None:
        """Enter the message, then answer: once in SMTP, once for each recipient in LMTP (RFC 2033 §4.2)."""
        transaction = self.transaction
        assert transaction is not None
        transaction.unfinished = b""
        message = Received(transaction, data, began, trio.current_time(), length, chunked)
        transaction.message = message
        self.ledger.enter(transaction, tokens_in(data))
        taken = reply_octets(250, "OK, taken")
        if self.connection.protocol == "lmtp":
            for recipient in self._accepted():
                rule = self._rule(Step.END_OF_DATA, forward_paths=(recipient.forward_path,))
                await self._answer(taken, rule, command, message.replies)
                if self.ending is not Then.GO_ON:
                    break
        else:
            await self._answer(taken, self._rule(Step.END_OF_DATA), command, message.replies)
        self._end_transaction()

    def _end_transaction(self) -> None:
        self._drop_chunks()
        if self.transaction is not None:
            self.transaction.ended = trio.current_time()
            self.last, self.transaction = self.transaction, None
            self.ledger.tell(self.last)


def path_in(argument: bytes, keyword: bytes) -> tuple[bytes, bytes]:
    """The path of MAIL or RCPT without its brackets, and the parameters behind it, both as they came.

    Nothing is refused here: where the argument does not fit the grammar it is the path, whole.
    """
    if argument[: len(keyword)].upper() != keyword:
        return argument, b""
    match = _PATH.fullmatch(argument[len(keyword) :])
    return (match[1], match[2].removeprefix(b" ")) if match else (argument[len(keyword) :], b"")


def address_of(forward_path: bytes) -> str:
    """The mailbox of a path without its source route, the domain in lower case."""
    mailbox = forward_path.partition(b":")[2] if forward_path.startswith(b"@") else forward_path
    return with_small_domain(mailbox.decode("latin-1"))


def with_small_domain(mailbox: str) -> str:
    """The mailbox with its domain in lower case: domains have no case, local-parts have (RFC 5321 §2.4)."""
    local, at, domain = mailbox.rpartition("@")
    return local + at + domain.lower()


_HANDLERS: dict[Step, Callable[[HopSession, Command], Awaitable[None]]] = {
    Step.EHLO: HopSession.ehlo,
    Step.HELO: HopSession.helo,
    Step.STARTTLS: HopSession.starttls,
    Step.AUTH: HopSession.auth,
    Step.MAIL: HopSession.mail,
    Step.RCPT: HopSession.rcpt,
    Step.DATA: HopSession.data,
    Step.BDAT: HopSession.bdat,
    Step.BURL: HopSession.burl,
    Step.RSET: HopSession.rset,
    Step.NOOP: HopSession.noop,
    Step.QUIT: HopSession.quit,
    Step.OTHER: HopSession.other,
}
