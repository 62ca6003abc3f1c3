"""What the reference server does with mail that waits: its time under BY, delays, aliases of one elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio
from reference_talk import DATA, HELLO
from trio.testing import MockClock

from conformance.hop import ALL_OFFERS, NextHop, Received, Rule, Step
from conformance.reference import ReferenceServer
from conformance.reference._around import dial_hop
from conformance.store import delivery_report, value_of

TOKEN = "t0123456789ab"  # noqa: S105 - what marks a message
SENDER = "tba9876543210"
BUSY = (f"{TOKEN}@relay.example.test", Rule.answer(Step.RCPT, 450))


def mailbox(token: str) -> bytes:
    return b"%b@relay.example.test" % token.encode()


def after(
    asked: tuple[bytes, bytes], look: Callable[[NextHop], Awaitable[None]], *, offers: tuple[bytes, ...] = ALL_OFFERS
) -> None:
    """Send a message with these parameters, which the next hop always refuses for now, and look at what comes of it."""
    mail, rcpt = asked
    octets = HELLO + b"MAIL FROM:<%b>%b\r\nRCPT TO:<%b>%b\r\n" % (mailbox(SENDER), mail, mailbox(TOKEN), rcpt)
    octets += DATA + b"Subject: a\r\n\r\ntext\r\n.\r\nQUIT\r\n"

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            hop = NextHop(nursery, offers=offers)
            hop.script(*BUSY)
            server = ReferenceServer(dial_next_hop=dial_hop(hop), offers=frozenset({"DELIVERBY"}))
            server.site.retry_after, server.site.warns_after, server.site.gives_up_after = 600.0, 1500.0, 86400.0
            stream = await server.dial(nursery)()
            await stream.send_all(octets)
            while await stream.receive_some(65536):
                pass
            await look(hop)
            nursery.cancel_scope.cancel()

    trio.run(main, clock=MockClock(autojump_threshold=0))


async def told(hop: NextHop, at_least: int = 1) -> tuple[Received, ...]:
    return await hop.messages(SENDER, within=7200, at_least=at_least)


def said(received: Received, name: str) -> bytes:
    report = delivery_report(received.content)
    assert report is not None
    return value_of(report.recipients[0], name)


def test_a_message_to_return_comes_back_when_its_time_has_come() -> None:
    async def look(hop: NextHop) -> None:
        (returned,) = await told(hop)
        assert (said(returned, "Action"), said(returned, "Status")) == (b"failed", b"5.4.7")
        assert 299 <= returned.began <= 301
        tried = [each for each in await hop.transactions(TOKEN, within=7200, at_least=9) if each.reverse_path]
        assert len(tried) == 1

    after((b" BY=300;R", b""), look)


def test_a_message_to_notify_is_tried_on_and_its_sender_told() -> None:
    async def look(hop: NextHop) -> None:
        late, warned = await told(hop, 2)
        assert (said(late, "Action"), said(late, "Status")) == (b"delayed", b"4.4.7")
        assert (said(warned, "Action"), said(warned, "Status")) == (b"delayed", b"4.0.0")
        assert said(late, "Remote-MTA").startswith(b"dns; ")
        assert said(late, "Diagnostic-Code").startswith(b"smtp; 450 ")
        assert said(warned, "Will-Retry-Until").endswith(b"+0000")
        assert 299 <= late.began <= 301
        assert 1499 <= warned.began <= 1501
        tried = await hop.transactions(TOKEN, within=7200, at_least=4)
        assert b"BY=-300;N" in [word for each in tried for word in each.parameters.split()]

    after((b" BY=300;N", b""), look)


def test_nobody_is_told_of_a_delay_under_notify_without_it() -> None:
    async def look(hop: NextHop) -> None:
        assert await told(hop) == ()

    after((b" BY=300;N", b" NOTIFY=FAILURE"), look)


def test_a_next_hop_with_dsn_alone_is_asked_for_delays() -> None:
    async def look(hop: NextHop) -> None:
        (tried,) = await hop.transactions(TOKEN, within=1, at_least=1)
        assert tried.recipients[0].parameters == b"NOTIFY=SUCCESS,DELAY"
        assert b"BY=" not in tried.parameters

    after((b" BY=300;N", b" NOTIFY=SUCCESS"), look, offers=(b"DSN",))
