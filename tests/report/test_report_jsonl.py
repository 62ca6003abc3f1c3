from __future__ import annotations

import base64
import json
from pathlib import Path

import jsonschema
import pytest
from report_samples import HOSTILE, end, every_verdict, hostile, result, run

from conformance.engine import End, Event
from conformance.report import JsonlWriter, ReportError, read, results_schema
from conformance.report.schema import PATH, generated


def written(path: Path, *events: Event) -> Path:
    with JsonlWriter(path) as writer:
        for event in events:
            writer.write(event)
    return path


@pytest.mark.parametrize("events", [every_verdict(), hostile()], ids=["plain", "hostile"])
def test_what_was_written_is_read(tmp_path: Path, events: list[Event]) -> None:
    path = written(tmp_path / "new" / "folder" / "results.jsonl", *events)
    assert list(read(path)) == events


def test_octets_are_base64_and_every_line_is_an_object(tmp_path: Path) -> None:
    lines = written(tmp_path / "r", *hostile()).read_bytes().splitlines()
    objects = [json.loads(line) for line in lines]
    assert [found["type"] for found in objects] == ["run", *["result"] * 7, "end"]
    entries = objects[1]["attempts"][0]["connections"][0]["entries"]
    assert base64.b64decode(entries[0]["octets"]) == HOSTILE
    assert entries[0]["from"] == "them"
    assert entries[3]["full-length"] == 9000


def test_each_line_is_on_disk_at_once(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    writer = JsonlWriter(path)
    writer.write(run())
    writer.write(result())
    assert list(read(path, broken_off=True)) == [run(), result()]
    writer.close()
    writer.close()


def test_a_stopped_run_is_a_whole_file(tmp_path: Path) -> None:
    path = written(tmp_path / "r", run(), end(complete=False, problem="stopped before the end"))
    *_, last = read(path)
    assert isinstance(last, End)
    assert not last.complete


def refusal(path: Path, *, broken_off: bool = False) -> str:
    with pytest.raises(ReportError) as caught:
        list(read(path, broken_off=broken_off))
    text = str(caught.value)
    assert text.startswith(str(path))
    assert "\n" not in text
    return text


def test_a_file_that_another_run_is_writing_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with JsonlWriter(path) as writer:
        writer.write(run())
        written = path.read_bytes()
        with pytest.raises(ReportError, match="another run is writing it"):
            JsonlWriter(path)
        assert path.read_bytes() == written
    with JsonlWriter(path):
        assert path.read_bytes() == b""


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none.jsonl")


def test_a_run_that_broke_off_is_refused_unless_wanted(tmp_path: Path) -> None:
    path = written(tmp_path / "r", run(), result())
    assert "last line is missing" in refusal(path)
    assert list(read(path, broken_off=True)) == [run(), result()]


def test_half_a_line_is_the_end_of_a_broken_off_run(tmp_path: Path) -> None:
    path = written(tmp_path / "r", run(), result(), result())
    path.write_bytes(path.read_bytes()[:-20])
    assert ":3: no JSON" in refusal(path)
    assert list(read(path, broken_off=True)) == [run(), result()]


def test_an_empty_file_is_refused_unless_broken_off(tmp_path: Path) -> None:
    path = written(tmp_path / "r")
    assert "empty" in refusal(path)
    assert list(read(path, broken_off=True)) == []


@pytest.mark.parametrize("line", [b"what?\n", b"\xff\xfe\n", b'{"type":"result"\n', b"\n", b'{"type":"\xff"}\n'])
def test_a_line_that_is_no_json_is_named(tmp_path: Path, line: bytes) -> None:
    path = written(tmp_path / "r", run(), result())
    path.write_bytes(path.read_bytes() + line)
    assert ":3: no JSON" in refusal(path)
    assert ":3: no JSON" in refusal(path, broken_off=True)


@pytest.mark.parametrize("line", [b"[]\n", b'{"type":"guess"}\n', b'{"type":"result"}\n', b"7\n", b"{}\n"])
def test_a_line_of_another_kind_is_named(tmp_path: Path, line: bytes) -> None:
    path = written(tmp_path / "r", run())
    path.write_bytes(path.read_bytes() + line)
    assert ":2: not a line of a results file" in refusal(path)


def test_another_schema_is_refused_before_its_fields_are(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.write_text('{"type":"run","schema":2,"suite":"quite different"}\n')
    assert ":1: schema 2, and this version reads schema 1" in refusal(path)


def test_a_file_that_begins_otherwise_is_refused(tmp_path: Path) -> None:
    assert ":1: not the beginning" in refusal(written(tmp_path / "r", result(), end()))


def test_a_second_run_or_a_line_after_the_end_is_refused(tmp_path: Path) -> None:
    assert ":2: a second run" in refusal(written(tmp_path / "a", run(), run()))
    assert ":3: something follows" in refusal(written(tmp_path / "b", run(), end(), result()))


def test_reading_streams(tmp_path: Path) -> None:
    path = written(tmp_path / "r", run(), result())
    path.write_bytes(path.read_bytes() + b"broken\n")
    events = read(path)
    assert next(events) == run()
    assert next(events) == result()


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match=r"can't be written: .*/file is no folder$") as caught:
        JsonlWriter(tmp_path / "file" / "results.jsonl")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_clear_line() -> None:
    writer = JsonlWriter(Path("/dev/full"))
    with pytest.raises(ReportError, match="/dev/full: can't be written: No space left"):
        writer.write(run())
    with pytest.raises(ReportError, match="No space left"):
        writer.close()


def test_the_committed_schema_is_up_to_date() -> None:
    assert PATH.read_text() == generated(), "run: python -m conformance.report.schema"


@pytest.mark.parametrize("events", [every_verdict(), hostile()], ids=["plain", "hostile"])
def test_lines_fit_the_schema(tmp_path: Path, events: list[Event]) -> None:
    jsonschema.Draft202012Validator.check_schema(results_schema())
    validator = jsonschema.Draft202012Validator(json.loads(PATH.read_text()))
    for line in written(tmp_path / "r", *events).read_bytes().splitlines():
        validator.validate(json.loads(line))


@pytest.mark.parametrize(
    ("number", "key", "value"),
    [(0, "schema", 2), (0, "type", "end"), (1, "verdict", "failed"), (1, "lines", [1]), (-1, "complete", "yes")],
)
def test_the_schema_refuses_what_is_wrong(number: int, key: str, value: object, tmp_path: Path) -> None:
    line = json.loads(written(tmp_path / "r", *every_verdict()).read_bytes().splitlines()[number])
    line[key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(line, results_schema())
