from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conformance.wire import CRLF, stuff, unstuff, visible

ALL_OCTETS = bytes(range(256))

CONTENT = st.lists(st.sampled_from([b".", b"\r", b"\n", CRLF, b"a", b"\0", b"\xff"]), max_size=30).map(b"".join)


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (b"", ""),
        (b"250 OK\r\n", r"250 OK\r\n"),
        (b"a\tb", r"a\tb"),
        (b"C:\\n", r"C:\\n"),
        (b"\0\a\x1b[31m\x7f", r"\x00\x07\x1b[31m\x7f"),
        ("é\u202e".encode(), r"\xc3\xa9\xe2\x80\xae"),
        (b"\x85\x9b\xff", r"\x85\x9b\xff"),
        (b"<b>&\"'", "<b>&\"'"),
    ],
)
def test_octets_are_shown_as(octets: bytes, shown: str) -> None:
    assert visible(octets) == shown


@given(st.binary())
@example(ALL_OCTETS)
@example(rb"\x41\r\\")
def test_what_is_shown_is_printable_ascii_and_leads_back_to_the_octets(octets: bytes) -> None:
    shown = visible(octets)
    assert shown.isascii()
    assert shown.isprintable()
    assert shown.encode().decode("unicode_escape").encode("latin-1") == octets


@pytest.mark.parametrize(
    ("limit", "shown"),
    [
        (0, r"\...10 octets..."),
        (1, r"0\...9 octets..."),
        (4, r"012\...6 octets...9"),
        (9, r"0123456\...1 octets...89"),
        (10, "0123456789"),
        (11, "0123456789"),
        (None, "0123456789"),
    ],
)
def test_a_limit_leaves_out_the_middle_and_says_how_much(limit: int | None, shown: str) -> None:
    assert visible(b"0123456789", limit) == shown


@given(st.binary(min_size=1), st.data())
def test_a_shortened_text_can_not_be_taken_for_a_whole_one(octets: bytes, data: st.DataObject) -> None:
    limit = data.draw(st.integers(0, len(octets) - 1))
    shown = visible(octets, limit)
    assert shown.isascii()
    assert shown.isprintable()
    head, _, rest = shown.partition(r"\...")
    left_out, _, tail = rest.partition(" octets...")
    assert visible(octets).startswith(head)
    assert visible(octets).endswith(tail)
    assert int(left_out) == len(octets) - limit
    assert r"\." not in visible(octets).replace(r"\\", "")


def test_a_negative_limit_is_an_error() -> None:
    with pytest.raises(ValueError, match="-1"):
        visible(b"abc", -1)


@pytest.mark.parametrize(
    ("content", "stuffed"),
    [
        (b"", b""),
        (b".", b".."),
        (b".\r\n", b"..\r\n"),
        (b"..\r\n", b"...\r\n"),
        (b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n"),
        (b"a\r\n.b\r\n", b"a\r\n..b\r\n"),
        (b".\r\n.\r\n.\r\n", b"..\r\n..\r\n..\r\n"),
        (b"a\r\n\r\n.\r\n", b"a\r\n\r\n..\r\n"),
        (b"a.\r\nb .\r\n", b"a.\r\nb .\r\n"),
        (b"a\n.\nb\r.\rc\n.\r\n", b"a\n.\nb\r.\rc\n.\r\n"),
        (b"a\r\r\n.\r\n", b"a\r\r\n..\r\n"),
    ],
)
def test_a_dot_that_begins_a_line_is_doubled(content: bytes, stuffed: bytes) -> None:
    assert stuff(content) == stuffed
    assert unstuff(stuffed) == content


@given(CONTENT | st.binary())
def test_stuffed_content_never_ends_the_mail_data(content: bytes) -> None:
    stuffed = stuff(content)
    assert b"\r\n.\r\n" not in stuffed
    assert not stuffed.startswith(b".\r\n")


@given(CONTENT | st.binary())
def test_unstuffing_gives_the_content_back(content: bytes) -> None:
    assert unstuff(stuff(content)) == content


@given(CONTENT)
def test_a_server_that_works_line_by_line_receives_the_content(content: bytes) -> None:
    whole_lines = content + CRLF if content and not content.endswith(CRLF) else content
    wire = stuff(whole_lines) + b"." + CRLF + b"QUIT" + CRLF
    lines = wire.split(CRLF)
    end = lines.index(b".")
    assert b"".join(line.removeprefix(b".") + CRLF for line in lines[:end]) == whole_lines
    assert lines[end + 1 :] == [b"QUIT", b""]


@pytest.mark.parametrize(
    ("content", "received"),
    [
        (b".a\r\n", b"a\r\n"),
        (b".\r\n", b"\r\n"),
        (b"...\r\n", b"..\r\n"),
        (b".\r\n.\r\n", b"\r\n\r\n"),
        (b"a\n.b\r.c\r\n", b"a\n.b\r.c\r\n"),
    ],
)
def test_one_dot_is_deleted_from_the_beginning_of_a_line(content: bytes, received: bytes) -> None:
    assert unstuff(content) == received
