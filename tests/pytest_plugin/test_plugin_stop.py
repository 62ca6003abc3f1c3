from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import plugin_project as project
import pytest

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]

WAITS = '''\
import os
import signal

import trio

from conformance import At, Client, Held, Observation, scenario


@scenario("rfc5321/4.1.1.9/noop-250", start=At.EHLO, row={"one": 1, "two": 2})
async def waits(row: int, smtp: Client) -> Observation:
    """Waits for a minute; Ctrl-C comes when both are at it."""
    if row == 2:
        os.kill(os.getpid(), signal.SIGINT)
    await trio.sleep(60)
    return Held()
'''


def test_ctrl_c_ends_the_run_at_once(pytester: pytest.Pytester, run: Run, url: str) -> None:
    project.lay_suite(pytester.path, s4_1_1_9_noop=WAITS)
    began = time.monotonic()
    result = run("suites", f"--smtp-target={url}")
    assert time.monotonic() - began < 20
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*KeyboardInterrupt*", "*no tests ran in*"])
    output = result.stdout.str() + result.stderr.str()
    assert "ExceptionGroup" not in output
    assert "Traceback" not in output


def test_ctrl_c_under_pdb_is_no_group(pytester: pytest.Pytester, run: Run, url: str) -> None:
    # pytest itself hands Ctrl-C to the debugger there; the debugger finds no input and ends the run.
    project.lay_suite(pytester.path, s4_1_1_9_noop=WAITS.replace("row == 2", "row == 1"))
    result = run("suites", f"--smtp-target={url}", "--pdb", "--tb=no")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*KeyboardInterrupt*"])
    result.stdout.no_fnmatch_line("*ExceptionGroup*")


@pytest.fixture
def debug(pytester: pytest.Pytester, run: Run, url: str) -> Callable[[str, str], str]:
    """Run what is selected under --pdb with what is typed there; returns what it printed."""
    del run  # it has set up the environment

    def debug(selected: str, typed: str) -> str:
        command = [sys.executable, "-m", "pytest", "suites", f"--smtp-target={url}", "--pdb", "-k", selected]
        done = subprocess.run(
            command, cwd=pytester.path, input=typed, capture_output=True, text=True, timeout=60, check=False
        )
        return done.stdout

    return debug


def test_pdb_stops_at_the_finding_and_goes_on(pytester: pytest.Pytester, debug: Callable[[str, str], str]) -> None:
    project.lay_suite(pytester.path)
    printed = debug("fails or noted", "p self.result.verdict\nc\n")
    assert "expected  299" in printed
    assert "<Verdict.FAIL: 'fail'>" in printed
    assert "1 failed, 8 deselected, 1 noted" in printed


def test_a_breakpoint_in_a_scenario_works(pytester: pytest.Pytester, debug: Callable[[str, str], str]) -> None:
    stopping = project.NOOP.replace("    return took", "    breakpoint()\n    return took")
    project.lay_suite(pytester.path, s4_1_1_9_noop=stopping)
    printed = debug("noted", "p smtp.greeting.code\nc\n")
    assert "(Pdb) 220" in printed
    assert "9 deselected, 1 noted" in printed
