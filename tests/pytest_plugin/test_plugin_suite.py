from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import plugin_project as project
import pytest

import conformance
from conformance.scenario import SuiteError, load

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]

ONE_ROW = "rfc5321/4.1.1.9/noop_gets_250[ehlo]~octets"
EXAMPLE = Path(__file__).with_name("example")


def test_the_example_of_a_project_runs_as_it_stands(pytester: pytest.Pytester, run: Run) -> None:
    shutil.copytree(EXAMPLE, pytester.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    collected = len(conformance.suite("rfc5321/4.1.1.5", "rfc5321/4.1.1.9").select(load())[0])
    result = run("-v")
    outcomes = result.parseoutcomes()
    assert sum(outcomes.values()) == collected
    assert outcomes["passed"] >= collected // 2
    assert "errors" not in outcomes
    result.stdout.fnmatch_lines(["test_conformance.py::suite::rfc5321/4.1.1.9/noop_keeps_the_sender PASSED *"])


def test_an_item_of_a_suite_can_be_repeated_by_its_node_id(pytester: pytest.Pytester, run: Run, url: str) -> None:
    pytester.makepyfile(test_mine="import conformance\n\nmine = conformance.suite('rfc5321/4.1.1.9', 'rfc3207')")
    result = run(f"--smtp-target={url}", "test_mine.py::mine::rfc5321/4.1.1.9/noop_gets_250[mail~octets]", "-v")
    result.assert_outcomes(passed=1)


def test_lf_knows_the_rows_of_a_suite(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(test_mine="import conformance\n\nmine = conformance.suite('rfc5321/4.1.1.9')")
    with project.server("0") as nobody:
        first = run(f"--smtp-target={nobody}", "-k", "line-ends").parseoutcomes()
        assert first["errors"] >= 3
        assert run(f"--smtp-target={nobody}", "--lf").parseoutcomes() == first


def test_a_selector_that_selects_nothing_is_one_line(pytester: pytest.Pytester, run: Run, url: str) -> None:
    pytester.makepyfile(test_mine="import conformance\n\nmine = conformance.suite('rfc5321/4.1.1.99')")
    result = run(f"--smtp-target={url}")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["nothing is selected by 'rfc5321/4.1.1.99'; did you mean *"])


@pytest.mark.parametrize(
    ("selector", "selected", "left_out"),
    [
        ("rfc5321", "rfc5321/4.1.1.9/noop_keeps_the_sender", "rfc4954/4/wrong"),
        ("rfc5321/4.1.1.9", "rfc5321/4.1.1.9/noop_keeps_the_sender", "rfc5321/4.1.1.4"),
        ("rfc532", None, None),
        ("rfc5321/*/noop_*", "rfc5321/4.1.1.9/noop_keeps_the_sender", "rfc5321/4.1.1.4"),
        ("rfc5321/4.1.1.9/noop-250", "rfc5321/4.1.1.9/noop_gets_250[ehlo]~octets", "rfc5321/4.1.1.9/noop_keeps"),
        (ONE_ROW, ONE_ROW, "rfc5321/4.1.1.9/noop_k"),
        ("@no-such-tag", None, None),
    ],
)
def test_selectors_match_whole_components(selector: str, selected: str | None, left_out: str | None) -> None:
    if selected is None or left_out is None:
        with pytest.raises(SuiteError, match="nothing is selected by"):
            conformance.suite(selector).select(load())
        return
    found = {scenario.id for scenario in conformance.suite(selector).select(load())[0]}
    assert selected in found
    assert not any(name.startswith(left_out) for name in found)
