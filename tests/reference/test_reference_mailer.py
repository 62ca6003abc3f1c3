"""What the reference server does after the 250: mailboxes, the next hop, and notifications."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio
from reference_talk import DATA, HELLO
from trio.testing import MockClock

from conformance.hop import NextHop, Received, Rule, Step
from conformance.reference import ReferenceServer
from conformance.reference._around import dial_hop

TOKEN = "t0123456789ab"  # noqa: S105 - what marks a message
SENDER = "tba9876543210"
MESSAGE = b"Subject: " + TOKEN.encode() + b"\r\n\r\n.text\r\n.\r\n"


def path(token: str) -> bytes:
    return b"<%b@relay.example.test>" % token.encode()


def transaction(*forward_paths: bytes, sender: bytes = b"<>", message: bytes = MESSAGE) -> bytes:
    rcpt = b"".join(b"RCPT TO:" + each + b"\r\n" for each in forward_paths)
    dotted = message.replace(b"\r\n.", b"\r\n..")
    return HELLO + b"MAIL FROM:" + sender + b"\r\n" + rcpt + DATA + dotted + b".\r\nQUIT\r\n"


def after(octets: bytes, look: Callable[[ReferenceServer, NextHop], Awaitable[None]], *rules: tuple[str, Rule]) -> None:
    """Send these octets to the server and look at what came of them, in no time."""

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            hop = NextHop(nursery)
            for key, rule in rules:
                hop.script(key, rule)
            server = ReferenceServer(dial_next_hop=dial_hop(hop))
            stream = await server.dial(nursery)()
            await stream.send_all(octets)
            while await stream.receive_some(65536):
                pass
            await look(server, hop)
            nursery.cancel_scope.cancel()

    trio.run(main, clock=MockClock(autojump_threshold=0))


async def relayed(hop: NextHop, token: str = TOKEN, at_least: int = 1) -> tuple[Received, ...]:
    return await hop.messages(token, within=100, at_least=at_least)


def test_mail_for_the_relay_domain_goes_on_as_it_came_with_a_received_field_before_it() -> None:
    async def look(_: ReferenceServer, hop: NextHop) -> None:
        (received,) = await relayed(hop)
        assert received.content.startswith(b"Received: from ")
        assert received.content.endswith(MESSAGE)
        assert (received.reverse_path, received.forward_paths) == (b"", (path(TOKEN)[1:-1],))

    after(transaction(path(TOKEN)), look)


def test_mail_for_a_mailbox_gets_a_return_path_too() -> None:
    async def look(server: ReferenceServer, _: NextHop) -> None:
        (stored,) = server.site.stored
        assert stored.user == b"alice"
        assert stored.content.startswith(b"Return-Path: <a@client.example.test>\r\nReceived: ")

    after(transaction(b"<alice@example.test>", sender=b"<a@client.example.test>"), look)


def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_told() -> None:
    async def look(_: ReferenceServer, hop: NextHop) -> None:
        told, again = await relayed(hop, SENDER, 2)
        assert (told.reverse_path, told.forward_paths) == (b"", (path(SENDER)[1:-1],))
        assert b"multipart/report" in told.content
        assert b"<second-" in told.content
        assert (again.forward_paths, again.content.endswith(MESSAGE)) == ((path(TOKEN)[1:-1],), True)
        assert again.began >= 5

    second = b"<second-" + path(TOKEN)[1:]
    after(
        transaction(path(TOKEN), second, sender=path(SENDER)),
        look,
        (f"{TOKEN}@relay.example.test", Rule.answer(Step.RCPT, 450, times=1)),
        (f"second-{TOKEN}@relay.example.test", Rule.answer(Step.RCPT, 550)),
    )


def test_nobody_is_told_about_a_message_from_nobody() -> None:
    async def look(_: ReferenceServer, hop: NextHop) -> None:
        assert await relayed(hop) == ()

    after(transaction(path(TOKEN)), look, (TOKEN, Rule.answer(Step.RCPT, 550)))


def test_an_alias_keeps_the_reverse_path_and_a_list_has_its_own() -> None:
    async def look(server: ReferenceServer, _: NextHop) -> None:
        found = [(stored.user, stored.content.partition(b"\r\n")[0]) for stored in server.site.stored]
        alias, owner = b"Return-Path: <a@client.example.test>", b"Return-Path: <postmaster@example.test>"
        assert found == [(b"alice", alias), (b"bob", alias), (b"alice", owner), (b"bob", owner)]

    octets = transaction(b"<team@example.test>", b"<staff@example.test>", sender=b"<a@client.example.test>")
    after(octets, look)


def test_a_message_that_came_by_a_hundred_hosts_is_given_back() -> None:
    async def look(_: ReferenceServer, hop: NextHop) -> None:
        (told,) = await relayed(hop, SENDER)
        assert b"Too many hops" in told.content

    looping = b"Received: from a by b; date\r\n" * 100 + MESSAGE
    after(transaction(path(TOKEN), sender=path(SENDER), message=looping), look)


def test_a_message_on_hold_waits_also_where_the_server_is_started_again() -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            hop = NextHop(nursery)
            server = ReferenceServer(dial_next_hop=dial_hop(hop), offers=frozenset({"FUTURERELEASE"}))
            stream = await server.dial(nursery)()
            held = transaction(path(TOKEN)).replace(b"FROM:<>", b"FROM:<> HOLDFOR=60")
            await stream.send_all(held)
            while await stream.receive_some(65536):
                pass
            await trio.sleep(10)
            await server.kill()
            await server.start()
            assert await hop.messages(TOKEN, within=40) == ()
            (received,) = await hop.messages(TOKEN, within=40)
            assert received.began == 60
            assert not server.site.held
            nursery.cancel_scope.cancel()

    trio.run(main, clock=MockClock(autojump_threshold=0))
