"""The way in for the target's own users: a program of theirs hands it a message, and it makes the envelope.

RFC 5321 leaves that way to each system (appendix B); here it is a command of the target file, as ``sendmail -t``.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Protocol

import trio

from conformance.client import NotReady, usual_fields
from conformance.scenario._process import ControlError, Ended
from conformance.target import Target
from conformance.wire import CRLF, Transcript


class Submitting(Protocol):
    """Hands a message over, its lines ended by LF, and waits for the end of that."""

    async def __call__(self, message: bytes, *arguments: str) -> Ended:
        """Hand it over, with these arguments behind those that the command has.

        Raises:
            ControlError: the command can't be run, or does not end.
        """


@dataclass(slots=True, eq=False)
class Submit:
    """The way in as one scenario uses it; what was handed over is evidence.

    Raises everywhere:
        NotReady: the command can't be run, or does not end, which proves nothing.
    """

    way: Submitting
    target: Target
    token: str
    transcripts: list[Transcript] = field(default_factory=list)

    @property
    def user(self) -> bytes:
        """The mailbox of the user who submits (fact ``submit.user``), or else any that may send."""
        known = self.target.submit.user or self.target.sender or "suite@client.example.test"
        return known.encode("ascii")

    def content(
        self,
        *fields: bytes,
        sender: bytes | None = None,
        without: str = "",
        body: bytes = b"",
        token: str | None = None,
    ) -> bytes:
        """A message with these fields, without their line ends, behind From, Date, Message-ID and Subject.

        ``sender`` is the mailbox in From where it is not the user's, ``without`` the name of a field to leave out.
        """
        usual = usual_fields(sender or self.user, token or self.token)
        lines = [name.encode("ascii") + b": " + value for name, value in usual.items() if name != without]
        return CRLF.join([*lines, *fields, b"", body or b"A message of the conformance suite.", b""])

    async def tried(self, message: bytes, *, reverse_path: bytes = b"") -> Ended:
        """Hand a message over, its lines ended by CRLF here as everywhere in scenarios, whatever becomes of it.

        ``reverse_path`` is asked for by the option for that (fact ``submit.return_path_option``).
        """
        given = message.replace(CRLF, b"\n")
        option = self.target.submit.return_path_option or ""
        arguments = (option, reverse_path.decode("ascii")) if reverse_path else ()
        words = (*self.target.submit.command, *arguments)
        shown = Transcript(trio.current_time, role="submit", peer=shlex.join(words))
        self.transcripts.append(shown)
        shown.sent(given)
        try:
            done = await self.way(given, *arguments)
        except ControlError as error:
            shown.note(str(error))
            raise NotReady("submit", str(error)) from error
        shown.received(done.said)
        shown.note(f"exit status {done.status}")
        return done

    async def message(self, message: bytes) -> None:
        """Hand a message over, and have it taken.

        Raises:
            NotReady: it is refused.
        """
        done = await self.tried(message)
        if not done.succeeded:
            raise NotReady("submit", done)
