from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable

import pytest
import trio
import trio.testing
from dnslib import EDNS0, QTYPE, RCODE, DNSRecord

from conformance.dns_server import Fault, NameServer, NameServerError, ZoneError, Zones

pytestmark = pytest.mark.filterwarnings("ignore::BytesWarning:dnslib")  # it asks whether a str is b"."

TOKEN = "t0123456789ab"  # noqa: S105 - no password
ZONE = f"""
{TOKEN}.example.test.       IN MX 10 a.{TOKEN}.example.test.
{TOKEN}.example.test.       IN MX 10 b.{TOKEN}.example.test.
{TOKEN}.example.test.       IN MX 20 c.{TOKEN}.example.test.
a.{TOKEN}.example.test.     IN A 127.0.0.5
b.{TOKEN}.example.test.     IN AAAA ::1
alias.{TOKEN}.example.test. IN CNAME other.{TOKEN}.example.test.
other.{TOKEN}.example.test. IN CNAME a.{TOKEN}.example.test.
loop.{TOKEN}.example.test.  IN CNAME loop.{TOKEN}.example.test.
null.{TOKEN}.example.test.  IN MX 0 .
deep.below.{TOKEN}.example.test. IN A 127.0.0.6
"""


def with_server(talk: Callable[[NameServer], Awaitable[None]]) -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            server = NameServer(nursery)
            server.zones.add(ZONE)
            await talk(server)
            nursery.cancel_scope.cancel()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def ask(zones: Zones, name: str, type_: str) -> tuple[str, list[str]]:
    reply = zones.answer(DNSRecord.question(name, type_))
    return RCODE.get(reply.header.rcode), [str(record.rdata) for record in reply.rr]


@pytest.mark.parametrize(
    ("name", "type_", "code", "found"),
    [
        (
            "",
            "MX",
            "NOERROR",
            [f"10 a.{TOKEN}.example.test.", f"10 b.{TOKEN}.example.test.", f"20 c.{TOKEN}.example.test."],
        ),
        ("a.", "A", "NOERROR", ["127.0.0.5"]),
        ("A.", "A", "NOERROR", ["127.0.0.5"]),
        ("b.", "AAAA", "NOERROR", ["::1"]),
        ("b.", "A", "NOERROR", []),
        ("null.", "MX", "NOERROR", ["0 ."]),
        ("alias.", "A", "NOERROR", [f"other.{TOKEN}.example.test.", f"a.{TOKEN}.example.test.", "127.0.0.5"]),
        ("alias.", "CNAME", "NOERROR", [f"other.{TOKEN}.example.test."]),
        ("alias.", "MX", "NOERROR", [f"other.{TOKEN}.example.test.", f"a.{TOKEN}.example.test."]),
        ("below.", "A", "NOERROR", []),
        ("none.", "A", "NXDOMAIN", []),
        ("c.", "A", "NXDOMAIN", []),
    ],
)
def test_what_the_zones_say(name: str, type_: str, code: str, found: list[str]) -> None:
    zones = Zones()
    zones.add(ZONE)
    assert ask(zones, f"{name}{TOKEN}.example.test.", type_) == (code, found)


def test_a_cname_that_leads_to_itself_has_an_end() -> None:
    zones = Zones()
    zones.add(ZONE)
    code, found = ask(zones, f"loop.{TOKEN}.example.test", "A")
    assert code == "NOERROR"
    assert set(found) == {f"loop.{TOKEN}.example.test."}


def test_no_name_is_below_a_name_that_only_ends_like_it() -> None:
    zones = Zones()
    zones.add("xexample.test. IN A 127.0.0.1")
    assert ask(zones, "example.test", "A") == ("NXDOMAIN", [])


def test_records_that_are_none_are_one_clear_line() -> None:
    with pytest.raises(ZoneError) as failure:
        Zones().add("a.test. IN MX ten b.test.\n")
    assert str(failure.value).startswith("no records: a.test. IN MX ten b.test.: ")
    assert "\n" not in str(failure.value)


def test_what_is_forgotten_is_not_there() -> None:
    zones = Zones()
    zones.add(ZONE + "b.test. IN A 127.0.0.1\n")
    zones.fail(f"a.{TOKEN}.example.test", Fault.SERVFAIL)
    zones.forget(TOKEN)
    assert ask(zones, f"a.{TOKEN}.example.test", "A") == ("NXDOMAIN", [])
    assert zones.fault(f"a.{TOKEN}.example.test", "A") is None
    assert ask(zones, "b.test", "A") == ("NOERROR", ["127.0.0.1"])


def test_faults_by_type_and_count_and_the_log() -> None:
    name = f"{TOKEN}.example.test"

    async def talk(server: NameServer) -> None:
        server.zones.fail(name, Fault.SERVFAIL, type_="MX", times=1)
        server.zones.fail(name, Fault.DROPPED, type_="MX", times=1)
        server.zones.fail(name, Fault.REFUSED, type_="A")
        server.zones.fail(name, Fault.NXDOMAIN, type_="AAAA")

        def code(type_: str) -> str | None:
            octets = server.answer(DNSRecord.question(name, type_).pack(), "udp", "127.0.0.1")
            return RCODE.get(DNSRecord.parse(octets).header.rcode) if octets else None

        assert [code(type_) for type_ in ("MX", "A", "AAAA", "MX", "MX")] == [
            "SERVFAIL",
            "REFUSED",
            "NXDOMAIN",
            None,
            "NOERROR",
        ]
        asked = await server.queries(TOKEN, at_least=5)
        assert [(query.name, query.type, query.answered) for query in asked if query.type == "MX"] == [
            (name + ".", "MX", "SERVFAIL"),
            (name + ".", "MX", "dropped"),
            (name + ".", "MX", "NOERROR"),
        ]
        assert await server.queries(TOKEN, type_="TXT", seconds=5) == ()
        assert await server.queries("tffffffffffff", seconds=5) == ()

    with_server(talk)


def test_truncated_over_udp_and_whole_over_tcp() -> None:
    name = f"{TOKEN}.example.test"

    async def talk(server: NameServer) -> None:
        server.zones.fail(name, Fault.TRUNCATED)
        question = DNSRecord.question(name, "MX").pack()
        cut = DNSRecord.parse(server.answer(question, "udp"))
        assert (cut.header.tc, cut.rr) == (1, [])
        assert str(cut.q.qname) == f"{name}."  # else a resolver takes it for the answer to another question
        whole = DNSRecord.parse(server.answer(question, "tcp"))
        assert (whole.header.tc, len(whole.rr)) == (0, 3)

    with_server(talk)


def test_an_answer_that_is_too_long_for_udp_is_truncated() -> None:
    async def talk(server: NameServer) -> None:
        server.zones.add("".join(f"many.test. IN A 127.0.1.{number}\n" for number in range(60)))
        question = DNSRecord.question("many.test", "A")
        assert DNSRecord.parse(server.answer(question.pack(), "udp")).header.tc == 1
        question.add_ar(EDNS0(udp_len=4096))
        large = DNSRecord.parse(server.answer(question.pack(), "udp"))
        assert (large.header.tc, len(large.rr)) == (0, 60)

    with_server(talk)


def test_what_is_no_question_gets_no_answer() -> None:
    async def talk(server: NameServer) -> None:
        reply = DNSRecord.question("a.test").reply().pack()
        for octets in (b"", b"\0", b"\xff" * 40, DNSRecord().pack(), reply):
            assert server.answer(octets, "udp") == b""
        assert await server.queries("", seconds=0) == ()

    with_server(talk)


def test_it_listens_for_udp_and_tcp() -> None:
    name = f"{TOKEN}.example.test"

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            server = NameServer(nursery)
            server.zones.add(ZONE)
            port = await server.listen()
            question = DNSRecord.question(name, "MX").pack()
            with trio.fail_after(30), trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                await udp.sendto(b"no question", ("127.0.0.1", port))
                await udp.sendto(question, ("127.0.0.1", port))
                assert len(DNSRecord.parse((await udp.recvfrom(4096))[0]).rr) == 3
            with trio.fail_after(30):
                stream = await trio.open_tcp_stream("127.0.0.1", port)
                framed = len(question).to_bytes(2) + question
                await stream.send_all(framed + framed[:5])
                octets = bytes(await stream.receive_some(4096))
                assert octets[:2] == (len(octets) - 2).to_bytes(2)
                reply = DNSRecord.parse(octets[2:])
                assert [QTYPE.get(record.rtype) for record in reply.rr] == ["MX"] * 3
                await stream.aclose()
            assert [(query.over, query.peer) for query in await server.queries(name)] == [
                ("udp", "127.0.0.1"),
                ("tcp", "127.0.0.1"),
            ]
            with pytest.raises(NameServerError) as failure:
                await server.listen("127.0.0.1", port)
            assert (
                str(failure.value) == f"our name server can't listen at 127.0.0.1 port {port}: Address already in use"
            )
            with pytest.raises(NameServerError, match="at an address, not at a name"):
                await server.listen("localhost")
            nursery.cancel_scope.cancel()

    trio.run(main)


def test_answers_are_authentic_for_names_that_are_vouched_for() -> None:
    zones = Zones()
    zones.add(ZONE)
    zones.vouch(f"{TOKEN}.EXAMPLE.test")

    def authentic(name: str) -> bool:
        return bool(zones.answer(DNSRecord.question(name, "MX")).header.ad)

    assert authentic(f"{TOKEN}.example.test")
    assert not authentic(f"a.{TOKEN}.example.test")
    zones.forget(TOKEN)
    assert not authentic(f"{TOKEN}.example.test")
