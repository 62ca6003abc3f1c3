from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import plugin_project as project
import pytest
import trio

from conformance.client._dial import dialler
from conformance.engine import Engine, Event, Options, Result
from conformance.scenario import load
from conformance.target import Target

pytest_plugins = ["pytester"]

MEETING = '''\
import trio

from conformance import At, Client, Observation, answered, scenario

here = {"one": trio.Event(), "other": trio.Event()}


@scenario("rfc5321/4.1.1.9/noop-250", start=At.EHLO, name={"one": "one", "other": "other"})
async def meets(name: str, smtp: Client) -> Observation:
    """Goes on when the other row is there too."""
    here[name].set()
    for each in here.values():
        await each.wait()
    return answered(await smtp.say(b"NOOP"))
'''

Run = Callable[..., pytest.RunResult]


def by_the_engine(suites: Path, url: str) -> dict[str, str]:
    loaded = load(suites)
    results: dict[str, str] = {}

    def emit(event: Event) -> None:
        if isinstance(event, Result):
            results[event.scenario] = event.verdict.value

    target = Target(address=url)
    engine = Engine(target, dialler(target.where), emit, Options())
    trio.run(engine.run, list(loaded), list(loaded.watches.values()))
    return results


def test_the_engine_overlapped_pytest_and_xdist_agree(pytester: pytest.Pytester, run: Run, url: str) -> None:
    suite = project.lay_suite(pytester.path, watches=True)
    engine = by_the_engine(suite.parent, url)
    in_pytest = {name.split("/", 2)[2].replace("]~octets", "~octets]"): word for name, word in engine.items()}
    assert {name: word for name, word in in_pytest.items() if "watch" not in name} == project.VERDICTS_IN_PYTEST

    run("suites", f"--smtp-target={url}", "--junitxml=overlapped.xml")
    assert project.verdicts(pytester.path / "overlapped.xml") == in_pytest

    result = run("suites", f"--smtp-target={url}", "-n2", "--junitxml=xdist.xml", "-rs")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert project.verdicts(pytester.path / "xdist.xml") == project.VERDICTS_IN_PYTEST
    # A worker sees a part of the run only, so watches are folded by the controller.
    result.stdout.fnmatch_lines(
        [
            "*= smtp-conformance =*",
            "FAILED rfc5321/4.2/watch_noop",
            "fail: expected nothing, got 250 2.0.0 OK",
            "*-> NOOP*",
            "DEVIATES suites/rfc5321/s4_1_1_9_noop.py::deviates - expected 299, got 250 2.0.0 OK",
            "5 pass, 2 fail, 1 deviates, 1 noted, 1 inconclusive, 1 not-applicable, 1 error",
            "not applicable for want of: moved (1)",
            "SKIPPED * folded over all workers when the run ends: its summary has the result",
        ]
    )


def test_a_watch_alone_decides_under_xdist(pytester: pytest.Pytester, run: Run, url: str) -> None:
    project.lay_suite(pytester.path, watches=True)
    result = run("suites", f"--smtp-target={url}", "-n2", "-k", "passes or watch")
    result.assert_outcomes(passed=4, skipped=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result = run("suites", f"--smtp-target={url}", "-n2", "-k", "passes or watch_digits")
    result.assert_outcomes(passed=4, skipped=1)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["5 pass, 0 fail, 0 inconclusive, 0 not-applicable"])


def test_a_worker_overlaps_its_share(pytester: pytest.Pytester, run: Run, url: str) -> None:
    suite = project.lay_suite(pytester.path)
    project.write(suite / "s4_1_1_9_noop.py", MEETING)
    result = run("suites", f"--smtp-target={url}", "-n1")
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.OK


def test_items_beside_ours_are_shared_out_too(pytester: pytest.Pytester, run: Run, url: str) -> None:
    project.lay_suite(pytester.path)
    project.write(pytester.path / "test_else.py", "def test_one(): pass\n\n\ndef test_two(): pass\n")
    result = run(".", f"--smtp-target={url}", "-n2", "-k", "passes or test_")
    result.assert_outcomes(passed=6)


def test_another_way_of_dividing_gives_the_same_verdicts(pytester: pytest.Pytester, run: Run, url: str) -> None:
    project.lay_suite(pytester.path)
    run("suites", f"--smtp-target={url}", "-n2", "--dist=worksteal", "--junitxml=stealing.xml")
    assert project.verdicts(pytester.path / "stealing.xml") == project.VERDICTS_IN_PYTEST


def test_a_dead_target_is_an_error_of_each_item(pytester: pytest.Pytester, run: Run) -> None:
    project.lay_suite(pytester.path)
    result = run("suites", "--smtp-target=smtp://127.0.0.1:1", "-n2")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(errors=10)
    result.stdout.fnmatch_lines(["*control delivery to <postmaster> failed at connect: Connection refused*"])


def test_the_first_failure_stops_the_workers(pytester: pytest.Pytester, run: Run, url: str) -> None:
    project.lay_suite(pytester.path)
    result = run("suites", f"--smtp-target={url}", "-n2", "-x")
    assert result.ret in {pytest.ExitCode.INTERRUPTED, pytest.ExitCode.TESTS_FAILED}
    result.stdout.fnmatch_lines(["*stopping after 1 failures*"])
