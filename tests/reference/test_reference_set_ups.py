"""Servers that want TLS or authentication first: what is right there is held against nobody, and faults show there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from conformance.reference import Defect, Trial, matches, try_scenarios
from conformance.reference.defects import load_defects
from conformance.scenario import Verdict, load


def met_by(fact: str, pattern: str, defects: Sequence[Defect] = ()) -> list[Trial]:
    """The scenarios of this pattern against a server of which this fact is true besides."""
    scenarios = [
        replace(scenario, facts=(*scenario.facts, fact))
        for scenario in load()
        if matches(pattern, scenario.id) and f"not {fact}" not in scenario.facts
    ]
    assert scenarios
    return try_scenarios(scenarios, defects=defects)


@pytest.mark.parametrize("fact", ["starttls_required", "auth_required", "implicit_tls"])
@pytest.mark.parametrize(
    "pattern",
    [
        "rfc3207/2/*",
        "rfc4954/7/*",
        "rfc5321/4.1.1.1/*_listed*",
    ],
)
def test_what_is_right_there_is_held_against_nobody(fact: str, pattern: str) -> None:
    assert not {trial.scenario.id: trial.attempted.observation for trial in met_by(fact, pattern) if trial.broken}


def test_who_authenticated_is_no_stranger() -> None:
    (stranger,) = (scenario for scenario in load() if scenario.id.endswith("/stranger_gets_no_high_priority"))
    assert "not auth_required" in stranger.facts


@pytest.mark.parametrize("fact", ["starttls_required", "auth_required"])
def test_starttls_is_tried_where_sessions_begin_with_it(fact: str) -> None:
    injected = "rfc3207/4.2/injected_command_is_never_acted_on*"
    assert {trial.attempted.verdict for trial in met_by(fact, injected)} == {Verdict.PASS}
    defect = next(
        each
        for each in load_defects().values()
        if each.proven(["rfc3207/4.2/injected_command_is_never_acted_on[noop]"])
    )
    assert any(trial.broken for trial in met_by(fact, injected, [defect]))
