"""``coverage``: the denominator is the register, and nothing counts that no defect proves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_commands import HERE, NOOP, Command

from conformance.cli._coverage import counted, cover, coverage, said_before
from conformance.reference import Defect
from conformance.reference.defects import load_defects
from conformance.scenario import Register, load

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


REGISTER = """\
text_sha256 = "00"
"""
CLAUSE = """
[[clause]]
id = "1/{name}"
lines = [10, 12]
level = "MUST"
source = "keyword"
party = "server"
observed = "{observed}"
says = "The server does it."
{more}
"""
CHECKS = """
from conformance import At, Client, Held, Observation, scenario
{scenarios}
"""
SCENARIO = """
@scenario("rfc9999/1/{name}", start=At.EHLO)
async def {name}(smtp: Client) -> Observation:
    \"\"\"Shows it.\"\"\"
    return Held()
"""
CLAUSES = {
    "proven": ("wire", ""),
    "unproven": ("wire", ""),
    "uncited": ("store", ""),
    "unseen": ("none", 'reason = "nobody can see it"'),
    "again": ("wire", 'restates = "1/proven"'),
    "once-more": ("wire", 'restates = "1/again"'),
}


def test_what_can_be_observed_and_nothing_proves_is_a_gap_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    register = [CLAUSE.format(name=name, observed=seen, more=more) for name, (seen, more) in CLAUSES.items()]
    cited = [SCENARIO.format(name=name) for name in ("proven", "unproven")]
    (tmp_path / "rfc9999").mkdir()
    (tmp_path / "rfc9999" / "clauses.toml").write_text(REGISTER + "".join(register))
    (tmp_path / "rfc9999" / "s1_it.py").write_text(CHECKS.format(scenarios="".join(cited)))
    defect = Defect("broken", "Is broken.", (), frozenset({"rfc9999/1/proven"}))
    monkeypatch.setattr("conformance.cli._coverage.load_defects", lambda: {"broken": defect})
    suites = load(tmp_path)
    coverage(suites, [], as_json=True, gaps=False)
    assert json.loads(capsys.readouterr().out)["gaps"] == ["rfc9999/1/unproven", "rfc9999/1/uncited"]
    coverage(suites, [], as_json=False, gaps=True)
    said = capsys.readouterr().out.splitlines()
    named = [line for line in said if line.startswith("rfc9999/1/")]
    assert named == ["rfc9999/1/unproven  MUST  server, wire", "rfc9999/1/uncited  MUST  server, store"]
    assert "3 of 6 clauses" in " ".join(said)


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


def test_clauses_that_say_each_other_again_end_the_search(tmp_path: Path) -> None:
    circle = {"one": "two", "two": "three", "three": "one"}
    clauses = [CLAUSE.format(name=one, observed="wire", more=f'restates = "1/{two}"') for one, two in circle.items()]
    (tmp_path / "rfc9999").mkdir()
    (tmp_path / "rfc9999" / "clauses.toml").write_text(REGISTER + "".join(clauses))
    register = Register()
    register.add(tmp_path / "rfc9999" / "clauses.toml")
    assert list(said_before(register.find("rfc9999/1/one"), register)) == ["rfc9999/1/two", "rfc9999/1/three"]


def test_a_section_alone(command: Command) -> None:
    ended = command("coverage", NOOP)
    assert (ended.status, ended.err) == (0, "")
    assert "4.1.1.9" in ended.out
    assert "4.1.1.5" not in ended.out


def test_an_unknown_section_is_one_line(command: Command) -> None:
    ended = command("coverage", "rfc5321/4.1.1.99")
    assert ended.status == 2
    assert ended.problem == "nothing is selected by 'rfc5321/4.1.1.99'; did you mean 'rfc5321/4.1.1.9'?"
