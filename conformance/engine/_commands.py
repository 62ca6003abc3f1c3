"""The commands of a target file that end the target and start it again, or take its room away."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

import trio

from conformance.client import Dial
from conformance.scenario import ControlError
from conformance.target import Target

COMMAND_SECONDS = 90.0
"""How long a command may take, and then the target until it greets."""

LOOK_SECONDS = 10.0
POLL_SECONDS = 0.02


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


async def _run(words: Sequence[str]) -> None:
    with tempfile.TemporaryFile() as complaints:
        process = _begin(words, complaints)
        try:
            with trio.fail_after(COMMAND_SECONDS):
                while process.poll() is None:  # noqa: ASYNC110 - waiting without a thread is asking
                    await trio.sleep(POLL_SECONDS)
        except trio.TooSlowError:
            raise ControlError(f"{shlex.join(words)}: not finished within {COMMAND_SECONDS:g} s") from None
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode != 0:
            complaints.seek(0)
            last = complaints.read(10_000).decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise ControlError(f"{shlex.join(words)}: exit status {process.returncode}{': ' + last if last else ''}")
