"""The name server of launched servers: names for tests exist, nothing else does."""

from __future__ import annotations

import pytest
from dnslib import RCODE, DNSRecord

from conformance.launchers._name_server import NOBODY, RECORDS, KeptNames


def asked(name: str, kind: str) -> tuple[str, list[str]]:
    zones = KeptNames()
    zones.add(RECORDS)
    reply = zones.answer(DNSRecord.question(name, kind))
    return RCODE.get(reply.header.rcode), [str(record.rdata) for record in reply.rr]


@pytest.mark.parametrize("name", ["client.example.test", "Sender.Example.COM", "a.b.example", "x.test"])
def test_a_name_for_tests_has_an_address_where_nobody_listens(name: str) -> None:
    assert asked(name, "A") == ("NOERROR", [NOBODY])
    assert asked(name, "MX") == ("NOERROR", [f"10 {name.lower()}."])
    assert asked(name, "AAAA") == ("NOERROR", [])


@pytest.mark.parametrize("name", ["nx.example.test", "a.nx.example.test", "debian.org", "testing", "com"])
def test_other_names_do_not_exist(name: str) -> None:
    assert asked(name, "A") == ("NXDOMAIN", [])
    assert asked(name, "MX") == ("NXDOMAIN", [])


def test_the_host_is_where_it_is() -> None:
    assert asked("mail.example.test", "A") == ("NOERROR", ["127.0.0.1"])
    assert asked("example.test", "MX") == ("NOERROR", ["10 mail.example.test."])
