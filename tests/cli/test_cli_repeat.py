"""``run --repeat``: what did not come out the same each time, in one table, and an exit status that says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cli_commands import ALL_OF_NOOP, NOOP, Command, Served, reference_server, results_of

from conformance.cli import _repeat
from conformance.cli._run import Request, run

GOOD, BAD = f"{NOOP}/noop_gets_250[ehlo]", "214 2.0.0 Nothing done"


@pytest.fixture(scope="module")
def wrong() -> Iterator[Served]:
    with reference_server("noop-gets-214") as served:
        yield served


@pytest.fixture
def unsteady(clean: Served, wrong: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the second run, and no other, meet the server with a defect."""

    def at(request: Request) -> int:
        target = wrong.url if request.out.name == "2" else clean.url
        return run(replace(request, target=target))

    monkeypatch.setattr(_repeat, "run", at)


def test_where_all_agree_there_is_no_table(command: Command, clean: Served, tmp_path: Path) -> None:
    ended = command("run", clean.url, NOOP, "--repeat", "2", "--out", tmp_path)
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert [line.partition(":")[0] for line in lines[:2]] == ["1 of 2", "2 of 2"]
    assert lines[0].endswith(f" s; {tmp_path / '1' / 'report.html'}")
    assert lines[2:] == [f"0 of {len(results_of(tmp_path / '1').results)} scenarios were not the same in all of 2 runs"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["1", "2"]
    assert len(results_of(tmp_path / "2").results) >= ALL_OF_NOOP


@pytest.mark.usefixtures("unsteady")
def test_what_differs_stands_in_a_table(command: Command, clean: Served, tmp_path: Path) -> None:
    ended = command("run", clean.url, GOOD, "--repeat", "3", "--out", tmp_path)
    assert ended.status == 1
    (row,) = [line for line in ended.out.splitlines() if GOOD in line]
    assert [cell.strip() for cell in row.split("│")[1:-1]] == [GOOD, "✓≠✓", f"deviates in 2: {BAD}"]
    assert "1 of " in ended.out.splitlines()[-1]
    page = (tmp_path / "repeat.html").read_text(encoding="utf-8")
    assert page.count("NOOP\\r\\n") >= 3  # the transcripts of all runs, side by side


def test_a_finding_that_comes_each_time_is_a_finding(command: Command, wrong: Served, tmp_path: Path) -> None:
    ended = command("run", wrong.url, NOOP, "--strict", "--repeat", "2", "--out", tmp_path)
    assert ended.status == 1
    assert ended.out.splitlines()[-1].startswith("0 of ")
    assert command("run", wrong.url, NOOP, "--repeat", "2", "--out", tmp_path).status == 0


def test_a_run_of_no_use_is_left_out_and_told_of(
    command: Command, clean: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_repeat, "run", lambda request: 3 if request.out.name == "2" else run(request))
    ended = command("run", clean.url, NOOP, "--repeat", "3", "--out", tmp_path)
    assert ended.status == 3
    assert "2 of 3: of no use\n" in ended.out
    assert ended.out.splitlines()[-1].endswith("in all of 2 runs")
    assert ended.problem == f"run 2 is of no use; see {tmp_path / '2' / 'report.html'}"


def test_a_stopped_run_is_the_last(
    command: Command, clean: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_repeat, "run", lambda request: 130 if request.out.name == "3" else run(request))
    ended = command("run", clean.url, NOOP, "--repeat", "9", "--out", tmp_path)
    assert (ended.status, ended.err) == (130, "")
    assert "3 of 9: stopped\n" in ended.out
    assert ended.out.splitlines()[-1].endswith("in all of 2 runs")


def test_once_is_a_run_as_any_other(command: Command, clean: Served, tmp_path: Path) -> None:
    ended = command("run", clean.url, NOOP, "--repeat", "1", "--out", tmp_path)
    assert ended.status == 0
    assert ended.out.endswith(f"report: {tmp_path / 'report.html'}\n")
    assert command("run", clean.url, NOOP, "--repeat", "0", "--out", tmp_path).status == 2
