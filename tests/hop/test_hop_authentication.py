from __future__ import annotations

import base64
from collections.abc import Sequence

import pytest
import trio
from trio.testing import MockClock, memory_stream_pair

from conformance.hop import ACCOUNT_OFFERS, HopConnection, NextHop, Rule, Step

PLACE = "127.0.0.4:2600"
EHLO = b"EHLO client.example.test\r\n"
PLAIN = base64.b64encode(b"\0relay\0looking-glass")


def connection_of(lines: Sequence[bytes], *rules: Rule, offers: tuple[bytes, ...] = ACCOUNT_OFFERS) -> HopConnection:
    """What our next hop keeps of a client that says EHLO and these lines, each after the reply to the one before."""

    async def main() -> HopConnection:
        async with trio.open_nursery() as nursery:
            hop = NextHop(nursery, offers_at={PLACE: offers})
            hop.script(PLACE, *rules)
            ours, theirs = memory_stream_pair()

            async def serve() -> None:
                await hop.serve(theirs, local=PLACE)

            nursery.start_soon(serve)
            await ours.receive_some(4096)
            for line in (EHLO, *lines):
                await ours.send_all(line)
                await ours.receive_some(4096)
            await ours.aclose()
            await hop.connection_over()
            return hop.connections()[0]

    return trio.run(main, clock=MockClock(autojump_threshold=0))


@pytest.mark.parametrize(
    ("lines", "challenges", "said"),
    [
        ([b"AUTH PLAIN " + PLAIN + b"\r\n"], 0, (PLAIN,)),
        ([b"auth plain\r\n", PLAIN + b"\r\n"], 1, (PLAIN,)),
        ([b"AUTH EXTERNAL =\r\n"], 0, (b"=",)),
        ([b"AUTH LOGIN\r\n", b"cmVsYXk=\r\n", b"c2VjcmV0\r\n"], 2, (b"cmVsYXk=", b"c2VjcmV0")),
        ([b"AUTH CRAM-MD5\r\n", b"cmVsYXkgMDEyMw==\r\n"], 1, (b"cmVsYXkgMDEyMw==",)),
    ],
    ids=["plain-initial", "plain-challenged", "external", "login", "cram-md5"],
)
def test_whoever_authenticates_is_let_in(lines: list[bytes], challenges: int, said: tuple[bytes, ...]) -> None:
    (found,) = (connection := connection_of(lines)).authentications
    assert found.succeeded
    assert connection.authenticated
    assert (len(found.challenges), found.said) == (challenges, said)
    assert [command.verb for command in connection.commands] == [b"EHLO", b"AUTH"]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([b"AUTH PLAIN\r\n", b"*\r\n"], b"501"),
        ([b"AUTH PLAIN\r\n", b"####\r\n"], b"501"),
        ([b"AUTH XBOGUS\r\n"], b"504"),
    ],
    ids=["cancelled", "not-base64", "unknown"],
)
def test_an_exchange_that_goes_wrong_is_refused(lines: list[bytes], code: bytes) -> None:
    (found,) = connection_of(lines).authentications
    assert found.reply.startswith(code)
    assert found.cancelled is (lines[-1] == b"*\r\n")


def test_rules_answer_the_command_and_its_responses() -> None:
    first, second = connection_of(
        [b"AUTH PLAIN " + PLAIN + b"\r\n", b"AUTH PLAIN\r\n", PLAIN + b"\r\n"],
        Rule.answer(Step.AUTH, 534, times=1),
        Rule.answer(Step.RESPONSE, 535),
    ).authentications
    assert (first.reply[:3], second.reply[:3]) == (b"534", b"535")


def test_auth_that_is_not_offered_is_not_known() -> None:
    connection = connection_of([b"AUTH PLAIN " + PLAIN + b"\r\n"], offers=(b"SIZE",))
    assert not connection.authentications
    assert connection.commands[-1].reply.startswith(b"500")


def test_no_password_stands_in_the_transcript() -> None:
    connection = connection_of([b"AUTH PLAIN " + PLAIN + b"\r\n"])
    shown = b"".join(entry.octets for entry in connection.transcript.entries)
    assert PLAIN not in shown
    assert b"looking-glass" not in shown
