"""The kill matrix: the clean server is accused of nothing, each defect is caught by its scenarios and no other."""

from __future__ import annotations

import pytest

from conformance.reference import kill
from conformance.reference.defects import load_defects
from conformance.reference.kills import clean_run
from conformance.scenario import Broken, Suites, Verdict, load

DEFECTS = load_defects()


def suites() -> Suites:
    return load()


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


@pytest.mark.parametrize("name", DEFECTS)
def test_defect_is_caught_by_its_scenarios_and_accuses_no_other_clause(name: str) -> None:
    defect = DEFECTS[name]
    watches = suites().watches
    found = kill(defect, clean_run(), tuple(watches.values()))
    assert not found.errors
    assert not found.missed(), f"not caught: {defect.does}"
    proven = [
        suites().scenarios[proof].clause if proof in suites().scenarios else watches[proof].clause
        for proof in defect.proves
    ]
    assert not found.wrongly_accused(proven)
    clean = {trial.scenario.id: trial.attempted.observation for trial in clean_run()}
    for varied in defect.varies:
        assert found.observations[varied] != clean[varied], f"{varied} does not see {name}"
        assert not isinstance(found.observations[varied], Broken)


def test_every_scenario_and_watch_is_proven_by_a_defect() -> None:
    proven = {proof for defect in DEFECTS.values() for proof in defect.proves | defect.varies}
    known = {*suites().scenarios, *suites().watches}
    assert not known - proven, "no planted defect makes these fail"
    assert not proven - known, "defects prove scenarios that do not exist"
