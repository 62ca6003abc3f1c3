"""Known findings: ``run --expect`` and ``expect``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_commands import NOOP, RSET, Command, Served, busy_in, reference_server, results_of, talking

from conformance.report import ReportError, read_expected
from conformance.scenario import FINDINGS

ONE = f"{NOOP}/noop_gets_250[ehlo]"


@pytest.fixture(scope="module")
def wrong() -> Iterator[Served]:
    with reference_server("noop-gets-214") as served:
        yield served


def expecting(folder: Path, scenario: str = ONE, verdict: str = "deviates", seen: str = "214 *") -> Path:
    file = folder / "known.toml"
    file.write_text(
        f'[[expected]]\nscenario = "{scenario}"\nverdict = "{verdict}"\nseen = "{seen}"\nreason = "we know"\n'
    )
    return file


def differences(out: str) -> list[str]:
    return [line.removeprefix("not as expected: ") for line in out.splitlines() if line.startswith("not as expected")]


def test_what_is_known_is_no_news(command: Command, wrong: Served, tmp_path: Path) -> None:
    ended = command("run", wrong.url, ONE, "--strict", "--expect", expecting(tmp_path), "--out", tmp_path)
    assert (ended.status, differences(ended.out)) == (0, [])


def test_another_observation_is_a_difference(command: Command, wrong: Served, tmp_path: Path) -> None:
    file = expecting(tmp_path, seen="500 *")
    ended = command("run", wrong.url, ONE, "--expect", file, "--out", tmp_path)
    assert ended.status == 1
    (difference,) = differences(ended.out)
    assert difference.startswith(f"seen differs: {ONE}: expected 500 *, got 214 ")


def test_another_verdict_is_a_difference(command: Command, wrong: Served, tmp_path: Path) -> None:
    ended = command("run", wrong.url, ONE, "--expect", expecting(tmp_path, verdict="fail"), "--out", tmp_path)
    assert ended.status == 1
    assert differences(ended.out)[0].startswith(f"unexpected finding: {ONE}: expected fail, got deviates")


def test_a_finding_that_is_not_in_the_file_is_a_difference(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "none.toml"
    file.write_text("")
    with reference_server("rset-gets-220") as served:
        ended = command("run", served.url, RSET, "--expect", file, "--out", tmp_path)
    assert ended.status == 1
    found = {result.scenario for result in results_of(tmp_path).results if result.verdict in FINDINGS}
    assert found
    assert {tuple(line.split(": ")[:2]) for line in differences(ended.out)} == {
        ("unexpected finding", name) for name in found
    }


def test_a_pass_that_was_not_expected_is_a_difference(command: Command, clean: Served, tmp_path: Path) -> None:
    ended = command("run", clean.url, ONE, "--expect", expecting(tmp_path), "--out", tmp_path)
    assert ended.status == 1
    assert differences(ended.out) == [f"unexpected pass: {ONE}: expected deviates, got pass"]


def test_entries_of_what_is_not_selected_are_not_asked_about(command: Command, clean: Served, tmp_path: Path) -> None:
    other = f"{NOOP}/noop_gets_250[mail]"
    ended = command("run", clean.url, other, "--expect", expecting(tmp_path), "--out", tmp_path)
    assert (ended.status, differences(ended.out)) == (0, [])


@pytest.mark.parametrize(("strict", "status"), [((), 0), (("--strict",), 1)])
def test_an_inconclusive_result_does_not_confirm(
    command: Command, tmp_path: Path, strict: tuple[str, ...], status: int
) -> None:
    with talking(busy_in(range(2, 5))) as port:
        url = f"smtp://127.0.0.1:{port}"
        ended = command("run", url, ONE, *strict, "--expect", expecting(tmp_path), "--out", tmp_path)
    assert ended.status == status
    assert [line.partition(":")[0] for line in differences(ended.out)] == ["not confirmed"] * status


def test_an_unknown_scenario_is_status_2_and_nothing_is_sent(command: Command, tmp_path: Path) -> None:
    file = expecting(tmp_path, scenario=f"{NOOP}/noop_gets_250[ehl]")
    with reference_server() as served:
        ended = command("run", served.url, ONE, "--expect", file, "--out", tmp_path / "out")
        assert served.recipients() == set()
    assert ended.status == 2
    assert ended.problem == f"{file}: no scenario '{NOOP}/noop_gets_250[ehl]'; did you mean '{ONE}'?"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "can't be read: No such file or directory"),
        ("[[expected]\n", ":"),
        ('[[expected]]\nscenario = "x"\n', "verdict"),
        (f'[[expected]]\nscenario = "{ONE}"\nverdict = "fail"\nseen = "*"\nreason = ""\n', "has no reason"),
        (f'[[expected]]\nscenario = "{ONE}"\nverdict = "fail"\nreason = "so"\n', "does not say what is seen"),
    ],
    ids=["missing", "not-toml", "no-verdict", "no-reason", "no-seen"],
)
def test_a_bad_file_is_status_2(command: Command, tmp_path: Path, text: str | None, says: str) -> None:
    file = tmp_path / "known.toml"
    if text is not None:
        file.write_text(text)
    ended = command("run", "smtp://127.0.0.1:1", ONE, "--expect", file, "--out", tmp_path / "out")
    assert ended.status == 2
    assert ended.problem.startswith(f"{file}: ")
    assert says in ended.problem
    assert not (tmp_path / "out").exists()


def test_expect_writes_what_run_takes_once_the_reasons_are_there(
    command: Command, wrong: Served, tmp_path: Path
) -> None:
    file = tmp_path / "expected.toml"
    command("run", wrong.url, f"{NOOP}/noop-250", "--out", tmp_path)
    ended = command("expect", tmp_path / "results.jsonl", "--out", file)
    assert (ended.status, ended.err) == (0, "")
    *missing, last = ended.out.splitlines()
    assert f"no reason yet: {ONE}" in missing
    assert last == f"{file}: fill in the reasons; without them it is refused"
    with pytest.raises(ReportError, match="has no reason"):
        read_expected(file)
    file.write_text(file.read_text().replace('reason = ""', 'reason = "lines 2194 to 2195"'))
    assert ONE in read_expected(file).entries
    again = command("run", wrong.url, f"{NOOP}/noop-250", "--strict", "--expect", file, "--out", tmp_path)
    assert (again.status, differences(again.out)) == (0, [])


def test_expect_keeps_the_reasons_that_stand_in_a_file(command: Command, wrong: Served, tmp_path: Path) -> None:
    command("run", wrong.url, f"{NOOP}/noop-250", "--out", tmp_path)
    file = expecting(tmp_path)
    ended = command("expect", tmp_path / "results.jsonl", "--out", file)
    assert ended.status == 0
    missing = [line.removeprefix("no reason yet: ") for line in ended.out.splitlines() if line.startswith("no reason")]
    assert missing
    assert ONE not in missing
    written = tomllib.loads(file.read_text())["expected"]
    assert {entry["scenario"]: entry["reason"] for entry in written}[ONE] == "we know"


def test_expect_takes_reasons_for_many_from_a_file(command: Command, wrong: Served, tmp_path: Path) -> None:
    command("run", wrong.url, f"{NOOP}/noop-250", "--out", tmp_path)
    reasons = tmp_path / "reasons.toml"
    reasons.write_text(f'[[reason]]\nscenarios = ["{NOOP}/noop_gets_250*"]\nreason = "so it is"\n')
    file = tmp_path / "expected.toml"
    ended = command("expect", tmp_path / "results.jsonl", "--out", file, "--reasons", reasons)
    assert (ended.status, ended.out) == (0, f"{file}: written\n")
    assert {entry.reason for entry in read_expected(file).entries.values()} == {"so it is"}


def test_expect_takes_the_first_reason_of_several_files(command: Command, wrong: Served, tmp_path: Path) -> None:
    command("run", wrong.url, f"{NOOP}/noop-250", "--out", tmp_path)
    files = [tmp_path / name for name in ("own.toml", "common.toml")]
    for path in files:
        path.write_text(f'[[reason]]\nscenarios = ["{NOOP}/noop_gets_250*"]\nreason = "{path.stem}"\n')
    options = [word for path in files for word in ("--reasons", path)]
    file = tmp_path / "expected.toml"
    assert command("expect", tmp_path / "results.jsonl", "--out", file, *options).status == 0
    assert {entry.reason for entry in read_expected(file).entries.values()} == {"own"}


@pytest.mark.parametrize(
    ("text", "says"), [("[[reason]]\n", "missing required field"), ("reason = 1\n", "Expected `array`"), ("[", ":")]
)
def test_a_bad_file_of_reasons_is_status_2(
    command: Command, clean: Served, tmp_path: Path, text: str, says: str
) -> None:
    command("run", clean.url, ONE, "--out", tmp_path)
    reasons = tmp_path / "reasons.toml"
    reasons.write_text(text)
    ended = command("expect", tmp_path / "results.jsonl", "--out", tmp_path / "e.toml", "--reasons", reasons)
    assert ended.status == 2
    assert ended.problem.startswith(f"{reasons}: ")
    assert says in ended.problem
    assert not (tmp_path / "e.toml").exists()


def test_expect_of_what_is_no_results_file(command: Command, tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_text("hello\n")
    ended = command("expect", tmp_path / "results.jsonl", "--out", tmp_path / "expected.toml")
    assert ended.status == 2
    assert ended.problem.startswith(f"{tmp_path / 'results.jsonl'}:1: no JSON")
    assert not (tmp_path / "expected.toml").exists()
