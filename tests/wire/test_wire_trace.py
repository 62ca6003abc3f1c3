"""The Received field taken apart (RFC 5321 §4.4)."""

from __future__ import annotations

import pytest

from conformance.wire import StampClause, time_stamp

DATE = b"; Thu, 26 Nov 2026 11:10:06 +0000"

TAKEN_APART: dict[str, tuple[bytes, list[StampClause]]] = {
    "plain": (
        b"from a.example by b.example with ESMTP id 1 for <c@d.example>",
        [
            StampClause("FROM", (b"a.example",)),
            StampClause("BY", (b"b.example",)),
            StampClause("WITH", (b"ESMTP",)),
            StampClause("ID", (b"1",)),
            StampClause("FOR", (b"<c@d.example>",)),
        ],
    ),
    "comments": (
        b"FROM a.example (b.example [192.0.2.1]) BY [192.0.2.2] (one (two\\) three))",
        [
            StampClause("FROM", (b"a.example",), (b"(b.example [192.0.2.1])",)),
            StampClause("BY", (b"[192.0.2.2]",), (b"(one (two\\) three))",)),
        ],
    ),
    "a-name-in-the-place-of-a-value": (
        b"from by by with",
        [StampClause("FROM", (b"by",)), StampClause("BY", (b"with",))],
    ),
    "several-paths": (
        b"from a by b for <c@d>,<e@f> <g@h>",
        [StampClause("FROM", (b"a",)), StampClause("BY", (b"b",)), StampClause("FOR", (b"<c@d>,<e@f>", b"<g@h>"))],
    ),
    "a-further-clause": (
        b'from a by b for <"c d"@e> tls "TLS 1.3"',
        [
            StampClause("FROM", (b"a",)),
            StampClause("BY", (b"b",)),
            StampClause("FOR", (b'<"c d"@e>',)),
            StampClause("TLS", (b'"TLS 1.3"',)),
        ],
    ),
    "nothing": (b"", []),
}


@pytest.mark.parametrize(("octets", "clauses"), TAKEN_APART.values(), ids=TAKEN_APART)
def test_clauses(octets: bytes, clauses: list[StampClause]) -> None:
    stamp = time_stamp(octets + DATE)
    assert list(stamp.clauses) == clauses
    assert (stamp.date, stamp.year, stamp.zone) == (DATE[2:], b"2026", b"+0000")


def test_what_comes_before_the_first_clause_is_kept() -> None:
    assert time_stamp(b"somewhere (here) by b" + DATE).before == (b"somewhere", b"(here)")


@pytest.mark.parametrize(
    ("date", "year", "zone"),
    [
        (b"1 Jan 99 00:00 GMT", b"99", b"GMT"),
        (b"Thu, 26 Nov 2026 11:10:06 -0800 (PST; winter)", b"2026", b"-0800"),
        (b"yesterday", b"", b""),
        (b"", b"", b""),
    ],
)
def test_dates(date: bytes, year: bytes, zone: bytes) -> None:
    stamp = time_stamp(b"from a by b; " + date)
    assert (stamp.year, stamp.zone) == (year, zone)


def test_without_a_semicolon_there_is_no_date() -> None:
    stamp = time_stamp(b"from a by b Thu")
    assert stamp.date == b""
    assert stamp.clauses[1].words == (b"b", b"Thu")


@pytest.mark.parametrize("octets", [b"(" * 2000, b'"' * 99 + b"<" * 99, b"from (a", b";" * 500, b"\\" * 99])
def test_what_nobody_could_mean_is_taken_apart_all_the_same(octets: bytes) -> None:
    time_stamp(octets)
