"""Starts a server in a process of its own, learns its port, and ends it by its pid however the run ends."""

from __future__ import annotations

import importlib.util
import selectors
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version

from conformance.reference import reference_target
from conformance.target import Target

START_SECONDS = 20.0
STOP_SECONDS = 5.0


class LaunchError(Exception):
    """The server could not be started; one line says why and what to do."""


@dataclass(frozen=True, slots=True)
class Launcher:
    """A server that can be started: the module to run, what it needs, and what is known of it once it listens."""

    module: str
    needs: tuple[str, ...]
    target: Callable[[str], Target]


def _aiosmtpd_target(address: str) -> Target:
    return Target(
        address=address,
        name="aiosmtpd",
        version=version("aiosmtpd"),
        ehlo_name="client.example.test",
        client_trusted=False,
        domains=("example.test", "mail.example.test"),
        postmaster_domains=("example.test", "mail.example.test"),
        mailboxes=("alice@example.test", "bob@example.test", "postmaster@example.test"),
        catch_all_domains=("example.test",),
        sender="sender@client.example.test",
        sender_domains=("client.example.test",),
        sender_verification=False,
        content_filter=False,
    )


def _reference_target(address: str) -> Target:
    """Its process has no next hop and no store that others can read."""
    return reference_target(address, next_hop=None, store=None)


LAUNCHERS = {
    "aiosmtpd": Launcher("conformance.launchers.aiosmtpd_server", ("aiosmtpd", "trustme"), _aiosmtpd_target),
    "reference": Launcher("conformance.launchers.reference_server", ("trustme",), _reference_target),
}
"""The servers by name."""


@contextmanager
def launched(name: str) -> Iterator[Target]:
    """Start the server of this name and say what is known of it; it ends with the block.

    Raises:
        LaunchError: something that it needs is not installed, or it did not come up in time.
    """
    launcher = LAUNCHERS[name]
    missing = [need for need in launcher.needs if importlib.util.find_spec(need) is None]
    if missing:
        raise LaunchError(
            f"the {name} server needs {' and '.join(missing)}: pip install 'smtp-conformance[embedded]', "
            "or name a server of your own: smtp-conformance run smtp://host:port"
        )
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", launcher.module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield launcher.target(f"smtp://127.0.0.1:{_port(process, name)}")
    finally:
        _end(process)


def _port(process: subprocess.Popen[bytes], name: str) -> int:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(START_SECONDS):
            raise LaunchError(f"the {name} server did not say its port within {START_SECONDS:g} s")
    line = process.stdout.readline()
    if not line:
        raise LaunchError(f"the {name} server ended at once; what it printed stands above")
    if not line.strip().isdigit():
        raise LaunchError(f"the {name} server did not say its port but {line!r}")
    return int(line)


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
