"""What is around the target: our next hop, its mail stores, our name server; up before anything is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import trio

from conformance.dns_server import NameServer, NameServerError, kept_names
from conformance.engine._control import TargetUnusableError
from conformance.hop import (
    ACCOUNT_OFFERS,
    ALL_OFFERS,
    BARE_OFFERS,
    Authority,
    CertificateError,
    HopError,
    NextHop,
)
from conformance.scenario import Scenario
from conformance.store import Store, StoreError, open_store
from conformance.target import Target, split_place

SINKS = frozenset({"lmtp-sink", "smtp-sink"})
"""The stores that are ports of our next hop."""

AROUND = frozenset({"hop", "store", "dns", "agent"})
"""The needs of scenarios that are met by something around the target."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is open now; ``bounces`` is the store of the target's sender, where that is another.

    ``agents`` is our server for users' programs.
    """

    hop: NextHop | None = None
    store: Store | None = None
    bounces: Store | None = None
    names: NameServer | None = None
    agents: NextHop | None = None


def wanted(target: Target, scenarios: Iterable[Scenario]) -> frozenset[str]:
    """What must be open for these scenarios: what they need, and what the target uses whoever talks to it.

    That is a sink to which all mail for a mailbox goes, and our name server, which may be the only one that it asks.
    """
    needs = frozenset(need for scenario in scenarios for need in scenario.needs & AROUND)
    if target.store is not None and target.store.kind in SINKS:
        needs |= {"store"}
    return needs | {"names"} if target.name_server else needs


@asynccontextmanager
async def surroundings(target: Target, needs: frozenset[str]) -> AsyncIterator[Surroundings]:
    """Open what is needed, as far as the target says where; all is closed at the end.

    Raises:
        TargetUnusableError: a port can't be had, or a store can't be read.
    """
    raised: Exception | None = None
    async with trio.open_nursery() as nursery:
        try:
            yield await _open(target, needs, nursery)
        except Exception as error:  # noqa: BLE001 - raised again below, where the nursery puts it in no group
            raised = error
        finally:
            nursery.cancel_scope.cancel()
    if raised is not None:
        raise raised


async def _listen(hop: NextHop, usual: str, target: Target) -> None:
    """Open the next hop, and those that offer more and less than usual or AUTH, where the target has them."""
    await hop.listen(*split_place(usual))
    others = (
        (target.extended_next_hop, ALL_OFFERS),
        (target.bare_next_hop, BARE_OFFERS),
        (target.account_next_hop, ACCOUNT_OFFERS),
    )
    for place, offers in others:
        if place:
            await hop.listen(*split_place(place))
            hop.offers_at[place] = offers
    if target.submissions_next_hop and target.submissions_domain and hop.authority is not None:
        await hop.listen(*split_place(target.submissions_next_hop))
        hop.tls_first_at.add(target.submissions_next_hop)
        hop.tls_at[target.submissions_next_hop] = hop.authority.context(target.submissions_domain)
    if target.lmtp_next_hop:
        await hop.listen(*split_place(target.lmtp_next_hop), protocol="lmtp")
    if hop.authority is not None and target.account_next_hop and target.account_domain:
        hop.tls_at[target.account_next_hop] = hop.authority.context(target.account_domain)


async def _open(target: Target, needs: frozenset[str], nursery: trio.Nursery) -> Surroundings:
    hop = NextHop(nursery)
    names: NameServer | None = None
    store: Store | None = None
    bounces: Store | None = None
    try:
        if needs & {"hop", "agent"} and target.account_authority:
            hop.authority = Authority.read(Path(target.account_authority))
        if "hop" in needs and target.next_hop:
            await _listen(hop, target.next_hop, target)
        if "dns" in needs:
            for place in target.exchangers:
                if place != target.next_hop:
                    await hop.listen(*split_place(place))
        if "names" in needs and target.name_server:
            names = NameServer(nursery, kept_names(but=target.dns_domains))
            await names.listen(*split_place(target.name_server))
        if "store" in needs and target.store:
            store = await open_store(target.store, hop)
        if needs & {"hop", "store"} and target.bounces:
            bounces = await open_store(target.bounces, hop)
    except (CertificateError, HopError, NameServerError, StoreError) as error:
        raise TargetUnusableError(str(error), ()) from error
    return Surroundings(hop if "hop" in needs else None, store, bounces, names, hop if "agent" in needs else None)
