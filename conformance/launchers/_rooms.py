"""File systems of their own for a server's queue and its mailboxes, which can be made full, and roomy again.

They are mounted in a namespace that the run alone has, and what it starts: whatever ends it ends them.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.launchers._error import LaunchError
from conformance.launchers._system import own_namespace

CLONE_NEWNS = 0x0002_0000

ROOM = "2g"
"""The size of one with room: more than a run ever fills, and no more memory than what is in it."""

SPARE = 64 * 1024
"""Octets that a full one has left for the file that takes them."""

FILLER = ".full"

QUEUE, MAIL = "queue", "mail"
"""What they are called in the folder of a server."""


@contextmanager
def own_mounts() -> Iterator[None]:
    """What this thread, and what it starts, mounts within the block is seen by nobody else, and gone behind it.

    Raises:
        LaunchError: this system lets us have no namespace of mounts.
    """
    here = Path.cwd()
    try:
        with own_namespace("mnt", CLONE_NEWNS, "namespace of mounts"):
            _run("mount", "--make-rslave", "/")
            yield
    finally:
        os.chdir(here)  # it was the root of the namespace, once we were back


def lay_room(place: Path, like: Path | None = None) -> None:
    """Mount a file system at this place, with what is in the folder ``like``.

    Where there is none, as the server makes it, only root can look into it.

    Raises:
        LaunchError: none can be mounted there.
    """
    place.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=755", "smtp-conformance", str(place))
    if like is None:
        return
    if like.is_dir():
        _run("cp", "--archive", f"{like}/.", str(place))
    else:
        place.chmod(0o711)


def fill(place: Path) -> None:
    """Leave no room in the file system at this place.

    Raises:
        LaunchError: it can't be made smaller.
    """
    room = os.statvfs(place)
    used = (room.f_blocks - room.f_bfree) * room.f_frsize
    _run("mount", "-o", f"remount,size={used + SPARE}", str(place))
    with (place / FILLER).open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(room.f_frsize))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def make_room(place: Path) -> None:
    """Give the file system at this place its room again.

    Raises:
        LaunchError: that can't be done.
    """
    _run("mount", "-o", f"remount,size={ROOM}", str(place))
    (place / FILLER).unlink(missing_ok=True)


def remove_room(place: Path) -> None:
    """Remove what is mounted at this place, if anything is."""
    if place.is_mount():
        _run("umount", "--lazy", str(place))
    shutil.rmtree(place, ignore_errors=True)


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - the system's own
    if done.returncode != 0:
        raise LaunchError(done.stderr.strip().rpartition("\n")[2] or f"{words[0]}: exit status {done.returncode}")
