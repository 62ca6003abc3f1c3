"""From what a target file says about a store to the store."""

from __future__ import annotations

from conformance import target
from conformance.hop import HopError, NextHop, Protocol
from conformance.store._command import CommandStore
from conformance.store._delivered import Store, StoreError
from conformance.store._maildir import Maildir
from conformance.store._mbox import Mbox
from conformance.store._sink import SinkStore


async def open_store(fact: target.Store, hop: NextHop) -> Store:
    """The store that the fact names; its losses are those of its kind and those that the fact adds.

    A sink listens at ``hop``: ``where`` is ``host:port``, and a port that ``hop`` has open already is taken as it is.

    Raises:
        StoreError: nothing like it is there, or the port can't be had.
    """
    loses: frozenset[str] = frozenset(fact.loses)
    match fact.kind:
        case "maildir":
            return Maildir(fact.where, loses=loses)
        case "mbox":
            return Mbox(fact.where, loses=loses)
        case "command":
            return CommandStore(fact.where, loses=loses)
        case "lmtp-sink":
            await _listen(fact.where, hop, "lmtp")
        case "smtp-sink":
            await _listen(fact.where, hop, "smtp")
    return SinkStore(hop, loses=loses)


async def _listen(where: str, hop: NextHop, protocol: Protocol) -> None:
    if where in {port.address for port in hop.ports}:
        return
    host, _, port = where.rpartition(":")
    if not (host and port.isdigit()):
        raise StoreError(f"{where}: no place to listen at; write host:port")
    try:
        await hop.listen(host.strip("[]"), int(port), protocol=protocol)
    except HopError as error:
        raise StoreError(str(error)) from error
