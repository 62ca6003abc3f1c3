"""The commands of a target file: those that end the target and start it again, or take its room away, and programs."""

from __future__ import annotations

import re
import shlex
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import IO

import trio

from conformance.client import Dial
from conformance.hop import HopError, NextHop
from conformance.scenario import ControlError, Ended, ProgramError
from conformance.target import Target

COMMAND_SECONDS = 90.0
"""How long a command may take, and then the target until it greets."""

LOOK_SECONDS = 10.0
POLL_SECONDS = 0.02

SAID_BOUND = 64 * 1024
"""Octets that are kept of what a user's program says."""

_WORD = re.compile(r"\{([a-z-]+)\}")


@dataclass(frozen=True, slots=True)
class Commands:
    """Ends and starts the target by its commands; no thread waits for them, the loop asks."""

    target: Target
    dial: Dial

    async def kill(self) -> None:
        """As ``Control.kill``."""
        await _run(self.target.process.kill)

    async def stop(self) -> None:
        """As ``Control.stop``."""
        await _run(self.target.process.stop)

    async def start(self) -> None:
        """As ``Control.start``."""
        await _run(self.target.process.start)
        with trio.move_on_after(COMMAND_SECONDS):
            while not await self._greets():  # noqa: ASYNC110 - nobody tells us
                await trio.sleep(POLL_SECONDS)
            return
        raise ControlError(f"the target did not greet within {COMMAND_SECONDS:g} s of its start")

    async def fill_queue(self) -> None:
        """As ``Control.fill_queue``."""
        await _run(self.target.process.fill_queue)

    async def fill_mailboxes(self) -> None:
        """As ``Control.fill_mailboxes``."""
        await _run(self.target.process.fill_mailboxes)

    async def make_room(self) -> None:
        """As ``Control.make_room``."""
        await _run(self.target.process.make_room)

    async def listens(self) -> bool:
        """As ``Control.listens``."""
        try:
            with trio.fail_after(LOOK_SECONDS):
                stream = await self.dial()
        except (OSError, trio.TooSlowError):
            return False
        await trio.aclose_forcefully(stream)
        return True

    async def _greets(self) -> bool:
        try:
            stream = await self.dial()
        except OSError:
            return False
        octets = b""
        with suppress(trio.BrokenResourceError), trio.move_on_after(LOOK_SECONDS):
            octets = b"220" if self.target.implicit_tls else bytes(await stream.receive_some(1024))
            if octets:
                await stream.send_all(b"QUIT\r\n")
        await trio.aclose_forcefully(stream)
        return octets.startswith((b"220", b"554"))


def _begin(words: Sequence[str], complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - the command is the user's own
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=complaints
        )
    except OSError as error:
        raise ControlError(f"{words[0]}: {error.strerror}") from error


def _begin_program(words: Sequence[str], given: IO[bytes], said: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(words, stdin=given, stdout=said, stderr=said)  # noqa: S603 - as above
    except OSError as error:
        raise ProgramError(f"{words[0]}: {error.strerror}") from error


async def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether the process has ended within so many seconds; it has, one way or the other, when this returns."""
    try:
        with trio.move_on_after(seconds):
            while process.poll() is None:  # noqa: ASYNC110 - waiting without a thread is asking
                await trio.sleep(POLL_SECONDS)
            return True
        return False
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


async def _run(words: Sequence[str]) -> None:
    with tempfile.TemporaryFile() as complaints:
        process = _begin(words, complaints)
        if not await _ended(process, COMMAND_SECONDS):
            raise ControlError(f"{shlex.join(words)}: not finished within {COMMAND_SECONDS:g} s")
        if process.returncode != 0:
            complaints.seek(0)
            last = complaints.read(10_000).decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise ControlError(f"{shlex.join(words)}: exit status {process.returncode}{': ' + last if last else ''}")


@dataclass(frozen=True, slots=True)
class UserPrograms:
    """The programs of the fact ``user_agent``, each of which meets our server at a free port of loopback."""

    target: Target

    @asynccontextmanager
    async def serve(self, hop: NextHop) -> AsyncIterator[str]:
        """As ``Programs.serve``.

        Raises:
            ProgramError: no port can be had.
        """
        try:
            listening = await hop.listen()
        except HopError as error:
            raise ProgramError(str(error)) from error
        try:
            yield listening.address
        finally:
            with trio.CancelScope(shield=True):
                await listening.close()

    async def run(self, task: str, words: Mapping[str, str], message: bytes) -> Ended:
        """As ``Programs.run``."""
        command = [_filled(argument, words) for argument in getattr(self.target.user_agent, task)]
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
            given.write(message)
            given.seek(0)
            process = _begin_program(command, given, said)
            if not await _ended(process, COMMAND_SECONDS):
                raise ProgramError(f"{shlex.join(command)}: not finished within {COMMAND_SECONDS:g} s")
            said.seek(0)
            return Ended(process.returncode, said.read(SAID_BOUND))


def _filled(argument: str, words: Mapping[str, str]) -> str:
    """The argument with what its words in braces stand for."""
    return _WORD.sub(lambda found: words.get(found[1], found[0]), argument)
