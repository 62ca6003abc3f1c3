"""The oracle that counts replies to several lines, and the sections and facts that suites can name."""

from __future__ import annotations

import pytest

from conformance.client import Closed, Outcome, Silence
from conformance.scenario import Broken, Held, Unclear, replies_to_lines
from conformance.scenario._scenario import section_of
from conformance.target import Limits, Target, facts
from conformance.wire import Reply
from conformance.wire.replies import ReplyLine

SILENCE = Silence(30.0)
CLOSED = Closed()


def replies(*outcomes: int | Outcome) -> list[Outcome]:
    """A reply for each code, any other outcome as it is."""
    return [Reply((ReplyLine(b"%d text\r\n" % each),), ()) if isinstance(each, int) else each for each in outcomes]


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (replies(250, 500, 221, CLOSED), Held),
        (replies(250, 500, 250, 221, CLOSED), Broken),
        (replies(250, SILENCE, 221, CLOSED), Broken),
        (replies(250, SILENCE, SILENCE), Unclear),
        (replies(250, 500, SILENCE), Unclear),
        (replies(250, 500, 500, CLOSED), Unclear),
        (replies(), Unclear),
    ],
)
def test_each_of_two_lines_has_one_reply(outcomes: list[Outcome], expected: type) -> None:
    assert isinstance(replies_to_lines(outcomes, 2), expected)


@pytest.mark.parametrize("outcomes", [replies(250, 221, CLOSED), replies(421, CLOSED), replies(CLOSED)])
def test_a_close_before_the_last_line_is_confirmed(outcomes: list[Outcome]) -> None:
    found = replies_to_lines(outcomes, 2)
    assert isinstance(found, Held)
    assert found.confirm


@pytest.mark.parametrize(
    ("stem", "section"), [("sF_6_sending", "F.6"), ("sA_tcp", "A"), ("sFA_x", None), ("sf_x", None)]
)
def test_an_appendix_is_a_section(stem: str, section: str | None) -> None:
    assert section_of(stem) == section


def test_each_limit_is_a_fact() -> None:
    target = Target(address="smtp://127.0.0.1:25", limits=Limits(recipients=100))
    assert {"limits", "limits.recipients", "limits.errors_per_session"} <= facts()
    assert target.knows("limits.recipients")
    assert not target.knows("limits.recipients_kind")
