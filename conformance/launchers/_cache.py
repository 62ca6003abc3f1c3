"""The cache folder: what was installed, and the servers that are up, each with a folder that goes with it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from conformance.launchers._error import LaunchError
from conformance.launchers._keeping import Plan, kept, overlay_root
from conformance.launchers._rooms import MAIL, QUEUE, remove_room

OVERRIDE = "SMTP_CONFORMANCE_CACHE"
"""The environment variable that names another cache folder."""

MARK = "SMTP_CONFORMANCE_SERVER"
"""The environment variable that tells to which server a process belongs: it holds the name of the server's folder."""

FIT = "fit-for-roots"
"""The file that says so of a folder."""

LOGS_KEPT = 20
"""Log folders that are kept, the last ones."""


def cache_folder() -> Path:
    """``$SMTP_CONFORMANCE_CACHE``, else a folder of ours in ``$XDG_CACHE_HOME`` or ``~/.cache``; it is made.

    Raises:
        LaunchError: it can't be made, or its path can't be a part of mount options.
    """
    named = os.environ.get(OVERRIDE)
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        folder = (Path(named) if named else Path(base) / "smtp-conformance").expanduser().resolve()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise LaunchError(f"{named or base}: no place for a cache: {why}; name another in {OVERRIDE}") from error
    if {*str(folder)} & {*":,\\ "}:
        raise LaunchError(f"{folder}: the cache folder's path can't hold : , \\ or a space; name another in {OVERRIDE}")
    return folder


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """One process at a time installs what has this name."""
    with (cache_folder() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True, slots=True)
class Record:
    """One server that is up, or was: the process to end, and what it is.

    ``started`` is the process's start time as the kernel counts it, so that a later process of the same number is not
    taken for it. ``stays`` tells one that was started to stay from one that belongs to a run, its ``owner``, of which
    there is also the start. ``stopped`` tells one that was stopped or killed to be started again, with its queue.
    """

    name: str
    version: str
    pid: int
    started: str
    stays: bool
    port: int = 0
    stopped: bool = False
    owner: int = 0
    owner_started: str = ""

    @property
    def wanted(self) -> bool:
        """Whether its process is there, or somebody may start it again."""
        return self.alive or (self.stopped and (self.stays or started(self.owner) == self.owner_started != ""))

    @property
    def alive(self) -> bool:
        """Whether its process is still there."""
        return self.pid > 0 and started(self.pid) == self.started

    def write(self, folder: Path) -> None:
        """Put it into the server's folder, whole or not at all."""
        new = folder / "record.new"
        new.write_text(json.dumps(asdict(self)), encoding="utf-8")
        new.rename(folder / "record.json")


def started(pid: int) -> str:
    """When the process started; empty where there is none, or it is a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in {"Z", "X"} else fields[19]


def new_folder(name: str, version: str, *, stays: bool) -> Path:
    """A folder for a server that is about to start; it is this process's until the server has one of its own."""
    folder = cache_folder() / "servers" / f"{name}-{secrets.token_hex(4)}"
    folder.mkdir(parents=True)
    Record(name, version, os.getpid(), started(os.getpid()), stays).write(folder)
    return folder


def records() -> Iterator[tuple[Path, Record]]:
    """The servers of which there is a folder, by name; those of which nothing is known are none."""
    for folder in sorted((cache_folder() / "servers").glob("*-*")):
        record = record_of(folder)
        if record is not None:
            yield folder, record


def record_of(folder: Path) -> Record | None:
    """What is known of the server with this folder, if anything."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return Record(**json.loads((folder / "record.json").read_text(encoding="utf-8")))
    return None


def sweep() -> None:
    """Remove what servers left behind that are no longer there; their logs are kept."""
    for folder, record in records():
        if not record.wanted:
            remove(folder)
    # By their names, which begin with the time: another run may remove one of them meanwhile.
    for old in sorted((cache_folder() / "logs").glob("*"))[:-LOGS_KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def remove(folder: Path) -> Path:
    """Remove a server's folder and return where its logs are kept."""
    end_strays(folder)
    kept = cache_folder() / "logs" / f"{time.strftime('%Y%m%dT%H%M%S')}-{folder.name}"
    kept.parent.mkdir(exist_ok=True)
    with contextlib.suppress(OSError):
        (folder / "logs").rename(kept)
    for room in (QUEUE, MAIL):
        remove_room(folder / room)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(root_folder(folder), ignore_errors=True)
    return kept


def end_strays(folder: Path) -> None:
    """Kill what a server started that outlived it and its keeper, as where somebody killed the keeper."""
    mark = f"{MARK}={folder.name}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (process / "environ").read_bytes().split(b"\0"):
                os.kill(int(process.name), signal.SIGKILL)


def overlays_folder() -> Path:
    """Where the roots of servers are: in the cache where its file system can hold one, else in a tmpfs there.

    Raises:
        LaunchError: neither can hold one, or namespaces can't be made here.
    """
    folder = cache_folder() / "overlays"
    folder.mkdir(exist_ok=True)
    with locked("overlays"):
        if (folder / FIT).exists():
            return folder
        problem = _unfit(folder)
        if problem and not folder.is_mount():
            command = ["mount", "-t", "tmpfs", "-o", "mode=700", "smtp-conformance", str(folder)]
            mounted = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - the system's own
            problem = _unfit(folder) if mounted.returncode == 0 else problem
        if problem:
            raise LaunchError(f"{folder} can hold no root for a server: {problem}")
        (folder / FIT).touch()
    return folder


def _unfit(folder: Path) -> str:
    """Why a root can't be made in this folder; empty where it can."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        trial = Path(name)
        for part in ("upper", "work", "at"):
            (trial / part).mkdir()
        root = overlay_root(trial, "localhost", {}, {})
        status, problem = kept(Plan(command=("true",), environment={}, log=trial / "log", root=root), trial, 30.0)
        return problem or (f"a root there starts nothing: status {status}" if status else "")


def root_folder(folder: Path) -> Path:
    """Where the root of the server with this folder is, if it has one."""
    return cache_folder() / "overlays" / "running" / folder.name
