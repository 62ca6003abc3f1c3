"""What came after the 250 as connections of results.jsonl: the part of them that is the scenario's own."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.hop import Command, NextHop, Transaction
from conformance.scenario import Hop, Store
from conformance.store import Delivered
from conformance.wire import Transcript

SESSIONS = 4
"""Whole sessions that are shown of one scenario."""


def hop_transcripts(hop: Hop) -> Iterator[Transcript]:
    """Each transaction of the scenario's tokens, behind the greeting and the EHLO of the connection it came by.

    Behind them the first of the whole sessions that the scenario looked at, which came before any transaction.
    """
    yield from transactions(hop.server, hop.asked)
    for session in hop.sessions[:SESSIONS]:
        yield session.transcript


def transactions(server: NextHop, tokens: dict[str, None]) -> Iterator[Transcript]:
    """The transactions of these tokens, each once, in the order in which they began."""
    seen = {id(transaction): transaction for token in tokens for transaction in server.seen(token)}
    for transaction in sorted(seen.values(), key=lambda each: each.began):
        yield _transcript(transaction)


def store_transcripts(store: Store) -> Iterator[Transcript]:
    """Each message that the scenario found in a store."""
    for delivered in store.found:
        yield _delivered(delivered)


class _Then:
    """A clock that shows what it is set to."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def _transcript(transaction: Transaction) -> Transcript:
    connection = transaction.connection
    clock = _Then(connection.began)
    shown = Transcript(clock, role="hop", local=connection.local, peer=connection.peer)
    for authentication in connection.authentications:
        for secret in authentication.secrets():
            shown.secret(secret)
    greeting = next((entry for entry in connection.transcript.entries if entry.sender == "us"), None)
    if greeting is not None:
        clock.now = connection.began + greeting.t
        shown.sent(greeting.octets)
    before = [command for command in connection.commands if command.at < connection.transactions[0].began]
    for command in before:
        _show(shown, clock, command)
    if transaction is not connection.transactions[0]:
        shown.note("mail of other scenarios went over this connection before")
    for command in transaction.commands:
        _show(shown, clock, command)
        if command.verb in {b"DATA", b"BDAT"}:
            _show_content(shown, clock, transaction)
    if transaction.ended is not None and connection.ended is not None:
        clock.now = connection.ended
        shown.note(connection.end)
    return shown


def _show(shown: Transcript, clock: _Then, command: Command) -> None:
    clock.now = command.at
    shown.received(command.octets)
    if command.replied_at is not None and command.reply and command.verb != b"BDAT":
        clock.now = command.replied_at
        shown.sent(command.reply)


def _show_content(shown: Transcript, clock: _Then, transaction: Transaction) -> None:
    message = transaction.message
    if message is None:
        if transaction.unfinished:
            shown.received(transaction.unfinished)
        return
    clock.now = message.ended
    shown.received(message.data)
    for reply in message.replies:
        shown.sent(reply)


def _delivered(delivered: Delivered) -> Transcript:
    shown = Transcript(_Then(delivered.seen), role="store", peer=delivered.where)
    shown.received(delivered.from_line + delivered.content)
    return shown
