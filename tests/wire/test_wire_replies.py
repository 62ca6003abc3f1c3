from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire import Anomaly, Reply, ReplyLine, ReplyReader, replies

BEGUN = b"354-go o"
"""The beginning of another reply."""

OCTETS = st.binary() | st.lists(
    st.sampled_from(
        [b"250", b"250-", b"250 ", b"99", b"-", b" ", b"\r", b"\n", b"\r\n", b"text", b"\0", b"\xff", b"160 x\r\n"]
    ),
    max_size=40,
).map(b"".join)


def portions(octets: bytes, cuts: Iterable[int]) -> list[bytes]:
    """The octets, cut at these places."""
    places = [0, *sorted(cut for cut in cuts if 0 < cut < len(octets)), len(octets)]
    return [octets[first:last] for first, last in pairwise(places)]


def taken(reader: ReplyReader) -> Iterator[Reply]:
    while (reply := reader.next_reply()) is not None:
        yield reply


def read(octets: bytes) -> list[Reply]:
    """The replies, the same ones whether fed whole, octet by octet or with the beginning of another behind them."""
    whole = ReplyReader()
    whole.feed(octets)
    found = list(taken(whole))
    singly = ReplyReader()
    by_octet: list[Reply] = []
    for at in range(len(octets)):
        singly.feed(octets[at : at + 1])
        by_octet += taken(singly)
    assert by_octet == found
    assert singly.pending == whole.pending == b""
    followed = ReplyReader()
    followed.feed(octets + BEGUN)
    assert list(taken(followed)) == found
    assert followed.pending == BEGUN
    assert followed.pending_size == len(BEGUN)
    assert b"".join(reply.octets for reply in found) == octets
    return found


def read_one(octets: bytes) -> Reply:
    (reply,) = read(octets)
    return reply


def broken_off(octets: bytes) -> Reply:
    """The reply that a stream ends in, the same one whether fed whole or octet by octet."""
    found = []
    for pieces in ([octets], portions(octets, range(len(octets)))):
        reader = ReplyReader()
        for piece in pieces:
            reader.feed(piece)
        assert reader.next_reply() is None
        assert reader.pending == octets
        reply = reader.close()
        assert reply is not None
        assert reply.octets == octets
        assert reader.close() is None
        assert reader.pending == b""
        found.append(reply)
    assert found[0] == found[1]
    return found[0]


@contextmanager
def bounds(line: int, reply: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replies, "LINE_BOUND", line)
        patch.setattr(replies, "REPLY_BOUND", reply)
        yield


# What is in a reply.


@pytest.mark.parametrize(
    ("octets", "code", "text"),
    [
        (b"250 OK\r\n", 250, b"OK"),
        (b"250 \r\n", 250, b""),
        (b"354 go\ton\r\n", 354, b"go\ton"),
        (b"250-mail.example.test\r\n250-SIZE 1000\r\n250 HELP\r\n", 250, b"mail.example.test\nSIZE 1000\nHELP"),
        (b"250-\r\n250 end\r\n", 250, b"\nend"),
        (b"250-234 text beginning with digits\r\n250 -x\r\n", 250, b"234 text beginning with digits\n-x"),
        (b"220 " + b"x" * 506 + b"\r\n", 220, b"x" * 506),
        (b"559  two spaces\r\n", 559, b" two spaces"),
    ],
)
def test_a_good_reply_has_code_and_text_and_nothing_odd(octets: bytes, code: int, text: bytes) -> None:
    reply = read_one(octets)
    assert reply.code == code
    assert reply.severity == code // 100
    assert reply.text == text
    assert reply.anomalies == ()


def test_a_line_falls_into_code_separator_and_text() -> None:
    first, last = read_one(b"250-mail.example.test hello\r\n250 8BITMIME\r\n").lines
    assert (first.code, first.separator, first.text) == (b"250", b"-", b"mail.example.test hello")
    assert (last.code, last.separator, last.text) == (b"250", b" ", b"8BITMIME")
    assert first.octets == b"250-mail.example.test hello\r\n"
    assert first.content == b"250-mail.example.test hello"


@pytest.mark.parametrize(
    ("octets", "status", "words"),
    [
        (b"250 2.0.0 OK\r\n", "2.0.0", b"OK"),
        (b"250 2.1.10\r\n", "2.1.10", b""),
        (b"250 OK 2.0.0\r\n", "", b"OK 2.0.0"),
        (b"250 2.0 OK\r\n", "", b"2.0 OK"),
        (b"221 mail.example.test closes\r\n", "", b"mail.example.test closes"),
    ],
)
def test_a_text_falls_into_status_code_and_words(octets: bytes, status: str, words: bytes) -> None:
    line = ReplyLine(octets)
    assert (line.status, line.words) == (status, words)


@pytest.mark.parametrize(
    ("octets", "code", "separator", "text"),
    [
        (b"", b"", b"", b""),
        (b"\r\n", b"", b"", b""),
        (b"25\r\n", b"25", b"", b"25"),
        (b"250\r\n", b"250", b"", b""),
        (b"250\n", b"250", b"", b""),
        (b"oops at 250\r\n", b"oop", b"s", b"oops at 250"),
        (b"25\xb2 no digit\r\n", b"25\xb2", b" ", b"25\xb2 no digit"),
        (b"2\r\n50 no digits\r\n", b"2\r\n", b"5", b"2\r\n50 no digits"),
    ],
)
def test_a_line_of_any_octets_falls_apart_somehow(octets: bytes, code: bytes, separator: bytes, text: bytes) -> None:
    line = ReplyLine(octets)
    assert (line.code, line.separator, line.text) == (code, separator, text)


@pytest.mark.parametrize(
    ("octets", "anomalies"),
    [
        (b"oops\r\n", {Anomaly.BAD_CODE}),
        (b"25\r\n", {Anomaly.BAD_CODE}),
        (b" 250 OK\r\n", {Anomaly.BAD_CODE}),
        (b"25O OK\r\n", {Anomaly.BAD_CODE}),
        (b"-25 OK\r\n", {Anomaly.BAD_CODE}),
        (b"\xb2\xb2\xb2 OK\r\n", {Anomaly.BAD_CODE, Anomaly.NON_ASCII}),
        (b"\r\n", {Anomaly.BAD_CODE, Anomaly.EMPTY_LINE}),
        (b"\n", {Anomaly.BAD_CODE, Anomaly.EMPTY_LINE, Anomaly.BARE_LF}),
        (b"150 OK\r\n", {Anomaly.OUT_OF_RANGE}),
        (b"650 OK\r\n", {Anomaly.OUT_OF_RANGE}),
        (b"000 OK\r\n", {Anomaly.OUT_OF_RANGE}),
        (b"260 OK\r\n", {Anomaly.BAD_SECOND_DIGIT}),
        (b"999 OK\r\n", {Anomaly.OUT_OF_RANGE, Anomaly.BAD_SECOND_DIGIT}),
        (b"250-a\r\n251 b\r\n", {Anomaly.INCONSISTENT_CODES}),
        (b"250-a\r\n150-b\r\n250 c\r\n", {Anomaly.INCONSISTENT_CODES, Anomaly.OUT_OF_RANGE}),
        (b"250-a\r\nb\r\n250 c\r\n", {Anomaly.BAD_CODE}),
        (b"250-a\r\n\r\n250 c\r\n", {Anomaly.BAD_CODE, Anomaly.EMPTY_LINE}),
        (b"250 OK\n", {Anomaly.BARE_LF}),
        (b"250-a\n250 b\r\n", {Anomaly.BARE_LF}),
        (b"250-a\nb\r\n250 c\r\n", {Anomaly.BARE_LF}),
        (b"250-a\n\r\n250 c\r\n", {Anomaly.BARE_LF}),
        (b"250 a\rb\r\n", {Anomaly.BARE_CR}),
        (b"250 a\r\r\n", {Anomaly.BARE_CR}),
        (b"250\r\r\n", {Anomaly.BARE_CR, Anomaly.NO_SEPARATOR}),
        (b"\r250 OK\r\n", {Anomaly.BARE_CR, Anomaly.BAD_CODE}),
        (b"250 " + b"x" * 507 + b"\r\n", {Anomaly.LONG_LINE}),
        (b"250 " + b"x" * 508 + b"\n", {Anomaly.LONG_LINE, Anomaly.BARE_LF}),
        (b"250_OK\r\n", {Anomaly.NO_SEPARATOR}),
        (b"250\tOK\r\n", {Anomaly.NO_SEPARATOR}),
        (b"2500 OK\r\n", {Anomaly.NO_SEPARATOR}),
        (b"250\r\n", {Anomaly.BARE_CODE}),
        (b"250-a\r\n250\r\n", {Anomaly.BARE_CODE}),
        ("250 caf\u00e9\r\n".encode(), {Anomaly.NON_ASCII}),
        (b"250 \x80\r\n", {Anomaly.NON_ASCII}),
        (b"250 a\0b\r\n", {Anomaly.CONTROL}),
        (b"250 \x1b[2J\r\n", {Anomaly.CONTROL}),
        (b"250 \x0b\x0c\r\n", {Anomaly.CONTROL}),
        (b"250 a\x7f\r\n", {Anomaly.CONTROL}),
    ],
)
def test_what_is_odd_is_named_and_nothing_else(octets: bytes, anomalies: set[Anomaly]) -> None:
    reply = read_one(octets)
    assert set(reply.anomalies) == anomalies
    assert len(reply.anomalies) == len(anomalies)


def test_what_an_lf_in_its_text_divides_from_a_reply_is_marked_as_no_reply() -> None:
    first, rest, reply = read(b'500 "NO\nOP" not known\r\n250 OK\r\n')
    assert first.anomalies == (Anomaly.BARE_LF,)
    assert rest.octets == b'OP" not known\r\n'
    assert rest.anomalies == (Anomaly.REST,)
    assert reply.anomalies == ()


def test_a_line_without_a_code_behind_a_whole_line_is_marked_as_a_bad_reply() -> None:
    _, bad = read(b"250 OK\r\nOK\r\n")
    assert bad.anomalies == (Anomaly.BAD_CODE,)


def test_the_rest_of_a_divided_line_is_marked_where_the_stream_ends_in_it() -> None:
    reader = ReplyReader()
    reader.feed(b"500 a\nb")
    assert reader.next_reply() is not None
    rest = reader.close()
    assert rest is not None
    assert set(rest.anomalies) == {Anomaly.REST, Anomaly.TRUNCATED}


@pytest.mark.parametrize("octet", [octet for octet in range(256) if octet != ord("\n")])
def test_each_octet_of_a_text_is_either_textstring_or_odd(octet: int) -> None:
    reply = read_one(b"250 a%cb\r\n" % octet)
    in_textstring = octet == 9 or 32 <= octet <= 126
    assert (reply.anomalies == ()) == in_textstring


@pytest.mark.parametrize(
    ("octets", "code", "anomalies"),
    [
        (b"2", 0, set()),
        (b"25", 0, set()),
        (b"x", 0, {Anomaly.BAD_CODE}),
        (b"2x", 0, {Anomaly.BAD_CODE}),
        (b"\r", 0, set()),
        (b"250", 250, set()),
        (b"250\r", 250, set()),
        (b"250 O", 250, set()),
        (b"250-O", 250, set()),
        (b"250x", 250, {Anomaly.NO_SEPARATOR}),
        (b"150", 150, {Anomaly.OUT_OF_RANGE}),
        (b"250 OK\r", 250, set()),
        (b"250 O\rK", 250, {Anomaly.BARE_CR}),
        (b"250-a\r\n", 250, set()),
        (b"250-a\r\n25", 0, set()),
        (b"250-a\r\n251", 251, {Anomaly.INCONSISTENT_CODES}),
        (b"250-a\r\n\xff", 0, {Anomaly.BAD_CODE, Anomaly.NON_ASCII}),
        (b"250 " + b"x" * 509, 250, {Anomaly.LONG_LINE}),
    ],
)
def test_a_reply_that_breaks_off_is_held_to_what_came_of_it(octets: bytes, code: int, anomalies: set[Anomaly]) -> None:
    reply = broken_off(octets)
    assert reply.code == code
    assert set(reply.anomalies) == anomalies | {Anomaly.TRUNCATED}


@pytest.mark.parametrize("octets", [b"", b"250 OK\r\n", b"250-a\r\n250 b\r\n250 c\r\n"])
def test_a_stream_that_ends_behind_a_reply_leaves_nothing(octets: bytes) -> None:
    reader = ReplyReader()
    reader.feed(octets)
    list(taken(reader))
    assert reader.close() is None


# Where a reply ends.


@pytest.mark.parametrize(
    "parts",
    [
        [b"250 a\r\n", b"250 b\r\n"],
        [b"250-a\r\n250 b\r\n", b"354 c\r\n"],
        [b"250-a\r\n220 b\r\n", b"250 c\r\n"],
        [b"250-a\r\nno code\r\n250-b\r\n\r\n250 c\r\n", b"221 d\r\n"],
        [b"no code\r\n", b"no code either\r\n", b"250 a\r\n"],
        [b"\r\n", b"\n", b"250 a\r\n"],
        [b"250\r\n", b"250-a\n250\n", b"250 b\n"],
        [b"250_a\r\n", b"250\0-b\r\n"],
        [b"250 a\r250-b\r\n", b"250 c\n"],
        [b"12-a\r\n", b"25x-a\r\n"],
        [b"250 a\n", b"\r\n"],
    ],
)
def test_a_reply_ends_at_the_first_line_with_a_code_and_no_hyphen(parts: list[bytes]) -> None:
    assert [reply.octets for reply in read(b"".join(parts))] == parts


def test_the_code_is_that_of_the_last_line() -> None:
    assert read_one(b"250-a\r\n550 b\r\n").code == 550


def test_a_reply_without_a_code_has_code_and_severity_zero() -> None:
    reply = read_one(b"hello\r\n")
    assert (reply.code, reply.severity, reply.text) == (0, 0, b"hello")


def test_a_reply_is_not_there_before_its_last_octet() -> None:
    reader = ReplyReader()
    octets = b"250-a\r\n250 b\r\n"
    for at in range(len(octets)):
        assert reader.next_reply() is None
        assert reader.pending == octets[:at]
        reader.feed(octets[at : at + 1])
    assert reader.pending == octets
    reply = reader.next_reply()
    assert reply is not None
    assert reply.octets == octets
    assert reader.pending == b""


# Octets that no one has asked for yet.


def test_pending_octets_are_handed_over_and_forgotten() -> None:
    reader = ReplyReader()
    reader.feed(b"220 go ahead\r\n250-injected\r\n250 also\r\n250 in cl")
    first = reader.next_reply()
    assert first is not None
    assert first.text == b"go ahead"
    assert reader.take_pending() == b"250-injected\r\n250 also\r\n250 in cl"
    assert reader.pending == b""
    assert reader.pending_size == 0
    reader.feed(b"220 new\r\n")
    assert [reply.octets for reply in taken(reader)] == [b"220 new\r\n"]
    assert reader.close() is None


def test_forgetting_ends_a_reply_that_has_begun() -> None:
    reader = ReplyReader()
    reader.feed(b"250-a\r\n25")
    assert reader.take_pending() == b"250-a\r\n25"
    reader.feed(b"no code\r\n")
    (reply,) = taken(reader)
    assert reply.octets == b"no code\r\n"
    assert reply.anomalies == (Anomaly.BAD_CODE,)


def test_closing_hands_out_whole_replies_first() -> None:
    reader = ReplyReader()
    reader.feed(b"250 a\r\n221 b\r\n250-c")
    got = [reader.close(), reader.close(), reader.close()]
    assert [reply.octets for reply in got if reply] == [b"250 a\r\n", b"221 b\r\n", b"250-c"]
    assert [reply.anomalies for reply in got if reply] == [(), (), (Anomaly.TRUNCATED,)]
    assert reader.close() is None


# Bounds.


def test_a_line_beyond_the_bound_is_cut_and_still_one_reply() -> None:
    reader = ReplyReader()
    reader.feed(b"250 " + b"x" * 100_000)
    assert reader.next_reply() is None
    assert reader.pending_size == len(reader.pending) == replies.LINE_BOUND
    reader.feed(b"y" * 100_000 + b"\r\n250 next\r\n")
    cut, following = taken(reader)
    assert cut.code == 250
    assert set(cut.anomalies) == {Anomaly.LONG_LINE, Anomaly.UNBOUNDED}
    assert cut.octets == (b"250 " + b"x" * 100_000)[: replies.LINE_BOUND]
    assert reader.left_out == 200_006 - replies.LINE_BOUND
    assert following == Reply((ReplyLine(b"250 next\r\n"),))


def test_a_reply_beyond_the_bound_is_cut_and_still_ends_where_it_ends() -> None:
    reader = ReplyReader()
    line = b"214-" + b"x" * 94 + b"\r\n"
    for _ in range(30_000):
        reader.feed(line)
        assert reader.pending_size <= replies.REPLY_BOUND
    assert reader.next_reply() is None
    reader.feed(b"214 end\r\n250 next\r\n")
    cut, following = taken(reader)
    assert cut.anomalies == (Anomaly.UNBOUNDED,)
    assert cut.lines[-1].octets == b"214 end\r\n"
    assert len(cut.octets) <= replies.REPLY_BOUND
    assert reader.left_out == 30_000 * len(line) + len(b"214 end\r\n") - len(cut.octets)
    assert following.octets == b"250 next\r\n"


def test_a_reply_that_ends_far_behind_the_bound_frees_the_octets_behind_it_at_once() -> None:
    reader = ReplyReader()
    reader.feed(b"250-x\r\n" * 500_000 + b"250 end\r\n" + b"250 next\r\n" * 200_000)
    assert reader.pending_size > replies.REPLY_BOUND
    assert reader.next_reply() is not None
    assert reader.next_reply() == Reply((ReplyLine(b"250 next\r\n"),))


def test_an_endless_line_that_breaks_off_is_cut_and_truncated() -> None:
    with bounds(line=16, reply=64):
        reader = ReplyReader()
        reader.feed(b"250 " + b"x" * 1000)
        reply = reader.close()
    assert reply is not None
    assert reply.octets == b"250 " + b"x" * 12
    assert reply.anomalies == (Anomaly.UNBOUNDED, Anomaly.TRUNCATED)
    assert reader.left_out == 1004 - 16


@pytest.mark.parametrize(
    ("octets", "anomalies"),
    [
        (b"250 " + b"x" * 10 + b"\r\n", ()),
        (b"250 " + b"x" * 11 + b"\r\n", (Anomaly.UNBOUNDED,)),
        (b"250-a\r\n" * 6 + b"250 b\r\n", ()),
        (b"250-a\r\n" * 7 + b"250 b\r\n", (Anomaly.UNBOUNDED,)),
        (b"250-" + b"x" * 13 + b"\r\n250 b\r\n", (Anomaly.UNBOUNDED,)),
        (b"250-" + b"\xff" * 12 + b"\0\r\n250 b\r\n", (Anomaly.NON_ASCII, Anomaly.UNBOUNDED)),
    ],
)
def test_nothing_is_cut_up_to_the_bound(octets: bytes, anomalies: tuple[Anomaly, ...]) -> None:
    with bounds(line=16, reply=16 + 6 * 7):
        reader = ReplyReader()
        reader.feed(octets + b"221 c\r\n")
        reply, following = taken(reader)
    assert reply.anomalies == anomalies
    assert following.octets == b"221 c\r\n"
    assert reader.left_out == len(octets) - len(reply.octets)


def test_a_cut_reply_leaves_no_mark_on_the_next() -> None:
    with bounds(line=16, reply=64):
        reader = ReplyReader()
        reader.feed(b"250 " + b"x" * 100 + b"\r\n")
        reader.take_pending()
        reader.feed(b"250 a\r\n")
        (reply,) = taken(reader)
    assert reply.anomalies == ()


# Any octets at all.


@given(OCTETS, st.lists(st.integers(0, 200), max_size=20))
def test_every_octet_is_in_a_reply_or_pending_and_portions_change_nothing(octets: bytes, cuts: list[int]) -> None:
    whole = ReplyReader()
    whole.feed(octets)
    expected = list(taken(whole))
    assert b"".join(reply.octets for reply in expected) + whole.pending == octets
    reader = ReplyReader()
    got: list[Reply] = []
    fed = b""
    for piece in portions(octets, cuts):
        reader.feed(piece)
        fed += piece
        got += taken(reader)
        assert b"".join(reply.octets for reply in got) + reader.pending == fed
        assert reader.pending_size == len(reader.pending)
    assert got == expected
    assert reader.close() == whole.close()
    assert reader.left_out == 0


@given(OCTETS)
def test_taking_replies_late_changes_nothing(octets: bytes) -> None:
    early, late = ReplyReader(), ReplyReader()
    got: list[Reply] = []
    for piece in portions(octets, range(len(octets))):
        early.feed(piece)
        late.feed(piece)
        got += taken(early)
        assert late.pending_size == len(late.pending)
    assert late.pending == octets
    assert list(taken(late)) == got


@given(OCTETS, st.lists(st.integers(0, 200), max_size=20), st.integers(4, 12), st.integers(0, 40))
def test_octets_beyond_the_bounds_are_counted_and_portions_change_nothing(
    octets: bytes, cuts: list[int], line: int, more: int
) -> None:
    found = []
    with bounds(line=line, reply=line + more):
        for pieces in ([octets], portions(octets, cuts)):
            reader = ReplyReader()
            got: list[Reply] = []
            for piece in pieces:
                reader.feed(piece)
                got += taken(reader)
                assert reader.pending_size <= line + more
            assert all(len(reply.octets) <= line + more for reply in got)
            kept = sum(len(reply.octets) for reply in got) + reader.pending_size
            assert kept + reader.left_out == len(octets)
            found.append((got, reader.pending, reader.left_out, reader.close()))
    assert found[0] == found[1]


@given(OCTETS, st.integers(4, 12))
def test_bounds_do_not_change_where_replies_end(octets: bytes, line: int) -> None:
    free = ReplyReader()
    free.feed(octets)
    with bounds(line=line, reply=2 * line):
        bounded = ReplyReader()
        bounded.feed(octets)
        cut = list(taken(bounded))
    assert [reply.code for reply in cut] == [reply.code for reply in taken(free)]


CODES = st.from_regex(r"[2-5][0-5][0-9]", fullmatch=True).map(str.encode)
TEXTS = st.binary(max_size=508).map(
    lambda octets: bytes(b"\t "[octet & 1] if octet < 8 else 32 + octet % 95 for octet in octets[:506])
)


@given(CODES, st.lists(TEXTS, max_size=8), TEXTS)
def test_a_well_formed_reply_makes_the_round_trip(code: bytes, texts: list[bytes], last: bytes) -> None:
    octets = b"".join(code + b"-" + text + b"\r\n" for text in texts) + code + b" " + last + b"\r\n"
    reply = read_one(octets)
    assert reply.code == int(code)
    assert [line.text for line in reply.lines] == [*texts, last]
    assert reply.text == b"\n".join([*texts, last])
    assert reply.anomalies == ()


@given(OCTETS)
def test_anomalies_are_named_once_and_the_text_of_a_reply_is_safe_to_print(octets: bytes) -> None:
    reader = ReplyReader()
    reader.feed(octets)
    last = [*taken(reader), reader.close()]
    for reply in last:
        if reply is not None:
            assert len(set(reply.anomalies)) == len(reply.anomalies)
            assert str(reply).isascii()
            assert str(reply).isprintable()


# What a report says of a reply.


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (b"250 OK\r\n", "250 OK"),
        (b"250-mail.example.test\r\n250 HELP\r\n", "250-mail.example.test / 250 HELP"),
        (b"250 \x1b[31m\\\xff\n", r"250 \x1b[31m\\\xff"),
        (b"\r\n", "an empty line"),
        (
            b"".join(b"250-%d\r\n" % n for n in range(5)) + b"250 end\r\n",
            "250-0 / 250-1 / 250-2 / 250-3 / 250-4 / 250 end",
        ),
        (
            b"".join(b"250-%d\r\n" % n for n in range(50)) + b"250 end\r\n",
            "250-0 / 250-1 / 250-2 / 250-3 / 250-4 / ... 45 more lines / 250 end",
        ),
        (b"250 " + b"x" * 196 + b"\r\n", "250 " + "x" * 71 + r"\...100 octets..." + "x" * 25),
    ],
)
def test_a_reply_is_shown_as(octets: bytes, shown: str) -> None:
    assert str(read_one(octets)) == shown


def test_a_reply_that_broke_off_is_shown_as_such() -> None:
    assert str(broken_off(b"250-a\r\n250 O")) == "250-a / 250 O (truncated)"


def test_anomalies_have_names_for_reports() -> None:
    assert {anomaly.value for anomaly in Anomaly} == {anomaly.name.lower().replace("_", "-") for anomaly in Anomaly}
