"""Servers of our own: they come up, say their port, and leave with us."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.launchers import LAUNCHERS, LaunchError, _launch, launched
from conformance.launchers._launch import Launcher
from conformance.reference import reference_target

HERE = Path(__file__).resolve().parents[2]


def greeting(url: str) -> bytes:
    host, _, port = url.removeprefix("smtp://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as client, client.makefile("rb") as lines:
        return lines.readline()


@pytest.mark.parametrize("name", sorted(LAUNCHERS))
def test_a_launched_server_greets_and_is_gone_after_the_block(name: str) -> None:
    with launched(name) as target:
        assert target.name == name
        assert target.where.host == "127.0.0.1"
        assert greeting(target.address).startswith(b"220 mail.example.test ")
    with pytest.raises(ConnectionRefusedError):
        greeting(target.address)


def test_a_server_is_gone_also_when_the_block_fails() -> None:
    with pytest.raises(ZeroDivisionError), launched("reference") as target:
        raise ZeroDivisionError
    with pytest.raises(ConnectionRefusedError):
        greeting(target.address)


def test_two_of_a_kind_do_not_meet() -> None:
    with launched("reference") as one, launched("reference") as other:
        assert one.address != other.address


@pytest.mark.parametrize("name", sorted(LAUNCHERS))
def test_a_server_ends_with_its_standard_input(name: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", LAUNCHERS[name].module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    ) as process:
        assert process.stdin
        assert process.stdout
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            assert client.recv(4096).startswith(b"220 ")
            client.sendall(b"BOGUS\r\n")
            assert client.recv(4096).startswith(b"500 ")
            _, err = process.communicate(timeout=10)  # closes standard input, with a session open
    assert process.returncode == 0
    assert err == b""


def lay(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put a server called ``odd`` beside ours."""
    (folder / "odd_server.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setitem(LAUNCHERS, "odd", Launcher("odd_server", (), reference_target))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the odd server ended at once; what it printed stands above"),
        ("raise SystemExit('no luck')", "the odd server ended at once; what it printed stands above"),
        ("print('hello')", "the odd server did not say its port but b'hello\\n'"),
        ("import sys; sys.stdin.read()", "the odd server did not say its port within 0.5 s"),
    ],
    ids=["empty", "fails", "talks", "silent"],
)
def test_a_server_that_does_not_come_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str) -> None:
    lay(tmp_path, monkeypatch, text)
    monkeypatch.setattr(_launch, "START_SECONDS", 0.5 if "within" in says else 20.0)
    with pytest.raises(LaunchError) as caught, launched("odd"):
        pytest.fail("it came up")
    assert str(caught.value) == says


def test_a_server_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "pid"
    text = f"import os, pathlib, signal, time\npathlib.Path({str(note)!r}).write_text(str(os.getpid()))\n"
    text += "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint(2525, flush=True)\nwhile True: time.sleep(60)\n"
    lay(tmp_path, monkeypatch, text)
    monkeypatch.setattr(_launch, "STOP_SECONDS", 0.2)
    with launched("odd"):
        pid = int(note.read_text())
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_server_is_out_of_reach_of_our_terminals_ctrl_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "session"
    text = f"import os, pathlib, sys\npathlib.Path({str(note)!r}).write_text(str(os.getsid(0)))\n"
    lay(tmp_path, monkeypatch, f"{text}print(2525, flush=True)\nsys.stdin.read()\n")
    with launched("odd"):
        assert int(note.read_text()) != os.getsid(0)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LAUNCHERS, "odd", Launcher("odd_server", ("no_such_module",), reference_target))
    with (
        pytest.raises(LaunchError, match=r"the odd server needs no_such_module: pip install 'smtp-conformance"),
        launched("odd"),
    ):
        pytest.fail("it came up")
