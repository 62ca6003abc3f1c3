"""Ctrl-C and its kin: a whole report of what was done, a status of its own, and no process left behind."""

from __future__ import annotations

import itertools
import os
import signal
import socketserver
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cli_commands import NOOP, Command, Served, Talk, busy_in, results_of, started, talking, until

from conformance.cli import _run as cli_run
from conformance.engine import Run
from conformance.report import read

SECONDS = 15.0
"""Much more than it takes to stop, much less than the time-out of a run."""

has_children = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc to find child processes in")


def silent_after_the_control_message() -> Talk:
    takes_all = busy_in(range(0))
    count = itertools.count(1)

    def talk(handler: socketserver.BaseRequestHandler) -> None:
        if next(count) == 1:
            takes_all(handler)
            return
        handler.request.sendall(b"220 mx.example ESMTP\r\n")
        while handler.request.recv(4096):
            continue

    return talk


def began(out: Path) -> bool:
    results = out / "results.jsonl"
    return results.exists() and any(isinstance(event, Run) for event in read(results, broken_off=True))


@contextmanager
def run_under_way(out: Path) -> Iterator[subprocess.Popen[str]]:
    with (
        talking(silent_after_the_control_message()) as port,
        started("run", f"smtp://127.0.0.1:{port}", NOOP, "--out", out) as process,
    ):
        try:
            assert until(lambda: began(out))
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_the_run_and_leaves_whole_reports(tmp_path: Path, number: int, status: int) -> None:
    with run_under_way(tmp_path) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == status
    assert err == ""
    assert "NOT A USABLE RUN: stopped before the end" in out
    written = results_of(tmp_path)
    assert not written.end.complete
    assert written.end.problem == "stopped before the end"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["junit.xml", "report.html", "results.jsonl"]
    assert "stopped before the end" in (tmp_path / "report.html").read_text()
    assert "stopped before the end" in (tmp_path / "junit.xml").read_text()


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("of an earlier run")
    with run_under_way(tmp_path) as process:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=SECONDS)
    assert process.returncode in {130, 143}
    assert "Traceback" not in err
    assert isinstance(next(read(tmp_path / "results.jsonl", broken_off=True)), Run)
    if (tmp_path / "report.html").exists():
        assert "of an earlier run" not in (tmp_path / "report.html").read_text()


def test_a_killed_run_leaves_a_file_that_says_so(command: Command, tmp_path: Path) -> None:
    with run_under_way(tmp_path) as process:
        process.kill()
        process.communicate(timeout=SECONDS)
    refused = command("show", tmp_path / "results.jsonl")
    assert refused.status == 2
    assert refused.problem == f"{tmp_path / 'results.jsonl'}: its last line is missing: the run broke off"
    assert command("show", tmp_path / "results.jsonl", "--broken-off").status == 3


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid: int) -> bool:
    """Whether a process has ended, be it that nobody has asked for its status yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


@has_children
@pytest.mark.parametrize(
    ("server", "number", "status"), [("reference", signal.SIGINT, 130), ("aiosmtpd", signal.SIGTERM, 143)]
)
def test_a_stopped_run_ends_the_server_that_it_started(tmp_path: Path, server: str, number: int, status: int) -> None:
    with started("run", server, "--out", tmp_path) as process:
        assert until(lambda: began(tmp_path))
        (keeper,) = children(process.pid)
        (child,) = children(keeper)
        os.kill(child, signal.SIGSTOP)  # so that the run can't end before we stop it
        process.send_signal(number)
        assert until(lambda: (tmp_path / "results.jsonl").read_bytes().rpartition(b'{"type":"end"')[1] != b"")
        os.kill(child, signal.SIGCONT)
        _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == status
    assert "Traceback" not in err
    assert until(lambda: gone(child))
    assert not results_of(tmp_path).end.complete


@has_children
@pytest.mark.parametrize("server", ["reference", "aiosmtpd"])
def test_a_killed_run_leaves_no_server_behind(tmp_path: Path, server: str) -> None:
    with started("run", server, "--out", tmp_path) as process:
        assert until(lambda: began(tmp_path))
        (keeper,) = children(process.pid)
        (child,) = children(keeper)
        assert not gone(child)
        process.kill()
        process.communicate(timeout=SECONDS)
        assert until(lambda: gone(child))


def test_ctrl_c_outside_the_run_is_no_finding(
    command: Command, clean: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli_run, "write_html", interrupted)
    ended = command("run", clean.url, NOOP, "--out", tmp_path)
    assert ended.status == 130
    assert ended.problem == "stopped"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["junit.xml", "results.jsonl"]
