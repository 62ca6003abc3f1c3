"""A command in the root of a launched server, as one of its users: what keeps it from running is one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.launchers.programs import local_user


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", local_user.__file__, str(folder), "alice", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def lay(folder: Path, pid: int, root: object) -> None:
    (folder / "record.json").write_text(json.dumps({"pid": pid}), encoding="utf-8")
    (folder / "plan.json").write_text(json.dumps({"root": root}), encoding="utf-8")


@pytest.mark.parametrize(
    ("pid", "root", "why"),
    [
        (0, {"at": "/nowhere"}, "the server is not up"),
        (2**22 + 1, {"at": "/nowhere"}, "No such file or directory"),
        (1, None, "the server has no root of its own"),
    ],
)
def test_a_server_that_is_not_there(pid: int, root: object, why: str, tmp_path: Path) -> None:
    lay(tmp_path, pid, root)
    done = run(tmp_path, "true")
    assert (done.returncode, done.stderr) == (os.EX_UNAVAILABLE, f"{tmp_path}: {why}\n")


def test_a_folder_of_no_server(tmp_path: Path) -> None:
    done = run(tmp_path, "true")
    assert (done.returncode, done.stderr) == (os.EX_UNAVAILABLE, f"{tmp_path}: No such file or directory\n")
