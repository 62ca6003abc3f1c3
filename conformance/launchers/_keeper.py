"""Keeps one server: starts it, in a root of its own where asked, and ends all of it whatever happens.

Run by its path with a plan, a file of JSON, as its argument; it needs the standard library alone. It ends at SIGTERM,
with the server, and with its owner, a process that the plan names, or else with its standard input, unless the plan
says that the server stays. The server and all that it
started end with it: in a root they are a process namespace, else they are its children, adopted ones included. The
root's mounts are seen by its processes alone and end with them.

Its exit status is that of the command of the plan, or 0 where it was told to end; what kept the command from starting
is one line on standard error.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

NEW_NAMESPACES = 0x0002_0000 | 0x0400_0000 | 0x0800_0000 | 0x2000_0000  # mounts, host name, IPC, processes
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
POLITE_SECONDS = 3.0
"""How long the server has to end after SIGTERM, before it is killed."""

LOOK_SECONDS = 0.05

NAME_SERVER_SECONDS = 20.0
"""How long our name server has to say that it listens."""

CANNOT_START = 127

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


class KeeperError(Exception):
    """The server can't be kept; the text is one line that says why."""


def _system_call(name: str, *args: Any) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _mount(source: str, target: str, kind: str | None = None, flags: int = 0, data: str = "") -> None:
    words = [None if word is None else word.encode() for word in (source, target, kind)]
    try:
        _system_call("mount", *words, ctypes.c_ulong(flags), data.encode())
    except OSError as error:
        what = f"an overlay ({data})" if kind == "overlay" else source
        hint = ""
        if kind == "overlay" and error.errno == errno.EINVAL:
            hint = "; the cache must be on a file system that can hold one, such as ext4, xfs or tmpfs"
        raise KeeperError(f"{what} can't be mounted at {target}: {error.strerror}{hint}") from error


class Children:
    """Waits for children, and for what else is to be watched meanwhile."""

    def __init__(self) -> None:
        self.stopped = False
        self.ended: dict[int, int] = {}
        self.readers: dict[int, Callable[[], None]] = {}
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        self.readers[reader] = lambda: self._drain(reader)

    def _stop(self, *_: object) -> None:
        self.stopped = True

    @staticmethod
    def _drain(reader: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(reader, 4096)

    def wait(self, pid: int, seconds: float | None = None) -> bool:
        """Until the child has ended (true), or we are to stop, or the time is over."""
        end = None if seconds is None else time.monotonic() + seconds
        while True:
            self._reap()
            if pid in self.ended:
                return True
            left = None if end is None else end - time.monotonic()
            if (left is None and self.stopped) or (left is not None and left <= 0):
                return False
            ready, _, _ = select.select([*self.readers], [], [], left)
            for each in ready:
                self.readers[each]()

    def wait_for_all(self, seconds: float) -> None:
        """Until no child is left, adopted ones included, or the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                found = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not found[0]:
                ready, _, _ = select.select([*self.readers], [], [], LOOK_SECONDS)
                for each in ready:
                    self.readers[each]()

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                self.ended[found[0]] = os.waitstatus_to_exitcode(found[1])


def _start(
    command: Sequence[str], environment: dict[str, str], log: int, *, root: str = "", out: int | None = None
) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        _system_call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGPIPE, signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        if root:
            os.chroot(root)
            os.chdir("/")
        nothing = os.open("/dev/null", os.O_RDONLY)
        for ours, theirs in ((nothing, 0), (log if out is None else out, 1), (log, 2)):
            os.dup2(ours, theirs)
        os.execvpe(command[0], list(command), environment)  # noqa: S606 - what a launcher of ours planned
    except OSError as error:
        os.write(log, f"{command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(CANNOT_START)


def _start_name_server(command: Sequence[str], log: int) -> None:
    """Start our name server and wait until it says that it listens."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    _start(command, dict(os.environ), log, out=writer)
    os.close(writer)
    ready, _, _ = select.select([reader], [], [], NAME_SERVER_SECONDS)
    if not ready or not os.read(reader, 256):
        raise KeeperError("our name server did not start; the server's log says why")
    os.close(reader)


def _make_root(root: dict[str, Any]) -> str:
    """Mount the server's root, seen by its own processes alone; returns where."""
    at = root["at"]
    _mount("none", "/", None, MS_REC | MS_PRIVATE)
    _mount("overlay", at, "overlay", 0, f"lowerdir=/,upperdir={root['upper']},workdir={root['work']}")
    _mount("proc", f"{at}/proc", "proc")
    _mount("tmpfs", f"{at}/dev", "tmpfs", 0, "mode=755,size=16m")
    for name in DEVICES:
        Path(f"{at}/dev/{name}").touch()
        _mount(f"/dev/{name}", f"{at}/dev/{name}", None, MS_BIND)
    Path(f"{at}/dev/shm").mkdir()  # noqa: S108 - in the root that we make
    Path(f"{at}/dev/shm").chmod(0o1777)  # noqa: S108 - as above
    for link, to in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        Path(f"{at}/dev/{link}").symlink_to(to)
    _mount("tmpfs", f"{at}/run", "tmpfs", 0, "mode=755,size=64m")
    for ours, theirs in root["binds"].items():
        Path(f"{at}{theirs}").mkdir(parents=True, exist_ok=True)
        _mount(ours, f"{at}{theirs}", None, MS_BIND)
    for name, text in root["files"].items():
        file = Path(f"{at}{name}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755 if text.startswith("#!") else 0o644)
    socket.sethostname(root["host"])
    return str(at)


def _take_syslog(at: str, file: Path, children: Children) -> None:
    """Be the root's syslog: what is said there goes to the file, a line each."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    listener.bind(f"{at}/dev/log")
    Path(f"{at}/dev/log").chmod(0o666)
    log = file.open("ab", buffering=0)

    def take() -> None:
        said = listener.recv(65536)
        log.write(said.partition(b">")[2].rstrip(b"\n\0") + b"\n")

    children.readers[listener.fileno()] = take


def _serve_in_root(plan: dict[str, Any], log: int) -> int:
    """The first process of the namespaces: make the root, serve in it, and say how the command ended."""
    children = Children()
    at = _make_root(plan["root"])
    _take_syslog(at, Path(plan["syslog"]), children)
    server = _start(plan["command"], plan["environment"], log, root=at)
    if children.wait(server):
        return children.ended[server]
    # As where a service or a system is stopped: every process is told, those of its sessions too.
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGTERM)
    children.wait_for_all(POLITE_SECONDS)
    return 0  # the kernel kills what is left in the namespace


def _first_child(plan: dict[str, Any], log: int) -> int:
    if not plan["root"]:
        return _start(plan["command"], plan["environment"], log)
    try:
        _system_call("unshare", NEW_NAMESPACES)
    except OSError as error:
        raise KeeperError(f"this system lets us make no namespaces: {error.strerror}") from error
    pid = os.fork()
    if pid:
        return pid
    status = CANNOT_START
    try:
        _system_call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        status = _serve_in_root(plan, log)
    except (KeeperError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
    finally:
        os._exit(status if 0 <= status <= 255 else 1)


def _end_orphans(children: Children) -> None:
    """Kill what the server left running, and our name server; orphans came to us as their parents ended."""
    for _ in range(100):
        left = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
        if not left:
            return
        for pid in map(int, left):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            children.wait(pid, 0.1)


def _end(child: int, children: Children) -> None:
    os.kill(child, signal.SIGTERM)
    if not children.wait(child, POLITE_SECONDS + 1):
        os.kill(child, signal.SIGKILL)
        children.wait(child, POLITE_SECONDS)


def _watch_owner(owner: Sequence[Any], children: Children) -> None:
    """Stop when the process ends to which the server belongs, known by its number and its start."""
    pid, since = owner
    try:
        watched = os.pidfd_open(pid)
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError as error:
        raise KeeperError(f"the process to which it belongs can't be watched: {error.strerror}") from error
    if fields[19] != since:
        raise KeeperError("the process to which it belongs is gone")

    def owner_ended() -> None:
        children.stopped = True
        children.readers.pop(watched, None)

    children.readers[watched] = owner_ended


def _keep(plan: dict[str, Any], log: int, children: Children) -> int:
    if plan["owner"]:
        _watch_owner(plan["owner"], children)
    # Before the namespaces are made, so that it outlives none of them and its threads don't bind us to them.
    if plan["name_server"]:
        _start_name_server(plan["name_server"], log)
    child = _first_child(plan, log)
    if not (plan["stays"] or plan["owner"]):

        def stdin_ended() -> None:
            if not os.read(0, 4096):
                children.stopped = True
                children.readers.pop(0, None)

        children.readers[0] = stdin_ended
    if not children.wait(child):
        children.readers.pop(0, None)
        _end(child, children)
        return 0
    status = children.ended[child]
    return status if 0 <= status <= 255 else 1


def main() -> NoReturn:
    """Keep the server of the plan."""
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    log = os.open(plan["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    with contextlib.suppress(OSError, AttributeError):
        _system_call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    children = Children()
    status = CANNOT_START
    try:
        status = _keep(plan, log, children)
    except KeeperError as error:
        sys.stderr.write(f"{error}\n")
    with contextlib.suppress(OSError):
        _end_orphans(children)
    sys.exit(status)


if __name__ == "__main__":
    main()
