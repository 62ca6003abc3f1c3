"""``compare``, ``matrix``, ``versions`` and ``run --brief``: several runs side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_commands import NOOP, RSET, Command, Served, reference_server, results_of

import conformance
from conformance.scenario import Verdict

BOTH = (NOOP, RSET)


@pytest.fixture(scope="module")
def wrong() -> Iterator[Served]:
    with reference_server("noop-gets-214") as served:
        yield served


@pytest.fixture
def two(command: Command, clean: Served, wrong: Served, tmp_path: Path) -> tuple[Path, Path]:
    folders = tmp_path / "clean", tmp_path / "wrong"
    for folder, served in zip(folders, (clean, wrong), strict=True):
        command("run", served.url, *BOTH, "--name", folder.name, "--version", "1", "--out", folder)
    return folders


def test_compare_tells_what_differs(command: Command, two: tuple[Path, Path], tmp_path: Path) -> None:
    page = tmp_path / "compare.html"
    ended = command("compare", *two, "--html", page)
    assert ended.status == 1
    assert (
        f"{NOOP}/noop_gets_250[ehlo]\n    clean 1: pass: 250 2.0.0 OK\n    wrong 1: deviates: 214 2.0.0 Nothing done\n"
        in ended.out
    )
    assert RSET not in ended.out
    text = page.read_text(encoding="utf-8")
    assert text.count("NOOP\\r\\n") >= 2  # one transcript beside the other
    assert "<script" not in text


def test_what_is_the_same_does_not_differ(command: Command, two: tuple[Path, Path]) -> None:
    ended = command("compare", two[0], two[0] / "results.jsonl")
    assert (ended.status, ended.out) == (0, "0 scenarios differ\n")


def test_matrix_has_the_clauses_with_findings(command: Command, two: tuple[Path, Path], tmp_path: Path) -> None:
    ended = command("matrix", *two, "--out", tmp_path / "pages")
    assert ended.status == 0
    (row,) = [line for line in ended.out.splitlines() if f"{NOOP}/noop-250" in line]
    assert [cell.strip() for cell in row.split("│")[1:-1]][1:] == ["SHOULD", "✓", "≠"]
    readme = (tmp_path / "pages" / "README.md").read_text(encoding="utf-8")
    assert "| wrong 1 |" in readme
    assert "started with its package's defaults" not in readme  # these are of nobody's launchers
    assert "[report](../wrong/report.html)" in readme
    assert "| SHOULD | ✓ | ≠ |" in readme
    page = (tmp_path / "pages" / "index.html").read_text(encoding="utf-8")
    assert 'href="../clean/report.html"' in page
    assert "<script" not in page
    (took,) = [line for line in readme.splitlines() if line.startswith("| wrong 1 |") and " s: " in line]
    assert re.fullmatch(r"\| wrong 1 \| \d+ s \| [1-9]\d* \| \d+\.\d s: rfc\d+/\S+ \|", took)
    assert "What it took" in page


@pytest.mark.parametrize("verb", ["compare", "matrix"])
def test_what_is_no_results_file(command: Command, two: tuple[Path, Path], tmp_path: Path, verb: str) -> None:
    (tmp_path / "other.jsonl").write_text("hello\n")
    ended = command(verb, two[0], tmp_path / "other.jsonl")
    assert (ended.status, ended.out) == (2, "")
    assert ended.problem.startswith(f"{tmp_path / 'other.jsonl'}:1: no JSON")
    ended = command(verb, two[0], tmp_path / "nowhere")
    assert ended.status == 2
    assert ended.problem == f"{tmp_path / 'nowhere'}: can't be read: No such file or directory"


def test_a_brief_run_keeps_the_transcripts_of_findings(command: Command, wrong: Served, tmp_path: Path) -> None:
    ended = command("run", wrong.url, *BOTH, "--brief", "--out", tmp_path / "brief")
    whole = command("run", wrong.url, *BOTH, "--out", tmp_path / "whole")
    assert ended.status == whole.status
    brief, full = results_of(tmp_path / "brief"), results_of(tmp_path / "whole")
    assert {each.scenario: each.verdict for each in brief.results} == {
        each.scenario: each.verdict for each in full.results
    }
    for each in brief.results:
        assert bool(each.attempts) == (each.verdict is Verdict.DEVIATES)
        assert bool(each.repeat) == (each.verdict is Verdict.DEVIATES)
    sizes = [(tmp_path / name / "results.jsonl").stat().st_size for name in ("brief", "whole")]
    assert sizes[0] * 2 < sizes[1]
    assert command("compare", tmp_path / "brief", tmp_path / "whole").status == 0
    page = (tmp_path / "brief" / "report.html").read_text(encoding="utf-8")
    assert f'id="{NOOP}/noop_gets_250[ehlo]"' in page
    assert f'id="{RSET}/rset_gets_250[ehlo]"' not in page


def test_versions_of_a_server(command: Command, tmp_path: Path) -> None:
    ended = command("versions", "reference", conformance.__version__, "--select", NOOP, "--out", tmp_path)
    assert ended.status == 0
    assert f"reference=={conformance.__version__}: 0 fail, 0 deviates, 0 inconclusive" in ended.out
    assert "0 scenarios with a finding in at least one version" in ended.out
    assert (tmp_path / "reference.html").is_file()


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["refrence", "1"], 2, "no server is called 'refrence'; did you mean 'reference'?"),
        (["reference", "9"], 3, "the reference server is a part of this version"),
        (["reference"], 2, "Missing argument 'VERSION...'."),
    ],
)
def test_versions_that_are_not_to_be_had(
    command: Command, tmp_path: Path, words: list[str], status: int, says: str
) -> None:
    ended = command("versions", *words, "--out", tmp_path)
    assert ended.status == status
    assert ended.err.startswith(f"smtp-conformance: {says}")
