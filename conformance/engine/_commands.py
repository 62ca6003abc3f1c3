"""The commands of a target file: that end the target and start it again, take its room away, or hand it a message."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import IO

import trio

from conformance.client import Dial
from conformance.hop import HopError, NextHop
from conformance.scenario import ControlError, Ended
from conformance.target import Target

COMMAND_SECONDS = 90.0
"""How long a command may take, and then the target until it greets."""

LOOK_SECONDS = 10.0
POLL_SECONDS = 0.02

OUTPUT_LIMIT = 1_000_000
"""Octets of complaints that a command may write; of these the first are kept."""
COMPLAINTS_KEPT = 10_000

SUBMIT_OVERLAP = 4
"""Messages that are handed over at a time: each is a process, or a few."""

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


@dataclass(frozen=True, slots=True)
class SubmitCommand:
    """Hands messages over by a command of the target file, as ``Submitting`` says."""

    words: Sequence[str]
    turn: trio.CapacityLimiter = field(default_factory=lambda: trio.CapacityLimiter(SUBMIT_OVERLAP))

    async def __call__(self, message: bytes, *arguments: str) -> Ended:
        """Hand one over."""
        async with self.turn:
            return await _ended((*self.words, *arguments), message)


@dataclass(frozen=True, slots=True)
class UserPrograms:
    """The programs of the fact ``user_agent``, each of which meets our server at a free port of loopback."""

    target: Target

    @asynccontextmanager
    async def serve(self, hop: NextHop) -> AsyncIterator[str]:
        """As ``Programs.serve``."""
        try:
            listening = await hop.listen()
        except HopError as error:
            raise ControlError(str(error)) from error
        try:
            yield listening.address
        finally:
            with trio.CancelScope(shield=True):
                await listening.close()

    async def run(self, task: str, words: Mapping[str, str], message: bytes) -> Ended:
        """As ``Programs.run``."""
        command = [_filled(argument, words) for argument in getattr(self.target.user_agent, task)]
        return await _ended(command, message)


def _filled(argument: str, words: Mapping[str, str]) -> str:
    """The argument with what its words in braces stand for."""
    return _WORD.sub(lambda found: words.get(found[1], found[0]), argument)


def _begin(
    words: Sequence[str], given: IO[bytes], out: IO[bytes] | int, complaints: IO[bytes]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(words, stdin=given, stdout=out, stderr=complaints)  # noqa: S603 - the user's own command
    except OSError as error:
        raise ControlError(f"{words[0]}: {error.strerror}") from error


async def _run(words: Sequence[str]) -> None:
    """Run a command that is to succeed."""
    done = await _ended(words)
    if not done.succeeded:
        raise ControlError(f"{shlex.join(words)}: {done}")


async def _ended(words: Sequence[str], given: bytes | None = None) -> Ended:
    """Run a command to its end, and keep the beginning of its complaints.

    One that reads the octets ``given`` may complain on standard output too.
    """
    # Files, not pipes: nobody has to read while it writes, or to wait for what it leaves running.
    with tempfile.TemporaryFile() as message, tempfile.TemporaryFile() as complaints:
        message.write(given or b"")
        message.seek(0)
        process = _begin(words, message, subprocess.DEVNULL if given is None else complaints, complaints)
        try:
            with trio.fail_after(COMMAND_SECONDS):
                while process.poll() is None:
                    if os.fstat(complaints.fileno()).st_size > OUTPUT_LIMIT:
                        raise ControlError(f"{shlex.join(words)}: wrote more than {OUTPUT_LIMIT} octets")
                    await trio.sleep(POLL_SECONDS)  # waiting without a thread is asking
        except trio.TooSlowError:
            raise ControlError(f"{shlex.join(words)}: not finished within {COMMAND_SECONDS:g} s") from None
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        complaints.seek(0)
        return Ended(process.returncode, complaints.read(COMPLAINTS_KEPT))
