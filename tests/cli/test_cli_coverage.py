"""``coverage``: the denominator is the register, and nothing counts that no defect proves."""

from __future__ import annotations

import json
from pathlib import Path

from cli_commands import NOOP, Command

from conformance.cli._coverage import counted, cover, said_before
from conformance.reference.defects import load_defects
from conformance.scenario import Register, load


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
    register = load().register
    assert gaps == {clause.id for clause in observable if not {clause.id, *said_before(clause, register)} & cited}
    named = command("coverage", "--gaps").out
    assert all(f"{gap}  " in named for gap in gaps)


def test_a_clause_that_says_again_what_another_says_is_covered_by_it() -> None:
    covered = {each.clause.id: each for each in cover(load(), load_defects().values())}
    again = covered[f"{NOOP}/noop-keeps-buffers"]
    assert again.proven
    restating = covered["rfc5321/4.1.1.5/rset-syntax"]
    assert restating.restated_by == restating.clause.restates
    assert restating.proven


CHAIN = """\
text_sha256 = "00"

[[clause]]
id = "1/first"
lines = [1, 1]
level = "MUST"
source = "keyword"
party = "server"
observed = "wire"
says = "It is so."

[[clause]]
id = "2/again"
lines = [2, 2]
level = "SHOULD"
source = "prose"
party = "server"
observed = "wire"
says = "It is so, as said."
restates = "1/first"

[[clause]]
id = "3/once-more"
lines = [3, 3]
level = "SHOULD"
source = "prose"
party = "server"
observed = "wire"
says = "It is so, as said again."
restates = "2/again"
"""


def test_what_is_said_a_third_time_is_followed_to_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "rfc9999"
    folder.mkdir()
    (folder / "clauses.toml").write_text(CHAIN)
    register = Register()
    register.add(folder / "clauses.toml")
    last = register.find("rfc9999/3/once-more")
    assert list(said_before(last, register)) == ["rfc9999/2/again", "rfc9999/1/first"]


def test_clauses_that_say_each_other_again_end_the_search(tmp_path: Path) -> None:
    folder = tmp_path / "rfc9999"
    folder.mkdir()
    circle = CHAIN.replace('says = "It is so."', 'says = "It is so."\nrestates = "3/once-more"')
    (folder / "clauses.toml").write_text(circle)
    register = Register()
    register.add(folder / "clauses.toml")
    first = register.find("rfc9999/1/first")
    assert list(said_before(first, register)) == ["rfc9999/3/once-more", "rfc9999/2/again"]


def test_a_section_alone(command: Command) -> None:
    ended = command("coverage", NOOP)
    assert (ended.status, ended.err) == (0, "")
    assert "4.1.1.9" in ended.out
    assert "4.1.1.5" not in ended.out


def test_an_unknown_section_is_one_line(command: Command) -> None:
    ended = command("coverage", "rfc5321/4.1.1.99")
    assert ended.status == 2
    assert ended.problem == "nothing is selected by 'rfc5321/4.1.1.99'; did you mean 'rfc5321/4.1.1.9'?"
