"""Runs a command in the root of a launched server, as one of its users: a message can be handed over like that.

Run by its path with the server's folder, the user and the command; it needs the standard library alone, as it is
started for every message. Its exit status is the command's, or 69 where it can't be run; then one line on standard
error says why.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pwd
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID = 0x0002_0000, 0x0400_0000, 0x0800_0000, 0x2000_0000
NAMESPACES = (
    ("uts", CLONE_NEWUTS),
    ("ipc", CLONE_NEWIPC),
    ("pid_for_children", CLONE_NEWPID),
    ("mnt", CLONE_NEWNS),  # the last: behind it /proc is another
)
"""Those that a keeper has made for its server, by their names in /proc."""

PR_SET_PDEATHSIG = 1
PATHS = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
MARK = "SMTP_CONFORMANCE_SERVER"
"""As the server's own processes have it, by which its strays are known."""

UNAVAILABLE = os.EX_UNAVAILABLE


def enter(keeper: int, root: str) -> None:
    """Go into the namespaces of the server that this process keeps; its root is where ``root`` is there.

    Raises:
        OSError: it is not up, or we may not.
    """
    library = ctypes.CDLL(None, use_errno=True)
    opened = [(os.open(f"/proc/{keeper}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC), kind) for name, kind in NAMESPACES]
    for namespace, kind in opened:
        if library.setns(namespace, kind) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    os.chroot(root)
    os.chdir("/")


def become(name: str) -> dict[str, str]:
    """Be this user of the root; returns the environment of a user.

    Raises:
        KeyError: there is none.
    """
    user = pwd.getpwnam(name)
    os.initgroups(name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    with contextlib.suppress(OSError):
        os.chdir(user.pw_dir)
    return {"PATH": PATHS, "HOME": user.pw_dir, "USER": name, "LOGNAME": name, "LC_ALL": "C"}


def _run(folder: Path, user: str, command: Sequence[str]) -> int:
    keeper = json.loads((folder / "record.json").read_text(encoding="utf-8"))["pid"]
    root = json.loads((folder / "plan.json").read_text(encoding="utf-8"))["root"]
    if root is None:
        raise ValueError("the server has no root of its own")
    if keeper <= 0:
        raise ValueError("the server is not up")
    enter(keeper, root["at"])
    child = os.fork()  # the first that is in the server's namespace of processes
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        environment = become(user)
        os.execvpe(command[0], list(command), {**environment, MARK: folder.name})  # noqa: S606 - our target file's words
    except (KeyError, OSError) as error:
        _complain(command[0], error)
    finally:
        os._exit(UNAVAILABLE)


def _complain(what: object, error: Exception) -> None:
    sys.stderr.write(f"{what}: {(isinstance(error, OSError) and error.strerror) or error}\n")
    sys.stderr.flush()


def main(folder: str, user: str, *command: str) -> int:
    """Run it; returns its exit status."""
    try:
        status = _run(Path(folder), user, command)
    except (KeyError, OSError, TypeError, ValueError) as error:
        _complain(folder, error)
        return UNAVAILABLE
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
