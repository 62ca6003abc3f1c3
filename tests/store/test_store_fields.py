from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.store import (
    BARE_CR,
    EIGHT_BIT,
    FROM_LINES,
    LINE_ENDS,
    NUL,
    added,
    fields_named,
    same_body,
    split_fields,
    split_message,
)
from conformance.store._maildir import LOSES as MAILDIR_LOSES
from conformance.store._mbox import LOSES as MBOX_LOSES

SENT = b"From: <a@client.example.test>\r\nSubject: one\r\n two\r\n\r\nbody\r\n\r\nmore\r\n"
TRACE = b"Return-Path: <a@client.example.test>\r\nReceived: from [127.0.0.1]\r\n\tby mail; Mon\r\n"

OCTETS = st.lists(
    st.sampled_from([b"A: b", b" c", b"\r\n", b"\n", b"\r", b"\0", b"\xff", b"From ", b">From ", b"x"]), max_size=20
).map(b"".join)


@dataclass(frozen=True)
class Came:
    """A message that came back."""

    content: bytes
    loses: frozenset[str] = frozenset()
    complete: bool = True


def names(fields: tuple[object, ...] | None) -> list[str] | None:
    return None if fields is None else [field.name for field in fields]  # type: ignore[attr-defined]


def test_fields_keep_their_octets() -> None:
    one, two = split_fields(b"A: b\r\n c\r\n\td\r\nB:\n")
    assert (one.name, one.octets, one.body) == ("a", b"A: b\r\n c\r\n\td\r\n", b" b c\td")
    assert (two.name, two.octets, two.body) == ("b", b"B:\n", b"")


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"", []),
        (b"A: b", ["a"]),
        (b"A : b\r\n", ["a"]),
        (b"no field\r\nA: b\r\n", ["", "a"]),
        (b" begins folded\r\nA: b\r\n", ["", "a"]),
        (b"A: b\r\n\r\nB: c\r\n", ["a"]),
        (b"A: b\n\nB: c\n", ["a"]),
        (b">From x\nA: b\n", ["", "a"]),
        (b"\xff: b\r\n", [""]),
    ],
)
def test_names_of_fields(octets: bytes, expected: list[str]) -> None:
    assert names(split_fields(octets)) == expected


@pytest.mark.parametrize(
    ("octets", "count", "body"),
    [
        (SENT, 2, b"body\r\n\r\nmore\r\n"),
        (b"A: b\n\nbody", 1, b"body"),
        (b"A: b\r\n", 1, None),
        (b"\r\nbody", 0, b"body"),
        (b"A: b\r\n\r\n", 1, b""),
    ],
)
def test_the_body_is_what_follows_the_first_empty_line(octets: bytes, count: int, body: bytes | None) -> None:
    fields, rest = split_message(octets)
    assert len(fields) == count
    assert rest == body


@given(OCTETS)
def test_a_header_section_is_its_fields(octets: bytes) -> None:
    fields, body = split_message(octets)
    header = b"".join(field.octets for field in fields)
    assert octets.startswith(header)
    if body is None:
        assert header == octets
    else:
        assert octets[len(header) :] in {b"\n" + body, b"\r\n" + body}


def test_fields_are_found_in_any_case() -> None:
    fields = split_fields(TRACE)
    assert [field.octets for field in fields_named(fields, "RECEIVED")] == [
        b"Received: from [127.0.0.1]\r\n\tby mail; Mon\r\n"
    ]


def test_what_was_put_before_is_told_from_what_was_sent() -> None:
    fields = added(Came(TRACE + SENT), SENT)
    assert names(fields) == ["return-path", "received"]
    assert fields is not None
    assert b"".join(field.octets for field in fields) == TRACE
    assert added(Came(SENT), SENT) == ()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        TRACE,
        TRACE + SENT + b"footer\r\n",
        TRACE + SENT.replace(b"one", b"ONE"),
        TRACE + SENT.replace(b"body", b"b\rody"),
        b"X: y" + SENT,
        b"A: b\r\n\r\nquoted:\r\n" + SENT,
        (TRACE + SENT).replace(b"\r\n", b"\n"),
        SENT.removeprefix(b"From"),
    ],
)
def test_where_what_was_sent_is_not_the_end_nothing_is_said(content: bytes) -> None:
    assert added(Came(content), SENT) is None


def test_no_mail_and_cut_mail_say_nothing() -> None:
    assert added(None, SENT) is None
    assert added(Came(TRACE + SENT, complete=False), SENT) is None
    assert same_body(Came(SENT, complete=False), SENT) is None


@pytest.mark.parametrize("loses", [MAILDIR_LOSES, MBOX_LOSES, frozenset({LINE_ENDS})])
def test_line_ends_that_the_store_loses_make_no_difference(loses: frozenset[str]) -> None:
    stored = (TRACE + SENT).replace(b"\r\n", b"\n")
    assert names(added(Came(stored, loses), SENT)) == ["return-path", "received"]
    assert names(added(Came(stored.removesuffix(b"\n"), loses), SENT)) == ["return-path", "received"]
    assert names(added(Came(TRACE + SENT, loses), SENT)) == ["return-path", "received"]
    assert added(Came(stored.replace(b"body", b"bodi"), loses), SENT) is None
    assert same_body(Came(stored, loses), SENT) is True
    assert same_body(Came(stored.replace(b"body", b"bodi"), loses), SENT) is False
    assert same_body(Came(stored.replace(b"\n\n", b"\n"), loses), SENT) is False


def test_quoted_from_lines_make_no_difference_where_the_store_quotes_them() -> None:
    sent = SENT + b"From here\r\n>From there\r\n"
    for quoted in (b"\n>From here\n>From there\n", b"\n>From here\n>>From there\n"):
        stored = SENT.replace(b"\r\n", b"\n").removesuffix(b"\n") + quoted
        assert added(Came(b"X: y\n" + stored, MBOX_LOSES), sent) is not None
        assert added(Came(b"X: y\n" + stored, MAILDIR_LOSES), sent) is None
        assert same_body(Came(stored, MBOX_LOSES), sent) is None
        assert same_body(Came(stored, MAILDIR_LOSES), sent) is False


@pytest.mark.parametrize(
    ("body", "loss", "stored"),
    [
        (b"a\0b\r\n", NUL, b"ab\r\n"),
        (b"a\rb\r\n", BARE_CR, b"ab\r\n"),
        (b"a\nb\r\n", LINE_ENDS, b"a\r\nb\r\n"),
        (b"a\r\r\n", LINE_ENDS, b"a\r\n"),
        (b"\xe4\r\n", EIGHT_BIT, b"=E4\r\n"),
        (b"From x\r\n", FROM_LINES, b">From x\r\n"),
    ],
)
def test_what_a_declared_loss_may_have_done_is_held_against_nobody(body: bytes, loss: str, stored: bytes) -> None:
    sent, came = b"A: b\r\n\r\n" + body, b"A: b\r\n\r\n" + stored
    assert same_body(Came(came, frozenset({loss})), sent) is None
    assert same_body(Came(came), sent) is False
    assert same_body(Came(sent, frozenset({loss})), sent) is True


def test_a_body_that_is_gone_differs() -> None:
    assert same_body(Came(b"A: b\r\n"), b"A: b\r\n\r\nbody\r\n") is False
    assert same_body(Came(b"A: b\r\nC: d\r\n"), b"A: b\r\n") is True


@given(OCTETS, st.sets(st.sampled_from(sorted(MBOX_LOSES))))
def test_what_came_unchanged_is_the_same_whatever_is_lost(sent: bytes, loses: set[str]) -> None:
    assert same_body(Came(sent, frozenset(loses)), sent) is True
    assert added(Came(sent, frozenset(loses)), sent) == ()
