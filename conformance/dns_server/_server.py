"""Our own name server, over UDP and TCP: it answers from its zones and writes down what was asked."""

from __future__ import annotations

import ipaddress
import socket
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Literal

import trio
from dnslib import QTYPE, RCODE, DNSError, DNSRecord

from conformance.dns_server._zone import Fault, Zones

RECENT = 10_000
"""Questions that are kept, the last ones."""

UDP_LIMIT = 512
"""Octets of an answer over UDP where the question names no other size (RFC 1035 §4.2.1, RFC 6891 §6.2.3)."""

IDLE_SECONDS = 30.0


class NameServerError(Exception):
    """The name server can't listen; the text is one line that says where and why."""


@dataclass(frozen=True, slots=True)
class Query:
    """One question: when (seconds of trio's clock), for what, how, from where, and what the answer was.

    ``answered`` is the code of the answer, or ``truncated`` or ``dropped``.
    """

    at: float
    name: str
    type: str
    over: Literal["udp", "tcp"]
    peer: str
    answered: str


@dataclass(slots=True, eq=False)
class NameServer:
    """A name server for all scenarios at once: each has names of its own, which hold its token.

    Fill ``zones``; ``queries`` tells what was asked. Sessions run in ``nursery``. ``handed_out`` counts how often
    scenarios were given an exchanger of their own, by its number.
    """

    nursery: trio.Nursery
    zones: Zones = field(default_factory=Zones)
    handed_out: Counter[int] = field(default_factory=Counter)
    _asked: deque[Query] = field(default_factory=lambda: deque(maxlen=RECENT))
    _news: trio.Event = field(default_factory=trio.Event)

    async def listen(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Open the port for UDP and TCP, and return its number; port 0 is any that is free for both.

        Raises:
            NameServerError: the address is none, or the port can't be had.
        """
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            raise NameServerError(f"{host}: our name server listens at an address, not at a name") from None
        family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        tcp = trio.socket.socket(family, socket.SOCK_STREAM)
        udp = trio.socket.socket(family, socket.SOCK_DGRAM)
        try:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            await tcp.bind((host, port))
            tcp.listen(128)
            port = int(tcp.getsockname()[1])
            await udp.bind((host, port))
        except (OSError, OverflowError) as error:
            tcp.close()
            udp.close()
            reason = error.strerror if isinstance(error, OSError) else "no port number"
            raise NameServerError(f"our name server can't listen at {host} port {port}: {reason}") from error
        self.nursery.start_soon(self._serve_udp, udp)
        self.nursery.start_soon(self._serve_tcp, trio.SocketListener(tcp))
        return port

    async def _serve_udp(self, udp: trio.socket.SocketType) -> None:
        with udp:
            while True:
                try:
                    octets, peer = await udp.recvfrom(65535)
                    answer = self.answer(octets, "udp", str(peer[0]))
                    if answer:
                        await udp.sendto(answer, peer)
                except OSError:
                    continue  # the peer is gone, the next one is not

    async def _serve_tcp(self, listener: trio.SocketListener) -> None:
        async with listener:
            await trio.serve_listeners(self.serve, [listener])

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Answer the questions of one TCP client, each behind its length (RFC 1035 §4.2.2)."""
        peer = str(stream.socket.getpeername()[0]) if isinstance(stream, trio.SocketStream) else ""
        buffer = b""
        with trio.move_on_after(IDLE_SECONDS):
            try:
                while octets := bytes(await stream.receive_some(65536)):
                    buffer += octets
                    while len(buffer) >= 2 and len(buffer) >= 2 + int.from_bytes(buffer[:2]):
                        end = 2 + int.from_bytes(buffer[:2])
                        answer, buffer = self.answer(buffer[2:end], "tcp", peer), buffer[end:]
                        if answer:
                            await stream.send_all(len(answer).to_bytes(2) + answer)
            except trio.BrokenResourceError:
                pass
        await trio.aclose_forcefully(stream)

    def answer(self, octets: bytes, over: Literal["udp", "tcp"], peer: str = "") -> bytes:
        """The octets of the answer to these of a question; none where there is nothing to answer."""
        try:
            question = DNSRecord.parse(octets)
            name, type_ = str(question.q.qname), str(QTYPE.get(question.q.qtype))
        except (DNSError, UnicodeError):
            return b""
        if question.header.qr or not question.questions:
            return b""
        fault = self.zones.fault(name, type_)
        reply = self.zones.answer(question)
        answered = str(RCODE.get(reply.header.rcode))
        match fault:
            case Fault.NXDOMAIN | Fault.SERVFAIL | Fault.REFUSED:
                reply = question.reply(ra=1, aa=1)
                reply.header.rcode = getattr(RCODE, fault.value)
                answered = fault.value
            case Fault.TRUNCATED if over == "udp":
                reply = _truncated(question)
                answered = fault.value
            case Fault.DROPPED:
                answered = fault.value
            case _:
                if over == "udp" and len(reply.pack()) > _udp_limit(question):
                    reply = _truncated(question)
                    answered = Fault.TRUNCATED.value
        self._asked.append(Query(trio.current_time(), name.lower(), type_, over, peer, answered))
        self._news.set()
        self._news = trio.Event()
        return b"" if fault is Fault.DROPPED else bytes(reply.pack())

    async def queries(
        self, within: str, *, type_: str | None = None, seconds: float = 0.0, at_least: int = 1
    ) -> tuple[Query, ...]:
        """The questions for names that hold ``within`` (a token, or a name), in their order.

        As soon as there are ``at_least`` so many, else what there is after so many seconds.
        """

        def asked() -> tuple[Query, ...]:
            return tuple(query for query in self._asked if within.lower() in query.name and type_ in {None, query.type})

        with trio.move_on_after(seconds):
            while len(asked()) < at_least:
                await self._news.wait()
        return asked()


def _truncated(question: DNSRecord) -> DNSRecord:
    """What goes over UDP where the answer does not fit; a resolver drops what does not repeat its question."""
    reply = question.reply(ra=1, aa=1)
    reply.header.tc = 1
    return reply


def _udp_limit(question: DNSRecord) -> int:
    sizes: list[int] = [record.rclass for record in question.ar if record.rtype == QTYPE.OPT]
    return max([UDP_LIMIT, *sizes])
