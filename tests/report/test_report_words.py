from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import HOSTILE, connection, entry, result

from conformance.engine import Attempt
from conformance.report._words import (
    MOST_LINES,
    anchor,
    attempts,
    evidence,
    facts,
    lines,
    order,
    reason,
    safe,
    section_of,
)
from conformance.scenario import Verdict

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()))


@given(ANYTHING)
def test_safe_text_is_printable_and_encodable(text: str) -> None:
    shown = safe(text)
    assert shown.isprintable()
    assert shown.encode().decode() == shown
    assert safe(shown) == shown


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_safe_leaves_printable_text_alone(text: str) -> None:
    if text.isprintable():
        assert safe(text) == text


@given(st.lists(st.tuples(st.sampled_from(["us", "them", "note"]), st.binary(max_size=300)), max_size=20))
def test_every_line_of_a_transcript_is_one_printable_line(entries: list[tuple[Any, bytes]]) -> None:
    for line in lines(connection(*(entry(0.0, sender, octets) for sender, octets in entries))):
        assert str(line).isprintable()
        assert line.text.isascii()


@given(st.binary(min_size=1, max_size=300))
def test_a_transcript_loses_no_octet(octets: bytes) -> None:
    shown = "".join(line.text for line in lines(connection(entry(0.0, "them", octets))))
    assert shown.encode().decode("unicode_escape").encode("latin-1") == octets


def test_a_transcript_has_a_line_for_each_line_of_smtp() -> None:
    shown = [str(line) for line in lines(connection())]
    assert shown == [
        r"    0.000 <- 220 mx.example ESMTP\r\n",
        r"    0.001 -> EHLO [127.0.0.1]\r\n",
        r"    0.002 <- 250-mx.example\r\n",
        r"          <- 250 STARTTLS\r\n",
        r"    0.500 -- silence for 5.0 s",
    ]


def test_tls_is_marked_on_each_line() -> None:
    shown = [str(line) for line in lines(connection(entry(1.5, "us", b"RSET\r\nQUIT\r\n", tls=True)))]
    assert shown == [r"    1.500 -> [TLS] RSET\r\n", r"          -> [TLS] QUIT\r\n"]


def test_a_shortened_entry_says_where_and_what_is_missing() -> None:
    octets = b"a" * 2048 + b"z" * 2048
    shown = [line.text for line in lines(connection(entry(0, "us", octets, full_length=10_000, sha256="ab12")))]
    assert shown == ["a" * 2048, "5904 of 10000 octets left out here, SHA-256 ab12", "z" * 2048]


def test_a_server_that_sends_nothing_but_line_ends_does_not_flood_the_report() -> None:
    shown = [line.text for line in lines(connection(entry(0, "them", b"first\n" + b"\n" * 4000 + b"last\n")))]
    assert len(shown) == MOST_LINES + 1
    assert (shown[0], shown[-1]) == (r"first\n", r"last\n")
    assert shown[MOST_LINES // 2] == f"{4002 - MOST_LINES} lines left out here: results.jsonl has them"


def test_results_stand_in_the_order_of_the_rfc() -> None:
    wanted = [
        "rfc821/3/a",
        "rfc3207/4.2/a",
        "rfc5321/2.4/a",
        "rfc5321/2.4/b",
        "rfc5321/4.1/z",
        "rfc5321/4.1.1/a",
        "rfc5321/4.1.2/a",
        "rfc5321/4.1.10/a",
        "rfc5321/10/a",
        "rfc5321/B/a",
        "rfc5321/F.2/a",
    ]
    assert [found.scenario for found in sorted(map(result, reversed(wanted)), key=order)] == wanted


def test_within_a_section_the_lines_of_the_rfc_decide() -> None:
    late, early = result("rfc5321/4.1/a", lines=(90, 91)), result("rfc5321/4.1/b", lines=(10, 10))
    assert sorted([late, early], key=order) == [early, late]


@pytest.mark.parametrize(
    ("identity", "title"),
    [
        ("rfc5321/4.1.1.4/slug", "RFC 5321 §4.1.1.4"),
        ("rfc5321/4.1.1.4/row[a/b]", "RFC 5321 §4.1.1.4"),
        ("rfc5321/only", "RFC 5321"),
        ("house-rules/2/slug", "house-rules §2"),
        ("", ""),
    ],
)
def test_sections_are_named_as_people_name_them(identity: str, title: str) -> None:
    assert section_of(identity).title == title


def test_the_anchor_is_the_clauses_not_the_scenarios() -> None:
    found = result("rfc5321/4.1.1.4/x", clause="rfc5321/2.3.8/only-crlf", lines=(800, 800))
    assert anchor(found) == "RFC 5321 §2.3.8, line 800"


def test_evidence_is_the_attempt_that_came_to_the_verdict() -> None:
    held, broken = (Attempt(purpose="first", verdict=word, connections=()) for word in (Verdict.PASS, Verdict.FAIL))
    assert evidence(result(verdict=Verdict.FAIL, attempts=(held, broken, held))) is broken
    assert evidence(result(verdict=Verdict.INCONCLUSIVE, attempts=(held, broken))) is broken
    assert evidence(result(verdict=Verdict.NOT_APPLICABLE)) is None


def test_attempts_are_told_where_there_were_several() -> None:
    again = Attempt(purpose="confirm", verdict=Verdict.PASS, connections=())
    first = Attempt(purpose="first", verdict=Verdict.FAIL, connections=())
    assert attempts(result(attempts=(first,))) == ""
    assert attempts(result(attempts=(first, again))) == "fail (first), pass (confirm)"
    assert attempts(result(attempts=(first, again), unsteady=True)) == "unsteady: fail (first), pass (confirm)"


def test_only_our_own_traceback_has_lines() -> None:
    trace = dict(facts(result(verdict=Verdict.ERROR)))["why"]
    assert trace == ["Traceback:", '  File "s.py", line 1', "ValueError: no such row"]
    assert reason(result(verdict=Verdict.ERROR)) == "ValueError: no such row"
    told = facts(result(verdict=Verdict.INCONCLUSIVE, why=HOSTILE.decode("latin-1"), says="one\ntwo", repeat="a\nb"))
    assert all(len(fact.lines) == 1 for fact in told)
