from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import trio

from conformance.hop import EVERYONE, HopError, Listening, NextHop, Rule, Step
from conformance.reference import server_tls

TEXT = b"Subject: smtp-conformance\r\n\r\ntext\r\n.\r\n"


Dial = Callable[[Listening], Awaitable[trio.SocketStream]]


def with_hop(talk: Callable[[NextHop, Dial], Awaitable[None]], **settings: Any) -> None:
    """Run a dialogue over sockets; what it dialled is closed behind it."""

    async def main() -> None:
        with trio.fail_after(60):
            async with trio.open_nursery() as nursery, AsyncExitStack() as opened:

                async def dial(port: Listening) -> trio.SocketStream:
                    family = socket.AF_INET6 if ":" in port.host else socket.AF_INET
                    stream = trio.SocketStream(trio.socket.socket(family))
                    opened.push_async_callback(trio.aclose_forcefully, stream)
                    await stream.socket.connect((port.host, port.port))
                    return stream

                await talk(NextHop(nursery, **settings), dial)
                nursery.cancel_scope.cancel()

    trio.run(main)


def trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def answer(stream: trio.abc.Stream, octets: bytes = b"") -> bytes:
    if octets:
        await stream.send_all(octets)
    return bytes(await stream.receive_some(4096))


async def deliver(stream: trio.abc.Stream, token: str) -> list[bytes]:
    lines = [
        b"EHLO client.example.test\r\n",
        b"MAIL FROM:<a@client.example.test>\r\n",
        f"RCPT TO:<{token}@relay.example.test>\r\n".encode(),
        b"DATA\r\n",
        TEXT,
        b"QUIT\r\n",
    ]
    return [(await answer(stream, line))[:3] for line in [b"", *lines]]


TAKEN = [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]


def test_two_hundred_overlapping_sessions_are_told_apart() -> None:
    tokens = [f"t{number:012x}" for number in range(200)]

    async def talk(hop: NextHop, dial: Dial) -> None:
        port = await hop.listen()
        seen: dict[str, bytes] = {}

        async def one(number: int, token: str) -> None:
            if number % 2:
                hop.script(token, Rule.answer(Step.END_OF_DATA, 550, "not this one"))
            stream = await dial(port)
            replies = await deliver(stream, token)
            message = await hop.message(token, within=10)
            assert message is not None
            seen[token] = b" ".join([*message.forward_paths, *message.replies, *replies[-2:]])
            await stream.aclose()
            hop.forget(token)

        async with trio.open_nursery() as nursery:
            for number, token in enumerate(tokens):
                nursery.start_soon(one, number, token)
        for number, token in enumerate(tokens):
            said = b"550 not this one\r\n 550 221" if number % 2 else b"250 OK, taken\r\n 250 221"
            assert seen[token] == f"{token}@relay.example.test ".encode() + said

    with_hop(talk)


def test_a_port_in_use_is_one_clear_line() -> None:
    async def talk(hop: NextHop, _: Dial) -> None:
        port = await hop.listen()
        with pytest.raises(HopError) as failure:
            await hop.listen("127.0.0.1", port.port)
        assert str(failure.value) == f"our next hop can't listen at 127.0.0.1:{port.port}: Address already in use"

    with_hop(talk)


@pytest.mark.parametrize(
    ("host", "port", "says"),
    [
        ("localhost", 0, "localhost: our next hop listens at an address, not at a name; write 127.0.0.1"),
        ("127.0.0.1", 70000, "our next hop can't listen at 127.0.0.1:70000: no port number"),
        ("192.0.2.1", 2600, "our next hop can't listen at 192.0.2.1:2600: Cannot assign requested address"),
    ],
)
def test_where_it_can_not_listen_is_said(host: str, port: int, says: str) -> None:
    async def talk(hop: NextHop, _: Dial) -> None:
        with pytest.raises(HopError) as failure:
            await hop.listen(host, port)
        assert str(failure.value) == says

    with_hop(talk)


def test_implicit_tls_without_a_certificate_is_refused() -> None:
    async def talk(hop: NextHop, _: Dial) -> None:
        with pytest.raises(HopError, match="needs a certificate"):
            await hop.listen(implicit_tls=True)

    with_hop(talk)


def test_a_closed_port_refuses_and_opens_again() -> None:
    async def talk(hop: NextHop, dial: Dial) -> None:
        port = await hop.listen()
        await port.close()
        with pytest.raises(ConnectionRefusedError):
            await dial(port)
        again = await hop.listen(port=port.port)
        assert await deliver(await dial(again), "t0123456789ab") == TAKEN

    with_hop(talk)


def test_rules_find_the_port_and_the_address() -> None:
    async def talk(hop: NextHop, dial: Dial) -> None:
        one, two = await hop.listen(), await hop.listen("127.0.0.2")
        hop.script(one.address, Rule.answer(Step.CONNECT, 554, "one"))
        hop.script("127.0.0.2", Rule.answer(Step.CONNECT, 421, "two"))
        assert await answer(await dial(one)) == b"554 one\r\n"
        assert await answer(await dial(two)) == b"421 two\r\n"

    with_hop(talk)


def test_a_reset_is_a_reset() -> None:
    async def talk(hop: NextHop, dial: Dial) -> None:
        hop.script(EVERYONE, Rule.reset(Step.NOOP))
        stream = await dial(await hop.listen())
        await answer(stream)
        with pytest.raises(trio.BrokenResourceError) as failure:
            await answer(stream, b"NOOP\r\n")
        assert isinstance(failure.value.__cause__, ConnectionResetError)

    with_hop(talk)


def test_a_reset_under_tls_is_a_reset_too() -> None:
    async def talk(hop: NextHop, dial: Dial) -> None:
        hop.script(EVERYONE, Rule.reset(Step.NOOP))
        stream = trio.SSLStream(await dial(await hop.listen(implicit_tls=True)), trusting(), server_hostname="hop")
        await answer(stream)
        with pytest.raises(trio.BrokenResourceError) as failure:
            await answer(stream, b"NOOP\r\n")
        cause = failure.value.__cause__
        assert isinstance(
            cause.__cause__ if isinstance(cause, trio.BrokenResourceError) else cause, ConnectionResetError
        )

    with_hop(talk, tls=server_tls())


def test_a_client_that_resets_is_seen_to() -> None:
    async def talk(hop: NextHop, dial: Dial) -> None:
        stream = await dial(await hop.listen())
        await answer(stream)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        await trio.aclose_forcefully(stream)
        (connection,) = hop.connections()
        await connection.over.wait()
        assert connection.end == "reset by the client"

    with_hop(talk)


def test_implicit_tls() -> None:
    async def talk(hop: NextHop, dial: Dial) -> None:
        stream = trio.SSLStream(await dial(await hop.listen(implicit_tls=True)), trusting(), server_hostname="hop")
        assert await deliver(stream, "t0123456789ab") == TAKEN
        (connection,) = hop.connections("t0123456789ab")
        assert connection.secured
        assert all(entry.tls for entry in connection.transcript.entries if entry.sender != "note")

    with_hop(talk, tls=server_tls())


def test_starttls_drops_what_came_in_clear() -> None:
    async def talk(hop: NextHop, dial: Dial) -> None:
        clear = await dial(await hop.listen())
        await answer(clear)
        assert b"250 STARTTLS\r\n" in await answer(clear, b"EHLO client.example.test\r\n")
        assert await answer(clear, b"STARTTLS\r\nRSET\r\n") == b"220 Ready to start TLS\r\n"
        stream = trio.SSLStream(clear, trusting(), server_hostname="hop")
        assert (await answer(stream, b"MAIL FROM:<>\r\n")).startswith(b"503 ")
        assert b"STARTTLS" not in await answer(stream, b"EHLO client.example.test\r\n")
        (connection,) = hop.connections()
        assert connection.leftover == b"RSET\r\n"
        assert [command.verb for command in connection.commands] == [b"EHLO", b"STARTTLS", b"MAIL", b"EHLO"]

    with_hop(talk, tls=server_tls())


def test_a_handshake_that_fails_ends_the_connection_and_nothing_else() -> None:
    async def talk(hop: NextHop, dial: Dial) -> None:
        port = await hop.listen()
        clear = await dial(port)
        await answer(clear)
        await answer(clear, b"STARTTLS\r\n")
        await answer(clear, b"EHLO in.the.clear\r\n")
        (connection,) = hop.connections()
        await connection.over.wait()
        assert connection.end.startswith("TLS handshake failed: ")
        assert await deliver(await dial(port), "t0123456789ab") == TAKEN

    with_hop(talk, tls=server_tls())


def test_a_place_can_have_a_certificate_and_offers_of_its_own_under_tls() -> None:
    async def talk(hop: NextHop, dial: Dial) -> None:
        port = await hop.listen()
        hop.tls_at[port.address], hop.offers_at[port.address] = server_tls(), (b"SIZE",)
        hop.offers_under_tls_at[port.address] = (b"SIZE", b"REQUIRETLS")
        clear = await dial(port)
        await answer(clear)
        said = await answer(clear, b"EHLO client.example.test\r\n")
        assert said.splitlines()[1:] == [b"250-SIZE", b"250 STARTTLS"]
        await answer(clear, b"STARTTLS\r\n")
        stream = trio.SSLStream(clear, trusting(), server_hostname="hop")
        said = await answer(stream, b"EHLO client.example.test\r\n")
        assert said.splitlines()[1:] == [b"250-SIZE", b"250 REQUIRETLS"]
        (connection,) = hop.connections()
        assert connection.tls_version in {"TLSv1.2", "TLSv1.3"}
        other = await dial(await hop.listen())
        await answer(other)
        assert b"STARTTLS" not in await answer(other, b"EHLO client.example.test\r\n")

    with_hop(talk)


def test_a_place_can_have_room_for_so_many_recipients() -> None:
    async def talk(hop: NextHop, dial: Dial) -> None:
        port = await hop.listen()
        hop.recipients_at_most[port.address] = 1
        stream = await dial(port)
        await answer(stream)
        await answer(stream, b"EHLO client.example.test\r\n")
        await answer(stream, b"MAIL FROM:<>\r\n")
        assert (await answer(stream, b"RCPT TO:<a@b.test>\r\n")).startswith(b"250 ")
        assert (await answer(stream, b"RCPT TO:<c@b.test>\r\n")).startswith(b"452 ")

    with_hop(talk)


def test_without_a_certificate_starttls_is_neither_offered_nor_done() -> None:
    async def talk(hop: NextHop, dial: Dial) -> None:
        stream = await dial(await hop.listen())
        await answer(stream)
        assert b"STARTTLS" not in await answer(stream, b"EHLO client.example.test\r\n")
        assert (await answer(stream, b"STARTTLS\r\n")).startswith(b"502 ")
        assert (await answer(stream, b"NOOP\r\n")).startswith(b"250 ")

    with_hop(talk)
