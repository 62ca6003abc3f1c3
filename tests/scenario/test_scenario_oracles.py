"""Oracles about the form of a path and about the code of a refusal."""

from __future__ import annotations

import pytest

from conformance.client import Closed, Outcome, Silence
from conformance.scenario import Broken, Held, Unclear, arrived, read_as_valid, refused_with
from conformance.wire import Anomaly, Reply
from conformance.wire.replies import ReplyLine


def reply(code: int, *anomalies: Anomaly) -> Reply:
    return Reply((ReplyLine(b"%d text\r\n" % code),), anomalies)


@pytest.mark.parametrize("code", [500, 501, 553])
def test_a_form_is_refused_with_three_codes(code: int) -> None:
    assert isinstance(read_as_valid(reply(code)), Broken)


@pytest.mark.parametrize("code", [250, 251, 502, 503, 550, 551, 552, 554, 555])
def test_another_answer_has_read_the_form(code: int) -> None:
    assert isinstance(read_as_valid(reply(code)), Held)


@pytest.mark.parametrize("outcome", [reply(421), reply(450), reply(501, Anomaly.TRUNCATED), Closed(), Silence(30.0)])
def test_what_says_nothing_of_the_form_is_unclear(outcome: Outcome) -> None:
    assert isinstance(read_as_valid(outcome), Unclear)


@pytest.mark.parametrize(("code", "seen"), [(550, Held), (553, Held), (554, Broken), (501, Broken)])
def test_a_refusal_has_one_of_the_codes(code: int, seen: type) -> None:
    assert isinstance(refused_with(reply(code), {550, 553}), seen)


@pytest.mark.parametrize(
    "outcome", [reply(250), reply(354), reply(421), reply(450), reply(550, Anomaly.TRUNCATED), Closed(), Silence(30.0)]
)
def test_where_nothing_is_refused_for_good_the_code_is_unclear(outcome: Outcome) -> None:
    assert isinstance(refused_with(outcome, {550}), Unclear)


def test_a_message_that_arrived_is_said_to_have_come() -> None:
    assert arrived(b"", expected="a message") == Held("it came")
    assert arrived(None, expected="a message") == Broken("a message", "nothing came")
    assert arrived(None, expected="a message", seen="none in a day") == Broken("a message", "none in a day")
