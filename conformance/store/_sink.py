"""Mail that the server hands on to us by LMTP or SMTP: the one store that loses nothing."""

from __future__ import annotations

from conformance.hop import NextHop, Received
from conformance.store._delivered import Delivered


class SinkStore:
    """The messages that came to our next hop, as octets on the wire, dots no longer doubled (RFC 5321 §4.5.2)."""

    def __init__(self, hop: NextHop, *, loses: frozenset[str] = frozenset()) -> None:
        self.hop = hop
        self.loses = loses

    async def message(self, token: str, *, within: float) -> Delivered | None:
        """As ``Store.message``."""
        found = await self.messages(token, within=within)
        return found[0] if found else None

    async def messages(self, token: str, *, within: float, at_least: int = 1) -> tuple[Delivered, ...]:
        """As ``Store.messages``; what our rules refused was not delivered and is left out."""
        received = await self.hop.messages(token, within=within, at_least=at_least)
        return tuple(self._delivered(message) for message in received if not _refused(message))

    def forget(self, token: str) -> None:
        """As ``Store.forget``."""
        self.hop.forget(token)

    def _delivered(self, message: Received) -> Delivered:
        content = message.content
        length = len(content) if message.complete else message.full_length
        where = f"connection {message.transaction.connection.number} to {message.transaction.connection.local}"
        return Delivered(content, where, message.ended, length, self.loses)


def _refused(message: Received) -> bool:
    return bool(message.replies) and not any(reply.startswith(b"2") for reply in message.replies)
