from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as ET

import plugin_project as project
import pytest

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]


def test_every_verdict_has_its_place_in_pytest_and_in_junit_xml(pytester: pytest.Pytester, run: Run, url: str) -> None:
    project.lay_suite(pytester.path)
    result = run("suites", f"--smtp-target={url}", "-rs", "--junitxml=out.xml")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    outcomes = {"passed": 4, "failed": 1, "deviates": 1, "noted": 1, "skipped": 2, "errors": 1}
    assert result.parseoutcomes() == outcomes
    result.stdout.fnmatch_lines(
        [
            "suites/rfc5321/s4_1_1_9_noop.py ....Fdni-E *",
            "*= smtp-conformance =*",
            "DEVIATES suites/rfc5321/s4_1_1_9_noop.py::deviates - expected 299, got 250 2.0.0 OK",
            "4 pass, 1 fail, 1 deviates, 1 noted, 1 inconclusive, 1 not-applicable, 1 error",
            "not applicable for want of: moved (1)",
            "SKIPPED [[]1[]] *s4_1_1_9_noop.py:28: inconclusive: control: expected a 5yz refusal, got 250 2.0.0 OK",
            "SKIPPED [[]1[]] suites/rfc5321/s4_1_1_9_noop.py:35: not-applicable: the target file does not say moved",
        ]
    )
    junit = pytester.path / "out.xml"
    assert project.verdicts(junit) == project.VERDICTS_IN_PYTEST
    cases = {case.attrib["name"]: case for case in ET.parse(junit).iter("testcase")}  # noqa: S314 - pytest wrote it a moment ago
    kinds = {name: {child.tag for child in case} - {"properties"} for name, case in cases.items()}
    assert {name: kind for name, kind in kinds.items() if kind} == {
        "fails": {"failure"},
        "inconclusive": {"skipped"},
        "not_applicable": {"skipped"},
        "errs": {"error"},
    }
    given = {given.attrib["name"]: given.attrib["value"] for given in cases["deviates"].iter("property")}
    assert given == {"clause": "rfc5321/4.1.1.9/noop-argument", "level": "SHOULD", "verdict": "deviates"}
    # Octet by octet with a pause between: the time is that of the exchange, not that of waiting for it.
    assert float(cases["passes[word~octets]"].attrib["time"]) > 0.04
    assert float(cases["not_applicable"].attrib["time"]) < 0.02


def test_a_failure_shows_the_clause_the_octets_and_how_to_repeat_it(
    pytester: pytest.Pytester, run: Run, url: str
) -> None:
    project.lay_suite(pytester.path)
    result = run("suites", f"--smtp-target={url}", "-k", "fails or errs")
    assert result.parseoutcomes()["deselected"] == 8
    result.stdout.fnmatch_lines(
        [
            "_* ERROR at setup of RFC 5321 §4.1.1.9 errs _*",
            "ValueError: our own mistake",
            "_* RFC 5321 §4.1.1.9 fails _*",
            "fail: expected 299, got 250 2.0.0 OK",
            "    clause  rfc5321/4.1.1.9/noop-250 (MUST)",
            "      says  NOOP is answered with 250.",
            "     where  RFC 5321 §4.1.1.9, lines 2196-2197",
            "      link  https://www.rfc-editor.org/rfc/rfc5321.html#section-4.1.1.9",
            "  expected  299",
            "      seen  250 2.0.0 OK",
            "transcript  connection 0 (client) from 127.0.0.1:* to 127.0.0.1:*",
            "*-> NOOP\\r\\n",
            "*<- 250 2.0.0 OK\\r\\n",
            f"    repeat  pytest suites/rfc5321/s4_1_1_9_noop.py::fails --smtp-target={url}",
            "FAILED suites/rfc5321/s4_1_1_9_noop.py::fails - fail: expected 299, got 250 2.0.0 OK",
        ]
    )
    result.stdout.no_fnmatch_line("*_items.py*")


def test_strict_makes_deviates_fail(pytester: pytest.Pytester, run: Run, url: str) -> None:
    project.lay_suite(pytester.path)
    result = run("suites", f"--smtp-target={url}", "-k", "deviates", "--smtp-strict")
    result.assert_outcomes(failed=1, deselected=9)
    result.stdout.fnmatch_lines(["deviates: expected 299, got 250 2.0.0 OK"])


KNOWN = """\
[[expected]]
scenario = "rfc5321/4.1.1.9/{scenario}"
verdict = "{verdict}"
seen = "{seen}"
reason = "argued elsewhere"
link = "https://bugs.example.test/1"
"""


def test_known_findings_are_xfail_and_everything_else_is_news(pytester: pytest.Pytester, run: Run, url: str) -> None:
    project.lay_suite(pytester.path)
    known = [
        KNOWN.format(scenario="fails", verdict="fail", seen="250 *"),
        KNOWN.format(scenario="deviates", verdict="deviates", seen="251 *"),
        KNOWN.format(scenario="noted", verdict="fail", seen="*"),
        KNOWN.format(scenario="inconclusive", verdict="fail", seen="*"),
    ]
    project.write(pytester.path / "known.toml", "\n".join(known))
    result = run("suites", f"--smtp-target={url}", "--smtp-expect=known.toml", "-k", "not errs", "-rfsx")
    result.assert_outcomes(passed=4, xfailed=1, failed=2, skipped=2, deselected=1)
    result.stdout.fnmatch_lines_random(
        [
            "suites/rfc5321/s4_1_1_9_noop.py ....xFFi- *",
            "XFAIL *::fails*argued elsewhere (https://bugs.example.test/1)",
            "FAILED *::deviates - seen differs: expected 251 *, got 250 2.0.0 OK",
            "FAILED *::noted - unexpected pass: expected fail, got noted",
            "SKIPPED *: inconclusive: control: expected a 5yz refusal, got 250 2.0.0 OK",
        ]
    )


def test_strict_compares_known_findings_strictly(pytester: pytest.Pytester, run: Run, url: str) -> None:
    project.lay_suite(pytester.path)
    project.write(pytester.path / "known.toml", KNOWN.format(scenario="inconclusive", verdict="fail", seen="*"))
    selected = "inconclusive or deviates or fails"
    result = run("suites", f"--smtp-target={url}", "--smtp-expect=known.toml", "--smtp-strict", "-k", selected)
    result.assert_outcomes(failed=3, deselected=7)
    result.stdout.fnmatch_lines_random(
        [
            "FAILED *::fails - unexpected finding: fail: 250 2.0.0 OK",
            "FAILED *::deviates - unexpected finding: deviates: 250 2.0.0 OK",
            "FAILED *::inconclusive - not confirmed: expected fail, got inconclusive: *",
        ]
    )


def test_a_known_finding_that_no_scenario_has_is_a_usage_error(pytester: pytest.Pytester, run: Run, url: str) -> None:
    project.lay_suite(pytester.path)
    project.write(pytester.path / "known.toml", KNOWN.format(scenario="no_such", verdict="fail", seen="*"))
    result = run("suites", f"--smtp-target={url}", "--smtp-expect=known.toml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *known.toml: no scenario 'rfc5321/4.1.1.9/no_such'; did you mean *"])


def test_watches_come_last_and_tell_the_first_evidence(pytester: pytest.Pytester, run: Run, url: str) -> None:
    project.lay_suite(pytester.path, watches=True, s5_noop=project.NOOP)
    result = run("suites", f"--smtp-target={url}", "-k", "passes or watch", "-v")
    result.assert_outcomes(passed=9, failed=1, deselected=12)
    assert [line.split("::")[1].split()[0] for line in result.outlines if line.startswith("suites/")][-2:] == [
        "watch_digits",
        "watch_noop",
    ]
    result.stdout.fnmatch_lines(
        [
            "fail: expected nothing, got 250 2.0.0 OK",
            "    clause  rfc5321/4.2/three-digits (MUST)",
            "*-> NOOP*",
            "    repeat  pytest 'suites/rfc5321/s*.py::passes[[]*[]]' *",
        ]
    )


def test_a_watch_alone_looks_at_the_whole_suite(pytester: pytest.Pytester, run: Run, url: str) -> None:
    project.lay_suite(pytester.path, watches=True)
    result = run("suites", f"--smtp-target={url}", "-k", "watch_noop")
    result.assert_outcomes(failed=1, deselected=11)


def test_slow_scenarios_are_asked_for(pytester: pytest.Pytester, run: Run, url: str) -> None:
    slow = project.NOOP.replace("start=At.EHLO)\nasync def noted", "start=At.EHLO, slow=True)\nasync def noted")
    project.lay_suite(pytester.path, s4_1_1_9_noop=slow)
    result = run("suites", f"--smtp-target={url}", "-k", "noted or inconclusive", "-rs")
    result.assert_outcomes(skipped=2, deselected=8)
    result.stdout.fnmatch_lines(["SKIPPED *: not-applicable: waits for minutes: run it with --slow"])
    result = run("suites", f"--smtp-target={url}", "-k", "noted or inconclusive", "--smtp-slow")
    result.stdout.fnmatch_lines(["suites/rfc5321/s4_1_1_9_noop.py in *"])
