from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import plugin_project as project
import pytest

from conformance.scenario import load

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]

DEFECTS = ("bare-lf-ends-a-command", "rset-keeps-the-transaction", "trailing-white-space-is-refused")


PATIENCE = "8"
"""Seconds: one of the defects lets scenarios wait for a reply that never comes."""


COMMANDS = "rfc5321/s4_1_1*.py"
"""The files of the commands: several hundred scenarios, and few enough to run one by one."""


def but_the_commands(_: str, names: list[str]) -> set[str]:
    return {name for name in names if not (name.startswith("s4_1_1") or name.endswith(".toml"))}


def by_the_command_line(url: str, out: Path) -> dict[str, str]:
    asked = ("rfc5321/4.1.1", "rfc5321/4.1.1.*", "--timeout", PATIENCE, "--out", str(out))
    command = [sys.executable, "-m", "conformance", "run", url, *asked]
    environment = {**os.environ, "PYTHONPATH": str(project.ROOT)}
    done = subprocess.run(command, cwd=out.parent, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    lines = (out / "results.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    return {event["scenario"]: event["verdict"] for event in events if event["type"] == "result"}


def in_pytest(scenario: str) -> str:
    """The name of a scenario's item: pytest has the cut within the brackets."""
    return scenario.split("/", 2)[2].replace("]~octets", "~octets]").replace("]~line-ends", "~line-ends]")


def test_command_line_overlapped_pytest_and_xdist_agree_on_the_commands(pytester: pytest.Pytester, run: Run) -> None:
    shutil.copytree(project.ROOT / "suites" / "rfc5321", pytester.path / "suites" / "rfc5321", ignore=but_the_commands)
    with project.server(*DEFECTS) as url:
        commanded = by_the_command_line(url, pytester.path / "out")
        asked = ("suites", f"--smtp-target={url}", f"--smtp-timeout={PATIENCE}")
        run(*asked, "--junitxml=overlapped.xml")
        run(*asked, "-n4", "--junitxml=xdist.xml")
    scenarios = {scenario.id for scenario in load() if Path(scenario.path).match(COMMANDS)}
    assert set(Counter(commanded.values())) >= {"pass", "fail", "deviates", "noted", "not-applicable"}
    expected = Counter((in_pytest(name), word) for name, word in commanded.items() if name in scenarios)
    for junit in ("overlapped.xml", "xdist.xml"):
        items = project.tally(pytester.path / junit)
        assert {item: times for item, times in items.items() if not item[0].startswith("watch_")} == expected
