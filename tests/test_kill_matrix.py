"""The kill matrix: the clean server is accused of nothing, each defect is caught by its scenarios and no other."""

from __future__ import annotations

from functools import cache

import pytest

from conformance.reference import Defect, concerned, kill_all, matches
from conformance.reference.defects import load_defects
from conformance.reference.kills import clean_run, is_drawn, known_kills
from conformance.scenario import Broken, Clause, Observation, Scenario, Suites, Took, Verdict, load

DEFECTS = load_defects()
MANY, SHARE = 40, 32
"""A defect that concerns more scenarios than ``MANY`` is tried on one in ``SHARE`` of those that need not see it."""

STALE = "run `make matrix` and commit suites/kills.toml"


def suites() -> Suites:
    return load()


@cache
def committed() -> dict[str, set[str]]:
    return known_kills()


def test_a_clean_server_is_accused_of_nothing() -> None:
    accused = {
        accuser: (trial.scenario.id, trial.attempted.observation)
        for trial in clean_run()
        for accuser in trial.accused()
    }
    assert not accused


def test_a_clean_server_leaves_nothing_open_that_it_could_answer() -> None:
    unanswered = {
        trial.scenario.id: trial.attempted.why
        for trial in clean_run()
        if trial.attempted.verdict in {Verdict.INCONCLUSIVE, Verdict.ERROR}
    }
    assert not unanswered


def known() -> dict[str, Clause]:
    """The clause of each scenario and watch."""
    everything = [*suites(), *suites().watches.values()]
    return {each.id: each.clause for each in everything}


def found_by(name: str) -> set[str]:
    return committed().get(name, set())


def some_of(scenarios: list[Scenario], defect: Defect) -> list[Scenario]:
    """Of many scenarios those that are to see the defect, and a share of the others; `make matrix` tries all.

    Each defect has a share of its own, so that every scenario meets some of the defects that are none of its business.
    """
    names = [scenario.id for scenario in scenarios]
    to_see_it = defect.proven(names) | defect.varied(names) | found_by(defect.name)
    return [each for each in scenarios if each.id in to_see_it or is_drawn(defect.name, each, SHARE)]


@pytest.mark.parametrize("name", DEFECTS)
def test_defect_is_caught_by_its_scenarios_and_accuses_no_other_clause(name: str) -> None:
    defect = DEFECTS[name]
    watches = suites().watches
    whole = concerned(defect, clean_run())
    scenarios = whole if len(whole) <= MANY else some_of(whole, defect)
    found = kill_all(defect, scenarios, tuple(watches.values()))
    if found.missed(known()) and scenarios is not whole:  # a watch may see it in few replies
        scenarios = whole
        found = kill_all(defect, whole, tuple(watches.values()))
    assert not found.errors
    assert not found.missed(known()), f"not caught: {defect.does}"
    assert not found.wrongly_accused(known())
    may_be_unseen = set() if scenarios is whole else set(watches)
    assert found_by(name) - may_be_unseen <= set(found.accusers) <= found_by(name), STALE
    clean = {trial.scenario.id: trial.attempted.observation for trial in clean_run()}
    for varied in defect.varied(known()):  # what a server may do is seen, and not held against it
        assert way_taken(found.observations[varied]) != way_taken(clean[varied]), f"{varied} does not see {name}"
        assert not isinstance(found.observations[varied], Broken)


def way_taken(observation: Observation | None) -> tuple[type, str]:
    """What was seen, less the words in which it is told: those hold tokens and dates and always differ."""
    return type(observation), observation.branch if isinstance(observation, Took) else ""


def test_every_scenario_and_watch_is_proven_by_a_defect() -> None:
    proven = {proof for defect in DEFECTS.values() for proof in defect.proven(known()) | defect.varied(known())}
    assert not set(known()) - proven, "no planted defect makes these fail"


def test_every_pattern_of_a_defect_means_a_scenario() -> None:
    patterns = {pattern for defect in DEFECTS.values() for pattern in defect.proves | defect.varies}
    assert not {pattern for pattern in patterns if not any(matches(pattern, name) for name in known())}


def test_the_committed_matrix_knows_every_defect() -> None:
    assert set(committed()) == set(DEFECTS), STALE
