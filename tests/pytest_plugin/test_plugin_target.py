from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import plugin_project as project
import pytest

from conformance.pytest_plugin._target import as_target
from conformance.target import Target, TargetError

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]

NO_TARGET = (
    "no server to test: give --smtp-target=smtp://host:port (or a target file), "
    "or override the fixture smtp_target in your conftest.py"
)


@pytest.mark.parametrize(
    ("given", "ehlo_name"),
    [
        ("smtp://127.0.0.1:2525", None),
        ({"address": "smtp://127.0.0.1:2525"}, None),
        ({"address": "smtp://127.0.0.1:2525", "ehlo_name": "client.example.test"}, "client.example.test"),
        ({"address": "smtp://127.0.0.1:2525", "ehlo-name": "client.example.test"}, "client.example.test"),
        ("target.toml", "of-the-file.example.test"),
        (Path("target.toml"), "of-the-file.example.test"),
        (Target(address="smtp://127.0.0.1:2525"), None),
    ],
    ids=["url", "dict", "dict-in-python", "dict-as-in-a-file", "name-of-a-file", "path", "target"],
)
def test_what_a_target_can_be_made_of(tmp_path: Path, given: object, ehlo_name: str | None) -> None:
    facts = 'address = "smtp://127.0.0.1:2525"\nehlo-name = "of-the-file.example.test"'
    project.write(tmp_path / "target.toml", facts)
    assert as_target(given, tmp_path) == Target(address="smtp://127.0.0.1:2525", ehlo_name=ehlo_name)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("ftp://127.0.0.1", "is no address; write smtp://host:port"),
        ("absent.toml", "absent.toml: No such file"),
        ({"address": "smtp://127.0.0.1", "mailbox": []}, "no fact is called 'mailbox'"),
        (2525, "smtp_target must be an URL, a dict of facts, .* not 2525"),
        (None, "smtp_target must be an URL, a dict of facts, .* not None"),
    ],
)
def test_what_no_target_can_be_made_of(tmp_path: Path, given: object, problem: str) -> None:
    with pytest.raises(TargetError, match=problem):
        as_target(given, tmp_path)


def test_the_fixture_goes_before_the_option(pytester: pytest.Pytester, run: Run, url: str) -> None:
    project.lay_suite(pytester.path)
    facts = {"address": url, "moved": "gone@example.test"}
    pytester.makeconftest(f"import pytest\n@pytest.fixture(scope='session')\ndef smtp_target():\n    return {facts!r}")
    result = run("suites", "-k", "fails or not_applicable", "--smtp-target=smtp://127.0.0.1:1")
    result.assert_outcomes(passed=1, failed=1, deselected=8)
    result.stdout.fnmatch_lines(["    repeat  pytest suites/rfc5321/s4_1_1_9_noop.py::fails"])


def test_an_option_names_a_target_file(pytester: pytest.Pytester, run: Run, url: str) -> None:
    project.lay_suite(pytester.path)
    project.write(pytester.path / "target.toml", f'address = "{url}"\nmoved = "gone@example.test"')
    run("suites", "-k", "not_applicable", "--smtp-target=target.toml").assert_outcomes(passed=1, deselected=9)


def test_no_target_is_one_usage_line(pytester: pytest.Pytester, run: Run) -> None:
    project.lay_suite(pytester.path)
    result = run("suites")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines == [f"ERROR: {NO_TARGET}", ""]
    worker = run("suites", "-n1", "-k", "fails")
    worker.assert_outcomes(errors=1)
    assert worker.outlines.count(NO_TARGET) == 1


@pytest.mark.parametrize("option", ["--smtp-target=absent.toml", "--smtp-expect=absent.toml"])
def test_an_unusable_option_is_a_usage_error_before_anything_is_collected(run: Run, option: str) -> None:
    result = run(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert len(result.errlines) == 2
    result.stderr.fnmatch_lines(["ERROR: *absent.toml: *No such file or directory"])


def test_an_address_of_somebody_else_needs_authorization(pytester: pytest.Pytester, run: Run) -> None:
    project.lay_suite(pytester.path)
    result = run("suites", "--smtp-target=smtp://mail.example.test:25", "-k", "fails")
    result.assert_outcomes(errors=1, deselected=9)
    result.stdout.fnmatch_lines(["smtp://mail.example.test:25 is neither loopback nor private: *--smtp-authorized*"])


def test_a_target_that_does_not_work_is_not_green(pytester: pytest.Pytester, run: Run) -> None:
    project.lay_suite(pytester.path)
    with project.server("0") as address:
        result = run("suites", f"--smtp-target={address}")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes() == {"errors": 10}
    problem = "control delivery to <postmaster> failed at greeting: 554 no longer"
    assert result.outlines.count(problem) == 10
    assert result.outlines.count("                0.00 <- 554 no longer\\r\\n") <= 1
    assert sum(line.endswith("<- 554 no longer\\r\\n") for line in result.outlines) == 1


@pytest.mark.parametrize("alone", ["", "--pdb", "-n1"])
def test_a_target_that_stopped_working_is_not_green(pytester: pytest.Pytester, run: Run, alone: str) -> None:
    project.lay_suite(pytester.path)
    with project.server("5") as address:  # one for the opening control, one for each row, none for the closing one
        result = run("suites", f"--smtp-target={address}", "-k", "passes", *alone.split())
    result.stdout.fnmatch_lines(
        ["the target no longer works: control delivery to <postmaster> failed at greeting: 554 no longer"]
    )
    outcomes = result.parseoutcomes()
    assert (outcomes["passed"], outcomes["errors"]) == (4, 1)
    assert result.ret in {pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED if alone == "--pdb" else None}


@pytest.mark.parametrize("alone", ["", "--pdb", "-n1"])
def test_nothing_run_is_not_green(pytester: pytest.Pytester, run: Run, url: str, alone: str) -> None:
    project.lay_suite(pytester.path)
    result = run("suites", f"--smtp-target={url}", "-k", "not_applicable", *alone.split())
    result.stdout.fnmatch_lines(["*nothing was run: every selected scenario is not applicable to this target"])
    assert result.ret in {pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED if alone == "--pdb" else None}


FIXTURES = """
import pytest

@pytest.fixture(scope="session")
def smtp_target():
    print("server up")
    yield "{url}"
    print("server down")

@pytest.fixture(scope="module", autouse=True)
def of_the_file():
    print("file begins")
    yield
    print("file ends")

@pytest.fixture(autouse=True)
def of_the_item(request):
    print("item", request.node.name)
"""


def test_fixtures_of_every_scope_work_and_the_server_goes_down_last(
    pytester: pytest.Pytester, run: Run, url: str
) -> None:
    project.lay_suite(pytester.path)
    pytester.makeconftest(FIXTURES.format(url=url))
    pytester.makepyfile(test_other="def test_other(): pass")
    result = run("suites", "test_other.py", "-k", "deviates or other", "-s")
    assert result.parseoutcomes() == {"deviates": 1, "passed": 1, "deselected": 9}
    said = re.findall(r"server up|server down|file begins|file ends|item \w+", result.stdout.str())
    of_the_files = [f"file begins, item {name}, file ends" for name in ("deviates", "test_other")]
    assert ", ".join(said) == ", ".join(["server up", *of_the_files, "server down"])


def test_a_session_tests_one_server(pytester: pytest.Pytester, run: Run, url: str) -> None:
    project.lay_suite(pytester.path)
    override = "import pytest\n@pytest.fixture(scope='session')\ndef smtp_target():\n    return {!r}"
    for name in ("one", "two"):
        project.write(pytester.path / name / "conftest.py", override.format({"address": url, "name": name}))
        mine = "import conformance\n\nsuite = conformance.suite('rfc5321/4.1.1.9')"
        project.write(pytester.path / name / f"test_{name}.py", mine)
    result = run("one", "two", "-k", "noop_keeps_the_sender")
    outcomes = result.parseoutcomes()
    assert (outcomes["passed"], outcomes["errors"]) == (1, 1)
    result.stdout.fnmatch_lines(["smtp_target is not the one that this run is about: test one server at a time"])


def test_where_nobody_uses_it_nothing_is_imported(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        test_mine="""
        import sys
        from unittest import mock

        suite = mock.MagicMock()

        def test_mine():
            assert "pytest_smtp_conformance" in sys.modules
            assert not [name for name in sys.modules if name.partition(".")[0] in {"conformance", "trio", "msgspec"}]
        """,
        s4_1_notes="raise ValueError",
    )
    run("--strict-markers", "--strict-config").assert_outcomes(passed=1)
    run("--strict-markers", "-n1").assert_outcomes(passed=1)
