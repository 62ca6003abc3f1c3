"""A network of our own: the ports of mail and names are free there, and it is gone afterwards, whatever happens."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from conformance.launchers import LaunchError, launched
from conformance.launchers import _system as system
from conformance.launchers._network import EXCHANGERS, NAME_SERVER, own_network


def here() -> str:
    return str(Path("/proc/thread-self/ns/net").readlink())


def connects(place: tuple[str, int]) -> bool:
    try:
        with socket.create_server(place), socket.create_connection(place, timeout=5):
            return True
    except OSError:
        return False


@pytest.fixture
def can_make_one() -> None:
    try:
        with own_network():
            pass
    except LaunchError as error:
        pytest.skip(str(error))


@pytest.mark.usefixtures("can_make_one")
def test_ports_25_and_53_are_ours_there() -> None:
    before = here()
    with own_network():
        assert here() != before
        assert all(connects((address, 25)) for address in EXCHANGERS)
        assert connects((NAME_SERVER, 53))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("192.0.2.90", 25), timeout=5)
        with pytest.raises(OSError, match="unreachable"):
            socket.create_connection(("198.51.100.1", 25), timeout=5)
    assert here() == before


@pytest.mark.usefixtures("can_make_one")
def test_we_are_back_also_when_the_block_fails() -> None:
    before = here()
    with pytest.raises(ZeroDivisionError), own_network():
        raise ZeroDivisionError
    assert here() == before


def test_without_root_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LaunchError, match=r"^a network namespace of our own needs root$"), own_network():
        pytest.fail("there is none")


def test_a_system_that_makes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    before = here()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(system, "system_call", refuse)
    with pytest.raises(LaunchError, match="lets us make no network namespace: Operation not permitted"), own_network():
        pytest.fail("there is none")
    assert here() == before


def test_a_server_that_routes_nothing_says_so() -> None:
    with (
        pytest.raises(LaunchError, match=r"^aiosmtpd routes no mail by MX records; .* do: postfix, exim"),
        launched("aiosmtpd", namespace=True),
    ):
        pytest.fail("it is up")
