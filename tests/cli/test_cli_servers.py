"""``servers``: what can be started, and starting, stopping and ending it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_commands import NOOP, Command, results_of

from conformance.launchers import LAUNCHERS, servers_up
from conformance.launchers._cache import OVERRIDE


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(OVERRIDE, str(tmp_path / "cache"))
    yield tmp_path / "cache"
    for server in servers_up():
        server.remove()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_list_has_every_server_with_its_set_up(command: Command) -> None:
    ended = command("servers")
    assert ended.status == 0
    for launcher in LAUNCHERS.values():
        assert f"{launcher.name}: {launcher.title}, from {launcher.origin}\n" in ended.out
        assert all(f"    {change}\n" in ended.out for change in launcher.set_up)
    rows = json.loads(command("servers", "--json").out)
    assert [row["name"] for row in rows] == list(LAUNCHERS)
    assert all(row["up"] == [] for row in rows)


def test_a_server_is_up_until_it_is_down(command: Command, tmp_path: Path) -> None:
    ended = command("servers", "up", "reference")
    assert (ended.status, ended.err) == (0, "")
    target = Path(ended.out.strip())
    assert command("servers", "up", "reference").out == ended.out
    (row,) = [row for row in json.loads(command("servers", "--json").out) if row["up"]]
    (up,) = row["up"]
    assert (row["name"], up["target"], up["stopped"]) == ("reference", str(target), False)
    assert "  up: " in command("servers").out
    run = command("run", target, NOOP, "--out", tmp_path / "out")
    assert run.status == 0
    assert results_of(tmp_path / "out").run.target.set_up == LAUNCHERS["reference"].set_up
    ended = command("servers", "down", "reference")
    assert ended.out.startswith("reference: down; its logs are in ")
    assert not target.exists()
    assert not listens(int(up["address"].rpartition(":")[2]))
    again = command("servers", "down", "reference")
    assert (again.status, again.problem) == (
        3,
        "reference is not up; start it with: smtp-conformance servers up reference",
    )


@pytest.mark.parametrize("verb", ["stop", "kill"])
def test_a_server_can_be_stopped_and_started_again(command: Command, verb: str) -> None:
    command("servers", "up", "reference")
    port = servers_up()[0].record.port
    assert command("servers", verb, "reference").status == 0
    assert not listens(port)
    assert "  stopped: " in command("servers").out
    assert command("servers", "restart", "reference").status == 0
    assert listens(port)
    command("servers", verb, "reference")
    assert command("servers", "up", "reference").status == 0
    assert listens(port)
    assert command("servers", "down", "--all").status == 0
    assert not listens(port)


def test_a_port_can_be_asked_for(command: Command) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        holder.listen()
        ended = command("servers", "up", "reference", "--port", str(port))
        assert ended.status == 3
        assert ended.problem == f"reference can't have port {port} of 127.0.0.1: it is taken"
    assert command("servers", "up", "reference", "--port", str(port)).status == 0
    assert listens(port)
    ended = command("servers", "up", "reference", "--port", "10025")
    assert (ended.status, ended.problem) == (3, f"reference is up already, at port {port}")


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["up", "refrence"], 3, "no server is called 'refrence'; did you mean 'reference'?"),
        (["down", "refrence"], 3, "no server is called 'refrence'; did you mean 'reference'?"),
        (["up", "reference==9"], 3, "the reference server is a part of this version, "),
        (["kill", "reference"], 3, "reference is not up; "),
        (["restart", "postfix"], 3, "postfix is not up; "),
        (["down"], 2, "name the servers to end, or write --all"),
        (["down", "--all", "reference"], 2, "name the servers to end, or write --all"),
        (["up", "reference", "aiosmtpd", "--port", "10025"], 2, "--port is for one server at a time"),
        (["up"], 2, "Missing argument 'NAME...'."),
        (["sideways"], 2, "No such command 'sideways'."),
    ],
)
def test_bad_words(command: Command, words: list[str], status: int, says: str) -> None:
    ended = command("servers", *words)
    assert (ended.status, ended.out) == (status, "")
    assert ended.problem.startswith(says)


def test_a_version_that_a_run_can_not_have(command: Command, tmp_path: Path) -> None:
    ended = command("run", "reference==9.9", "--out", tmp_path / "out")
    assert ended.status == 3
    assert ended.problem.startswith("the reference server is a part of this version, ")
    assert not (tmp_path / "out").exists()
