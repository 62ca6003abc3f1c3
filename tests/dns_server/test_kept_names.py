"""The names that are kept for tests exist, and nothing else does."""

from __future__ import annotations

import pytest
from dnslib import RCODE, DNSRecord

from conformance.dns_server import kept_names
from conformance.dns_server._kept import NOBODY


def asked(name: str, kind: str) -> tuple[str, list[str]]:
    zones = kept_names(("mx.example.test",))
    zones.add("there.mx.example.test. A 127.0.0.21")
    reply = zones.answer(DNSRecord.question(name, kind))
    return RCODE.get(reply.header.rcode), [str(record.rdata) for record in reply.rr]


@pytest.mark.parametrize("name", ["client.example.test", "Sender.Example.COM", "a.b.example", "x.test"])
def test_a_name_for_tests_has_an_address_where_nobody_listens(name: str) -> None:
    assert asked(name, "A") == ("NOERROR", [NOBODY])
    assert asked(name, "MX") == ("NOERROR", [f"10 {name.lower()}."])
    assert asked(name, "AAAA") == ("NOERROR", [])


@pytest.mark.parametrize(
    "name", ["nx.example.test", "a.nx.example.test", "x.mx.example.test", "debian.org", "testing", "com"]
)
def test_other_names_do_not_exist(name: str) -> None:
    assert asked(name, "A") == ("NXDOMAIN", [])
    assert asked(name, "MX") == ("NXDOMAIN", [])


def test_the_host_is_where_it_is() -> None:
    assert asked("mail.example.test", "A") == ("NOERROR", ["127.0.0.1"])
    assert asked("example.test", "MX") == ("NOERROR", ["10 mail.example.test."])


def test_below_a_domain_of_scenarios_there_is_what_they_added() -> None:
    assert asked("there.mx.example.test", "A") == ("NOERROR", ["127.0.0.21"])
    assert asked("mx.example.test", "MX") == ("NOERROR", [])
