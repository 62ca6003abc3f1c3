"""The extensions that the reference server has on request only."""

from __future__ import annotations

import pytest
from reference_talk import ENVELOPE, HELLO, codes, talk

from conformance.reference import ReferenceServer
from conformance.reference._extensions import EXTENSIONS


def with_one(keyword: str) -> ReferenceServer:
    return ReferenceServer(offers=frozenset({keyword}))


ACCEPTED = {
    "by-return": ("DELIVERBY", b"BY=120;R"),
    "by-negative": ("DELIVERBY", b"BY=-5;NT"),
    "solicit": ("NO-SOLICITING", b"SOLICIT=net.example:ADV"),
    "hold-for": ("FUTURERELEASE", b"HOLDFOR=60"),
    "hold-until": ("FUTURERELEASE", b"HOLDUNTIL=2039-01-01T00:00:00Z"),
    "priority": ("MT-PRIORITY", b"MT-PRIORITY=-9"),
    "tracking": ("MTRK", b"MTRK=dGVzdA:60"),
}
REFUSED = {
    "by-zero-return": ("DELIVERBY", b"BY=0;R", 501),
    "by-too-soon": ("DELIVERBY", b"BY=30;R", 555),
    "solicit-unwanted": ("NO-SOLICITING", b"SOLICIT=org.example:ADV:ADLT", 550),
    "hold-too-long": ("FUTURERELEASE", b"HOLDFOR=86401", 501),
    "hold-twice": ("FUTURERELEASE", b"HOLDFOR=60 HOLDUNTIL=2039-01-01T00:00:00Z", 501),
    "hold-no-date": ("FUTURERELEASE", b"HOLDUNTIL=2039-02-30T00:00:00Z", 501),
    "hold-not-utc": ("FUTURERELEASE", b"HOLDUNTIL=2039-01-01T00:00:00+01:00", 501),
    "priority": ("MT-PRIORITY", b"MT-PRIORITY=10", 501),
    "tracking": ("MTRK", b"MTRK=dGVzdA:x", 501),
    "requiretls-in-clear": ("REQUIRETLS", b"REQUIRETLS", 555),
}


@pytest.mark.parametrize(("keyword", "parameter"), ACCEPTED.values(), ids=ACCEPTED)
def test_parameters_are_taken_where_offered_only(keyword: str, parameter: bytes) -> None:
    mail = HELLO + b"MAIL FROM:<> " + parameter + b"\r\n"
    assert codes(mail, with_one(keyword)) == [250, 250]
    assert codes(mail) == [250, 555]


@pytest.mark.parametrize(("keyword", "parameter", "code"), REFUSED.values(), ids=REFUSED)
def test_bad_values_are_refused(keyword: str, parameter: bytes, code: int) -> None:
    assert codes(HELLO + b"MAIL FROM:<> " + parameter + b"\r\n", with_one(keyword)) == [250, code]


@pytest.mark.parametrize("keyword", sorted(EXTENSIONS))
def test_what_is_offered_is_listed_and_nothing_else(keyword: str) -> None:
    (_, plain), (_, hello) = talk(HELLO), talk(HELLO, with_one(keyword))
    more = {line.text for line in hello.lines} - {line.text for line in plain.lines}
    assert more == (set() if EXTENSIONS[keyword].under_tls else {EXTENSIONS[keyword].line})


def test_verbs_are_known_where_offered_only() -> None:
    assert codes(HELLO + b"ETRN example.test\r\nBURL imap:x\r\n") == [250, 500, 500]
    assert codes(HELLO + b"ETRN example.test\r\nETRN\r\n", with_one("ETRN")) == [250, 251, 501]
    assert codes(ENVELOPE + b"ETRN example.test\r\nDATA\r\n.\r\n", with_one("ETRN")) == [250] * 3 + [503, 354, 250]
    assert codes(HELLO + b"BURL imap:x LAST\r\n", with_one("BURL")) == [250, 503]
    assert codes(ENVELOPE + b"BURL imap:x LAST\r\nDATA\r\n", with_one("BURL")) == [250] * 3 + [554, 503]


def test_limits_hold() -> None:
    many = ENVELOPE + b"RCPT TO:<bob@example.test>\r\n" * 20
    assert codes(many, with_one("LIMITS"))[-2:] == [250, 452]
    assert codes(many)[-1] == 250
