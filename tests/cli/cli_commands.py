"""The command line, called in this process or as one of its own, and servers to point it at."""

from __future__ import annotations

import itertools
import os
import shlex
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trio

from conformance.cli import main
from conformance.engine import End, Result, Run
from conformance.reference import ReferenceServer
from conformance.reference.defects import load_defects
from conformance.report import read
from conformance.scenario import Suite, load

HERE = Path(__file__).resolve().parents[2]
NOOP = "rfc5321/4.1.1.9"
ALL_OF_NOOP = len(Suite((NOOP,)).select(load())[0])
"""How many scenarios that selects."""
RSET = "rfc5321/4.1.1.5"

Talk = Callable[[socketserver.BaseRequestHandler], None]


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def problem(self) -> str:
        """The one line on standard error."""
        assert "Traceback" not in self.err
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("smtp-conformance: ")
        return lines[0].removeprefix("smtp-conformance: ")


@dataclass
class Command:
    """``smtp-conformance`` in this process."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str | Path) -> Ended:
        self.monkeypatch.setattr(sys, "argv", ["smtp-conformance", *map(str, arguments)])
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main()
        status = caught.value.code
        assert isinstance(status, int)
        return Ended(status, *self.capsys.readouterr())

    def repeated(self, line: str, out: Path) -> Ended:
        """A command as we print it, with its report elsewhere."""
        name, run, *words = shlex.split(line)
        assert (name, run) == ("smtp-conformance", "run")
        return self("run", "--out", out, *words)


def started(*arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
    """``smtp-conformance`` as a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONUNBUFFERED": "1"} | options.pop("env", {})
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen(
        [sys.executable, "-m", "conformance", *map(str, arguments)], text=True, env=environment, **pipes
    )


class Written(NamedTuple):
    """What stands in a results file."""

    run: Run
    results: Sequence[Result]
    end: End


def results_of(folder: Path) -> Written:
    run, *results, end = read(folder / "results.jsonl")
    assert isinstance(run, Run)
    assert isinstance(end, End)
    return Written(run, [result for result in results if isinstance(result, Result)], end)


@dataclass
class Served:
    """A reference server on a port of 127.0.0.1."""

    url: str
    server: ReferenceServer

    def recipients(self) -> set[bytes]:
        return {path for delivery in self.server.site.delivered for path in delivery.forward_paths}


@contextmanager
def reference_server(*defects: str) -> Iterator[Served]:
    """The reference server with these defects, in a thread."""
    server = ReferenceServer(defects=[load_defects()[name] for name in defects])
    listening = threading.Event()
    ports: list[int] = []
    stop: list[Callable[[], None]] = []

    async def serve() -> None:
        token = trio.lowlevel.current_trio_token()
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1", backlog=128)
        with trio.CancelScope() as scope:
            ports.append(listener.socket.getsockname()[1])
            stop.append(lambda: token.run_sync_soon(scope.cancel))
            listening.set()
            await trio.serve_listeners(server.serve, [listener])

    thread = threading.Thread(target=trio.run, args=(serve,))
    thread.start()
    assert listening.wait(10)
    try:
        yield Served(f"smtp://127.0.0.1:{ports[0]}", server)
    finally:
        stop[0]()
        thread.join(10)


@contextmanager
def talking(talk: Talk) -> Iterator[int]:
    """A server that says what ``talk`` says on each connection; yields its port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(10)
            try:
                talk(self)
            except OSError:
                return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(10)


def busy_in(sessions: range) -> Talk:
    """A server that takes every command and message, but turns away these of its sessions, counted from 1."""
    count = itertools.count(1)

    def talk(handler: socketserver.BaseRequestHandler) -> None:
        client = handler.request
        if next(count) in sessions:
            client.sendall(b"421 mx.example is busy\r\n")
            return
        client.sendall(b"220 mx.example ESMTP\r\n")
        in_data = False
        while octets := client.recv(65536):
            if in_data:
                in_data = not octets.endswith(b"\r\n.\r\n")
                if not in_data:
                    client.sendall(b"250 taken\r\n")
            elif octets.startswith(b"DATA"):
                in_data = True
                client.sendall(b"354 go on\r\n")
            elif octets.startswith(b"QUIT"):
                client.sendall(b"221 bye\r\n")
                return
            else:
                client.sendall(b"250 mx.example\r\n")

    return talk


def until(happens: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Wait for something that another process does."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if happens():
            return True
        pause.wait(0.02)
    return happens()
