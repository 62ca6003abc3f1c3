from __future__ import annotations

import base64
from collections.abc import Sequence

import pytest
import trio
from trio.testing import MockClock, memory_stream_pair

from conformance.hop import ACCOUNT_OFFERS, HopConnection, LayerOffer, NextHop, Rule, Step
from conformance.wire.digest_md5 import AUTH_INT, IntegrityLayer
from conformance.wire.sasl import Service, digest_md5

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


# DIGEST-MD5 and its layer.

DIGEST = (b"SIZE", b"AUTH DIGEST-MD5")
SERVICE = Service(b"hop.example.test", b"smtp", (AUTH_INT,))


def test_the_service_that_the_client_names_is_kept() -> None:
    response = base64.b64encode(b'username="relay",digest-uri="smtp/hop.example.test",response=0')
    (found,) = connection_of([b"AUTH DIGEST-MD5\r\n", response + b"\r\n"], offers=DIGEST).authentications
    assert (found.succeeded, found.service) == (True, b"smtp")


def test_other_mechanisms_name_no_service() -> None:
    (found,) = connection_of([b"AUTH PLAIN " + PLAIN + b"\r\n"]).authentications
    assert found.service == b""


def protected(lines: Sequence[bytes], *, password: bytes = b"secret", clear: bool = False) -> HopConnection:
    """What our next hop keeps of a client that authenticates and says these lines, under the layer or in clear."""

    async def main() -> HopConnection:
        async with trio.open_nursery() as nursery:
            hop = NextHop(nursery, offers_at={PLACE: DIGEST})
            hop.layer_at[PLACE] = LayerOffer(b"secret", (b"AUTH DIGEST-MD5",))
            ours, theirs = memory_stream_pair()

            async def serve() -> None:
                await hop.serve(theirs, local=PLACE)

            nursery.start_soon(serve)
            await ours.receive_some(4096)
            await ours.send_all(EHLO)
            await ours.receive_some(4096)
            await ours.send_all(b"AUTH DIGEST-MD5\r\n")
            dialogue = digest_md5(b"relay", password, SERVICE)
            while (reply := bytes(await ours.receive_some(4096))).startswith(b"334 "):
                await ours.send_all(base64.b64encode(dialogue.respond(base64.b64decode(reply[4:]))) + b"\r\n")
            layer: IntegrityLayer | None = None if clear else dialogue.layer()
            for line in lines if reply.startswith(b"235") else ():
                await ours.send_all(layer.wrap(line) if layer else line)
                octets = bytes(await ours.receive_some(4096))
                assert not layer or layer.unwrap(octets)
            await ours.aclose()
            (connection,) = hop.connections()
            await connection.over.wait()
            return connection

    return trio.run(main, clock=MockClock(autojump_threshold=0))


def test_what_follows_success_is_under_the_layer() -> None:
    connection = protected([EHLO, b"MAIL FROM:<>\r\n"])
    assert [(each.verb, each.protected) for each in connection.commands] == [
        (b"EHLO", False),
        (b"AUTH", False),
        (b"EHLO", True),
        (b"MAIL", True),
    ]
    assert connection.commands[-2].reply == b"250-hop.example.test\r\n250 AUTH DIGEST-MD5\r\n"
    assert (connection.protected, connection.outside) == (True, b"")


def test_the_ehlo_before_the_layer_is_forgotten() -> None:
    assert protected([b"MAIL FROM:<>\r\n"]).commands[-1].reply.startswith(b"503")


def test_what_is_not_under_the_layer_is_kept_and_ends_the_session() -> None:
    connection = protected([EHLO], clear=True)
    assert (connection.protected, connection.outside) == (True, EHLO)
    assert connection.end == "closed by us, what came was outside the security layer"


def test_who_does_not_know_the_secret_gets_no_layer() -> None:
    connection = protected([EHLO], password=b"another")
    assert not connection.protected
    assert connection.authentications[0].reply.startswith(b"535")
