"""``smtp-conformance run``: what is selected, what comes out, and the exit status."""

from __future__ import annotations

import base64
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import pytest
from cli_commands import ALL_OF_NOOP, NOOP, RSET, Command, Served, busy_in, reference_server, results_of, talking

from conformance.report.schema import PATH
from conformance.scenario import load

FACTS = ("--rcpt", "bob@example.test", "--sender", "sender@client.example.test", "--helo", "client.example.test")


def test_nothing_found_is_status_0_and_leaves_all_reports(command: Command, tmp_path: Path) -> None:
    ended = command("run", "reference", NOOP, "--out", tmp_path / "new" / "folder")
    assert ended.status == 0
    assert ended.err == ""
    assert f"{ALL_OF_NOOP} pass, 0 fail" in ended.out
    written = results_of(tmp_path / "new" / "folder")
    assert {result.clause.rpartition("/")[0] for result in written.results} == {NOOP}
    assert written.end.complete
    assert written.run.target.name == "reference"
    assert {file.name for file in (tmp_path / "new" / "folder").iterdir()} == {
        "results.jsonl",
        "junit.xml",
        "report.html",
    }
    suite = ET.parse(tmp_path / "new" / "folder" / "junit.xml").getroot()  # noqa: S314 - we wrote it
    assert len(suite.findall(".//testcase")) == len(written.results)
    assert "</html>" in (tmp_path / "new" / "folder" / "report.html").read_text()


def test_each_line_of_the_results_fits_the_schema(command: Command, clean: Served, tmp_path: Path) -> None:
    assert command("run", clean.url, RSET, "--out", tmp_path).status == 0
    validator = jsonschema.Draft202012Validator(json.loads(PATH.read_text()))
    lines = (tmp_path / "results.jsonl").read_bytes().splitlines()
    assert len(lines) > 10
    for line in lines:
        validator.validate(json.loads(line))


def test_a_broken_must_is_status_1(command: Command, tmp_path: Path) -> None:
    with reference_server("rset-gets-220") as served:
        ended = command("run", served.url, RSET, "--out", tmp_path)
    assert ended.status == 1
    assert ended.err == ""
    assert results_of(tmp_path).end.counts["fail"]
    assert "<- 220" in ended.out


def test_a_should_is_a_finding_with_strict_only(command: Command, tmp_path: Path) -> None:
    with reference_server("noop-gets-214") as served:
        lenient = command("run", served.url, NOOP, "--out", tmp_path)
        strict = command("run", served.url, NOOP, "--strict", "--out", tmp_path)
    assert (lenient.status, strict.status) == (0, 1)
    assert results_of(tmp_path).end.counts["deviates"]
    assert results_of(tmp_path).run.options["strict"] is True


@pytest.mark.parametrize(
    ("level", "runs"),
    [("must", {"MUST"}), ("should", {"MUST", "SHOULD"}), ("may", {"MUST", "SHOULD", "MAY"})],
)
def test_level(command: Command, clean: Served, tmp_path: Path, level: str, runs: set[str]) -> None:
    assert command("run", clean.url, "rfc5321/4.1.1.8", RSET, "--level", level, "--out", tmp_path).status == 0
    assert {result.level.removesuffix(" NOT") for result in results_of(tmp_path).results} == runs


def test_not_leaves_out(command: Command, clean: Served, tmp_path: Path) -> None:
    without = f"{NOOP}/noop-250"
    assert command("run", clean.url, NOOP, "--not", without, "--out", tmp_path).status == 0
    clauses = {result.clause for result in results_of(tmp_path).results}
    assert clauses
    assert without not in clauses


def test_selectors_are_components_wildcards_tags_and_ids(command: Command, clean: Served, tmp_path: Path) -> None:
    one = f"{NOOP}/noop_gets_250[mail]~octets"
    assert command("run", one, clean.url, "--out", tmp_path).status == 0
    assert [result.scenario for result in results_of(tmp_path).results] == [one]
    assert command("run", "--target", clean.url, "rfc5321/4.1.1.?/rset-250", "--out", tmp_path).status == 0
    assert {result.clause for result in results_of(tmp_path).results} == {f"{RSET}/rset-250"}
    assert command("run", clean.url, "@smuggling", "--level", "must", "--out", tmp_path).status == 0
    assert {tag for result in results_of(tmp_path).results for tag in load().scenarios[result.scenario].tags} >= {
        "smuggling"
    }


def test_the_whole_id_of_a_scenario_selects_it_alone(command: Command, clean: Served, tmp_path: Path) -> None:
    name = "rfc5321/4.1.1.10/quit_gets_221"
    assert command("run", clean.url, name, "--out", tmp_path).status == 0
    assert [result.scenario for result in results_of(tmp_path).results] == [name]


def test_facts_are_options(command: Command, tmp_path: Path) -> None:
    refused = "rfc5321/3.3/undeliverable_recipient_is_refused"
    with reference_server() as served:
        bare = command("run", served.url, refused, "--out", tmp_path)
        assert results_of(tmp_path).end.missing == {"refused": 1}
        told = command("run", served.url, refused, *FACTS, "--refused", "nobody@example.test", "--out", tmp_path)
    assert bare.status == 3
    assert bare.problem == "nothing was run: every selected scenario is not applicable to this target"
    assert "not applicable for want of: refused (1)" in bare.out
    assert told.status == 0
    assert served.recipients() == {b"postmaster", b"bob@example.test"}
    first = results_of(tmp_path).results[0]
    said = b"".join(entry.octets for entry in first.attempts[0].connections[0].entries if entry.sender == "us")
    assert said.startswith(b"EHLO client.example.test\r\nMAIL FROM:<sender@client.example.test>\r\n")
    assert b"RCPT TO:<nobody@example.test>\r\n" in said


def test_an_option_counts_more_than_the_file(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "a server.toml"
    with reference_server() as served:
        file.write_text(f'address = "{served.url}"\nmailboxes = ["alice@example.test"]\nehlo-name = "file.test"\n')
        assert command("run", file, NOOP, "--out", tmp_path).status == 0
        assert served.recipients() == {b"alice@example.test"}
        served.server.site.delivered.clear()
        assert command("run", file, NOOP, "--rcpt", "bob@example.test", "--out", tmp_path).status == 0
        assert served.recipients() == {b"bob@example.test"}
    ehlo = next(result for result in results_of(tmp_path).results if "greeting" not in result.scenario)
    entries = ehlo.attempts[0].connections[0].entries
    assert b"EHLO file.test\r\n" in [entry.octets for entry in entries]


def test_the_repeat_command_repeats_this_scenario_alone(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "it's a server.toml"
    with reference_server("noop-gets-214") as served:
        file.write_text(f'address = "{served.url}"\n')
        selector = f"{NOOP}/noop_gets_250[ehlo]"
        command("run", file, f"{NOOP}/noop-250", *FACTS, "--timeout", "7.5", "--out", tmp_path / "first")
        found = {result.scenario: result for result in results_of(tmp_path / "first").results}
        assert len(found) > 5
        line = found[selector].repeat
        assert f"'{selector}'" in line
        assert "'\"'\"'" in line
        assert command.repeated(line, tmp_path / "again").status == 0
    (again,) = results_of(tmp_path / "again").results
    assert again.scenario == selector
    assert again.verdict == found[selector].verdict == "deviates"
    assert again.repeat == line
    assert results_of(tmp_path / "again").run.options["timeout"] == 7.5


def test_the_repeat_command_of_a_watch_watches_again(command: Command, tmp_path: Path) -> None:
    watch = "rfc5321/4.2/watch_first_digit"
    with reference_server("help-gets-614") as served:
        ended = command("run", served.url, "rfc5321/4.1.1.8", watch, "--out", tmp_path / "first")
        found = {result.scenario: result for result in results_of(tmp_path / "first").results}[watch]
        again = command.repeated(found.repeat, tmp_path / "again")
    assert found.verdict == "fail"
    assert (ended.status, again.status) == (1, 1)
    results = {result.scenario: result for result in results_of(tmp_path / "again").results}
    assert len(results) == 2
    assert results[watch].verdict == "fail"


def test_a_target_that_stops_working_is_status_3(command: Command, tmp_path: Path) -> None:
    with talking(busy_in(range(2, 100))) as port:
        ended = command("run", f"smtp://127.0.0.1:{port}", f"{NOOP}/noop_gets_250[ehlo]", "--out", tmp_path)
    assert ended.status == 3
    assert ended.problem.startswith("the target no longer works: control delivery to <postmaster> failed at greeting")
    (only,) = results_of(tmp_path).results
    assert only.verdict == "inconclusive"
    assert len(only.attempts) == 3


def test_evidence_is_in_the_results(command: Command, tmp_path: Path) -> None:
    with reference_server("noop-gets-214") as served:
        command("run", served.url, f"{NOOP}/noop_gets_250[ehlo]", "--out", tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "results.jsonl").read_bytes().splitlines()]
    entries = lines[1]["attempts"][0]["connections"][0]["entries"]
    assert [entry["from"] for entry in entries[:3]] == ["them", "us", "them"]
    assert base64.b64decode(entries[1]["octets"]).startswith(b"EHLO ")
    assert b"214 " in b"".join(base64.b64decode(entry["octets"]) for entry in entries)


def test_a_namespace_is_for_servers_that_we_start(clean: Served, command: Command, tmp_path: Path) -> None:
    ended = command("run", clean.url, NOOP, "--namespace", "--out", tmp_path)
    assert ended.status == 2
    assert "--namespace is for servers that we start by ourselves" in ended.err
