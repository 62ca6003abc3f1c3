"""What is around the target: our next hop, sinks and stores, opened before anything is sent, closed at the end."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

import pytest
import trio
from dnslib import RCODE, DNSRecord
from engine_scripts import UNCONTROLLED, scenario
from trio.testing import MockClock, memory_stream_pair

from conformance import Broken, Client, Held, Hop, Names, Observation, Rule, Step, Store, new_token
from conformance.dns_server import NameServer
from conformance.engine import End, Engine, Event, Options, Result
from conformance.hop import NextHop
from conformance.reference import ReferenceServer, Stored
from conformance.scenario import Scenario, Verdict
from conformance.target import Store as StoreFact
from conformance.target import Target


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield int(holder.getsockname()[1])


def target(**facts: object) -> Target:
    known: dict[str, object] = {
        "address": "smtp://127.0.0.1:25",
        "ehlo_name": "client.example.test",
        "mailboxes": ("alice@example.test",),
        "sender": "sender@client.example.test",
        "delivery_within": 0.2,
    }
    return Target(**{**known, **facts})  # type: ignore[arg-type]


def relaying(**facts: object) -> Target:
    return target(relay_domains=("relay.example.test",), next_hop=f"127.0.0.1:{free_port()}", **facts)


def ran(
    known: Target, scenarios: Sequence[Scenario], options: Options = UNCONTROLLED, maildir: Path | None = None
) -> tuple[list[Result], End]:
    """One run over sockets, against the reference server with a next hop and, where it is given, a Maildir."""
    events: list[Event] = []

    async def dial_next_hop() -> trio.abc.Stream:
        host, _, port = (known.next_hop or "127.0.0.1:1").rpartition(":")
        return await trio.open_tcp_stream(host, int(port))

    def keep(stored: Stored) -> None:
        assert maildir is not None
        name = f"{len(list((maildir / 'new').iterdir()))}"
        (maildir / "new" / name).write_bytes(stored.content.replace(b"\r\n", b"\n"))

    async def main() -> End:
        server = ReferenceServer(dial_next_hop=dial_next_hop)
        if maildir is not None:
            server.site.on_stored = keep
        async with trio.open_nursery() as nursery:
            engine = Engine(known, server.dial(nursery), events.append, options)
            end = await engine.run(scenarios)
            nursery.cancel_scope.cancel()
        return end

    end = trio.run(main)
    return [event for event in events if isinstance(event, Result)], end


def needing(body: Callable[..., object], *needs: str) -> Scenario:
    return scenario(body, needs=frozenset({"smtp", *needs}))  # type: ignore[arg-type]


async def relays(smtp: Client, hop: Hop) -> Observation:
    sent = smtp.message()
    await smtp.deliver(sent, hop.path())
    received = await hop.message()
    return Held("came") if received.content.endswith(sent) else Broken("the message", "another")


async def is_refused(smtp: Client, hop: Hop) -> Observation:
    hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 550))
    sender = new_token()
    await smtp.deliver(None, hop.path(), reverse_path=hop.path(sender))
    told = await hop.notification(sender)
    return Held("told") if told.reverse_path == b"" else Broken("the null reverse-path", told.reverse_path.decode())


async def never_sends(smtp: Client, hop: Hop) -> Observation:
    later = new_token()
    await smtp.deliver(smtp.message(token=later), hop.path(later))
    return await hop.none(after=later)


async def stores(smtp: Client, store: Store) -> Observation:
    await smtp.deliver(smtp.message())
    return Held("came") if b"Return-Path:" in (await store.message()).content else Broken("a return path", "none")


def roles(result: Result) -> list[str]:
    return [connection.role for connection in result.attempts[0].connections]


def said_to_us(result: Result) -> bytes:
    return b"".join(
        entry.octets
        for connection in result.attempts[0].connections
        if connection.role in {"hop", "store"}
        for entry in connection.entries
        if entry.sender == "them"
    )


def test_what_came_to_the_next_hop_is_found_and_is_evidence() -> None:
    (result,), end = ran(relaying(), [needing(relays, "hop")], Options())
    assert (result.verdict, end.problem) == (Verdict.PASS, "")
    assert roles(result) == ["client", "hop"]
    token = result.attempts[0].token.encode()
    assert b"RCPT TO:<" + token + b"@relay.example.test>\r\n" in said_to_us(result)
    assert b"Subject: smtp-conformance " + token in said_to_us(result)


def test_a_rule_of_the_scenario_makes_the_next_hop_refuse_and_the_notification_is_found() -> None:
    (result,), _ = ran(relaying(), [needing(is_refused, "hop")])
    assert result.verdict is Verdict.PASS
    assert roles(result) == ["client", "hop", "hop"]


def test_that_nothing_came_is_held_behind_a_later_message() -> None:
    (result,), _ = ran(relaying(), [needing(never_sends, "hop")])
    assert result.verdict is Verdict.PASS


def test_that_nothing_came_is_unclear_where_the_target_does_not_say_how_long_it_may_take() -> None:
    (result,), _ = ran(relaying(delivery_within=None), [needing(never_sends, "hop")])
    assert (result.verdict, "delivery-within" in result.why) == (Verdict.INCONCLUSIVE, True)


def test_many_share_one_next_hop() -> None:
    results, _ = ran(relaying(), [needing(relays, "hop") for _ in range(30)])
    assert {result.verdict for result in results} == {Verdict.PASS}
    assert {tuple(roles(result)) for result in results} == {("client", "hop")}


def test_a_message_in_a_maildir_is_found_and_is_evidence(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    known = target(store=StoreFact(kind="maildir", where=str(tmp_path)))
    (result,), _ = ran(known, [needing(stores, "store")], maildir=tmp_path)
    assert (result.verdict, roles(result)) == (Verdict.PASS, ["client", "store"])
    assert said_to_us(result).startswith(b"Return-Path: <sender@client.example.test>\n")


def test_a_port_in_use_is_one_line_and_no_run() -> None:
    with taken_port() as port:
        known = target(relay_domains=("relay.example.test",), next_hop=f"127.0.0.1:{port}")
        results, end = ran(known, [needing(relays, "hop")])
    assert results == []
    assert end.problem == f"our next hop can't listen at 127.0.0.1:{port}: Address already in use"


def test_a_store_that_is_not_there_is_one_line_and_no_run(tmp_path: Path) -> None:
    known = target(store=StoreFact(kind="maildir", where=str(tmp_path / "none" / "Maildir")))
    results, end = ran(known, [needing(stores, "store")])
    assert results == []
    assert end.problem.startswith(f"{tmp_path / 'none' / 'Maildir'}: no Maildir, and ")


def test_a_store_that_goes_away_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()

    async def vanishes(smtp: Client, store: Store) -> Observation:
        (tmp_path / "new").rmdir()
        (tmp_path / "new").write_text("no folder")
        return await stores(smtp, store)

    (result,), _ = ran(target(store=StoreFact(kind="maildir", where=str(tmp_path))), [needing(vanishes, "store")])
    assert result.verdict is Verdict.ERROR
    assert result.why == f"{tmp_path / 'new'}: Not a directory"


def test_nothing_is_opened_that_nobody_needs() -> None:
    async def holds_by_itself(smtp: Client) -> Observation:
        return Held(str(await smtp.say(b"NOOP")))

    with taken_port() as port:
        known = target(relay_domains=("relay.example.test",), next_hop=f"127.0.0.1:{port}")
        (result,), _ = ran(known, [scenario(holds_by_itself)])
    assert result.verdict is Verdict.PASS


@pytest.mark.parametrize("kind", ["lmtp-sink", "smtp-sink"])
def test_a_sink_is_up_before_the_first_control_message(kind: str) -> None:
    seen: list[bool] = []
    port = free_port()
    known = target(store=StoreFact(kind=kind, where=f"127.0.0.1:{port}"))  # type: ignore[arg-type]

    async def main() -> None:
        server = ReferenceServer()
        async with trio.open_nursery() as nursery:
            dial = server.dial(nursery)

            async def looking() -> trio.abc.Stream:
                async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                    seen.append((await stream.receive_some(3)) == b"220")
                return await dial()

            await Engine(known, looking, lambda _: None, Options()).run([])
            nursery.cancel_scope.cancel()

    trio.run(main)
    assert seen == [True, True]


def test_one_by_one_each_has_the_next_hop_to_itself() -> None:
    known = relaying()
    results: list[Result] = []
    one = needing(relays, "hop")

    async def alone() -> None:
        async def dial_next_hop() -> trio.abc.Stream:
            host, _, port = (known.next_hop or "").rpartition(":")
            return await trio.open_tcp_stream(host, int(port))

        server = ReferenceServer(dial_next_hop=dial_next_hop)
        async with trio.open_nursery() as nursery:
            engine = Engine(known, server.dial(nursery), lambda _: None)
            await engine.open((), nullcontext())
            results.append(await engine.one(one, nullcontext()))
            results.append(await engine.one(one, nullcontext()))
            await engine.close(nullcontext())
            nursery.cancel_scope.cancel()

    trio.run(alone)
    assert [result.verdict for result in results] == [Verdict.PASS, Verdict.PASS]


def test_names_of_a_scenario_are_answered_by_our_name_server_and_its_exchangers_are_ours() -> None:
    port = free_port()
    known = target(
        dns_domains=("dns.example.test",),
        exchangers=(f"127.0.0.21:{free_port()}", f"127.0.0.22:{free_port()}"),
        name_server=f"127.0.0.1:{port}",
    )

    async def asks(smtp: Client, dns: Names) -> Observation:
        await smtp.say(b"NOOP")
        dns.add(f"{dns.name()}. MX 10 {dns.name('mx')}.")
        with trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            await asking.sendto(bytes(DNSRecord.question(dns.name(), "MX").pack()), ("127.0.0.1", port))
            answer = DNSRecord.parse(await asking.recv(512))
        for address, place in zip(dns.exchangers, known.exchangers, strict=True):
            await (await trio.open_tcp_stream(address, int(place.rpartition(":")[2]))).aclose()
        asked = await dns.queries(type_="MX")
        return Held("answered") if len(answer.rr) == len(asked) == 1 else Broken("an answer", str(answer))

    (result,), _ = ran(known, [needing(asks, "dns")])
    assert result.verdict is Verdict.PASS, result.why


def test_our_name_server_is_there_for_whatever_is_run_against_a_target_that_asks_it() -> None:
    port = free_port()
    known = target(dns_domains=("mx.example.test",), name_server=f"127.0.0.1:{port}")

    async def asks(smtp: Client) -> Observation:
        await smtp.say(b"NOOP")
        codes = []
        for name in ("client.example.test", "x.mx.example.test"):
            with trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                await asking.sendto(bytes(DNSRecord.question(name, "MX").pack()), ("127.0.0.1", port))
                codes.append(DNSRecord.parse(await asking.recv(512)).header.rcode)
        return Held("as kept") if codes == [RCODE.NOERROR, RCODE.NXDOMAIN] else Broken("0, 3", str(codes))

    (result,), _ = ran(known, [needing(asks)])
    assert result.verdict is Verdict.PASS, result.why


@pytest.mark.parametrize(
    ("exchangers", "dead"),
    [
        (("127.0.0.21:25",), ["127.0.0.90", "127.0.0.91"]),
        (("192.0.2.91:25", "192.0.2.22:25"), ["192.0.2.90", "192.0.2.92"]),
        (("172.17.0.21:25",), ["127.0.0.90", "127.0.0.91"]),
        (("[::1]:25",), ["127.0.0.90", "127.0.0.91"]),
    ],
)
def test_dead_addresses_are_on_no_strange_network(exchangers: tuple[str, ...], dead: list[str]) -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            names = Names(NameServer(nursery), target(exchangers=exchangers), "t0")
            assert [names.dead(number) for number in range(2)] == dead

    trio.run(main)


def test_each_number_and_attempt_has_an_exchanger_of_its_own_where_there_are_many() -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            many = target(exchangers=tuple(f"127.0.2.{number}:25" for number in range(21, 151)))
            server = NameServer(nursery)
            names = [Names(server, many, f"t{number}") for number in range(40)]
            shared = {address for each in names for address in each.exchangers}
            own = [each.own_exchanger(number) for number in range(30) for each in names[:3]]
            assert len({*own}) == len(own)
            assert not shared & {*own}

    trio.run(main)


def test_scenarios_share_the_exchangers_of_a_target_that_has_few() -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            few = target(exchangers=("127.0.0.21:25", "127.0.0.22:25"))
            names = Names(NameServer(nursery), few, "t0")
            assert {names.own_exchanger(number) for number in range(30)} <= {*names.exchangers}

    trio.run(main)


def test_a_name_has_an_address_by_way_of_an_alias_too() -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            names = Names(NameServer(nursery), target(exchangers=("127.0.0.21:25",)), "t0")
            names.add("one.test. A 127.0.0.21\ntwo.test. CNAME one.test.\nthree.test. CNAME four.test.\n")
            names.add("five.test. MX 10 one.test.\nsix.test. AAAA ::1\n")
            known = [
                name for name in ("one", "two", "three", "four", "five", "six") if names.has_address(f"{name}.test")
            ]
            assert known == ["one", "two", "six"]

    trio.run(main)


def test_connections_to_an_address_are_found_without_a_token() -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            server = NextHop(nursery)
            hop = Hop(server, target(delivery_within=1.0), "t0")
            for place in ("127.0.0.21:25", "127.0.0.22:25", "127.0.0.21:25"):
                ours, theirs = memory_stream_pair()
                nursery.start_soon(partial(server.serve, theirs, local=place))
                await ours.send_all(b"QUIT\r\n")
            seen = await hop.connections_at("127.0.0.21")
            assert [each.local for each in seen] == ["127.0.0.21:25"] * 2
            (again,) = await hop.connections_at("127.0.0.21", but={seen[0].number})
            assert again is seen[1]
            assert await hop.connections_at("127.0.0.99") == ()

    trio.run(main, clock=MockClock(autojump_threshold=0))
