"""``servers``: those that we can start by ourselves, and those that are up."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from conformance.cli._problem import UNUSABLE, ProblemError
from conformance.launchers import LAUNCHERS, LaunchError, bring_up, server_up, servers_up


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except LaunchError as error:
        raise ProblemError(str(error), UNUSABLE) from error


def list_servers(*, as_json: bool) -> None:
    """Print what can be started, what its set-up changes, and what is up.

    Raises:
        ProblemError: there is no place for a cache.
    """
    with _told():
        up = servers_up()
    rows: list[dict[str, Any]] = [
        {
            "name": each.name,
            "title": each.title,
            "origin": each.origin,
            "set-up": list(each.set_up),
            "up": [
                {
                    "target": str(server.target_file),
                    "address": server.target.address,
                    "version": server.target.version,
                    "stopped": server.record.stopped,
                    "logs": str(server.logs),
                }
                for server in up
                if server.record.name == each.name
            ],
        }
        for each in LAUNCHERS.values()
    ]
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return
    for row in rows:
        sys.stdout.write(f"{row['name']}: {row['title']}, from {row['origin']}\n")
        for change in row["set-up"]:
            sys.stdout.write(f"    {change}\n")
        for server in row["up"]:
            state = "stopped" if server["stopped"] else "up"
            sys.stdout.write(f"  {state}: {server['version']} at {server['address']}\n")
            sys.stdout.write(f"    target {server['target']}\n    logs   {server['logs']}\n")


def up(words: tuple[str, ...], port: int) -> None:
    """Start these servers, to stay, and print the target file of each; one that is up already stays as it is.

    Raises:
        ProblemError: one can't be started, or more than one shall have the port.
    """
    if port and len(words) > 1:
        raise ProblemError("--port is for one server at a time")
    with _told():
        for word in words:
            there = [each for each in servers_up() if f"{each.record.name}=={each.record.version}".rstrip("=") == word]
            if there and port and there[0].record.port != port:
                raise ProblemError(f"{word} is up already, at port {there[0].record.port}", UNUSABLE)
            if there and there[0].record.stopped:
                there[0].restart()
            server = there[0] if there else bring_up(word, stays=True, port=port)
            sys.stdout.write(f"{server.target_file}\n")
            sys.stdout.flush()


def down(words: tuple[str, ...], *, everything: bool) -> None:
    """End these servers, or all that are up, and remove all that belongs to them but their logs.

    Raises:
        ProblemError: one is not up.
    """
    with _told():
        for server in servers_up() if everything else [server_up(word) for word in words]:
            sys.stdout.write(f"{server.record.name}: down; its logs are in {server.remove()}\n")


def stop(words: tuple[str, ...]) -> None:
    """End these servers politely, to be started again.

    Raises:
        ProblemError: one is not up.
    """
    with _told():
        for word in words:
            server_up(word).stop()


def kill(words: tuple[str, ...]) -> None:
    """End these servers as a crash does, to be started again.

    Raises:
        ProblemError: one is not up.
    """
    with _told():
        for word in words:
            server_up(word).kill()


def restart(words: tuple[str, ...]) -> None:
    """Start these servers again, with the queue and the mail that they have.

    Raises:
        ProblemError: one is not up, or does not come up again.
    """
    with _told():
        for word in words:
            server_up(word).restart()
