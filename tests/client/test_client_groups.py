from __future__ import annotations

import ssl

import pytest
import trio
from client_peers import TARGET, Peer, client_of, run

from conformance.client import At, Client, Exchange, Reset, Secured, Silence
from conformance.reference import ReferenceServer, server_tls
from conformance.wire import CRLF, Reply


async def talk(peer: Peer) -> None:
    await ReferenceServer(tls=server_tls()).serve(peer.stream)


async def deaf(peer: Peer) -> None:
    await peer.stream.send_all(b"220 mail.example.test\r\n")
    await peer.rest()


def codes(outcomes: list[object]) -> list[object]:
    return [outcome.code if isinstance(outcome, Reply) else type(outcome) for outcome in outcomes]


MAIL, RCPT = b"MAIL FROM:<>", b"RCPT TO:<postmaster@example.test>"


def test_a_group_is_one_write_and_brings_an_outcome_for_each_line() -> None:
    async def main() -> tuple[list[object], int]:
        async with client_of(talk, TARGET) as client:
            await client.climb(At.EHLO)
            before = client.connection.writes
            outcomes = await client.group(MAIL, RCPT, b"BOGUS")
            return codes(list(outcomes)), client.connection.writes - before

    assert run(main) == ([250, 250, 500], 1)


def test_a_group_ends_early_at_silence() -> None:
    async def main() -> list[object]:
        async with client_of(deaf, TARGET) as client:
            await client.climb(At.GREETING)
            return codes(list(await client.group(MAIL, RCPT)))

    assert run(main) == [Silence]


def test_a_chunk_is_one_write_whatever_it_holds() -> None:
    async def main() -> tuple[list[object], int]:
        async with client_of(talk, TARGET) as client:
            await client.climb(At.EHLO)
            await client.group(MAIL, RCPT)
            before = client.connection.writes
            outcomes = [await client.bdat(b"Subject: a\r\n\r\n.\r\nRSET\r\n"), await client.bdat(b"", last=True)]
            return codes(list(outcomes)), client.connection.writes - before

    assert run(main) == ([250, 250], 2)


def test_a_chunk_can_announce_another_size_than_it_has() -> None:
    async def main() -> list[object]:
        async with client_of(talk, TARGET) as client:
            await client.climb(At.EHLO)
            await client.group(MAIL, RCPT)
            early = await client.bdat(b"Subject", size=8)
            await client.raw(b":")
            return codes([early, await client.reply()])

    assert run(main) == [Silence, 250]


def test_we_leave_behind_a_chunk_without_a_line_end_of_our_own() -> None:
    async def main() -> bytes:
        async def notes(peer: Peer) -> None:
            await peer.stream.send_all(b"220 mail.example.test\r\n")
            await peer.take()
            await peer.stream.send_all(b"503 no\r\n")
            pieces.append(await peer.take())

        async with client_of(notes, TARGET) as client:
            await client.climb(At.GREETING)
            await client.bdat(b"abc")
            await client.leave()
        return pieces[0]

    pieces: list[bytes] = []
    assert run(main) == b"QUIT" + CRLF


@pytest.mark.parametrize("size", [300, 301, 302, 371, 372, 373, 1000, 5000])
@pytest.mark.parametrize("line", [b"x" * 70 + CRLF, b"..\r\n", b"y\r\n"])
def test_a_message_of_a_size_has_it_and_ends_with_a_line(size: int, line: bytes) -> None:
    async def main() -> bytes:
        async with client_of(deaf, TARGET) as client:
            return client.message_of(size, line)

    message = run(main)
    assert len(message) == size
    assert message.endswith(CRLF)
    assert CRLF + CRLF in message


def test_a_message_has_no_size_below_its_header() -> None:
    async def main() -> None:
        async with client_of(deaf, TARGET) as client:
            client.message_of(20)

    with pytest.raises(ValueError, match="no room"):
        run(main)


@pytest.mark.parametrize("only", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_version_of_tls_can_be_asked_for(only: ssl.TLSVersion) -> None:
    async def main() -> str:
        async with client_of(talk, TARGET) as client:
            await client.climb(At.EHLO)
            await client.starttls(only=only)
            stream = client.connection.stream
            assert isinstance(stream, trio.SSLStream)
            return str(stream.version())

    assert run(main) == only.name.replace("_", ".")


def test_what_goes_behind_starttls_can_go_apart() -> None:
    async def main() -> tuple[int, object]:
        async with client_of(talk, TARGET) as client:
            await client.climb(At.EHLO)
            before = client.connection.writes
            outcome = await client.try_starttls(b"NOOP\r\n", apart=True)
            return client.connection.writes - before, type(outcome)

    writes, outcome = run(main)
    assert writes == 2
    assert outcome not in {Secured, Reset}


def test_what_is_behind_mail_data_is_not_taken_for_their_reply() -> None:
    seen: list[tuple[str | None, int]] = []

    def note(exchange: Exchange) -> None:
        seen.append((exchange.verb, exchange.reply.code))

    async def data_and_more(client: Client) -> None:
        await client.climb(At.EHLO)
        for line in (MAIL, RCPT, b"DATA"):
            await client.say(line)
        await client.raw(b"Subject: a\r\n\r\n.\r\nVRFY nobody\r\n")
        await client.outcomes(2)

    async def main() -> None:
        async with client_of(talk, TARGET, note) as client:
            await data_and_more(client)

    run(main)
    assert ("DATA", 250) in seen
    assert (None, 550) in seen


def test_a_message_has_the_words_that_are_refused_in_its_header_and_in_its_body() -> None:
    async def main() -> bytes:
        async with client_of(deaf, TARGET) as client:
            return client.message_with("No such words")

    header, _, body = run(main).partition(CRLF + CRLF)
    assert header.startswith(b"Comments: No such words\r\nFrom: ")
    assert b"\r\nSubject: smtp-conformance " in header
    assert body == b"No such words\r\n"
