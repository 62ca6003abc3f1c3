"""``coverage``: the denominator is the register, and nothing counts that no defect proves."""

from __future__ import annotations

import json

import pytest
from cli_commands import HERE, NOOP, Command

from conformance.cli._coverage import counted, cover
from conformance.reference.defects import load_defects
from conformance.scenario import load

MARKERS = ("<!-- coverage -->", "<!-- /coverage -->")
"""What the table of README.md stands between."""


def test_the_figures_are_out_of_the_whole_register(command: Command) -> None:
    said = json.loads(command("coverage", "--json").out)
    register = list(load().register)
    assert said["all"]["clauses"] == len(register)
    assert said["all"]["not observable"] == sum(clause.observed == "none" for clause in register)
    assert sum(section["clauses"] for section in said["sections"].values()) == len(register)
    assert said["all"]["proven"] <= said["all"]["checked"] <= said["all"]["clauses"]


def test_without_defects_nothing_is_proven() -> None:
    covered = cover(load(), [])
    assert counted(covered)["checked"] > 100
    assert counted(covered)["proven"] == 0


def test_a_clause_that_nobody_cites_is_a_gap_and_is_named(command: Command) -> None:
    gaps = set(json.loads(command("coverage", "--json").out)["gaps"])
    cited = {scenario.clause.id for scenario in load()} | {watch.clause.id for watch in load().watches.values()}
    observable = [clause for clause in load().register if clause.observed != "none"]
    assert gaps == {clause.id for clause in observable if not {clause.id, clause.restates} & cited}
    named = command("coverage", "--gaps").out
    assert all(f"{gap}  " in named for gap in gaps)


def test_a_clause_that_says_again_what_another_says_is_covered_by_it() -> None:
    covered = {each.clause.id: each for each in cover(load(), load_defects().values())}
    again = covered[f"{NOOP}/noop-keeps-buffers"]
    assert again.proven
    restating = covered["rfc5321/4.1.1.5/rset-syntax"]
    assert restating.restated_by == restating.clause.restates
    assert restating.proven


def test_markdown_has_a_line_for_each_rfc_and_their_sum(command: Command) -> None:
    head, _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in command("coverage", "--markdown").out.splitlines()
    )
    assert head == ["RFC", "keyword", "clauses", "observable", "checked", "proven"]
    registers = load().register.text_sha256
    assert [row[0].partition("]")[0] for row in rows[:-1]] == [
        f"[{number}" for number in sorted(int(rfc.removeprefix("rfc")) for rfc in registers)
    ]
    assert [row[1] for row in rows if "rfc1985" in row[0]] == ["ETRN"]
    figures = [[int(cell) for cell in row[2:]] for row in rows]
    assert figures[-1] == [sum(column) for column in zip(*figures[:-1], strict=True)]
    assert all(clauses >= observable >= checked >= proven for clauses, observable, checked, proven in figures)


def test_the_readme_has_the_table_that_is_printed(command: Command) -> None:
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    if MARKERS[0] not in readme:
        pytest.skip(f"README.md has no table between {' and '.join(MARKERS)}")
    table = readme.partition(MARKERS[0])[2].partition(MARKERS[1])[0].strip()
    assert table == command("coverage", "--markdown").out.strip(), "put the output of coverage --markdown there"


def test_a_section_alone(command: Command) -> None:
    ended = command("coverage", NOOP)
    assert (ended.status, ended.err) == (0, "")
    assert "4.1.1.9" in ended.out
    assert "4.1.1.5" not in ended.out


def test_an_unknown_section_is_one_line(command: Command) -> None:
    ended = command("coverage", "rfc5321/4.1.1.99")
    assert ended.status == 2
    assert ended.problem == "nothing is selected by 'rfc5321/4.1.1.99'; did you mean 'rfc5321/4.1.1.9'?"
