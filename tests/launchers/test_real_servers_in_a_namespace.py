"""The servers of others in a network of their own: mail goes where MX records say, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from launched_servers import left, mentioned, until

from conformance.launchers import LAUNCHERS
from conformance.launchers._cache import cache_folder

pytestmark = pytest.mark.real_server

HERE = Path(__file__).resolve().parents[2]
ROUTED = "rfc5321/5.1/lowest_preference_comes_first[middle]"
ABSENT = ("needs", "can't be installed", "comes from", "namespace")


def begin(name: str, out: Path, *selectors: str) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "conformance", "run", name, "--namespace", "--out", str(out), *selectors]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.parametrize("name", [name for name, launcher in LAUNCHERS.items() if launcher.routes])
def test_mail_goes_to_the_best_exchanger(name: str, tmp_path: Path) -> None:
    with begin(name, tmp_path, ROUTED) as run:
        said, problem = run.communicate(timeout=600)
    if run.returncode == 3 and any(words in problem for words in ABSENT):
        pytest.skip(problem)
    assert (run.returncode, problem) == (0, "")
    assert "1 pass, 0 fail" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_a_run_nothing_is_left(number: signal.Signals, tmp_path: Path) -> None:
    with begin("postfix", tmp_path, "rfc5321/5.1") as run:
        assert until(lambda: run.poll() is not None or (tmp_path / "results.jsonl").exists(), 600)
        if run.poll() is not None:
            pytest.skip(run.communicate()[1])
        folders = [each for each in (cache_folder() / "servers").glob("postfix-*") if owned(each, run.pid)]
        assert len(folders) == 1
        run.send_signal(number)
        run.communicate(timeout=60)
    assert run.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert until(lambda: not mentioned(folders[0].name))
    if number != signal.SIGKILL:  # else the next command removes the folder
        assert not any(folders[0].name in each for each in left(cache_folder()))


def owned(folder: Path, pid: int) -> bool:
    return f'"owner": {pid}' in (folder / "record.json").read_text(encoding="utf-8")
