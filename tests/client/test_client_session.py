from __future__ import annotations

import base64
import email
import email.policy
from collections.abc import Awaitable, Callable, Iterable, Mapping
from ssl import TLSVersion
from typing import TypeVar

import msgspec
import pytest
import trio
import trio.testing
from client_peers import TARGET, Peer, Talk, answering, client_of, nothing, run
from hypothesis import given
from hypothesis import strategies as st

from conformance.client import (
    At,
    Client,
    Closed,
    Exchange,
    HandshakeFailed,
    NotReady,
    Outcome,
    Reset,
    Secured,
    Segmentation,
    Silence,
    new_token,
)
from conformance.reference import ReferenceServer, reference_target, server_tls
from conformance.target import Credentials, Target
from conformance.wire import Reply, stuff

T = TypeVar("T")
Asks = Callable[[Client], Awaitable[T]]
EHLO = b"250-mail.example.test\r\n250-SIZE 1000\r\n250-auth LOGIN plain\r\n250 STARTTLS\r\n"
AUTH_TARGET = msgspec.structs.replace(
    TARGET,
    auth_required=True,
    credentials=Credentials(user="alice", password_from="PASSWORD_OF_THE_TEST"),  # noqa: S106 - a variable's name
)
PLAIN = base64.b64encode(b"\0alice\0correct-horse")


def ask(talk: Talk, asks: Asks[T], target: Target = TARGET, on_exchange: Callable[[Exchange], None] | None = None) -> T:
    """What a client gets from this server."""

    async def main() -> T:
        async with client_of(talk, target, on_exchange) as client:
            return await asks(client)

    return run(main)


def of_reference(server: ReferenceServer) -> Talk:
    async def talk(peer: Peer) -> None:
        await server.serve(peer.stream)

    return talk


def code(outcome: object) -> int:
    assert isinstance(outcome, Reply)
    return outcome.code


def codes(outcomes: Iterable[Outcome]) -> list[object]:
    """The codes of replies, and the names of what is none."""
    return [each.code if isinstance(each, Reply) else type(each).__name__ for each in outcomes]


def climbing(start: At) -> Asks[None]:
    return lambda client: client.climb(start)


# The ladder.


@pytest.mark.parametrize(
    ("start", "lines"),
    [
        (At.CONNECT, []),
        (At.GREETING, []),
        (At.EHLO, [b"EHLO client.example.test\r\n"]),
        (At.MAIL, [b"EHLO client.example.test\r\n", b"MAIL FROM:<>\r\n"]),
        (At.RCPT, [b"EHLO client.example.test\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<postmaster>\r\n"]),
        (At.DATA, [b"EHLO client.example.test\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<postmaster>\r\n", b"DATA\r\n"]),
    ],
)
def test_each_rung_does_the_ones_before_and_no_more(start: At, lines: list[bytes]) -> None:
    heard: list[bytes] = []

    async def climbs(client: Client) -> None:
        await client.climb(start)
        assert (client.greeting is None) == (start is At.CONNECT)
        assert bool(client.offers) == (start >= At.EHLO)

    ask(answering({"EHLO": EHLO, "DATA": b"354 go\r\n"}, heard=heard), climbs)
    assert heard == lines


def test_the_reference_server_lets_us_climb_to_the_top() -> None:
    async def climbs(client: Client) -> Outcome:
        await client.climb(At.DATA)
        return await client.say(b".")

    assert code(ask(of_reference(ReferenceServer()), climbs, reference_target())) == 250


RUNGS = [
    ("greeting", At.GREETING, [], b"554 no service\r\n"),
    ("EHLO", At.EHLO, ["EHLO", "HELO"], b"550 no\r\n"),
    ("MAIL", At.MAIL, ["MAIL"], b"550 no\r\n"),
    ("RCPT", At.RCPT, ["RCPT"], b"550 no\r\n"),
    ("DATA", At.DATA, ["DATA"], b"554 no\r\n"),
]


@pytest.mark.parametrize(("rung", "start", "words", "refusal"), RUNGS, ids=[rung for rung, *_ in RUNGS])
@pytest.mark.parametrize("kind", ["refused", "temporarily", "421", "421 and closed", "closed", "silent"])
def test_a_rung_that_is_not_reached_is_named(rung: str, start: At, words: list[str], refusal: bytes, kind: str) -> None:
    says = {
        "refused": [refusal],
        "temporarily": [b"451 later\r\n"],
        "421": [b"421 busy\r\n"],
        "421 and closed": [b"421 busy\r\n", b"close"],
        "closed": [b"close"],
        "silent": [b""],
    }[kind]
    talk: Talk
    if rung == "greeting":

        async def talk(peer: Peer) -> None:
            if says[0] != b"close":
                await peer.say(says[0])
                if says[-1] != b"close":
                    await peer.rest()
            await peer.close()
    else:
        talk = answering(dict.fromkeys(words, says))

    with pytest.raises(NotReady) as caught:
        ask(talk, climbing(start))
    assert caught.value.rung == rung
    assert str(caught.value).startswith(f"{rung}: ")
    assert caught.value.service_refused == kind.startswith("421")
    expected = {"closed": Closed, "silent": Silence}.get(kind, Reply)
    assert isinstance(caught.value.outcome, expected)


def test_a_greeting_other_than_220_is_not_ready() -> None:
    with pytest.raises(NotReady, match=r"greeting: 250 hello"):
        ask(answering(greeting=b"250 hello\r\n"), climbing(At.EHLO))


def test_data_that_is_answered_with_250_is_not_ready() -> None:
    with pytest.raises(NotReady, match="DATA: 250 OK"):
        ask(answering(), climbing(At.DATA))


@pytest.mark.parametrize("refusal", [b"500 what?\r\n", b"502 not here\r\n", b"554 no\r\n"])
def test_where_ehlo_is_refused_helo_is_said(refusal: bytes) -> None:
    heard: list[bytes] = []

    async def climbs(client: Client) -> None:
        await client.climb(At.MAIL)
        assert code(client.hello) == 250
        assert client.offers == {}

    ask(answering({"EHLO": refusal, "HELO": b"250 hello\r\n"}, heard=heard), climbs)
    assert heard == [b"EHLO client.example.test\r\n", b"HELO client.example.test\r\n", b"MAIL FROM:<>\r\n"]


@pytest.mark.parametrize("words", [b"421 busy\r\n", b"451 later\r\n", b""])
def test_helo_is_not_said_where_ehlo_was_not_refused_for_good(words: bytes) -> None:
    heard: list[bytes] = []
    with pytest.raises(NotReady, match="EHLO"):
        ask(answering({"EHLO": words}, heard=heard), climbing(At.EHLO))
    assert not [line for line in heard if line.startswith(b"HELO")]


def test_an_lmtp_server_is_greeted_with_lhlo_and_never_with_helo() -> None:
    heard: list[bytes] = []
    target = msgspec.structs.replace(TARGET, role="lmtp")
    ask(answering({"LHLO": EHLO}, heard=heard), climbing(At.EHLO), target)
    with pytest.raises(NotReady, match="EHLO: 500 what"):
        ask(answering({"LHLO": b"500 what?\r\n"}, heard=heard), climbing(At.EHLO), target)
    assert heard == [b"LHLO client.example.test\r\n"] * 2


def test_what_is_offered_is_noted_in_upper_case_with_parameters() -> None:
    async def climbs(client: Client) -> dict[str, bytes]:
        await client.climb(At.EHLO)
        return client.offers

    assert ask(answering({"EHLO": EHLO}), climbs) == {"SIZE": b"1000", "AUTH": b"LOGIN plain", "STARTTLS": b""}


def test_a_refused_ehlo_offers_nothing() -> None:
    async def says(client: Client) -> dict[str, bytes]:
        await client.climb(At.EHLO)
        await client.ehlo(b"other.example.test")
        return client.offers

    assert ask(answering({"EHLO": [EHLO, b"503-no\r\n503 SIZE\r\n"]}), says) == {}


@pytest.mark.parametrize(
    ("ehlo", "extended"),
    [(EHLO, True), (b"250 mx.example.test\r\n", True), (b"502 no\r\n", False)],
)
def test_a_server_that_lists_nothing_is_told_from_one_without_ehlo(ehlo: bytes, extended: bool) -> None:
    async def climbs(client: Client) -> bool:
        await client.climb(At.EHLO)
        return client.extended

    assert ask(answering({"EHLO": ehlo, "HELO": b"250 mx.example.test\r\n"}), climbs) is extended


@pytest.mark.parametrize(
    ("local", "name"),
    [
        ("", b"[127.0.0.1]"),
        ("192.0.2.1:4000", b"[192.0.2.1]"),
        ("[::1]:4000", b"[IPv6:::1]"),
        ("/run/lmtp.sock", b"[127.0.0.1]"),
    ],
)
def test_without_a_name_we_are_the_address_of_our_socket(local: str, name: bytes) -> None:
    async def says(client: Client) -> tuple[bytes, bytes]:
        client.connection.transcript.local = local
        return client.ehlo_name, client.helo_name

    nameless = msgspec.structs.replace(TARGET, ehlo_name=None)
    assert ask(nothing, says, nameless) == (name, b"client.example.test")
    assert ask(nothing, says) == (b"client.example.test", b"client.example.test")


# STARTTLS.

TLS_TARGET = msgspec.structs.replace(TARGET, starttls_required=True)


def test_where_tls_is_required_who_says_starttls_begins_in_clear() -> None:
    async def climbs(client: Client) -> tuple[bool, bool]:
        await client.climb(At.EHLO, says_starttls=True)
        return client.connection.secured, "STARTTLS" in client.offers

    target = msgspec.structs.replace(reference_target(), starttls_required=True)
    assert ask(of_reference(ReferenceServer(tls=server_tls())), climbs, target) == (False, True)


def test_where_tls_is_required_the_ladder_goes_through_it_and_greets_again() -> None:
    async def climbs(client: Client) -> tuple[bool, bool]:
        await client.climb(At.RCPT)
        return client.connection.secured, "STARTTLS" in client.offers

    target = msgspec.structs.replace(reference_target(), starttls_required=True)
    assert ask(of_reference(ReferenceServer(tls=server_tls())), climbs, target) == (True, False)


@pytest.mark.parametrize(
    ("words", "refused"), [(b"454 not now\r\n", False), (b"502 no\r\n", False), (b"421 busy\r\n", True)]
)
def test_a_refused_starttls_is_a_rung(words: bytes, refused: bool) -> None:
    heard: list[bytes] = []
    with pytest.raises(NotReady) as caught:
        ask(answering({"STARTTLS": words}, heard=heard), climbing(At.MAIL), TLS_TARGET)
    assert caught.value.rung == "STARTTLS"
    assert caught.value.service_refused == refused
    assert heard == [b"EHLO client.example.test\r\n", b"STARTTLS\r\n"]


async def answers_tls_in_clear(peer: Peer) -> None:
    await peer.say(b"220 mail.example.test\r\n")
    await peer.line()
    await peer.say(EHLO)
    await peer.line()
    await peer.say(b"220 go\r\n")
    await peer.take()
    await peer.say(b"250 in clear\r\n")
    await peer.rest()


def test_a_failed_handshake_is_a_rung_too() -> None:
    with pytest.raises(NotReady, match=r"STARTTLS: TLS handshake failed: .*250 in clear") as caught:
        ask(answers_tls_in_clear, climbing(At.MAIL), TLS_TARGET)
    assert isinstance(caught.value.outcome, HandshakeFailed)


def test_to_an_author_a_failed_handshake_is_a_value_and_nothing_is_said_after_it() -> None:
    async def tries(client: Client) -> list[object]:
        await client.climb(At.EHLO)
        got: list[object] = [await client.try_starttls(), await client.reply()]
        before = len(client.connection.transcript.entries)
        await client.leave()
        assert len(client.connection.transcript.entries) == before
        return got

    failed, closed = ask(answers_tls_in_clear, tries)
    assert isinstance(failed, HandshakeFailed)
    assert failed.first_octets == b"250 in clear\r\n"
    assert closed == Closed()


def test_a_refusal_of_starttls_is_a_value_and_the_session_goes_on() -> None:
    async def tries(client: Client) -> list[object]:
        await client.climb(At.EHLO)
        return [await client.try_starttls(), client.offers != {}, await client.say(b"NOOP")]

    refusal, offers, noop = ask(answering({"EHLO": EHLO, "STARTTLS": b"454 not now\r\n"}), tries)
    assert code(refusal) == 454
    assert offers
    assert code(noop) == 250


def test_octets_behind_starttls_go_out_in_clear_in_the_same_segment() -> None:
    pieces: list[bytes] = []

    async def talk(peer: Peer) -> None:
        await peer.say(b"220 mail.example.test\r\n")
        pieces.append(await peer.take())
        await peer.say(b"220 go\r\n250 NOOP too\r\n")
        await peer.start_tls()
        await peer.rest()

    async def tries(client: Client) -> object:
        await client.climb(At.GREETING)
        return await client.starttls(b"NOOP\r\n")

    assert ask(talk, tries) == Secured(b"250 NOOP too\r\n")
    assert pieces == [b"STARTTLS\r\nNOOP\r\n"]


def test_after_tls_nothing_that_was_offered_in_clear_is_remembered() -> None:
    async def tries(client: Client) -> tuple[object, dict[str, bytes]]:
        await client.climb(At.EHLO)
        await client.starttls()
        return client.hello, client.offers

    assert ask(of_reference(ReferenceServer(tls=server_tls())), tries) == (None, {})


def test_a_port_that_speaks_tls_at_once_is_greeted_under_it() -> None:
    async def main() -> Reply:
        ours, theirs = trio.testing.memory_stream_pair()

        async def talk() -> None:
            peer = Peer(theirs)
            await peer.start_tls()
            await answering()(peer)

        async with client_of(nothing) as client:
            client.connection.stream = ours
            client.connection.nursery.start_soon(talk)
            await client.implicit_tls()
            await client.climb(At.EHLO)
            assert client.connection.secured
            assert isinstance(client.greeting, Reply)
            return client.greeting

    assert run(main).code == 220


def test_a_port_that_should_speak_tls_and_speaks_clear_is_not_ready() -> None:
    async def asks(client: Client) -> None:
        await client.implicit_tls()

    with pytest.raises(NotReady, match="TLS: TLS handshake failed"):
        ask(answering(), asks)


# AUTH.


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD_OF_THE_TEST", "correct-horse")


@pytest.mark.usefixtures("password")
@pytest.mark.parametrize("offered", [b"PLAIN", b"LOGIN PLAIN", b"plain", b"CRAM-MD5 PLAIN"])
def test_plain_is_said_where_it_is_offered(offered: bytes) -> None:
    heard: list[bytes] = []

    async def climbs(client: Client) -> str:
        await client.climb(At.MAIL)
        return client.connection.transcript.render()

    greets = b"250-mail.example.test\r\n250 AUTH " + offered + b"\r\n"
    rendered = ask(answering({"EHLO": greets, "AUTH": b"235 welcome\r\n"}, heard=heard), climbs, AUTH_TARGET)
    ehlo = b"EHLO client.example.test\r\n"
    assert heard == [ehlo, b"AUTH PLAIN " + PLAIN + b"\r\n", ehlo, b"MAIL FROM:<>\r\n"]
    assert PLAIN.decode() not in rendered
    assert r"AUTH PLAIN <secret>\r\n" in rendered


@pytest.mark.usefixtures("password")
@pytest.mark.parametrize(
    ("again", "offers"),
    [
        (b"250-x\r\n250-AUTH\r\n250-STARTTLS\r\n250 DSN\r\n", {"AUTH": b"PLAIN", "DSN": b""}),
        (b"250-x\r\n250 SIZE 1000\r\n", {"AUTH": b"PLAIN", "SIZE": b"1000"}),
        (b"503 once is enough\r\n", {"AUTH": b"PLAIN", "SIZE": b""}),
    ],
)
def test_what_counts_is_offered_to_the_client_that_is_known(again: bytes, offers: dict[str, bytes]) -> None:
    async def talk(peer: Peer) -> None:
        await peer.say(b"220 mail.example.test\r\n")
        first = b"250-x\r\n250-AUTH PLAIN\r\n250-STARTTLS\r\n250 SIZE\r\n"
        for reply in (first, b"235 welcome\r\n", again):
            await peer.line()
            await peer.say(reply)
        await peer.rest()

    async def climbs(client: Client) -> dict[str, bytes]:
        await client.climb(At.EHLO)
        return client.offers

    assert ask(talk, climbs, AUTH_TARGET) == offers


@pytest.mark.usefixtures("password")
def test_login_is_said_where_plain_is_not_offered() -> None:
    heard: list[bytes] = []

    async def talk(peer: Peer) -> None:
        await peer.say(b"220 mail.example.test\r\n")
        for reply in (b"250-mail.example.test\r\n250 AUTH LOGIN\r\n", b"334 VXNlcg==\r\n", b"334 UGFzcw==\r\n"):
            heard.append(await peer.line())
            await peer.say(reply)
        heard.append(await peer.line())
        await peer.say(b"235 welcome\r\n")
        await peer.rest()

    async def climbs(client: Client) -> str:
        await client.climb(At.EHLO)
        return client.connection.transcript.render()

    rendered = ask(talk, climbs, AUTH_TARGET)
    word = base64.b64encode(b"correct-horse")
    assert heard[1:] == [b"AUTH LOGIN\r\n", base64.b64encode(b"alice") + b"\r\n", word + b"\r\n"]
    assert word.decode() not in rendered


@pytest.mark.usefixtures("password")
@pytest.mark.parametrize(
    ("replies", "problem"),
    [
        ({"AUTH": b"535 wrong\r\n"}, "AUTH: 535 wrong"),
        ({"AUTH": b"454 later\r\n"}, "AUTH: 454 later"),
        ({"AUTH": b"250 OK\r\n"}, "AUTH: 250 OK"),
        ({"AUTH": b"close"}, "AUTH: connection closed"),
        (
            {"EHLO": b"250-x\r\n250 AUTH GSSAPI NTLM\r\n"},
            "AUTH: none of PLAIN, LOGIN, SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, DIGEST-MD5 is offered: GSSAPI NTLM",
        ),
        ({"EHLO": b"250 x\r\n"}, "AUTH: none of PLAIN, LOGIN"),
        ({"EHLO": b"250-x\r\n250 AUTH LOGIN\r\n", "AUTH": b"504 no\r\n"}, "AUTH: 504 no"),
        ({"EHLO": b"250-x\r\n250 AUTH LOGIN\r\n", "AUTH": b"334 VXNlcg\r\n"}, "AUTH LOGIN: not base64"),
    ],
)
def test_an_authentication_that_fails_is_a_rung(replies: Mapping[str, bytes], problem: str) -> None:
    with pytest.raises(NotReady) as caught:
        ask(answering({"EHLO": EHLO, **replies}), climbing(At.MAIL), AUTH_TARGET)
    assert str(caught.value).startswith(problem)


@pytest.mark.usefixtures("password")
def test_a_server_that_never_stops_asking_is_left() -> None:
    greets = b"250-x\r\n250 AUTH LOGIN\r\n"
    with pytest.raises(NotReady, match="AUTH LOGIN: LOGIN has two messages"):
        ask(in_exchange(greets, b"334 \r\n", b"334 \r\n", b"334 \r\n", b"501 done\r\n"), climbing(At.MAIL), AUTH_TARGET)


def in_exchange(*replies: bytes) -> Callable[[Peer], Awaitable[None]]:
    async def talk(peer: Peer) -> None:
        await peer.say(b"220 mail.example.test\r\n")
        for reply in replies:
            await peer.line()
            await peer.say(reply)
        await peer.rest()

    return talk


@pytest.mark.usefixtures("password")
def test_an_exchange_without_an_initial_response_waits_for_the_empty_challenge() -> None:
    heard: list[bytes] = []

    async def talk(peer: Peer) -> None:
        await peer.say(b"220 mail.example.test\r\n")
        for reply in (b"250-x\r\n250 AUTH PLAIN\r\n", b"334 \r\n", b"235 welcome\r\n"):
            heard.append(await peer.line())
            await peer.say(reply)
        await peer.rest()

    async def asks(client: Client) -> tuple[str, str]:
        await client.climb(At.UNAUTHENTICATED)
        outcome = await client.try_authenticate("PLAIN", initial=False)
        return str(outcome), client.connection.transcript.render()

    outcome, rendered = ask(talk, asks, AUTH_TARGET)
    assert outcome == "235 welcome"
    assert heard[1:] == [b"AUTH PLAIN\r\n", PLAIN + b"\r\n"]
    assert PLAIN.decode() not in rendered


@pytest.mark.usefixtures("password")
def test_watches_know_a_response_for_a_part_of_auth() -> None:
    verbs: list[str | None] = []

    async def asks(client: Client) -> None:
        client.on_exchange = lambda exchange: verbs.append(exchange.verb)
        await client.climb(At.EHLO)

    ask(in_exchange(b"250-x\r\n250 AUTH LOGIN\r\n", b"334 \r\n", b"334 \r\n", b"235 welcome\r\n"), asks, AUTH_TARGET)
    assert verbs == ["CONNECT", "EHLO", "AUTH", "AUTH", "AUTH"]


@pytest.mark.usefixtures("password")
def test_only_the_target_files_mechanisms_are_used() -> None:
    heard: list[bytes] = []
    target = msgspec.structs.replace(AUTH_TARGET, credentials=Credentials("alice", "PASSWORD_OF_THE_TEST", ("LOGIN",)))
    greets = b"250-x\r\n250 AUTH PLAIN LOGIN\r\n"
    with pytest.raises(NotReady):
        ask(answering({"EHLO": greets, "AUTH": b"504 no\r\n"}, heard=heard), climbing(At.MAIL), target)
    assert heard[1] == b"AUTH LOGIN\r\n"


def test_a_variable_that_the_environment_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PASSWORD_OF_THE_TEST", raising=False)
    heard: list[bytes] = []
    with pytest.raises(NotReady, match="AUTH: the environment has no PASSWORD_OF_THE_TEST"):
        ask(answering({"EHLO": EHLO}, heard=heard), climbing(At.MAIL), AUTH_TARGET)
    assert heard == [b"EHLO client.example.test\r\n"]


def test_a_target_that_requires_auth_and_names_no_credentials_is_not_ready() -> None:
    target = msgspec.structs.replace(AUTH_TARGET, credentials=None)
    with pytest.raises(NotReady, match="AUTH: the target file names no credentials"):
        ask(answering({"EHLO": EHLO}), climbing(At.MAIL), target)


@pytest.mark.usefixtures("password")
def test_a_password_that_the_server_repeats_is_hidden() -> None:
    async def climbs(client: Client) -> str:
        with pytest.raises(NotReady):
            await client.climb(At.MAIL)
        return client.connection.transcript.render()

    echoes = b"535 wrong: " + PLAIN + b" is correct-horse\r\n"
    rendered = ask(answering({"EHLO": EHLO, "AUTH": echoes}), climbs, AUTH_TARGET)
    assert r"535 wrong: <secret> is <secret>\r\n" in rendered


@pytest.mark.usefixtures("password")
def test_where_both_are_required_auth_is_said_under_tls_only() -> None:
    under_tls: list[bytes] = []

    async def talk(peer: Peer) -> None:
        await peer.say(b"220 mail.example.test\r\n")
        await peer.line()
        await peer.say(b"250-x\r\n250 STARTTLS\r\n")
        assert await peer.line() == b"STARTTLS\r\n"
        await peer.say(b"220 go\r\n")
        await peer.start_tls()
        under_tls.append(await peer.line())
        await peer.say(b"250-x\r\n250 AUTH PLAIN\r\n")
        under_tls.append(await peer.line())
        await peer.say(b"235 welcome\r\n")
        await peer.rest()

    ask(talk, climbing(At.EHLO), msgspec.structs.replace(AUTH_TARGET, starttls_required=True))
    assert under_tls == [b"EHLO client.example.test\r\n", b"AUTH PLAIN " + PLAIN + b"\r\n"]


# What is sent.


def test_say_adds_a_line_end_and_raw_adds_nothing() -> None:
    peers: list[Peer] = []

    async def talk(peer: Peer) -> None:
        peers.append(peer)
        await peer.say(b"250 x\r\n")
        await peer.rest()

    async def says(client: Client) -> None:
        await client.say(b"NOOP")
        await client.raw(b"RSET\nQUIT\r")
        await trio.testing.wait_all_tasks_blocked()

    ask(talk, says)
    assert peers[0].taken == b"NOOP\r\nRSET\nQUIT\r"


CONTENT = b"Subject: x\r\n\r\n.\r\n..two\r\nend\r\n"


@pytest.mark.parametrize("how", ["data", "deliver", "raw"])
def test_data_and_deliver_stuff_and_terminate_and_raw_does_neither(how: str) -> None:
    server = ReferenceServer()
    heard: list[bytes] = []

    async def talk(peer: Peer) -> None:
        await answering({"DATA": b"354 go\r\n"}, heard=heard)(peer)

    async def sends(client: Client) -> None:
        await client.climb(At.EHLO)
        if how == "deliver":
            await client.deliver(CONTENT)
        else:
            await client.transaction()
            if how == "data":
                assert code(await client.data(CONTENT)) == 250
            else:
                assert code(await client.say(b"DATA")) == 354
                await client.raw(b"a\r\n..\r\n.\r\n")
                assert code(await client.reply()) == 250

    ask(talk, sends)
    sent = b"".join(heard)
    expected = b"a\r\n..\r\n.\r\n" if how == "raw" else stuff(CONTENT) + b".\r\n"
    assert sent.endswith(b"DATA\r\n" + expected)
    ask(of_reference(server), sends, reference_target())
    assert [delivery.content for delivery in server.site.delivered] == [b"a\r\n.\r\n" if how == "raw" else CONTENT]


@given(st.lists(st.sampled_from([b".", b"\r\n", b"\n", b"\r", b"a", b"\0", b"\xff"]), max_size=30).map(b"".join))
def test_what_is_delivered_arrives_as_it_was(content: bytes) -> None:
    server = ReferenceServer()
    lines = content if not content or content.endswith(b"\r\n") else content + b"\r\n"

    async def sends(client: Client) -> list[Outcome]:
        await client.climb(At.EHLO)
        await client.deliver(lines)
        return await client.quit()

    assert codes(ask(of_reference(server), sends, reference_target())) == [221, "Closed"]
    assert [delivery.content for delivery in server.site.delivered] == [lines]


def test_data_that_is_refused_sends_nothing_more() -> None:
    heard: list[bytes] = []

    async def sends(client: Client) -> int:
        await client.climb(At.RCPT)
        return code(await client.data(CONTENT))

    assert ask(answering({"DATA": b"554 no\r\n"}, heard=heard), sends) == 554
    assert heard[-1] == b"DATA\r\n"


@pytest.mark.parametrize(("word", "rung"), [("MAIL", "MAIL"), ("RCPT", "RCPT"), ("DATA", "DATA"), (".", "end of data")])
@pytest.mark.parametrize("words", [b"550 no\r\n", b"451 later\r\n", b"421 busy\r\n", b"", b"close"])
def test_a_delivery_that_is_not_accepted_to_the_end_is_not_ready(word: str, rung: str, words: bytes) -> None:
    async def delivers(client: Client) -> None:
        await client.climb(At.EHLO)
        await client.deliver()

    with pytest.raises(NotReady) as caught:
        ask(answering({"DATA": b"354 go\r\n", word: words}), delivers)
    assert caught.value.rung == rung
    assert caught.value.service_refused == words.startswith(b"421")


def test_paths_are_those_of_the_target_unless_the_author_says_others() -> None:
    heard: list[bytes] = []

    async def says(client: Client) -> None:
        await client.climb(At.GREETING)
        await client.mail()
        await client.rcpt()
        await client.rcpt(client.other_forward_path)
        await client.mail(b"<>", b" SIZE=1")
        await client.rcpt(b"<x@y>", b" NOTIFY=NEVER")

    ask(answering(heard=heard), says, reference_target())
    assert heard == [
        b"MAIL FROM:<sender@client.example.test>\r\n",
        b"RCPT TO:<alice@example.test>\r\n",
        b"RCPT TO:<bob@example.test>\r\n",
        b"MAIL FROM:<> SIZE=1\r\n",
        b"RCPT TO:<x@y> NOTIFY=NEVER\r\n",
    ]


@pytest.mark.parametrize(
    ("mailboxes", "first", "other"),
    [
        ((), b"<postmaster>", b"<postmaster>"),
        (("a@b",), b"<a@b>", b"<a@b>"),
        (("a@b", "c@d", "e@f"), b"<a@b>", b"<c@d>"),
    ],
)
def test_the_other_recipient_is_another_where_there_is_one(
    mailboxes: tuple[str, ...], first: bytes, other: bytes
) -> None:
    async def paths(client: Client) -> tuple[bytes, bytes]:
        return client.forward_path, client.other_forward_path

    assert ask(nothing, paths, msgspec.structs.replace(TARGET, mailboxes=mailboxes)) == (first, other)


# Messages.


def message(target: Target = TARGET, **how: object) -> bytes:
    async def makes(client: Client) -> bytes:
        return client.message(**how)  # type: ignore[arg-type]

    return ask(nothing, makes, target)


def test_a_message_has_the_five_usual_fields_and_the_token() -> None:
    octets = message(body=b"first\r\n.\r\n")
    parsed = email.message_from_bytes(octets, policy=email.policy.SMTP)
    assert parsed.keys() == ["From", "To", "Date", "Message-ID", "Subject"]
    assert not parsed.defects
    assert parsed["Date"].datetime is not None
    assert parsed["Message-ID"] == "<t0123456789ab@client.example.test>"
    assert "t0123456789ab" in parsed["Subject"]
    header, _, body = octets.partition(b"\r\n\r\n")
    assert body == b"first\r\n.\r\n"
    assert b"\n" not in header.replace(b"\r\n", b"")
    assert max(len(line) for line in header.split(b"\r\n")) <= 78


@pytest.mark.parametrize(
    ("target", "sender", "recipient"),
    [
        (TARGET, "<suite@client.example.test>", "<postmaster@example.test>"),
        (reference_target(), "<sender@client.example.test>", "<alice@example.test>"),
    ],
)
def test_a_message_names_sender_and_recipient(target: Target, sender: str, recipient: str) -> None:
    parsed = email.message_from_bytes(message(target))
    assert (parsed["From"], parsed["To"]) == (sender, recipient)


@pytest.mark.parametrize("name", ["From", "To", "Date", "Message-ID", "Subject"])
def test_a_message_can_go_without_a_field(name: str) -> None:
    keys = email.message_from_bytes(message(without=[name])).keys()
    assert name not in keys
    assert len(keys) == 4


def test_a_message_can_not_go_without_a_field_that_it_never_has() -> None:
    with pytest.raises(ValueError, match="date"):
        message(without=["date"])


def test_tokens_differ_and_fit_a_local_part_a_subject_and_a_field_name() -> None:
    tokens = {new_token() for _ in range(200)}
    assert len(tokens) == 200
    assert all(token.isascii() and token.isalnum() and token[0].isalpha() and len(token) == 13 for token in tokens)


# What comes back.


@pytest.mark.parametrize(
    ("dot", "expected"),
    [
        (b"250 OK\r\n", [250, 221, "Closed"]),
        (b"250 OK\r\n250 again\r\n", [250, 250, 221, "Closed"]),
        (b"554 no\r\n", [554, 221, "Closed"]),
        (b"421 busy\r\n", [421, 221, "Closed"]),
        (b"", ["Silence", 221, "Closed"]),
        (b"close", ["Closed"]),
    ],
)
def test_replies_until_quit_are_all_that_came_up_to_the_close(dot: bytes, expected: list[object]) -> None:
    heard: list[bytes] = []

    async def sends(client: Client) -> list[Outcome]:
        await client.climb(At.DATA)
        await client.raw(b"body\r\n.\r\n")
        return await client.replies_until_quit()

    assert codes(ask(answering({"DATA": b"354 go\r\n", ".": dot}, heard=heard), sends)) == expected
    assert (heard[-1] == b"QUIT\r\n") == (dot != b"close")


async def hates_pipelining(peer: Peer) -> None:
    """Takes a bare LF for a line end, answers in a while, and refuses what came before it has answered."""
    await peer.say(b"220 mail.example.test\r\n")
    while line := await peer.line(b"\n"):
        await trio.sleep(0.05)
        before = len(peer.pieces)
        with trio.move_on_after(0.001):
            await peer.take()
        if len(peer.pieces) > before:
            await peer.say(b"500 no pipelining\r\n")
            break
        await peer.say(b"221 bye\r\n" if line.startswith(b"QUIT") else b"250 OK\r\n")
        if line.startswith(b"QUIT"):
            break
    await peer.close()


@pytest.mark.parametrize("lines", [b"NOOP a\nNOOP b\r\n", b"NOOP a\r\nNOOP b\r\n", b"NOOP a\n\rNOOP b\r\n"])
def test_octets_and_quit_come_late_enough_for_who_answers_line_by_line(lines: bytes) -> None:
    async def sends(client: Client) -> list[Outcome]:
        await client.climb(At.GREETING)
        client.connection.segmentation = Segmentation.OCTETS
        await client.raw(lines)
        client.connection.segmentation = Segmentation.WHOLE
        return await client.replies_until_quit()

    assert codes(ask(hates_pipelining, sends)) == [250, 250, 221, "Closed"]


def test_a_reset_ends_the_replies_until_quit() -> None:
    async def sends(client: Client) -> list[Outcome]:
        await client.climb(At.EHLO)
        client.connection._end = Reset()
        return await client.replies_until_quit()

    assert ask(answering(), sends) == [Reset()]


def test_a_server_that_ignores_quit_ends_the_replies_with_silence() -> None:
    async def sends(client: Client) -> list[Outcome]:
        await client.climb(At.EHLO)
        await client.raw(b"NOOP\r\n")
        return await client.replies_until_quit()

    assert codes(ask(answering({"QUIT": b""}), sends)) == [250, "Silence"]


def test_quit_is_not_waited_for_with_a_timer() -> None:
    async def sends(client: Client) -> float:
        await client.climb(At.EHLO)
        began = trio.current_time()
        await client.raw(b"NOOP\r\n")
        await client.replies_until_quit()
        return trio.current_time() - began

    assert ask(of_reference(ReferenceServer()), sends) < 0.1


@pytest.mark.parametrize(
    ("quiet", "gaps", "expected"),
    [
        (None, [0, 4, 4], [250, 250, 250]),
        (None, [0, 6, 1], [250]),
        (2, [0, 4], [250, 250]),
        (10, [0, 9, 9], [250, 250, 250]),
        (None, [6], []),
    ],
)
def test_replies_are_read_until_it_has_been_quiet(
    quiet: float | None, gaps: list[float], expected: list[object]
) -> None:
    async def talk(peer: Peer) -> None:
        await peer.say(b"220 mail.example.test\r\n")
        await peer.line()
        for gap in gaps:
            await trio.sleep(gap)
            await peer.say(b"250 OK\r\n")
        await peer.rest()

    async def sends(client: Client) -> list[Outcome]:
        await client.climb(At.GREETING)
        await client.raw(b"NOOP\r\n")
        return await client.replies(quiet)

    assert codes(ask(talk, sends)) == expected


def test_quiet_is_longer_with_a_server_that_has_been_slow() -> None:
    async def talk(peer: Peer) -> None:
        await trio.sleep(4)
        await peer.say(b"220 mail.example.test\r\n")
        await trio.sleep(11)
        await peer.say(b"250 late\r\n")
        await peer.close()

    async def sends(client: Client) -> list[Outcome]:
        await client.climb(At.GREETING)
        return await client.replies()

    assert codes(ask(talk, sends)) == [250, "Closed"]


def test_a_server_that_never_stops_talking_is_left_in_the_end() -> None:
    async def talk(peer: Peer) -> None:
        await peer.say(b"220 mail.example.test\r\n" + b"250 again\r\n" * 5000)
        await peer.rest()

    async def listens(client: Client) -> tuple[int, int]:
        await client.climb(At.GREETING)
        return len(await client.replies()), len(await client.quit())

    assert ask(talk, listens) == (1000, 1000)


# Watches.


def seen_by_watches(talk: Talk, asks: Asks[object], target: Target = TARGET) -> list[tuple[str | None, int, bool]]:
    exchanges: list[Exchange] = []
    ask(talk, asks, target, exchanges.append)
    return [(each.verb, each.reply.code, "SIZE" in each.offers) for each in exchanges]


def test_watches_are_shown_every_reply_with_its_verb() -> None:
    async def talks(client: Client) -> None:
        await client.climb(At.DATA)
        await client.raw(b"RSET\r\n.\r\n")
        await client.reply()
        await client.say(b"noop  x")
        await client.quit()

    assert seen_by_watches(answering({"EHLO": EHLO, "DATA": b"354 go\r\n"}), talks) == [
        ("CONNECT", 220, False),
        ("EHLO", 250, False),
        ("MAIL", 250, True),
        ("RCPT", 250, True),
        ("DATA", 354, True),
        ("DATA", 250, True),
        ("NOOP", 250, True),
        ("QUIT", 221, True),
    ]


@pytest.mark.parametrize("octets", [b"NOOP\r\nRSET\r\n", b"NOOP\nRSET\r\n", b"NOOP\rRSET\r\n"])
def test_a_reply_to_several_lines_at_once_has_no_verb(octets: bytes) -> None:
    async def talks(client: Client) -> None:
        await client.climb(At.GREETING)
        await client.raw(octets)
        await client.reply()

    assert seen_by_watches(answering(), talks)[1:] == [(None, 250, False)]


def test_no_reply_has_a_verb_once_several_lines_were_sent_at_once() -> None:
    async def talks(client: Client) -> None:
        await client.climb(At.GREETING)
        await client.raw(b"NOOP\r\nRSET\r\n")
        await client.reply()
        await client.reply()
        await client.say(b"HELP")

    assert [verb for verb, _, _ in seen_by_watches(answering(), talks)] == ["CONNECT", None, None, None]


def test_no_reply_has_a_verb_once_a_line_was_sent_before_the_reply_to_another_was_read() -> None:
    async def talks(client: Client) -> None:
        await client.climb(At.GREETING)
        await client.raw(b"NOOP\r\n")
        await client.pause()
        await client.raw(b"RSET\r\n")
        await client.reply()
        await client.reply()
        await client.say(b"HELP")

    assert [verb for verb, _, _ in seen_by_watches(answering(), talks)] == ["CONNECT", None, None, None]


def test_the_greeting_answers_no_line_that_was_sent_before_it_was_read() -> None:
    async def talks(client: Client) -> None:
        await client.raw(b"NOOP\r\n")
        await client.reply()
        await client.reply()

    assert [verb for verb, _, _ in seen_by_watches(answering(), talks)] == [None, None]


def test_the_verb_of_a_line_that_is_sent_in_pieces_stands_in_its_first() -> None:
    async def talks(client: Client) -> None:
        await client.climb(At.GREETING)
        for piece in (b"NO", b"OP ", b"RSET", b"\r\n"):
            await client.raw(piece)
            await client.pause()
        await client.reply()

    assert [verb for verb, _, _ in seen_by_watches(answering(), talks)] == ["CONNECT", "NOOP"]


def test_octets_in_the_place_of_a_handshake_are_no_reply() -> None:
    async def talks(client: Client) -> None:
        await client.climb(At.EHLO)
        await client.try_starttls()
        await client.reply()

    verbs = [verb for verb, _, _ in seen_by_watches(answers_tls_in_clear, talks)]
    assert verbs == ["CONNECT", "EHLO", "STARTTLS"]


# The end.


def left(talk: Talk, before: Asks[object], target: Target = TARGET) -> tuple[list[bytes], float]:
    """The lines that the server heard, and how long our leaving took."""
    peers: list[Peer] = []

    async def listening(peer: Peer) -> None:
        peers.append(peer)
        await talk(peer)

    async def leaves(client: Client) -> float:
        await before(client)
        await trio.testing.wait_all_tasks_blocked()
        began = trio.current_time()
        await client.leave()
        await client.leave()
        seconds = trio.current_time() - began
        await trio.testing.wait_all_tasks_blocked()
        return seconds

    seconds = ask(listening, leaves, target)
    return bytes(peers[0].taken).splitlines(keepends=True), seconds


def test_we_leave_with_quit_once() -> None:
    heard, seconds = left(answering(), climbing(At.EHLO))
    assert heard == [b"EHLO client.example.test\r\n", b"QUIT\r\n"]
    assert seconds < 1


def test_we_leave_with_quit_also_after_a_refused_greeting() -> None:
    async def climbs(client: Client) -> None:
        with pytest.raises(NotReady):
            await client.climb(At.EHLO)

    heard, _ = left(answering(greeting=b"554 no service\r\n"), climbs)
    assert heard == [b"QUIT\r\n"]


async def not_yet(client: Client) -> None:
    del client


@pytest.mark.parametrize("start", [At.CONNECT, At.DATA])
def test_without_a_greeting_and_in_mail_data_we_just_close(start: At) -> None:
    heard, seconds = left(answering({"DATA": b"354 go\r\n"}), climbing(start))
    assert b"QUIT\r\n" not in heard
    assert seconds < 1


def test_an_open_line_is_ended_before_quit() -> None:
    async def begins(client: Client) -> None:
        await client.climb(At.EHLO)
        await client.raw(b"NOO")

    heard, _ = left(answering(), begins)
    assert heard[-2:] == [b"NOO\r\n", b"QUIT\r\n"]


def test_nothing_is_said_to_a_server_that_is_gone() -> None:
    async def loses(client: Client) -> None:
        await client.climb(At.EHLO)
        assert await client.say(b"NOOP") == Closed()

    heard, _ = left(answering({"NOOP": b"close"}), loses)
    assert heard[-1] == b"NOOP\r\n"


def test_a_server_that_ignores_quit_is_left_after_five_seconds() -> None:
    _, seconds = left(answering({"QUIT": b""}), climbing(At.EHLO))
    assert seconds == pytest.approx(5)


def test_we_leave_politely_under_tls() -> None:
    target = msgspec.structs.replace(reference_target(), starttls_required=True)
    server = ReferenceServer(tls=server_tls())

    async def leaves(client: Client) -> list[bytes]:
        await client.climb(At.EHLO)
        await client.leave()
        return [entry.octets for entry in client.connection.transcript.entries if entry.tls][-3:]

    quit_line, goodbye, closed = ask(of_reference(server), leaves, target)
    assert quit_line == b"QUIT\r\n"
    assert goodbye.startswith(b"221 ")
    assert closed == str(Closed(close_notify=True)).encode()


@pytest.mark.parametrize(("asks", "version"), [(True, TLSVersion.TLSv1_2), (False, TLSVersion.TLSv1_2), (True, None)])
def test_under_tls_the_cipher_suite_is_known_and_what_was_asked_for(asks: bool, version: TLSVersion | None) -> None:
    target = msgspec.structs.replace(reference_target(), address="smtps://127.0.0.1:465")
    server = ReferenceServer(tls=server_tls(asks=asks), implicit_tls=True)

    async def shakes_hands(client: Client) -> tuple[bool, bool | None, bool]:
        outcome = await client.try_implicit_tls(version)
        return (
            isinstance(outcome, Secured),
            client.connection.asked_for_certificate,
            bool(client.connection.cipher_suite),
        )

    asked = asks if version else None
    assert ask(of_reference(server), shakes_hands, target) == (True, asked, True)


def test_a_certificate_that_is_none_is_not_ready() -> None:
    target = msgspec.structs.replace(reference_target(), client_certificate="no/such/file.pem")

    async def shakes_hands(client: Client) -> None:
        await client.try_implicit_tls(certified=True)

    with pytest.raises(NotReady, match="no certificate with its key"):
        ask(of_reference(ReferenceServer(tls=server_tls(), implicit_tls=True)), shakes_hands, target)
