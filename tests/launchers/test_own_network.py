"""A network of our own: the ports of mail and names are free there, and it is gone afterwards, whatever happens."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

import pytest
import trio

from conformance.hop import EVERYONE, NextHop, Rule, Step, reply_octets
from conformance.hop import _session as hop_session
from conformance.hop._windows import BUFFERS
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


BEFORE_THE_GROUP = (b"EHLO client.example.test\r\n", b"MAIL FROM:<a@client.example.test>\r\n")
GROUP = b"".join(b"RCPT TO:<r%d@relay.example.test> ORCPT=rfc822;%b\r\n" % (each, b"y" * 250) for each in range(100))


@pytest.mark.usefixtures("can_make_one")
@pytest.mark.parametrize("reads", [True, False], ids=["reads meanwhile", "reads afterwards"])
def test_a_client_that_reads_after_a_large_group_gets_stuck_in_small_windows(
    reads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hop_session, "STUCK_SECONDS", 1.0)

    async def talk(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        for line in BEFORE_THE_GROUP:
            await stream.send_all(line)
            await stream.receive_some(65536)
        if not reads:
            await stream.send_all(GROUP)
        async with trio.open_nursery() as nursery:
            if reads:
                nursery.start_soon(stream.send_all, GROUP)
            heard = b""
            while heard.count(b"250 OK") < 100:
                heard += await stream.receive_some(65536)

    async def main() -> bool:
        async with trio.open_nursery() as nursery:
            hop = NextHop(nursery)
            hop.script(EVERYONE, Rule(Step.RCPT, reply_octets(250, "x" * 450, "x" * 450, "OK")))
            listening = await hop.listen()
            with trio.fail_after(60):
                async with hop.narrow(listening.address):
                    stream = await trio.open_tcp_stream(listening.host, listening.port)
                    with suppress(trio.BrokenResourceError):
                        await talk(stream)
                    await stream.aclose()
                    connection = hop.connections()[0]
                    await connection.over.wait()
            nursery.cancel_scope.cancel()
            return connection.stuck
        raise AssertionError("unreachable")

    with own_network():
        usual = [path.read_text(encoding="ascii") for path in BUFFERS]
        assert trio.run(main) is not reads
        assert [path.read_text(encoding="ascii") for path in BUFFERS] == usual
