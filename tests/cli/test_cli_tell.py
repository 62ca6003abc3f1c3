"""``list``, ``explain`` and ``show``, and standard output that goes away."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from cli_commands import ALL_OF_NOOP, NOOP, Command, Served, reference_server, results_of, started

from conformance.scenario import load
from conformance.target import MEANINGS, Target

ONE = f"{NOOP}/noop_gets_250[ehlo]"


def test_list_is_one_line_a_scenario(command: Command) -> None:
    ended = command("list")
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert len(lines) == len(load().scenarios) + len(load().watches)
    assert f"{ONE}  SHOULD  {NOOP}/noop-250" in lines


def test_list_as_json_holds_the_same(command: Command) -> None:
    rows = json.loads(command("list", "--json", NOOP).out)
    lines = command("list", NOOP).out.splitlines()
    assert [f"{row['scenario']}  {row['level']}  {row['clause']}" for row in rows] == lines
    assert all(row["says"] for row in rows)


def test_every_fact_of_a_target_file_is_explained(command: Command) -> None:
    assert set(MEANINGS) == set(Target.__struct_fields__)
    ended = command("facts")
    assert (ended.status, ended.err) == (0, "")
    listed = {line.split()[0] for line in ended.out.splitlines()[1:] if not line.startswith(" ")}
    assert listed == {fact.replace("_", "-") for fact in MEANINGS}


@pytest.mark.parametrize("selector", [NOOP, "rfc5321/4.1.1.?", "rfc5321/*/noop-250"])
def test_list_of_clauses_takes_the_same_selectors(command: Command, selector: str) -> None:
    rows = json.loads(command("list", "--clauses", "--json", selector).out)
    lines = command("list", "--clauses", selector).out.splitlines()
    assert [f"{row['clause']}  {row['level']}  {row['says']}" for row in rows] == lines
    assert f"{NOOP}/noop-250" in {row["clause"] for row in rows}
    assert len(rows) < len(load().register)


def test_list_of_all_clauses_holds_those_without_scenarios(command: Command) -> None:
    assert len(command("list", "--clauses").out.splitlines()) == len(load().register)


@pytest.mark.parametrize("words", [["list"], ["list", "--clauses"]])
def test_list_of_an_unknown_name_offers_the_nearest(command: Command, words: list[str]) -> None:
    ended = command(*words, "rfc5321/4.1.1.99")
    assert ended.status == 2
    assert ended.problem == "nothing is selected by 'rfc5321/4.1.1.99'; did you mean 'rfc5321/4.1.1.9'?"


@pytest.mark.parametrize("name", [f"{NOOP}/noop-250", ONE, f"{NOOP}/noop_gets_250"])
def test_explain_says_clause_lines_scenarios_and_proof(command: Command, name: str) -> None:
    ended = command("explain", name)
    assert (ended.status, ended.err) == (0, "")
    clause = load().register.find(f"{NOOP}/noop-250")
    assert ended.out.startswith(f"{clause.id}\n\n{clause.says}\n\nSHOULD, from the prose; binds the server;")
    assert f"lines {clause.lines[0]} to {clause.lines[1]}: {clause.link}\n" in ended.out
    assert f"\n{ONE}\n" in ended.out
    assert "    proven by noop-gets-214: Answers NOOP with 214.\n" in ended.out


def test_explain_of_a_clause_that_no_test_can_see(command: Command) -> None:
    clause = next(clause for clause in load().register if clause.observed == "none")
    ended = command("explain", clause.id)
    assert ended.status == 0
    assert f"reason: {clause.reason}\n" in ended.out
    assert "No scenario is about it." in ended.out


def test_explain_of_an_unknown_name(command: Command) -> None:
    ended = command("explain", f"{NOOP}/noop-25")
    assert ended.status == 2
    assert ended.problem.endswith(f"is called '{NOOP}/noop-25'; did you mean '{NOOP}/noop-250'?")


def test_show_prints_what_the_run_printed_and_ends_like_it(command: Command, tmp_path: Path) -> None:
    with reference_server("rset-gets-220") as served:
        ran = command("run", served.url, "rfc5321/4.1.1.5", "--out", tmp_path)
    shown = command("show", tmp_path / "results.jsonl")
    assert (ran.status, shown.status, shown.err) == (1, 1, "")
    report = ran.out[ran.out.index("RFC 5321 §4.1.1.5") : ran.out.index("report: ")]
    assert report in shown.out
    bare = command("show", tmp_path / "results.jsonl", "--transcripts", "none")
    assert bare.status == 1
    assert len(bare.out) < len(shown.out)
    assert "transcript" not in bare.out


def test_show_of_a_broken_off_file(command: Command, clean: Served, tmp_path: Path) -> None:
    command("run", clean.url, NOOP, "--out", tmp_path)
    file = tmp_path / "results.jsonl"
    file.write_bytes(file.read_bytes()[:-40])
    refused = command("show", file)
    assert refused.status == 2
    assert str(file) in refused.problem
    shown = command("show", file, "--broken-off")
    assert shown.status == 3
    assert f"{ALL_OF_NOOP} results: {ALL_OF_NOOP} pass" in shown.out
    assert "NOT A USABLE RUN" in shown.out


@pytest.mark.parametrize("text", [None, "", "hello\n", '{"type":"run","schema":99}\n'])
def test_show_of_what_is_no_results_file(command: Command, tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "results.jsonl"
    if text is not None:
        file.write_text(text)
    ended = command("show", file)
    assert ended.status == 2
    assert ended.problem.startswith(str(file))
    assert ended.out == ""


def without_reader() -> int:
    """A pipe that nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


@pytest.mark.parametrize("words", [["list"], ["explain", f"{NOOP}/noop-250"]])
def test_a_reader_that_has_seen_enough_brings_no_traceback(words: list[str]) -> None:
    pipe = without_reader()
    with started(*words, stdout=pipe, env={"PYTHONUNBUFFERED": ""}) as process:
        os.close(pipe)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (141, "")


def test_a_run_goes_on_to_its_report_without_a_reader(command: Command, clean: Served, tmp_path: Path) -> None:
    pipe = without_reader()
    with started("run", clean.url, NOOP, "--out", tmp_path, stdout=pipe) as process:
        os.close(pipe)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    assert len(results_of(tmp_path).results) == ALL_OF_NOOP
    assert (tmp_path / "report.html").exists()
    assert command("show", tmp_path / "results.jsonl").status == 0


def test_an_encoding_that_lacks_characters_brings_no_traceback() -> None:
    name = next(clause.id for clause in load().register if not f"{clause.reason}{clause.disputed}".isascii())
    with started("explain", name, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}) as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    assert "\\" in out


def test_help_names_every_exit_status(command: Command) -> None:
    text = " ".join(command("run", "--help").out.split())
    for words in ("0 nothing found", "1 a finding", "2 a usage error", "3 no usable target", "130 stopped by Ctrl-C"):
        assert words in text
