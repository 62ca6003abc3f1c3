from __future__ import annotations

import pytest

from conformance.scenario import (
    FINDINGS,
    BadScenarioError,
    Broken,
    Held,
    Level,
    Observation,
    Took,
    Unclear,
    Verdict,
    verdict,
)

HELD, CONFIRM = Held("250 OK"), Held("nothing came", confirm=True)
BROKEN, TOOK, UNCLEAR = Broken("501", "250 OK"), Took("lists HELP", "214 Help"), Unclear("a 421 proves nothing")

GRADED = {
    Level.MUST: {HELD: "pass", CONFIRM: "pass", BROKEN: "fail", TOOK: None, UNCLEAR: "inconclusive"},
    Level.MUST_NOT: {HELD: "pass", CONFIRM: "pass", BROKEN: "fail", TOOK: None, UNCLEAR: "inconclusive"},
    Level.SHOULD: {HELD: "pass", CONFIRM: "pass", BROKEN: "deviates", TOOK: None, UNCLEAR: "inconclusive"},
    Level.SHOULD_NOT: {HELD: "pass", CONFIRM: "pass", BROKEN: "deviates", TOOK: None, UNCLEAR: "inconclusive"},
    Level.MAY: {HELD: "pass", CONFIRM: "pass", BROKEN: None, TOOK: "noted", UNCLEAR: "inconclusive"},
}
"""The whole table; ``None`` is a mistake of the scenario."""

CELLS = [(level, seen, word) for level, row in GRADED.items() for seen, word in row.items()]


def test_the_table_has_every_level() -> None:
    assert set(GRADED) == set(Level)


@pytest.mark.parametrize(("level", "seen", "word"), CELLS, ids=lambda value: str(value)[:24])
def test_an_observation_is_graded_by_the_level_of_its_clause(level: Level, seen: Observation, word: str | None) -> None:
    if word is None:
        with pytest.raises(BadScenarioError):
            verdict(seen, level)
    else:
        assert verdict(seen, level) is Verdict(word)


@pytest.mark.parametrize("level", [level for level in Level if level is not Level.MAY])
def test_a_branch_is_told_to_need_a_may_and_the_level_is_named(level: Level) -> None:
    with pytest.raises(BadScenarioError, match=rf"only a MAY has branches, and this clause is a {level.value}$"):
        verdict(TOOK, level)


def test_a_may_is_told_not_to_be_broken() -> None:
    with pytest.raises(BadScenarioError, match="a MAY can't be broken"):
        verdict(BROKEN, Level.MAY)


def test_findings_are_what_a_server_did_wrong() -> None:
    assert {word for _, seen, found in CELLS if seen is BROKEN and found for word in [Verdict(found)]} == FINDINGS


def test_there_are_seven_verdicts() -> None:
    assert {word.value for word in Verdict} == {
        "pass",
        "fail",
        "deviates",
        "noted",
        "inconclusive",
        "not-applicable",
        "error",
    }
