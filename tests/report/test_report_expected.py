from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import end, every_verdict, hostile, result

from conformance.engine import End, ObservationRecord, Result
from conformance.report import Difference, Entry, Expected, ReportError, exit_status, read_expected, write_expected
from conformance.scenario import Verdict

NAME = "rfc5321/4.1.1.4/data_does_not_end_at[lf-dot-lf]"


def expected(verdict: str = "fail", seen: str = "250 OK*", name: str = NAME) -> Expected:
    entry = Entry(scenario=name, verdict=verdict, seen=seen, reason="known")  # type: ignore[arg-type]
    return Expected(Path("expected.toml"), {name: entry})


def kinds(known: Expected, *results: Result, strict: bool = False) -> list[str]:
    return [difference.kind for difference in known.compare(results, strict=strict)]


NOTHING = Expected(Path("expected.toml"), {})
BOTH = pytest.mark.parametrize("strict", [False, True])


@BOTH
def test_a_known_finding_is_no_difference(*, strict: bool) -> None:
    assert kinds(expected(), result(verdict=Verdict.FAIL), strict=strict) == []
    assert kinds(expected("deviates"), result(verdict=Verdict.DEVIATES, lines=(1, 1)), strict=strict) == [
        "seen differs"
    ]
    assert kinds(expected("deviates", ""), result(verdict=Verdict.DEVIATES), strict=strict) == []


@BOTH
def test_an_unknown_fail_is_a_difference(*, strict: bool) -> None:
    assert kinds(NOTHING, result(verdict=Verdict.FAIL), strict=strict) == ["unexpected finding"]


def test_an_unknown_deviation_is_a_difference_only_when_strict() -> None:
    found = result(verdict=Verdict.DEVIATES)
    assert kinds(NOTHING, found) == []
    assert kinds(NOTHING, found, strict=True) == ["unexpected finding"]


@BOTH
def test_a_finding_of_another_weight_is_a_difference(*, strict: bool) -> None:
    assert kinds(expected("deviates"), result(verdict=Verdict.FAIL), strict=strict) == ["unexpected finding"]
    assert kinds(expected("fail"), result(verdict=Verdict.DEVIATES), strict=strict) == ["unexpected finding"]


@BOTH
def test_another_behaviour_is_a_difference(*, strict: bool) -> None:
    (found,) = expected(seen="554 *").compare([result(verdict=Verdict.FAIL)], strict=strict)
    assert str(found) == f"seen differs: {NAME}: expected 554 *, got 250 OK | 250 OK | 221"


@BOTH
@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.NOTED])
def test_a_repaired_server_is_a_difference(verdict: Verdict, *, strict: bool) -> None:
    assert kinds(expected(), result(verdict=verdict), strict=strict) == ["unexpected pass"]


@pytest.mark.parametrize("verdict", [Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE])
def test_what_is_not_confirmed_is_a_difference_only_when_strict(verdict: Verdict) -> None:
    assert kinds(expected(), result(verdict=verdict)) == []
    assert kinds(expected(), result(verdict=verdict), strict=True) == ["not confirmed"]
    assert kinds(NOTHING, result(verdict=verdict), strict=True) == []


@BOTH
def test_an_error_is_always_a_difference(*, strict: bool) -> None:
    assert kinds(NOTHING, result(verdict=Verdict.ERROR), strict=strict) == ["error"]
    assert kinds(expected(), result(verdict=Verdict.ERROR), strict=strict) == ["error"]


def test_only_what_was_selected_is_compared() -> None:
    assert kinds(expected(), result("rfc5321/4.1/another")) == []


def test_a_difference_is_one_printable_line() -> None:
    for difference in NOTHING.compare([event for event in hostile() if isinstance(event, Result)], strict=True):
        assert str(difference).isprintable()


@pytest.mark.parametrize(
    ("glob", "seen", "fits"),
    [
        ("250 *", "250 OK", True),
        ("250 *", "1250 OK", False),
        ("25? OK", "250 OK", True),
        ("25? OK", "25 OK", False),
        ("[127.0.0.1] greets", "[127.0.0.1] greets", True),
        ("[127.0.0.1] greets", "1 greets", False),
        ("250 (ok).+", "250 (ok).+", True),
        ("250 ok", "250 OK", False),
        ("", "anything", True),
    ],
)
def test_only_star_and_question_mark_are_special(glob: str, seen: str, *, fits: bool) -> None:
    assert Entry(scenario="s", verdict="deviates", seen=glob, reason="r").matches(seen) is fits


def refusal(path: Path, text: str) -> str:
    path.write_text(text)
    with pytest.raises(ReportError) as caught:
        read_expected(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value)


ENTRY = '[[expected]]\nscenario = "a/1/b"\nverdict = "fail"\nseen = "250*"\nreason = "RFC 5321 lines 1-2 allow it"\n'


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "expected.toml"
    path.write_text(ENTRY + 'link = "https://example.org/7"\n')
    assert read_expected(path).entries == {
        "a/1/b": Entry(
            scenario="a/1/b",
            verdict="fail",
            seen="250*",
            reason="RFC 5321 lines 1-2 allow it",
            link="https://example.org/7",
        )
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ENTRY.replace("RFC 5321 lines 1-2 allow it", "  "), "'a/1/b' has no reason"),
        (ENTRY.replace('seen = "250*"\n', ""), "'a/1/b' is a fail and does not say what is seen"),
        (ENTRY * 2, "'a/1/b' stands there twice"),
        (ENTRY.replace('"fail"', '"pass"'), "Invalid enum value 'pass'"),
        (ENTRY.replace("seen", "sean"), "sean"),
        (ENTRY.replace("expected", "known"), "known"),
        ("[[expected]]\n", "missing required field `scenario`"),
        ("expected = 7", "Expected `array`"),
        ("[[expected", "Expected ']]'"),
    ],
)
def test_a_wrong_file_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    assert says in refusal(tmp_path / "expected.toml", text)


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"none\.toml: can't be read: No such file"):
        read_expected(tmp_path / "none.toml")


def test_octets_that_are_no_text_are_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "expected.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ReportError, match=r"expected\.toml: "):
        read_expected(path)


def test_an_unknown_scenario_is_named_with_the_nearest() -> None:
    with pytest.raises(ReportError, match=r"no scenario '.*lf-dot-lf\]'; did you mean '.*lf-dot-crlf\]'\?"):
        expected().check([NAME.replace("lf-dot-lf", "lf-dot-crlf"), "rfc5321/2/other"])
    expected().check([NAME])


def results(path: Path) -> Path:
    write_expected((event for event in every_verdict() if isinstance(event, Result)), path)
    return path


def test_the_findings_are_written_without_a_reason_and_refused_until_there_is_one(tmp_path: Path) -> None:
    path = results(tmp_path / "new" / "expected.toml")
    text = path.read_text()
    assert f'[[expected]]\nscenario = "{NAME}"\nverdict = "fail"\nseen = "250 OK | 250 OK | *"\nreason = ""\n' in text
    assert text.count("[[expected]]") == 2
    assert "has no reason" in refusal(path, text)
    path.write_text(text.replace('reason = ""', 'reason = "known"'))
    known = read_expected(path)
    assert kinds(known, *(event for event in every_verdict() if isinstance(event, Result)), strict=True) == ["error"]


def test_a_token_does_not_make_a_finding_new(tmp_path: Path) -> None:
    found = result(verdict=Verdict.FAIL, observation=ObservationRecord(kind="broken", seen="250 <tok123@x> kept"))
    write_expected([found], tmp_path / "e")
    assert 'seen = "250 <*@x> kept"' in (tmp_path / "e").read_text()


@pytest.mark.parametrize(
    ("seen", "kept"),
    [
        ("for <a@b>; Thu, 26 Nov 2026 02:11:52 +0000 (UTC)", "for <a@b>; * (UTC)"),
        ("Date: 1 Jan 2027 9:08:07 GMT end", "Date: * GMT end"),
        ("Fri, 27 Nov 2026\\\\...2 octets...1:18:45 +0100\\r", "*\\\\...2 octets...*\\r"),
        ("220 mail ready at Thu Nov 26 02:11:52 2026", "220 mail ready at *"),
        ("since 2026-11-26T02:11:52.5 on", "since * on"),
        ("Nov  6 02:11:52 mail", "* mail"),
        ("250 May I help you? 12 monkeys, 1.2.3.4", "250 May I help you? 12 monkeys, 1.2.3.4"),
        ("[127.0.0.1]:25 and 2001:db8::1", "[127.0.0.1]:25 and 2001:db8::1"),
    ],
)
def test_a_date_or_a_time_does_not_make_a_finding_new(tmp_path: Path, seen: str, kept: str) -> None:
    found = result(verdict=Verdict.FAIL, observation=ObservationRecord(kind="broken", seen=seen))
    write_expected([found], tmp_path / "e")
    (entry,) = tomllib.loads((tmp_path / "e").read_text())["expected"]
    assert entry["seen"] == kept


def test_what_follows_the_second_reply_is_left_open(tmp_path: Path) -> None:
    seen = ObservationRecord(kind="broken", seen="250 OK | 500 What | 500 What else | 221 Bye")
    write_expected([result(verdict=Verdict.FAIL, observation=seen)], tmp_path / "e")
    assert 'seen = "250 OK | 500 What | *"' in (tmp_path / "e").read_text()


def test_what_a_watch_saw_first_is_left_open(tmp_path: Path) -> None:
    seen = ObservationRecord(kind="broken", seen="500 What")
    write_expected([result("rfc5321/4.2/watch_digits", verdict=Verdict.FAIL, observation=seen)], tmp_path / "e")
    assert 'seen = "*"' in (tmp_path / "e").read_text()


@pytest.mark.parametrize("end", ["closed", "reset"])
def test_how_a_connection_ends_does_not_make_a_finding_new(tmp_path: Path, end: str) -> None:
    seen = ObservationRecord(kind="broken", seen=f"221 Bye | connection {end}")
    write_expected([result(verdict=Verdict.FAIL, observation=seen)], tmp_path / "e")
    assert 'seen = "221 Bye | connection *"' in (tmp_path / "e").read_text()


def test_a_run_without_findings_makes_a_file_that_can_be_read(tmp_path: Path) -> None:
    write_expected([result()], tmp_path / "e")
    assert read_expected(tmp_path / "e").entries == {}


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_whatever_was_seen_is_known_when_it_is_seen_again(tmp_path_factory: pytest.TempPathFactory, seen: str) -> None:
    path = tmp_path_factory.getbasetemp() / "expected.toml"
    found = result('rfc5321/4.1/a["\\]', verdict=Verdict.FAIL, observation=ObservationRecord(kind="broken", seen=seen))
    write_expected([found], path)
    path.write_text(path.read_text(encoding="utf-8").replace('reason = ""', 'reason = "known"'), encoding="utf-8")
    assert kinds(read_expected(path), found, strict=True) == []


def test_an_unwritable_place_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match=r"e\.toml: can't be written: .*/file is no folder$"):
        write_expected([result(verdict=Verdict.FAIL)], tmp_path / "file" / "e.toml")


CLEAN = end(result())
WITH_FAIL = end(result(), result(verdict=Verdict.FAIL))
WITH_DEVIATION = end(result(), result(verdict=Verdict.DEVIATES))
WITH_ERROR = end(result(verdict=Verdict.FAIL), result(verdict=Verdict.ERROR))
NOTHING_RUN = end(result(verdict=Verdict.NOT_APPLICABLE))
UNUSABLE = end(result(verdict=Verdict.FAIL), problem="no usable target")
STOPPED = end(result(), complete=False)
DIFFERS = [Difference("s", "unexpected pass", "")]


@pytest.mark.parametrize(
    ("closing", "strict", "differences", "status"),
    [
        (CLEAN, False, None, 0),
        (CLEAN, True, None, 0),
        (WITH_FAIL, False, None, 1),
        (WITH_FAIL, True, None, 1),
        (WITH_DEVIATION, False, None, 0),
        (WITH_DEVIATION, True, None, 1),
        (WITH_FAIL, True, [], 0),
        (CLEAN, False, DIFFERS, 1),
        (WITH_ERROR, False, None, 3),
        (WITH_ERROR, False, DIFFERS, 3),
        (end(), False, None, 3),
        (NOTHING_RUN, False, None, 3),
        (NOTHING_RUN, False, [], 3),
        (UNUSABLE, False, None, 3),
        (STOPPED, False, None, 3),
        (None, False, None, 3),
    ],
)
def test_the_exit_status(
    closing: End | None, differences: list[Difference] | None, status: int, *, strict: bool
) -> None:
    assert exit_status(closing, strict=strict, differences=differences) == status
