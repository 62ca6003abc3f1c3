"""The reference server over any stream: memory streams in the tests, sockets where a launcher wants them."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field

import trio
from trio.testing import memory_stream_pair

from conformance.client import Dial
from conformance.reference._decision import Decisions, Defect
from conformance.reference._lmtp import LmtpSession
from conformance.reference._session import ServerSession
from conformance.reference._site import Site


@dataclass(slots=True, eq=False)
class ReferenceServer:
    """A conformant server, less the defects it is given.

    ``tls`` is the server side of STARTTLS; without it the keyword is not offered. ``rejects`` makes it open every
    session with 554 (RFC 5321 §3.1). ``lmtp`` makes it speak LMTP (RFC 2033). ``offers`` are EHLO keywords of the
    extensions that it has on request only.
    """

    defects: Sequence[Defect] = ()
    tls: ssl.SSLContext | None = None
    rejects: bool = False
    site: Site = field(default_factory=Site)
    decisions: Decisions = field(default_factory=Decisions)
    lmtp: bool = False
    offers: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.decisions.profile:
            self.decisions.profile = "lmtp" if self.lmtp else "on-request" if self.offers else ""
        for defect in self.defects:
            defect.apply(self.decisions)

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Serve one client to the end."""
        session = LmtpSession if self.lmtp else ServerSession
        await session(stream, self.site, self.decisions, self.tls, self.rejects, offers=self.offers).serve()

    def dial(self, nursery: trio.Nursery) -> Dial:
        """A way to connect in memory; sessions run in the nursery."""

        async def connect() -> trio.abc.Stream:
            ours, theirs = memory_stream_pair()
            nursery.start_soon(self.serve, theirs)
            await trio.lowlevel.checkpoint()
            return ours

        return connect
