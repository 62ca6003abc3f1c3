"""The reference server over any stream: memory streams in the tests, sockets where a launcher wants them."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field

import trio
from trio.testing import memory_stream_pair

from conformance.client import Dial
from conformance.reference._decision import Decisions, Defect
from conformance.reference._session import ServerSession
from conformance.reference._site import Site


@dataclass(slots=True, eq=False)
class ReferenceServer:
    """A conformant server, less the defects it is given.

    ``tls`` is the server side of STARTTLS; without it the keyword is not offered. ``rejects`` makes it open every
    session with 554 (RFC 5321 §3.1). ``hides`` are EHLO keywords that it is to be without, and ``requires_auth`` makes
    it take mail from authenticated clients only.
    """

    defects: Sequence[Defect] = ()
    tls: ssl.SSLContext | None = None
    rejects: bool = False
    hides: frozenset[str] = frozenset()
    requires_auth: bool = False
    site: Site = field(default_factory=Site)
    decisions: Decisions = field(default_factory=Decisions)

    def __post_init__(self) -> None:
        for defect in self.defects:
            defect.apply(self.decisions)

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Serve one client to the end."""
        await ServerSession(
            stream, self.site, self.decisions, self.tls, self.rejects, self.hides, self.requires_auth
        ).serve()

    def dial(self, nursery: trio.Nursery) -> Dial:
        """A way to connect in memory; sessions run in the nursery."""

        async def connect() -> trio.abc.Stream:
            ours, theirs = memory_stream_pair()
            nursery.start_soon(self.serve, theirs)
            await trio.lowlevel.checkpoint()
            return ours

        return connect
