"""One connection: octets out as one segment a write, octets in through one bounded buffer, all of it on record."""

from __future__ import annotations

import enum
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import trio

from conformance.client._layered import Layered
from conformance.client._outcomes import Closed, HandshakeFailed, Outcome, Reset, Secured, Silence, Unprotected
from conformance.wire import Anomaly, CipherSuite, ReplyReader, Transcript, cipher_suite, handshake_messages
from conformance.wire.digest_md5 import IntegrityLayer, LayerError
from conformance.wire.tls import CERTIFICATE_REQUEST

BUFFER_BOUND = 1 << 20
"""Octets of the server that may wait unread; beyond it the reader pauses."""

FLIGHT_BOUND = 1 << 16
"""Octets of a handshake that we keep: more than a server's first flight with its certificates has."""

SEGMENT_PAUSE = 0.005
"""Seconds between two segments of a cut write, so that the peer can read the first before the second is sent."""

LINE_PAUSE = 0.1
BARE_LF_PAUSE = 0.5
"""Seconds behind a segment that ends a line, or that ends with an LF which many take for the end of one: who does has
time to answer, before what follows is pipelining. The answer ends the pause."""


Dial = Callable[[], Awaitable[trio.abc.Stream]]
"""Opens one stream to the target; raises ``OSError`` when it can't."""


class Segmentation(enum.StrEnum):
    """How a write is cut into segments."""

    WHOLE = "whole"
    OCTETS = "octets"
    LINE_ENDS = "line-ends"

    def cut(self, octets: bytes) -> list[bytes]:
        """The segments of one write, in order."""
        match self:
            case Segmentation.WHOLE:
                return [octets]
            case Segmentation.OCTETS:
                return [octets[at : at + 1] for at in range(len(octets))]
            case Segmentation.LINE_ENDS:
                return _around_line_ends(octets)


def _around_line_ends(octets: bytes) -> list[bytes]:
    """Cut between CR and LF, and on either side of a dot that stands alone on its line."""
    segments, start = [], 0
    lines = b"\n" + octets  # a write begins a line: a dot at its beginning may stand alone too
    for at in range(1, len(octets)):
        splits_line_end = lines[at : at + 2] == b"\r\n"
        before_dot = lines[at : at + 3] == b"\n.\r"
        after_dot = lines[at - 1 : at + 2] == b"\n.\r"
        if splits_line_end or before_dot or after_dot:
            segments.append(octets[start:at])
            start = at
    segments.append(octets[start:])
    return segments


@dataclass(slots=True)
class Pace:
    """How slow this server has been, shared by all connections of a run; seconds."""

    timeout: float = 30.0
    slowest: float = 0.0

    @property
    def patience(self) -> float:
        """How long a reply is waited for: the time-out, or three times the slowest reply seen."""
        return max(self.timeout, 3 * self.slowest)

    @property
    def quiet(self) -> float:
        """How long nothing must come before we speak of silence: 5 s, or three times the slowest reply seen."""
        return max(5.0, 3 * self.slowest)


@dataclass(slots=True, eq=False)
class Connection:
    """Octets to and from one server over any stream.

    A reader task stamps what arrives as it arrives, also while we write; it is stopped for a TLS handshake.
    A failed write is no error: what the server sent is still read. ``writes`` counts them. Under TLS,
    ``cipher_suite`` is what was agreed on, where we know it, and ``asked_for_certificate`` tells whether the server
    asked for one of ours: in TLS 1.2 only, where that goes in clear. ``layer`` is the security layer of SASL, which
    goes inside TLS (RFC 4954 §4) unless a scenario wants it ``layer_outermost``.
    """

    stream: trio.abc.Stream
    nursery: trio.Nursery
    transcript: Transcript
    pace: Pace
    segmentation: Segmentation = Segmentation.WHOLE
    secured: bool = False
    cipher_suite: CipherSuite | None = None
    asked_for_certificate: bool | None = None
    writes: int = 0
    layer: IntegrityLayer | None = None
    layer_outermost: bool = False
    _reader: ReplyReader = field(default_factory=ReplyReader)
    _heard: bool = False
    _end: Closed | Reset | Unprotected | None = None
    _news: trio.Event = field(default_factory=trio.Event)
    _room: trio.Event = field(default_factory=trio.Event)
    _reading: trio.CancelScope | None = None
    _stopped: trio.Event = field(default_factory=trio.Event)
    _asked: float = 0.0
    _sent_at: float = 0.0
    _heard_at: float = -1.0

    def start(self) -> None:
        """Begin to read."""
        self._stopped = trio.Event()
        self._reading = trio.CancelScope()
        self._asked = trio.current_time()
        self.nursery.start_soon(self._read)

    @property
    def unread(self) -> bool:
        """Whether the server has sent octets that nobody has looked at yet."""
        return self._reader.pending_size > 0

    @property
    def ended(self) -> bool:
        """Whether the server has closed or reset the connection."""
        return self._end is not None

    async def _read(self) -> None:
        assert self._reading is not None
        try:
            with self._reading:
                await self._read_to_the_end()
        finally:
            self._stopped.set()

    async def _read_to_the_end(self) -> None:
        while self._end is None:
            while self._reader.pending_size > BUFFER_BOUND:
                self._room = trio.Event()
                await self._room.wait()
            try:
                octets = bytes(await self.stream.receive_some(65536))
            except trio.BrokenResourceError as error:
                unannounced = isinstance(error.__cause__, ssl.SSLEOFError)
                self._end = Closed(close_notify=False) if unannounced else Reset()
            except trio.ClosedResourceError:
                self._end = Closed()
            else:
                if octets:
                    self._heard = True
                    self._heard_at = trio.current_time()
                    self._take(octets)
                else:
                    self._end = Closed(close_notify=True if self.secured else None)
            if self._end is not None:
                self.transcript.note(str(self._end))
            self._news.set()
            self._news = trio.Event()

    def _take(self, octets: bytes) -> None:
        if self.layer is not None:
            try:
                octets = self.layer.unwrap(octets)
            except LayerError as error:
                octets, self._end = error.before, Unprotected(error.octets)
        self.transcript.received(octets)
        self._reader.feed(octets)

    async def heard_from(self) -> None:
        """Wait until something has come from the server, or its end."""
        if not self._heard and self._end is None:
            await self._news.wait()

    async def send(self, octets: bytes) -> None:
        """Write the octets, one segment a write, cut as the segmentation says."""
        await trio.lowlevel.checkpoint()  # what has arrived before is stamped before
        self._asked = trio.current_time()
        self.writes += 1
        gone = b""
        for segment in self.segmentation.cut(octets):
            if gone:
                await self._pause_behind(gone)
            self.transcript.sent(segment)
            self._sent_at = trio.current_time()
            try:
                await self.stream.send_all(self.layer.wrap(segment) if self.layer else segment)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                self.transcript.note("could not be sent: the connection is gone")
                return
            gone = gone[-1:] + segment

    async def _pause_behind(self, gone: bytes) -> None:
        if not gone.endswith(b"\n"):
            await trio.sleep(SEGMENT_PAUSE)
            return
        with trio.move_on_after(LINE_PAUSE if gone.endswith(b"\r\n") else BARE_LF_PAUSE):
            while self._heard_at <= self._sent_at and self._end is None:
                await self._news.wait()

    @property
    def answered_too_early(self) -> bool:
        """Whether the server last spoke between two segments of our last write: not in answer to all of it."""
        return self._asked < self._heard_at < self._sent_at

    async def outcome(self, within: float) -> Outcome:
        """The next reply, or the end of the connection, or silence after ``within`` seconds.

        What an LF in its text divides from a reply is passed over: the LF is held against that reply alone.
        """
        with trio.CancelScope(relative_deadline=within):
            while True:
                reply = self._reader.next_reply()
                if reply is not None:
                    self._room.set()
                    if Anomaly.REST in reply.anomalies:
                        continue
                    self.pace.slowest = max(self.pace.slowest, trio.current_time() - self._asked)
                    return reply
                if self._end is not None:
                    truncated = self._reader.close()
                    if truncated is not None and Anomaly.REST not in truncated.anomalies:
                        return truncated
                    return self._end
                await self._news.wait()
        self.transcript.note(f"silence for {within:.1f} s")
        return Silence(within, self._reader.pending)

    async def handshake(self, context: ssl.SSLContext, name: str | None) -> Secured | HandshakeFailed:
        """Start TLS on this connection; clear octets that came before are taken out and returned as left over."""
        await self._stop_reading()
        leftover = self._reader.take_pending()
        below = self.stream
        if self.layer is not None and self.layer_outermost:
            below, self.layer = Layered(below, self.layer), None
        tee = _FirstOctets(below)
        secure = trio.SSLStream(tee, context, server_hostname=name)
        try:
            with trio.fail_after(self.pace.patience):
                await secure.do_handshake()
        except trio.TooSlowError:
            return self._handshake_failed(leftover + tee.first, "no handshake in time")
        except trio.BrokenResourceError as error:
            return self._handshake_failed(leftover + tee.first, str(error.__cause__ or error))
        self.stream = secure
        self.secured = self.transcript.tls = True
        version, agreed = str(secure.version()), secure.cipher()
        self.cipher_suite = cipher_suite(agreed[0]) if agreed else None
        if version == "TLSv1.2":
            self.asked_for_certificate = CERTIFICATE_REQUEST in handshake_messages(tee.first)
        self.transcript.note(f"TLS handshake completed: {version}")
        self.start()
        return Secured(leftover)

    async def protect(self, layer: IntegrityLayer) -> None:
        """Begin a security layer of SASL: behind what we sent last, and behind the reply that was read last."""
        await self._stop_reading()
        begun = self._reader.take_pending()
        if self.layer_outermost and isinstance(self.stream, trio.SSLStream):
            self.stream.transport_stream = Layered(self.stream.transport_stream, layer)
        else:
            self.layer = layer
        self.transcript.note("a security layer of SASL begins; what it holds is shown")
        if begun:
            self._take(begun)
        if self._end is None:
            self.start()

    def _handshake_failed(self, first_octets: bytes, alert: str) -> HandshakeFailed:
        self._end = self._end or Closed()
        failed = HandshakeFailed(first_octets[:1024], alert)
        self.transcript.note(str(failed))
        return failed

    async def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await self._stopped.wait()

    async def close(self) -> None:
        """Close the connection and stop reading; never raises."""
        with trio.CancelScope(shield=True, relative_deadline=2):
            await self._stop_reading()
            with suppress(trio.BrokenResourceError, trio.ClosedResourceError, OSError):
                await self.stream.aclose()


class _FirstOctets(trio.abc.Stream):
    """Keeps the first octets that the server sends during a handshake: clear text there is evidence."""

    def __init__(self, inner: trio.abc.Stream) -> None:
        self.inner = inner
        self.first = b""

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self.inner.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self.inner.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        octets = bytes(await self.inner.receive_some(max_bytes))
        if len(self.first) < FLIGHT_BOUND:
            self.first += octets[: FLIGHT_BOUND - len(self.first)]
        return octets

    async def aclose(self) -> None:
        await self.inner.aclose()
