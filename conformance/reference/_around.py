"""What is around the reference server in memory: our next hop, and its mailboxes as a store."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field

import trio
from trio.testing import lockstep_stream_pair

from conformance.dns_server import NameServer
from conformance.hop import NextHop, tokens_in
from conformance.reference._decision import Decisions
from conformance.reference._pipe import narrow_pipe, pipe
from conformance.reference._relay import DialNextHop
from conformance.reference._routing import OWN_ADDRESSES, Routing
from conformance.reference._site import EXCHANGERS, LMTP_DOMAIN, NEXT_HOP, NEXT_HOPS, Site, Stored
from conformance.store import Delivered
from conformance.target import split_place

PEER = "127.0.0.1:25"
WINDOW = 4096
"""Octets of a small window."""


def dial_hop(hop: NextHop, local: str = NEXT_HOP, *, lockstep: bool = False) -> DialNextHop:
    """A way to connect to our next hop in memory; sessions run in its nursery.

    With ``lockstep`` a write waits until it has been read, as it does once the buffers of TCP are full.
    """
    by_lmtp = local == NEXT_HOPS[LMTP_DOMAIN]

    async def connect() -> trio.abc.Stream:
        ours: trio.abc.Stream
        theirs: trio.abc.Stream
        if hop.is_narrow:
            ours, theirs = narrow_pipe(WINDOW)
        else:
            ours, theirs = lockstep_stream_pair() if lockstep else pipe()

        async def session() -> None:
            await hop.serve(theirs, protocol="lmtp" if by_lmtp else "smtp", local=local, peer=PEER)

        hop.nursery.start_soon(session)
        await trio.lowlevel.checkpoint()
        return ours

    return connect


def routing(hop: NextHop, names: NameServer, decisions: Decisions, itself: DialNextHop) -> Routing:
    """Routing by our name server to our next hop, in memory, or to ``itself``; all other addresses are dead."""
    alive = {split_place(place)[0] for place in EXCHANGERS}

    async def dial(address: str) -> trio.abc.Stream:
        if address in OWN_ADDRESSES:
            return await itself()
        if address not in alive:
            raise OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        return await dial_hop(hop, f"{address}:25")()

    return Routing(decisions, names.answer, dial)


@dataclass(slots=True, eq=False)
class SiteStore:
    """The mailboxes of the site, which lose nothing."""

    site: Site
    loses: frozenset[str] = frozenset()
    _by_token: dict[str, list[Delivered]] = field(default_factory=dict)
    _news: trio.Event = field(default_factory=trio.Event)

    def __post_init__(self) -> None:
        self.site.on_stored = self._enter

    def _enter(self, stored: Stored) -> None:
        where = stored.user.decode("ascii", "replace")
        delivered = Delivered(stored.content, where, trio.current_time(), len(stored.content), self.loses)
        for token in tokens_in(stored.content):
            self._by_token.setdefault(token, []).append(delivered)
        self._news.set()
        self._news = trio.Event()

    async def message(self, token: str, *, within: float) -> Delivered | None:
        """As ``Store.message``."""
        found = await self.messages(token, within=within)
        return found[0] if found else None

    async def messages(self, token: str, *, within: float, at_least: int = 1) -> tuple[Delivered, ...]:
        """As ``Store.messages``."""
        with trio.move_on_after(within):
            while len(self._by_token.get(token, ())) < at_least:
                await self._news.wait()
        return tuple(self._by_token.get(token, ()))

    def forget(self, token: str) -> None:
        """As ``Store.forget``."""
        self._by_token.pop(token, None)
