"""A command that prints the delivered mail: for stores that only a tool of their own can read."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import IO

import trio

from conformance.hop import tokens_in
from conformance.store._delivered import MESSAGE_BOUND, Delivered, StoreError
from conformance.store._index import ScannedStore
from conformance.store._mbox import FROM, LOSES, MboxMessage, MboxReader

COMMAND_POLL_SECONDS = 1.0
COMMAND_SECONDS = 30.0
"""How long one run of the command may take."""


class CommandStore(ScannedStore):
    """What a command prints: all mail that is in the store, each time anew.

    Output that begins with ``From `` is an mbox. Other output is one message, or several with a NUL octet between or
    behind them; who must see NULs in messages prints an mbox. The words of the command are split as a shell does,
    no shell runs. A status other than 0 is an error.
    """

    def __init__(
        self,
        command: str,
        *,
        loses: frozenset[str] = frozenset(),
        bound: int = MESSAGE_BOUND,
        poll: float = COMMAND_POLL_SECONDS,
        seconds: float = COMMAND_SECONDS,
    ) -> None:
        super().__init__(LOSES | loses, bound, poll)
        self.command = command
        self.seconds = seconds
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise StoreError(f"{command}: no command: {error}") from error
        if not self._words:
            raise StoreError("the command that prints the mail is empty")

    async def _new(self) -> AsyncGenerator[Delivered, None]:
        printed = [self._delivered(message) for message in await self._run() if tokens_in(message.content)]
        self._enter_anew()
        for delivered in printed:
            yield delivered

    def _delivered(self, message: MboxMessage) -> Delivered:
        known = [seen for token in tokens_in(message.content) for seen in self._known(token)]
        before = [seen.seen for seen in known if seen.content == message.content]
        return Delivered(
            message.content,
            self.command,
            min(before, default=trio.current_time()),
            message.full_length,
            self.loses,
            message.from_line,
        )

    async def _run(self) -> list[MboxMessage]:
        with tempfile.TemporaryFile() as complaints:
            process = self._start(complaints)
            try:
                with trio.fail_after(self.seconds):
                    messages = await self._read(process)
                    while process.poll() is None:  # noqa: ASYNC110 - waiting without a thread is asking
                        await trio.sleep(0.005)
            except trio.TooSlowError:
                raise StoreError(f"{self.command}: not finished within {self.seconds:.0f} s") from None
            finally:
                _end(process)
            if process.returncode != 0:
                complaints.seek(0)
                first = complaints.read(1000).decode("utf-8", "replace").strip().partition("\n")[0]
                raise StoreError(f"{self.command}: exit status {process.returncode}{': ' + first if first else ''}")
            return messages

    def _start(self, complaints: IO[bytes]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603 - the command is the user's own
                self._words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints
            )
        except OSError as error:
            raise StoreError(f"{self.command}: {error.strerror}") from error

    async def _read(self, process: subprocess.Popen[bytes]) -> list[MboxMessage]:
        assert process.stdout is not None
        output = _Output(self.bound)
        async with trio.lowlevel.FdStream(os.dup(process.stdout.fileno())) as stream:
            async for portion in stream:
                output.feed(bytes(portion))
        return output.end()


class _Output:
    """Divides what the command prints, an mbox or messages with NUL between them; keeps those with a token."""

    def __init__(self, bound: int) -> None:
        self._messages: list[MboxMessage] = []
        self._bound = bound
        self._mbox = MboxReader(bound)
        self._is_mbox: bool | None = None
        self._begun = bytearray()
        self._length = 0

    def feed(self, octets: bytes) -> None:
        if self._is_mbox is None:
            octets = bytes(self._begun) + octets
            self._begun.clear()
            if len(octets) < len(FROM):
                self._begun += octets
                return
            self._is_mbox = octets.startswith(FROM)
        if self._is_mbox:
            for message in self._mbox.feed(octets):
                self._keep(message)
        else:
            *ended, begun = octets.split(b"\0")
            for part in ended:
                self._go_on(part)
                self._end_message()
            self._go_on(begun)

    def end(self) -> list[MboxMessage]:
        if self._is_mbox:
            last = self._mbox.last()
            if last is not None:
                self._keep(last)
        else:
            self._length = max(self._length, len(self._begun))
            self._end_message()
        return self._messages

    def _go_on(self, part: bytes) -> None:
        self._begun += part[: max(0, self._bound - len(self._begun))]
        self._length += len(part)

    def _end_message(self) -> None:
        if self._begun.strip():
            self._keep(MboxMessage(b"", bytes(self._begun), self._length))
        self._begun.clear()
        self._length = 0

    def _keep(self, message: MboxMessage) -> None:
        if tokens_in(message.content):
            self._messages.append(message)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave no process and no pipe behind."""
    with suppress(ProcessLookupError):
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
