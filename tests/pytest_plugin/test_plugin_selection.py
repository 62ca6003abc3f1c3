from __future__ import annotations

from collections.abc import Callable

import plugin_project as project
import pytest

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]
FILE = "suites/rfc5321/s4_1_1_9_noop.py"


@pytest.mark.parametrize(
    ("expression", "selected"),
    [("passes and word", 2), ("octets", 2), ("4.1.1.9 and not must", 2), ("rfc5321 and may", 1)],
)
def test_k_selects_by_name_section_and_level(
    pytester: pytest.Pytester, run: Run, expression: str, selected: int
) -> None:
    project.lay_suite(pytester.path)
    result = run("suites", "--collect-only", "-q", "-k", expression)
    result.stdout.fnmatch_lines([f"{selected}/10 tests collected ({10 - selected} deselected) *"])


def test_collect_only_needs_no_target_and_m_knows_our_items(pytester: pytest.Pytester, run: Run) -> None:
    project.lay_suite(pytester.path)
    pytester.makepyfile(test_other="def test_other(): pass")
    result = run("--collect-only", "-q", "--strict-markers", "-m", "smtp_clause", "suites", "test_other.py")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines([f"{FILE}::passes[[]none~octets[]]", "10/11 tests collected (1 deselected) *"])


def test_node_ids_select_one_row_in_a_file_that_is_named(pytester: pytest.Pytester, run: Run, url: str) -> None:
    # A file that is named on the command line is a test module to pytest whatever its name; also with python_files.
    project.lay_suite(pytester.path)
    pytester.makeini("[pytest]\npython_files = *.py")
    result = run(f"{FILE}::passes[word~octets]", f"--smtp-target={url}", "--import-mode=importlib", "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"{FILE}::passes[[]word~octets[]] PASSED *"])


def test_lf_and_ff_know_rows(pytester: pytest.Pytester, run: Run, url: str) -> None:
    rows = project.NOOP.replace("{250})\n\n\n", "{299 if argument else 250})\n\n\n", 1)
    project.lay_suite(pytester.path, s4_1_1_9_noop=rows)
    selected = ("suites", f"--smtp-target={url}", "-k", "passes or noted", "-v")
    run(*selected).assert_outcomes(passed=2, failed=2, deselected=5)
    again = run(*selected, "--lf")
    again.assert_outcomes(failed=2)
    again.stdout.fnmatch_lines(["run-last-failure: rerun previous 2 failures", f"{FILE}::passes[[]word[]] FAILED *"])
    first = run(*selected, "--ff")
    first.assert_outcomes(passed=2, failed=2, deselected=5)
    first.stdout.fnmatch_lines(
        [
            f"{FILE}::passes[[]word[]] FAILED *",
            f"{FILE}::passes[[]word~octets[]] FAILED *",
            f"{FILE}::passes[[]none[]] PASSED *",
        ]
    )


def test_lf_remembers_errors(pytester: pytest.Pytester, run: Run, url: str) -> None:
    project.lay_suite(pytester.path)
    run("suites", f"--smtp-target={url}")
    again = run("suites", f"--smtp-target={url}", "--lf")
    again.assert_outcomes(failed=1, errors=1)


def test_x_reports_the_first_failure_and_stops(pytester: pytest.Pytester, run: Run, url: str) -> None:
    project.lay_suite(pytester.path)
    result = run("suites", f"--smtp-target={url}", "-x", "-k", "not errs")
    result.assert_outcomes(passed=4, failed=1, deselected=1)
    result.stdout.fnmatch_lines(["*stopping after 1 failures*"])


def test_x_does_not_wait_for_what_pytest_would_not_report(pytester: pytest.Pytester, run: Run) -> None:
    # The first item is silent for a minute; the second fails at once.
    silence = """\
    import trio
    from conformance import At, Broken, Client, Held, Observation, scenario


    @scenario("rfc5321/4.1.1.9/noop-250", start=At.EHLO, alone=True)
    async def waits(smtp: Client) -> Observation:
        \"\"\"Waits.\"\"\"
        await trio.sleep(60)
        return Held()


    @scenario("rfc5321/4.1.1.9/noop-250", start=At.EHLO, alone=True)
    async def waits_too(smtp: Client) -> Observation:
        \"\"\"Waits.\"\"\"
        await trio.sleep(60)
        return Held()
    """
    fails = """\
    from conformance import At, Broken, Client, Observation, scenario


    @scenario("rfc5321/4.1.1.9/noop-250", start=At.EHLO)
    async def errs(smtp: Client) -> Observation:
        \"\"\"Is our own mistake.\"\"\"
        raise ValueError("at once")
    """
    with project.server() as address:
        suite = project.lay_suite(pytester.path, s4_1_1_8_waits=silence, s4_1_1_9_errs=fails)
        (suite / "s4_1_1_9_noop.py").unlink()
        result = run("suites", f"--smtp-target={address}", "-x", "-rsE")
    result.assert_outcomes(skipped=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "SKIPPED *: not run: 1 had failed before",
            "ERROR *::errs - ValueError: at once",
            "*stopping after 1 failures*",
        ]
    )
    assert result.duration < 20


def test_a_broken_suite_is_one_line(pytester: pytest.Pytester, run: Run) -> None:
    wrong = project.NOOP.replace("4.1.1.9/noop-text", "4.1.1.9/noop-test")
    project.lay_suite(pytester.path, s4_1_1_9_noop=wrong)
    result = run("suites", "--smtp-target=smtp://127.0.0.1:1")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*s4_1_1_9_noop.py: no clause 'rfc5321/4.1.1.9/noop-test'; did you mean *"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_one_id_in_two_suites_is_refused(pytester: pytest.Pytester, run: Run) -> None:
    project.lay_suite(pytester.path / "one")
    project.lay_suite(pytester.path / "two")
    result = run("one", "two", "--smtp-target=smtp://127.0.0.1:1")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*two*suites: rfc5321/4.1.1.9/* is also in *one*suites; run one of them"])
