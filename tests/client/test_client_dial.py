from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from conformance.client import Dial, dialler
from conformance.target import parse_address


async def greet(stream: trio.SocketStream) -> None:
    await stream.send_all(b"220 mail.example.test\r\n")
    await stream.aclose()


@asynccontextmanager
async def greeting(listener: trio.SocketListener) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, greet, [listener])
        yield
        nursery.cancel_scope.cancel()


async def greeted(dial: Dial) -> bytes:
    stream = await dial()
    octets = bytes(await stream.receive_some(100))
    await stream.aclose()
    return octets


def test_a_host_and_port_are_dialled() -> None:
    async def main() -> bytes:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listener.socket.getsockname()[1]
        async with greeting(listener):
            return await greeted(dialler(parse_address(f"smtp://127.0.0.1:{port}")))

    assert trio.run(main) == b"220 mail.example.test\r\n"


def test_a_socket_of_the_file_system_is_dialled(tmp_path: Path) -> None:
    async def main() -> bytes:
        listening = trio.socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        await listening.bind(str(tmp_path / "lmtp"))
        listening.listen()
        async with greeting(trio.SocketListener(listening)):
            return await greeted(dialler(parse_address(f"lmtp+unix:{tmp_path / 'lmtp'}")))

    assert trio.run(main) == b"220 mail.example.test\r\n"


def test_where_nobody_listens_dialling_raises_an_os_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can take the port meanwhile
        dial = dialler(parse_address(f"smtp://127.0.0.1:{taken.getsockname()[1]}"))
        with pytest.raises(ConnectionRefusedError):
            trio.run(dial)
    with pytest.raises(OSError, match="No such file"):
        trio.run(dialler(parse_address("lmtp+unix:/no/such/socket")))


@pytest.mark.parametrize("host", ["a" * 64 + ".example.test", "a..example.test"])
def test_a_name_that_can_not_be_one_raises_an_os_error(host: str) -> None:
    with pytest.raises(OSError, match=host):
        dialler(parse_address(f"smtp://{host}:25"))
