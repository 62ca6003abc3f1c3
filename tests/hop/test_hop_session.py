from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
import trio.testing

from conformance.hop import EVERYONE, NextHop, Protocol, Rule, Step, Then, reply_octets

ONE, OTHER = "t0123456789ab", "tba9876543210"
HELLO = b"EHLO client.example.test\r\n"
LHLO = b"LHLO client.example.test\r\n"
MAIL = b"MAIL FROM:<a@client.example.test>\r\n"

Talk = Callable[["Peer"], Awaitable[None]]


def rcpt(token: str = ONE, local: str = "x") -> bytes:
    return f"RCPT TO:<{local}.{token}@relay.example.test>\r\n".encode()


class Peer:
    """The client's end of a session in memory."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.pending = b""

    async def line(self) -> bytes:
        """The next reply, or no octets at the close."""
        while True:
            lines = self.pending.split(b"\r\n")
            for number, line in enumerate(lines[:-1]):
                if line[3:4] != b"-":
                    reply = b"\r\n".join(lines[: number + 1]) + b"\r\n"
                    self.pending = self.pending[len(reply) :]
                    return reply
            octets = bytes(await self.stream.receive_some(65536))
            if not octets:
                return b""
            self.pending += octets

    async def line_within(self, seconds: float) -> bytes | None:
        """As ``line``, and ``None`` where nothing has come."""
        with trio.move_on_after(seconds):
            try:
                return await self.line()
            except trio.BrokenResourceError:
                return b""
        return None

    async def say(self, octets: bytes) -> bytes:
        await self.stream.send_all(octets)
        return await self.line()

    async def until_data(self, token: str = ONE) -> None:
        assert (await self.line()).startswith(b"220 ")
        assert (await self.say(HELLO)).startswith(b"250-")
        assert (await self.say(MAIL)).startswith(b"250 ")
        assert (await self.say(rcpt(token))).startswith(b"250 ")
        assert (await self.say(b"DATA\r\n")).startswith(b"354 ")


def with_hop(talk: Callable[[NextHop, Callable[..., Peer]], Awaitable[None]], **settings: Any) -> None:
    """Run a dialogue against a next hop in memory, on a clock that jumps."""

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            hop = NextHop(nursery, **settings)

            def connect(protocol: Protocol = "smtp", local: str = "127.0.0.1:2600") -> Peer:
                ours, theirs = trio.testing.memory_stream_pair()

                async def serve() -> None:
                    await hop.serve(theirs, protocol=protocol, local=local, peer="127.0.0.1:40000")

                nursery.start_soon(serve)
                return Peer(ours)

            await talk(hop, connect)
            nursery.cancel_scope.cancel()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


@pytest.mark.parametrize(
    ("data", "content"),
    [
        (b"A: b\r\n\r\ntext\r\n.\r\n", b"A: b\r\n\r\ntext\r\n"),
        (b".\r\n", b""),
        (b"..\r\n..x\r\n...\r\n.\r\n", b".\r\n.x\r\n..\r\n"),
        (b"a\n.\nb\r.\rc\0\xff\r\n.\n.\r\n.\r\n", b"a\n.\nb\r.\rc\0\xff\r\n\n.\r\n"),
        (b"a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n"),
        (b"a\r\r\n.\r\n", b"a\r\r\n"),
    ],
)
@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_the_data_end_at_crlf_dot_crlf_only_and_are_kept_as_they_came(data: bytes, content: bytes, cut: int) -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        peer = connect()
        await peer.until_data()
        for at in range(0, len(data), cut or len(data)):
            await peer.stream.send_all(data[at : at + (cut or len(data))])
            await trio.testing.wait_all_tasks_blocked()
        assert await peer.line() == b"250 OK, taken\r\n"
        assert (await peer.say(b"QUIT\r\n")).startswith(b"221 ")
        message = await hop.message(ONE, within=0)
        assert message is not None
        assert message.data == data
        assert message.content == content
        assert message.complete
        assert message.replies == [b"250 OK, taken\r\n"]

    with_hop(talk)


def test_a_dot_that_its_sender_did_not_double_is_seen() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        peer = connect()
        await peer.until_data()
        await peer.say(b"..good\r\n.bad\r\n.\r\n")
        message = await hop.message(ONE, within=0)
        assert message is not None
        assert message.unstuffed_lines == (b".bad",)
        assert message.content == b".good\r\nbad\r\n"

    with_hop(talk)


def test_the_envelope_is_kept_as_it_came() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        peer = connect()
        await peer.line()
        await peer.say(HELLO)
        await peer.say(b"mail from:<@one.example,@two.example:A.b@Example.Test> BODY=8BITMIME  SIZE=12\r\n")
        await peer.say(b'RCPT TO:<"a>b"@relay.example.test>\r\n')
        await peer.say(b"RCPT TO:<" + ONE.encode() + b"@relay.example.test> NOTIFY=NEVER\r\n")
        await peer.say(b"RCPT TO: nobody\r\n")
        await peer.say(b"DATA\r\n")
        await trio.sleep(7)
        await peer.say(b"text\r\n.\r\n")
        message = await hop.message(ONE, within=0)
        assert message is not None
        assert message.reverse_path == b"@one.example,@two.example:A.b@Example.Test"
        assert message.parameters == b"BODY=8BITMIME  SIZE=12"
        assert message.forward_paths == (b'"a>b"@relay.example.test', ONE.encode() + b"@relay.example.test", b" nobody")
        assert message.transaction.recipients[1].parameters == b"NOTIFY=NEVER"
        assert [command.verb for command in message.transaction.commands] == [
            b"MAIL",
            b"RCPT",
            b"RCPT",
            b"RCPT",
            b"DATA",
        ]
        assert message.transaction.commands[0].octets.startswith(b"mail from:<@one")
        assert message.transaction.connection.client_name == b"client.example.test"
        assert message.ended - message.began == pytest.approx(7)
        assert message.transaction.ended == message.ended

    with_hop(talk)


def test_bare_line_feeds_end_no_command_and_stand_in_the_record() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        peer = connect()
        await peer.line()
        assert (await peer.say(b"NOOP\nNOOP\r\n")).startswith(b"500 ")
        await peer.stream.send_all(b"QUIT\n")
        await peer.stream.send_eof()  # type: ignore[attr-defined]
        assert await peer.line() == b""
        (connection,) = hop.connections()
        assert [command.octets for command in connection.commands] == [b"NOOP\nNOOP\r\n"]
        assert connection.rest == b"QUIT\n"
        assert connection.end == "closed by the client"

    with_hop(talk)


def test_a_long_line_keeps_its_beginning_and_its_length() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        peer = connect()
        await peer.line()
        for _ in range(40):
            await peer.stream.send_all(b"x" * 10_000)
        assert (await peer.say(b"\r\n")).startswith(b"500 ")
        assert (await peer.say(b"NOOP\r\n")).startswith(b"250 ")
        (connection,) = hop.connections()
        long, after = connection.commands
        assert long.full_length == 400_002
        assert len(long.octets) < 100_000
        assert after.octets == b"NOOP\r\n"
        assert not after.early

    with_hop(talk)


def test_a_large_message_is_bounded_and_counted() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        peer = connect()
        await peer.until_data()
        for _ in range(50):
            await peer.stream.send_all(b"0123456789\r\n" * 100)
        assert (await peer.say(b".\r\n")).startswith(b"250 ")
        message = await hop.message(ONE, within=0)
        assert message is not None
        assert len(message.data) == 1000
        assert message.full_length == 60_003
        assert not message.complete

    with_hop(talk, message_bound=1000)


def test_what_comes_before_our_reply_is_called_early() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        hop.script(EVERYONE, Rule.late(Step.CONNECT, 3))
        peer = connect()
        await peer.stream.send_all(HELLO)
        assert (await peer.line()).startswith(b"220 ")
        assert (await peer.line()).startswith(b"250-")
        assert trio.current_time() >= 3
        await peer.say(MAIL)
        (connection,) = hop.connections()
        assert [command.early for command in connection.commands] == [True, False]

    with_hop(talk)


def test_a_pipelined_group_is_answered_in_order() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        peer = connect()
        await peer.line()
        await peer.say(HELLO)
        hop.script(f"no.{ONE}@relay.example.test", Rule.answer(Step.RCPT, 550, "no"))
        assert (await peer.say(MAIL + rcpt(local="no") + rcpt() + b"DATA\r\n")).startswith(b"250 ")
        assert [await peer.line() for _ in range(3)] == [b"550 no\r\n", b"250 OK\r\n", b"354 Go ahead\r\n"]
        await peer.say(b"x\r\n.\r\n")
        message = await hop.message(ONE, within=0)
        assert message is not None
        assert message.forward_paths == (f"x.{ONE}@relay.example.test".encode(),)
        assert [recipient.accepted for recipient in message.transaction.recipients] == [False, True]

    with_hop(talk)


@pytest.mark.parametrize(
    ("step", "before", "line"),
    [
        (Step.CONNECT, [], b""),
        (Step.EHLO, [], HELLO),
        (Step.HELO, [], b"HELO client.example.test\r\n"),
        (Step.MAIL, [HELLO], MAIL),
        (Step.RCPT, [HELLO, MAIL], rcpt()),
        (Step.DATA, [HELLO, MAIL, rcpt()], b"DATA\r\n"),
        (Step.END_OF_DATA, [HELLO, MAIL, rcpt(), b"DATA\r\n"], b"text\r\n.\r\n"),
        (Step.RSET, [HELLO, MAIL, rcpt()], b"RSET\r\n"),
        (Step.NOOP, [], b"NOOP\r\n"),
        (Step.OTHER, [], b"XYZZY\r\n"),
        (Step.BDAT, [HELLO, MAIL, rcpt()], b"BDAT 2\r\nab"),
        (Step.QUIT, [HELLO, MAIL, rcpt()], b"QUIT\r\n"),
    ],
)
@pytest.mark.parametrize("what", ["code", "421", "nothing", "close", "reset", "late"])
def test_a_rule_acts_at_its_step(step: Step, before: list[bytes], line: bytes, what: str) -> None:
    rule, expected = {
        "code": (Rule.answer(step, 450, "one", "two"), b"450-one\r\n450 two\r\n"),
        "421": (Rule.answer(step, 421, "bye"), b"421 bye\r\n"),
        "nothing": (Rule.nothing(step), None),
        "close": (Rule.close(step), b""),
        "reset": (Rule.reset(step), b""),
        "late": (Rule.late(step, 20), None),
    }[what]

    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        hop.script(EVERYONE, rule)
        peer = connect()
        if line:
            await peer.line()
        for said in before:
            assert (await peer.say(said))[:1] in {b"2", b"3"}
        if line:
            await peer.stream.send_all(line)
        assert await peer.line_within(19.9) == expected
        assert bool(await peer.line_within(0.2)) == (what == "late")
        ends = {"421": "closed by us", "close": "closed by us", "reset": "reset by us"}
        if what in ends:
            assert hop.connections()[0].end == ends[what]

    with_hop(talk)


def test_the_most_particular_key_wins_and_a_used_up_rule_gives_way() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        hop.script(EVERYONE, Rule.answer(Step.RCPT, 455))
        hop.script("127.0.0.1", Rule.answer(Step.RCPT, 454))
        hop.script("127.0.0.1:2600", Rule.answer(Step.RCPT, 453))
        hop.script("RELAY.example.test", Rule.answer(Step.RCPT, 452))
        hop.script(ONE, Rule.answer(Step.RCPT, 451, times=1), Rule.answer(Step.DATA, 451))
        hop.script(f"x.{ONE}@Relay.example.test", Rule.answer(Step.RCPT, 450, times=2))
        peer = connect()
        await peer.line()
        await peer.say(HELLO)
        await peer.say(MAIL)
        asked = [(await peer.say(rcpt()))[:3] for _ in range(4)]
        assert asked == [b"450", b"450", b"451", b"452"]
        assert (await peer.say(b"RCPT TO:<y@elsewhere.test>\r\n")).startswith(b"453 ")
        other = connect(local="127.0.0.1:2601")
        await other.line()
        await other.say(HELLO)
        await other.say(MAIL)
        assert (await other.say(b"RCPT TO:<y@elsewhere.test>\r\n")).startswith(b"454 ")
        third = connect(local="127.0.0.2:2600")
        await third.line()
        await third.say(HELLO)
        await third.say(MAIL)
        assert (await third.say(b"RCPT TO:<y@elsewhere.test>\r\n")).startswith(b"455 ")

    with_hop(talk)


def test_rules_of_one_scenario_leave_the_others_alone() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        mine = hop.for_token(ONE)
        mine.script(Rule.answer(Step.RCPT, 550, "not you"))
        peers = {token: connect() for token in (ONE, OTHER)}
        replies = {}
        for token, peer in peers.items():
            await peer.line()
            await peer.say(HELLO)
            await peer.say(MAIL)
            replies[token] = await peer.say(rcpt(token))
            await peer.say(b"RSET\r\n")
        assert replies == {ONE: b"550 not you\r\n", OTHER: b"250 OK\r\n"}
        (refused,) = await mine.transactions(within=0)
        assert refused.message is None
        assert refused.recipients[0].reply == b"550 not you\r\n"
        assert mine.connections() == (refused.connection,)
        assert await mine.messages(within=0) == ()

    with_hop(talk)


def test_lmtp_answers_the_final_dot_once_for_each_recipient() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        hop.script(f"b.{ONE}@relay.example.test", Rule.answer(Step.END_OF_DATA, 452, "full"))
        hop.script(f"d.{ONE}@relay.example.test", Rule.answer(Step.RCPT, 550, "no"))
        peer = connect(protocol="lmtp")
        await peer.line()
        assert (await peer.say(HELLO)).startswith(b"500 ")
        assert (await peer.say(b"HELO client.example.test\r\n")).startswith(b"500 ")
        assert (await peer.say(LHLO)).startswith(b"250-")
        await peer.say(MAIL)
        assert (await peer.say(b"DATA\r\n")).startswith(b"503 ")
        for local in "abcd":
            await peer.say(rcpt(local=local))
        await peer.say(b"DATA\r\n")
        assert await peer.say(b"text\r\n.\r\n") == b"250 OK, taken\r\n"
        assert await peer.line() == b"452 full\r\n"
        assert await peer.line() == b"250 OK, taken\r\n"
        assert (await peer.say(b"QUIT\r\n")).startswith(b"221 ")
        message = await hop.message(ONE, within=0)
        assert message is not None
        assert [reply[:3] for reply in message.replies] == [b"250", b"452", b"250"]

    with_hop(talk)


def test_burl_is_taken_where_it_is_offered_and_last_ends_the_transaction() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        hop.offers = (b"BURL imap",)
        peer = connect()
        await peer.line()
        await peer.say(HELLO)
        assert (await peer.say(b"BURL imap://x/y LAST\r\n")).startswith(b"503 ")
        for line in (MAIL, rcpt(), b"BURL imap://x/y\r\n"):
            assert (await peer.say(line)).startswith(b"250 ")
        assert (await peer.say(MAIL)).startswith(b"503 ")
        assert (await peer.say(b"BURL imap://x/z last\r\n")).startswith(b"250 ")
        assert (await peer.say(MAIL)).startswith(b"250 ")

    with_hop(talk)


def test_burl_is_unknown_where_it_is_not_offered() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        assert b"BURL" not in hop.offers
        peer = connect()
        await peer.line()
        for line in (HELLO, MAIL, rcpt()):
            await peer.say(line)
        assert (await peer.say(b"BURL imap://x/y LAST\r\n")).startswith(b"500 ")

    with_hop(talk)


def test_bdat_takes_octets_by_count_and_needs_no_last_line_end() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        hop.script(EVERYONE, Rule.offer(b"CHUNKING", b"BINARYMIME"))
        peer = connect()
        await peer.line()
        assert await peer.say(HELLO) == b"250-hop.example.test\r\n250-CHUNKING\r\n250 BINARYMIME\r\n"
        await peer.say(MAIL + rcpt())
        await peer.line()
        assert await peer.say(b"BDAT 7\r\n.\r\n.\r\n\n") == b"250 OK\r\n"
        assert await peer.say(b"BDAT 3 LAST\r\nend") == b"250 OK, taken\r\n"
        assert (await peer.say(b"BDAT 3 LAST\r\nend")).startswith(b"503 ")
        assert (await peer.say(b"BDAT x\r\n")).startswith(b"501 ")
        (message,) = await hop.messages(ONE, within=0)
        assert message.content == message.data == b".\r\n.\r\n\nend"
        assert message.chunked
        assert message.unstuffed_lines == ()

    with_hop(talk)


def test_a_connection_broken_off_in_the_data_leaves_what_came() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        peer = connect()
        await peer.until_data()
        await peer.stream.send_all(b"A: b\r\n\r\nhal")
        await peer.stream.aclose()
        (transaction,) = await hop.transactions(ONE, within=10)
        assert transaction.message is None
        assert transaction.unfinished == b"A: b\r\n\r\nhal"
        assert transaction.ended is not None

    with_hop(talk)


def test_a_rule_can_break_off_in_the_middle_of_the_content() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        hop.script(ONE, Rule.close(Step.CONTENT, delay=2, times=1))
        peer = connect()
        await peer.until_data()
        await peer.stream.send_all(b"A: b\r\n")
        assert await peer.line() == b""
        (transaction,) = await hop.transactions(ONE, within=0)
        assert transaction.message is None
        again = connect()
        await again.until_data()
        assert (await again.say(b"A: b\r\n.\r\n")).startswith(b"250 ")

    with_hop(talk)


def test_a_stall_reads_nothing_and_comes_again() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        hop.script(ONE, Rule.stall(100, every=8, times=2))
        peer = connect()
        await peer.until_data()
        began = trio.current_time()
        await peer.stream.send_all(b"A: b\r\n")
        await trio.sleep(1)
        (transaction,) = hop.seen(ONE)
        read = len(transaction.connection.transcript.entries)
        await peer.stream.send_all(b"C: d\r\n")
        await trio.sleep(98)
        assert len(transaction.connection.transcript.entries) == read
        await trio.sleep(2)
        assert len(transaction.connection.transcript.entries) > read
        await peer.stream.send_all(b"E: f\r\n")
        assert (await peer.say(b".\r\n")).startswith(b"250 ")
        assert trio.current_time() - began >= 200

    with_hop(talk)


def test_the_rules_of_an_address_can_be_dropped() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        hop.script("127.0.0.1", Rule.close(Step.CONNECT))
        assert await connect().line() == b""
        hop.unscript("127.0.0.1")
        assert (await connect().line()).startswith(b"220 ")

    with_hop(talk)


def test_a_refused_greeting_waits_for_quit() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        hop.script(EVERYONE, Rule.answer(Step.CONNECT, 554, "no mail"))
        peer = connect()
        assert await peer.line() == b"554 no mail\r\n"
        assert (await peer.say(HELLO)).startswith(b"503 ")
        assert (await peer.say(b"QUIT\r\n")).startswith(b"221 ")
        assert await peer.line() == b""

    with_hop(talk)


def test_when_the_client_gave_up_is_known_also_while_a_reply_is_held_back() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        hop.script(ONE, Rule.late(Step.RCPT, 500))
        peer = connect()
        await peer.line()
        await peer.say(HELLO)
        await peer.say(MAIL)
        await peer.stream.send_all(rcpt())
        await trio.sleep(300)
        left = trio.current_time()
        await peer.stream.aclose()
        (transaction,) = await hop.transactions(ONE, within=1000)
        assert transaction.connection.ended == pytest.approx(left)

    with_hop(talk)


def test_silence_ends_with_421() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        peer = connect()
        await peer.line()
        assert (await peer.line()).startswith(b"421 ")
        assert trio.current_time() == pytest.approx(300)
        assert await peer.line() == b""
        (connection,) = hop.connections()
        assert connection.end == "closed by us after 300 s of silence"

    with_hop(talk, idle=300)


def test_waiting_ends_when_enough_has_come_or_the_time_is_over() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        async def deliver(after: float) -> None:
            await trio.sleep(after)
            peer = connect()
            await peer.until_data()
            await peer.say(b"text\r\n.\r\n")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(deliver, 5)
            nursery.start_soon(deliver, 9)
            began = trio.current_time()
            assert await hop.message(ONE, within=100) is not None
            assert trio.current_time() - began == pytest.approx(5)
            assert len(await hop.messages(ONE, within=100, at_least=2)) == 2
            assert trio.current_time() - began == pytest.approx(9)
            assert len(await hop.messages(ONE, within=100, at_least=3)) == 2
            assert trio.current_time() - began == pytest.approx(109)
            assert await hop.message(OTHER, within=1) is None

    with_hop(talk)


def test_who_waits_for_a_message_sees_what_we_answered() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        hop.script(ONE, Rule.answer(Step.END_OF_DATA, 451, "later", times=1), Rule.late(Step.END_OF_DATA, 50))
        answered = []

        async def wait() -> None:
            for count in (1, 2):
                messages = await hop.messages(ONE, within=1000, at_least=count)
                answered.append(list(messages[-1].replies))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            peer = connect()
            await peer.until_data()
            assert await peer.say(b"text\r\n.\r\n") == b"451 later\r\n"
            await peer.say(MAIL + rcpt() + b"DATA\r\n")
            await peer.line()
            await peer.line()
            assert (await peer.say(b"text\r\n.\r\n")).startswith(b"250 ")
        assert answered == [[b"451 later\r\n"], []]

    with_hop(talk)


def test_a_token_in_the_message_alone_is_enough() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        peer = connect()
        await peer.line()
        await peer.say(HELLO)
        await peer.say(MAIL + b"RCPT TO:<bob@example.test>\r\nDATA\r\n")
        await peer.line()
        await peer.line()
        await peer.say(b"Subject: smtp-conformance " + ONE.encode() + b"\r\n\r\nx" + OTHER.encode() + b"\r\n.\r\n")
        assert await hop.message(ONE, within=0) is not None
        assert await hop.message(OTHER, within=0) is None

    with_hop(talk)


def test_what_is_forgotten_stays_forgotten() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        hop.script(ONE, Rule.answer(Step.RCPT, 550))
        hop.forget(ONE)
        peer = connect()
        await peer.until_data()
        assert (await peer.say(b"text\r\n.\r\n")).startswith(b"250 ")
        assert await hop.message(ONE, within=10) is None
        assert hop.connections(ONE) == ()

    with_hop(talk)


def test_the_transcript_has_both_directions() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        peer = connect()
        await peer.line()
        await peer.say(b"NOOP\r\n")
        (connection,) = hop.connections()
        assert [(entry.sender, entry.octets) for entry in connection.transcript.entries] == [
            ("us", b"220 hop.example.test ESMTP next hop of smtp-conformance\r\n"),
            ("them", b"NOOP\r\n"),
            ("us", b"250 OK\r\n"),
        ]
        assert connection.transcript.role == "hop"

    with_hop(talk)


def test_octets_of_a_rule_are_sent_as_they_are() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        hop.script(EVERYONE, Rule(Step.EHLO, b"250 a\r\n250 b\r\n", then=Then.CLOSE))
        peer = connect()
        await peer.line()
        assert await peer.say(HELLO) == b"250 a\r\n"
        assert await peer.line() == b"250 b\r\n"
        assert await peer.line() == b""

    with_hop(talk)


def test_a_session_without_end_is_ended() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        peer = connect()
        await peer.line()
        await peer.stream.send_all(b"NOOP\r\n" * 10_001)
        replies = [await peer.line() for _ in range(10_000)]
        assert replies[-2:] == [b"250 OK\r\n", b"421 Too many commands in one session\r\n"]
        assert await peer.line() == b""
        (connection,) = hop.connections()
        assert len(connection.commands) == 10_000

    with_hop(talk)


def test_reply_octets_have_the_form_of_a_reply() -> None:
    assert reply_octets(250, "a", b"b", "c") == b"250-a\r\n250-b\r\n250 c\r\n"
    assert reply_octets(221) == b"221 \r\n"


def test_a_reply_in_two_pieces_shows_who_did_not_wait_for_its_end() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        hop.script(ONE, Rule.in_two(Step.RCPT, b"250 OK\n", b"and more\r\n", pause=3))
        peer = connect()
        assert (await peer.line()).startswith(b"220 ")
        assert (await peer.say(HELLO)).startswith(b"250-")
        assert (await peer.say(MAIL)).startswith(b"250 ")
        await peer.stream.send_all(rcpt())
        assert bytes(await peer.stream.receive_some(100)) == b"250 OK\n"
        began = trio.current_time()
        await peer.stream.send_all(b"DATA\r\n")
        assert await peer.line() == b"and more\r\n"
        assert trio.current_time() - began == 3
        assert await peer.line() == b"354 Go ahead\r\n"
        (transaction,) = hop.seen(ONE)
        assert [command.early for command in transaction.commands] == [False, False, True]

    with_hop(talk)


def test_a_rule_can_be_for_recipients_beyond_so_many() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        hop.script(ONE, Rule.answer(Step.RCPT, 452, "Too many", beyond=2))
        peer = connect()
        assert (await peer.line()).startswith(b"220 ")
        assert (await peer.say(HELLO)).startswith(b"250-")
        assert (await peer.say(MAIL)).startswith(b"250 ")
        codes = [(await peer.say(rcpt(local=local)))[:3] for local in "abcd"]
        assert codes == [b"250", b"250", b"452", b"452"]

    with_hop(talk)


def test_a_connection_that_ends_at_the_beginning_of_all_time_has_ended_then() -> None:
    async def talk(hop: NextHop, connect: Callable[..., Peer]) -> None:
        hop.script(EVERYONE, Rule.late(Step.NOOP, 3))
        peer = connect()
        assert (await peer.line()).startswith(b"220 ")
        await peer.stream.send_all(b"NOOP\r\n")
        await trio.testing.wait_all_tasks_blocked()
        await peer.stream.aclose()
        (connection,) = hop.connections()
        await connection.over.wait()
        assert connection.ended == 0.0

    with_hop(talk)
