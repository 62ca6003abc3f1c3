"""The kill matrix as a file: all of it, or the part that is new or has changed."""

from __future__ import annotations

import sys
import tomllib

import pytest

from conformance.reference import kills
from conformance.reference.defects import load_defects
from conformance.scenario import SuiteError

REFUSES = "noop-with-an-argument-is-refused"


def knows(monkeypatch: pytest.MonkeyPatch, known: dict[str, set[str]]) -> None:
    monkeypatch.setattr(kills, "known_kills", lambda: known)


def test_what_is_written_can_be_read_and_is_in_order() -> None:
    defects = load_defects()
    first, second = sorted(defects)[:2]
    written = kills.render(defects, {second: ["b", "a"], first: []})
    assert list(tomllib.loads(written)) == [first, second]
    assert tomllib.loads(written)[second] == {"does": defects[second].does, "found_by": ["a", "b"]}


def test_names_mean_defects_or_scenarios() -> None:
    known = load_defects().keys()
    defects, scenarios = kills.chosen(["noop-*", "rfc5321/4.1.1.9/noop_gets_250*"], known)
    assert defects == {name for name in known if name.startswith("noop-")}
    assert "rfc5321/4.1.1.9/noop_gets_250[mail]" in scenarios
    assert all(scenario.startswith("rfc5321/4.1.1.9/noop_gets_250") for scenario in scenarios)


def test_a_defect_that_the_file_does_not_know_is_always_tried() -> None:
    known = load_defects().keys() - {REFUSES}
    assert kills.chosen(["rfc5321/4.1.1.9"], known)[0] == {REFUSES}


def test_a_name_that_means_nothing_is_told() -> None:
    with pytest.raises(SuiteError, match="no-such-thing"):
        kills.chosen(["no-such-thing"], load_defects())


def test_a_name_that_means_nothing_ends_with_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kills", "no-such-thing"])
    with pytest.raises(SystemExit) as ended:
        kills.main()
    assert ended.value.code == 2
    assert "no-such-thing" in capsys.readouterr().err


def test_scenarios_are_tried_with_all_defects_and_the_rest_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere, gone, found = (
        f"rfc5321/4.1.1.{each}" for each in ("5/rset_gets_250[ehlo]", "9/gone", "9/noop_gets_250[mail]")
    )
    knows(monkeypatch, {name: {elsewhere, gone, found} for name in load_defects()})
    accusers = kills.matrix(["rfc5321/4.1.1.9"])
    assert accusers.keys() == load_defects().keys()
    assert accusers["noop-is-unknown"] >= {elsewhere, found}
    assert gone not in accusers["noop-is-unknown"]
    assert elsewhere in accusers["greeting-has-no-name"]
    assert found not in accusers["greeting-has-no-name"]
