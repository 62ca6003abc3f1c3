"""A user's program as a scenario sees it: run by a command, against a server of ours that nobody else uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

import trio

from conformance.client import NotReady, usual_message
from conformance.hop import Command, HopConnection, NextHop, Received, Rule
from conformance.scenario._after import signing
from conformance.scenario._process import Ended, told_of
from conformance.target import Target, split_place

HOST = "localhost"
"""What our server is called to the program."""

LEAVING_SECONDS = 10.0
"""How long a connection may take to end, once the program has."""


class Programs(Protocol):
    """The user's programs, by the names that the fact ``user_agent`` has for what they do."""

    def serve(self, hop: NextHop) -> AbstractAsyncContextManager[str]:
        """A ``host:port`` of ours for one of them, for as long as the block; ``ControlError`` where there is none."""

    async def run(self, task: str, words: Mapping[str, str], message: bytes) -> Ended:
        """Run one, with the message at its standard input; raises ``ControlError`` where that can't be."""


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a program: its sessions with us, in their order, and how it ended."""

    sessions: tuple[HopConnection, ...]
    ended: Ended

    @property
    def commands(self) -> tuple[Command, ...]:
        """All that it said to us."""
        return tuple(command for session in self.sessions for command in session.commands)

    @property
    def mail(self) -> tuple[Command, ...]:
        """Each MAIL."""
        return self.said(b"MAIL")

    @property
    def messages(self) -> tuple[Received, ...]:
        """The messages that came to their end."""
        opened = (transaction for session in self.sessions for transaction in session.transactions)
        return tuple(transaction.message for transaction in opened if transaction.message is not None)

    def said(self, *verbs: bytes) -> tuple[Command, ...]:
        """Its commands with these verbs."""
        return tuple(command for command in self.commands if command.verb in verbs)

    def parameter(self, keyword: bytes) -> bytes | None:
        """The value behind this keyword in the first MAIL, empty where it has none; ``None`` where it is not there."""
        words = (word.partition(b"=") for word in (self.mail[0].argument.split() if self.mail else ()))
        return next((value for name, _, value in words if name.upper() == keyword), None)


@dataclass(slots=True, eq=False)
class Agent:
    """The programs of the fact ``user_agent``, for one scenario; each use has a server of ours for itself."""

    server: NextHop
    programs: Programs
    target: Target
    token: str
    sessions: tuple[HopConnection, ...] = ()

    @property
    def mailbox(self) -> bytes:
        """To whom its mail goes."""
        return f"{self.token}@example.net".encode("ascii")

    def message(
        self, body: bytes = b"A message of a user.\r\n", without: Iterable[str] = (), *, before: bytes = b""
    ) -> bytes:
        """A message, as ``Client.message``."""
        return usual_message(self.target, self.token, body, without, before)

    async def use(
        self,
        task: str,
        *rules: Rule,
        message: bytes = b"",
        offers: Sequence[bytes] = (),
        under_tls: Sequence[bytes] | None = None,
        shows: Sequence[str] = (),
        known: bool = True,
        expired: bool = False,
        **words: str,
    ) -> Use:
        """Run the program for ``task`` once, and return when it has ended and left.

        The server keeps the ``rules``. It offers the keywords ``offers``, and ``under_tls`` others behind the handshake
        where that is said; it has TLS where it ``shows`` a certificate for these names, as in ``Hop.show``, or where
        the task is ``submissions``: then TLS comes first, and the usual name is ours.

        Raises:
            NotReady: the program could not be run, or did not come to us.
        """
        with told_of("user agent"):
            async with self.programs.serve(self.server) as place:
                self._prepare(place, task, rules, offers, under_tls)
                try:
                    if shows or task == "submissions":
                        names = shows or (HOST,)
                        authority = signing(self.server)
                        self.server.tls_at[place] = authority.context(*names, known=known, expired=expired)
                    ended = await self.programs.run(task, self._words(place, words), message)
                finally:
                    self._clear(place)
                sessions = tuple(each for each in self.server.connections() if each.local == place)
                with trio.move_on_after(LEAVING_SECONDS):
                    for session in sessions:
                        await session.over.wait()
        self.sessions += sessions
        if not sessions:
            raise NotReady("user agent", f"it did not come to us, and ended with status {ended.status}")
        return Use(sessions, ended)

    def _prepare(
        self, place: str, task: str, rules: Sequence[Rule], offers: Sequence[bytes], under_tls: Sequence[bytes] | None
    ) -> None:
        self.server.offers_at[place] = tuple(offers)
        self.server.offers_under_tls_at[place] = tuple(offers if under_tls is None else under_tls)
        self.server.script(place, *rules)
        if task == "submissions":
            self.server.tls_first_at.add(place)

    def _clear(self, place: str) -> None:
        self.server.unscript(place)
        self.server.tls_first_at.discard(place)
        for kept in (self.server.offers_at, self.server.offers_under_tls_at, self.server.tls_at):
            kept.pop(place, None)

    def _words(self, place: str, words: Mapping[str, str]) -> dict[str, str]:
        usual = {
            "host": HOST,
            "port": str(split_place(place)[1]),
            "sender": self.target.sender or "sender@example.com",
            "recipient": self.mailbox.decode("ascii"),
        }
        return {**usual, **words}
