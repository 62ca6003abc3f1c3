from __future__ import annotations

import json
import os
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

DEFECTS = ("rset-keeps-the-transaction", "trailing-white-space-is-refused")

PATIENCE = "8"
"""Seconds: with these defects some scenarios wait for a reply that never comes."""

LONG = 600
"""Seconds that a run over everything may take, where other tests keep the processors busy."""


def by_the_command_line(url: str, out: Path) -> dict[str, str]:
    command = [sys.executable, "-m", "conformance", "run", url, "--timeout", PATIENCE, "--out", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(project.ROOT)}
    done = subprocess.run(command, cwd=out.parent, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    lines = (out / "results.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    return {event["scenario"]: event["verdict"] for event in events if event["type"] == "result"}


def in_pytest(scenario: str) -> str:
    """The name of a scenario's item: pytest has the cut within the brackets."""
    return scenario.split("/", 2)[2].replace("]~octets", "~octets]").replace("]~line-ends", "~line-ends]")


@pytest.mark.takes_minutes
def test_command_line_overlapped_pytest_and_xdist_agree(pytester: pytest.Pytester, run: Run) -> None:
    with project.server(*DEFECTS) as url:
        commanded = by_the_command_line(url, pytester.path / "out")
        asked = (project.ROOT / "suites", f"--smtp-target={url}", f"--smtp-timeout={PATIENCE}")
        run(*asked, "--junitxml=overlapped.xml", timeout=LONG)
        run(*asked, "-n2", "--junitxml=xdist.xml", timeout=LONG)
    watches = load().watches
    assert set(Counter(commanded.values())) >= {"pass", "fail", "deviates", "noted", "not-applicable"}
    expected = Counter((in_pytest(name), word) for name, word in commanded.items() if name not in watches)
    for junit in ("overlapped.xml", "xdist.xml"):
        items = project.tally(pytester.path / junit)
        assert {item: times for item, times in items.items() if not item[0].startswith("watch_")} == expected
