"""What LIMITS of a next hop says, and how it divides recipients (RFC 9422)."""

from __future__ import annotations

import pytest

from conformance.reference._limits import Limits, divided, has_form, is_number, pairs

ONE, TWO, THREE, OTHER = b"a@one.test", b"b@one.test", b"c@one.test", b"d@two.test"


@pytest.mark.parametrize("words", [b"RCPTMAX=20", b"RCPTMAX=20 MAILMAX=5", b"odd-name_1", b"A=b=c", b"A=1 b"])
def test_this_is_the_form_of_limits(words: bytes) -> None:
    assert has_form(words)


@pytest.mark.parametrize("words", [b"", b" A=1", b"A=1  B=2", b"A=1;2", b"A=", b"=1", b"A$=1", b"A=\xe9"])
def test_this_is_not(words: bytes) -> None:
    assert not has_form(words)


@pytest.mark.parametrize(
    ("value", "good"), [(b"1", True), (b"999999", True), (b"0", False), (b"01", False), (b"1000000", False)]
)
def test_a_limit_has_one_to_six_digits(value: bytes, good: bool) -> None:
    assert is_number(value) is good


def test_names_have_no_case() -> None:
    assert pairs(b"rcptmax=1 Odd") == ((b"RCPTMAX", b"1"), (b"ODD", b""))


@pytest.mark.parametrize(
    ("limits", "together", "left"),
    [
        ({}, [(ONE, TWO, OTHER, THREE)], ()),
        ({b"RCPTMAX": 3}, [(ONE, TWO, OTHER), (THREE,)], ()),
        ({b"RCPTMAX": 1, b"MAILMAX": 2}, [(ONE,), (TWO,)], (OTHER, THREE)),
        ({b"RCPTDOMAINMAX": 1}, [(ONE, TWO, THREE)], (OTHER,)),
        ({b"RCPTDOMAINMAX": 1, b"RCPTMAX": 2, b"MAILMAX": 1}, [(ONE, TWO)], (OTHER, THREE)),
        ({b"ODD": 1}, [(ONE, TWO, OTHER, THREE)], ()),
    ],
)
def test_recipients_are_divided_as_limits_say(
    limits: Limits, together: list[tuple[bytes, ...]], left: tuple[bytes, ...]
) -> None:
    assert divided((ONE, TWO, OTHER, THREE), limits) == (together, left)
