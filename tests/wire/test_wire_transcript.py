from __future__ import annotations

import base64
import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire import Entry, Transcript
from conformance.wire.transcript import ENTRY_LIMIT, SECRET, TRANSCRIPT_LIMIT

PASSWORD = b"correct-Horse7"
PLAIN = b"\0alice\0" + PASSWORD


def transcript(*secrets: bytes) -> Transcript:
    """A transcript whose clock stands still."""
    made = Transcript(lambda: 5.0)
    for secret in secrets:
        made.secret(secret)
    return made


def shown(made: Transcript) -> bytes:
    return b"".join(entry.octets for entry in made.entries)


def one(made: Transcript) -> Entry:
    (entry,) = made.entries
    return entry


# What is recorded.


def test_entries_stand_in_order_with_sender_and_time() -> None:
    now = iter([10.0, 10.5, 11.0, 12.25])
    made = Transcript(lambda: next(now), role="second", number=3)
    made.received(b"220 mail.example.test\r\n")
    made.sent(b"QUIT\r\n")
    made.note("silence for 5.0 s")
    assert [(entry.t, entry.sender, entry.octets) for entry in made.entries] == [
        (0.5, "them", b"220 mail.example.test\r\n"),
        (1.0, "us", b"QUIT\r\n"),
        (2.25, "note", b"silence for 5.0 s"),
    ]
    assert (made.role, made.number) == ("second", 3)


def test_tls_is_marked_from_where_it_begins() -> None:
    made = transcript()
    made.sent(b"STARTTLS\r\n")
    made.received(b"220 go\r\n")
    made.tls = True
    made.sent(b"EHLO [127.0.0.1]\r\n")
    assert [entry.tls for entry in made.entries] == [False, False, True]


def test_nothing_is_no_entry() -> None:
    made = transcript()
    made.sent(b"")
    made.received(b"")
    made.secret(b"")
    assert made.entries == []
    assert made.render() == ""


def test_a_note_is_ascii() -> None:
    made = transcript()
    made.note("caf\u00e9")
    assert one(made).octets == rb"caf\xe9"


# Bounds.


@pytest.mark.parametrize("sender", ["us", "them"])
@pytest.mark.parametrize("length", [1, ENTRY_LIMIT - 1, ENTRY_LIMIT])
def test_an_entry_up_to_the_limit_is_whole(sender: str, length: int) -> None:
    made = transcript()
    octets = bytes(at % 251 for at in range(length))
    (made.sent if sender == "us" else made.received)(octets)
    entry = one(made)
    assert (entry.octets, entry.full_length, entry.sha256) == (octets, None, None)
    assert entry.halves() == [octets]


@pytest.mark.parametrize("sender", ["us", "them"])
@pytest.mark.parametrize("length", [ENTRY_LIMIT + 1, ENTRY_LIMIT + 2, 5 * ENTRY_LIMIT])
def test_an_entry_beyond_the_limit_keeps_head_tail_length_and_hash(sender: str, length: int) -> None:
    made = transcript()
    octets = bytes(at % 251 for at in range(length))
    (made.sent if sender == "us" else made.received)(octets)
    entry = one(made)
    half = ENTRY_LIMIT // 2
    assert entry.octets == octets[:half] + octets[-half:]
    assert entry.halves() == [octets[:half], octets[-half:]]
    assert entry.full_length == length
    assert entry.sha256 == hashlib.sha256(octets).hexdigest()


@given(st.lists(st.integers(1, 3 * ENTRY_LIMIT), max_size=60))
def test_a_transcript_keeps_its_beginning_up_to_the_limit_and_says_that_the_rest_is_left_out(
    lengths: list[int],
) -> None:
    made = transcript()
    for number, length in enumerate(lengths):
        made.sent(bytes([number]) * length)
    kept = [entry for entry in made.entries if entry.sender == "us"]
    assert [entry.octets for entry in kept] == [
        bytes([number]) * min(length, ENTRY_LIMIT) for number, length in enumerate(lengths[: len(kept)])
    ]
    size = sum(len(entry.octets) for entry in kept)
    assert size <= TRANSCRIPT_LIMIT
    if len(kept) < len(lengths):
        assert size + min(lengths[len(kept)], ENTRY_LIMIT) > TRANSCRIPT_LIMIT
        assert [entry.octets for entry in made.entries if entry.sender == "note"] == [b"the rest is left out"]
        assert made.entries[-1].sender == "note"
    else:
        assert len(made.entries) == len(kept)


def test_a_full_transcript_takes_no_more_however_small() -> None:
    made = transcript()
    for _ in range(17):
        made.received(b"x" * ENTRY_LIMIT)
    before = made.entries
    made.received(b"y")
    made.note("silence")
    assert made.entries == before
    assert len(before) == 17


# Secrets.


@pytest.mark.parametrize(
    "said",
    [
        PASSWORD,
        PASSWORD.upper(),
        PASSWORD.lower(),
        base64.b64encode(PASSWORD),
        base64.b64encode(PLAIN),
        base64.b64encode(PLAIN).lower(),
        base64.b64encode(PLAIN).rstrip(b"="),
        base64.b64encode(b"x" + PASSWORD),
        base64.b64encode(b"xy" + PASSWORD),
        base64.b64encode(b"xyz" + PASSWORD + b"behind"),
    ],
)
@pytest.mark.parametrize("sender", ["us", "them"])
def test_a_secret_is_masked_in_clear_and_in_base64(sender: str, said: bytes) -> None:
    made = transcript(PASSWORD, PLAIN)
    (made.sent if sender == "us" else made.received)(b"before " + said + b" behind\r\n")
    octets = one(made).octets
    assert octets.startswith(b"before ")
    assert octets.endswith(b" behind\r\n")
    assert SECRET in octets
    assert said not in octets
    assert_hidden(octets)


def assert_hidden(octets: bytes) -> None:
    """No stretch of six characters of the secret, in clear or in any base64, is there to be read."""
    lower = octets.lower()
    forms = [PASSWORD, base64.b64encode(PLAIN)]
    # The first and the last characters of the inner forms also carry bits of what stands around the secret.
    forms += [base64.b64encode(bytes(before) + PASSWORD)[(8 * before + 5) // 6 : -4] for before in range(3)]
    for form in forms:
        for at in range(len(form) - 5):
            assert form[at : at + 6].lower() not in lower


def test_the_rest_of_the_line_stays() -> None:
    made = transcript(PASSWORD, PLAIN)
    made.sent(b"AUTH PLAIN " + base64.b64encode(PLAIN) + b"\r\n")
    assert one(made).octets == b"AUTH PLAIN " + SECRET + b"\r\n"


def test_a_secret_named_later_is_hidden_in_what_was_recorded_before() -> None:
    made = transcript()
    made.sent(b"PASS " + PASSWORD + b"\r\n")
    made.secret(PASSWORD)
    assert one(made).octets == b"PASS " + SECRET + b"\r\n"


def test_a_secret_with_control_octets_is_hidden_in_notes_as_they_show_it() -> None:
    made = transcript(b"pass\r\\word")
    made.note(r"TLS handshake failed, got 535 pass\r\\word is wrong")
    assert one(made).octets == b"TLS handshake failed, got 535 " + SECRET + b" is wrong"


@pytest.mark.parametrize("said", [PASSWORD, base64.b64encode(PASSWORD), base64.b64encode(PLAIN)])
@pytest.mark.parametrize("sender", ["us", "them"])
def test_a_secret_cut_anywhere_into_two_entries_is_hidden(sender: str, said: bytes) -> None:
    for cut in range(1, len(said)):
        made = transcript(PASSWORD, PLAIN)
        record = made.sent if sender == "us" else made.received
        record(b"AUTH " + said[:cut])
        made.note("a segment of its own")
        record(said[cut:] + b"\r\n")
        mine = [entry.octets for entry in made.entries if entry.sender == sender]
        assert b"".join(mine) == b"AUTH " + SECRET + b"\r\n"


@pytest.mark.parametrize("said", [PASSWORD, base64.b64encode(PLAIN)])
def test_a_secret_sent_octet_by_octet_is_hidden_while_the_other_side_talks(said: bytes) -> None:
    made = transcript(PASSWORD, PLAIN)
    for octet in said:
        made.sent(bytes([octet]))
        made.received(b".")
    sent = b"".join(entry.octets for entry in made.entries if entry.sender == "us")
    received = b"".join(entry.octets for entry in made.entries if entry.sender == "them")
    assert sent == SECRET
    assert received == b"." * len(said)


@pytest.mark.parametrize("length", range(2, len(PASSWORD)))
def test_a_secret_that_the_end_cuts_short_is_hidden(length: int) -> None:
    made = transcript(PASSWORD)
    made.received(b"535 no such password: " + PASSWORD[:length])
    assert one(made).octets == b"535 no such password: " + SECRET


@pytest.mark.parametrize("place", [0, ENTRY_LIMIT // 2 - 5, ENTRY_LIMIT // 2, ENTRY_LIMIT + 7, 2 * ENTRY_LIMIT])
def test_a_secret_is_hidden_in_an_entry_that_is_cut_and_in_its_hash(place: int) -> None:
    made = transcript(PASSWORD)
    filling = bytes(ord("0") + at % 10 for at in range(2 * ENTRY_LIMIT))
    made.received(filling[:place] + PASSWORD + filling[place:])
    entry = one(made)
    hidden = filling[:place] + SECRET + filling[place:]
    assert entry.full_length == len(hidden)
    assert entry.sha256 == hashlib.sha256(hidden).hexdigest()
    assert_hidden(entry.octets)
    assert len(entry.halves()[0]) == len(entry.halves()[1])


def test_a_secret_across_a_cut_entry_and_the_next_is_hidden() -> None:
    made = transcript(PASSWORD)
    made.received(b"x" * 5000 + PASSWORD[:6])
    made.received(PASSWORD[6:] + b"\r\n")
    assert_hidden(shown(made))
    assert shown(made).endswith(SECRET + b"\r\n")


def test_a_secret_that_is_part_of_the_marker_does_not_spoil_it() -> None:
    made = transcript(b"secret", PASSWORD)
    made.sent(b"the secret is " + PASSWORD + b"\r\n")
    assert one(made).octets == b"the " + SECRET + b" is " + SECRET + b"\r\n"


def test_one_secret_inside_another_is_hidden_with_it() -> None:
    made = transcript(b"long-passphrase", b"phrase")
    made.sent(b"long-passphrase and phrase\r\n")
    assert one(made).octets == SECRET + b" and " + SECRET + b"\r\n"


SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=24).map(str.encode)


def encoded(before: bytes, secret: bytes, behind: bytes) -> tuple[bytes, bytes]:
    """Base64 of the three, and the characters of it that belong to the secret alone."""
    whole = base64.b64encode(before + secret + behind)
    return whole, whole[(8 * len(before) + 5) // 6 : 8 * (len(before) + len(secret)) // 6]


@given(SECRETS, st.binary(max_size=8), st.binary(max_size=8), st.lists(st.integers(1, 80), max_size=6), st.booleans())
def test_no_secret_is_shown_however_it_is_encoded_and_cut(
    secret: bytes, before: bytes, behind: bytes, cuts: list[int], in_base64: bool
) -> None:
    said, telling = encoded(before, secret, behind) if in_base64 else (before + secret + behind, secret)
    made = transcript(secret)
    for first, last in pairwise([0, *sorted(cut for cut in cuts if cut < len(said)), len(said)]):
        made.received(said[first:last])
    assert SECRET in shown(made)
    assert telling.lower() not in shown(made).replace(SECRET, b" ").lower()


NO_LETTERS = st.text("0123456789 .-\r\n", min_size=1, max_size=60).map(str.encode)


@given(st.lists(st.tuples(st.sampled_from(["us", "them"]), NO_LETTERS), max_size=20))
def test_what_is_no_secret_is_shown_as_it_was(pieces: list[tuple[str, bytes]]) -> None:
    made = transcript(PASSWORD)
    for sender, octets in pieces:
        (made.sent if sender == "us" else made.received)(octets)
    assert [(entry.sender, entry.octets) for entry in made.entries] == pieces


# As text.


def test_a_transcript_is_rendered_a_line_a_wire_line() -> None:
    made = transcript()
    made.received(b"250-mail.example.test\r\n250 SIZE\r\n")
    made.sent(b"DATA\nQUIT\r\n")
    made.tls = True
    made.received(b"354 \x1b[31mgo")
    made.note("connection closed")
    assert made.render().split("\n") == [
        r"  0.000 them < 250-mail.example.test\r\n",
        r"  0.000 them < 250 SIZE\r\n",
        r"  0.000 us   > DATA\n",
        r"  0.000 us   > QUIT\r\n",
        r"  0.000 them < [TLS] 354 \x1b[31mgo",
        r"  0.000 note # [TLS] connection closed",
    ]


def test_a_cut_entry_is_rendered_with_what_is_missing_between_its_halves() -> None:
    made = transcript()
    octets = b"a" * ENTRY_LIMIT + b"z" * ENTRY_LIMIT
    made.sent(octets)
    head, between, tail = made.render().split("\n")
    assert head == "  0.000 us   > " + "a" * (ENTRY_LIMIT // 2)
    assert tail == "  0.000 us   > " + "z" * (ENTRY_LIMIT // 2)
    assert f"{ENTRY_LIMIT} octets left out here" in between
    assert hashlib.sha256(octets).hexdigest() in between


@given(st.lists(st.tuples(st.sampled_from(["us", "them", "note"]), st.binary(max_size=300)), max_size=20))
def test_a_rendered_transcript_is_safe_to_print(pieces: list[tuple[str, bytes]]) -> None:
    made = transcript(PASSWORD)
    for sender, octets in pieces:
        if sender == "note":
            made.note(octets.decode("latin-1"))
        else:
            (made.sent if sender == "us" else made.received)(octets)
    rendered = made.render()
    assert rendered.isascii()
    assert all(line.isprintable() for line in rendered.split("\n"))
