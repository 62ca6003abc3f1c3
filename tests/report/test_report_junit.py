from __future__ import annotations

import platform
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from report_samples import connection, end, entry, every_verdict, hostile, result, run

from conformance.engine import Attempt, Event, ObservationRecord
from conformance.report import ReportError, write_junit
from conformance.report._words import safe
from conformance.scenario import Verdict

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))
ANYTHING = st.text(st.characters(codec=None, exclude_categories=()))


def junit(folder: Path, *events: Event) -> etree._Element:
    path = folder / "junit.xml"
    write_junit(iter(events), path, hostname="tester")
    tree = etree.parse(path)
    SCHEMA.assertValid(tree)
    return tree.getroot()


def case(root: etree._Element, verdict: Verdict) -> etree._Element:
    (found,) = root.xpath(f"//testcase[properties/property[@name='verdict' and @value='{verdict}']]")
    return found


def test_one_suite_a_section_in_the_order_of_the_rfc(tmp_path: Path) -> None:
    root = junit(tmp_path, *every_verdict())
    assert [suite.get("name") for suite in root] == [
        "rfc3207.4.2",
        "rfc5321.4.1.1.4",
        "rfc5321.4.1.1.5",
        "rfc5321.4.1.1.8",
        "rfc5321.4.5.3.1.2",
        "rfc5321.4.5.3.1.10",
    ]
    assert {(found.get("classname"), found.getparent().get("name")) for found in root.iter("testcase")} == {
        (name, name) for name in (suite.get("name") for suite in root)
    }


def test_counts_times_and_names_are_right(tmp_path: Path) -> None:
    root = junit(tmp_path, *every_verdict())
    assert dict(root.attrib) == {
        "name": "smtp-conformance",
        "tests": "7",
        "failures": "1",
        "errors": "1",
        "time": "12.340",
    }
    assert dict(root[1].attrib) == {
        "name": "rfc5321.4.1.1.4",
        "tests": "2",
        "failures": "1",
        "errors": "0",
        "skipped": "0",
        "time": "0.247",
        "timestamp": "2025-11-23T20:00:00",
        "hostname": "tester",
    }
    for suite in root:
        for counted, tag in (
            ("tests", "testcase"),
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            assert int(suite.get(counted)) == len(list(suite.iter(tag)))


def test_cases_stand_in_the_order_of_the_rfc(tmp_path: Path) -> None:
    late, early = result("rfc5321/4.1/a", lines=(90, 91)), result("rfc5321/4.1/b", lines=(10, 11))
    root = junit(tmp_path, run(), late, early, end(late, early))
    assert [found.get("name") for found in root.iter("testcase")] == ["rfc5321/4.1/b", "rfc5321/4.1/a"]


def test_the_host_is_ours_unless_said_otherwise(tmp_path: Path) -> None:
    write_junit(every_verdict(), tmp_path / "j")
    assert etree.parse(tmp_path / "j").getroot()[0].get("hostname") == platform.node()


@pytest.mark.parametrize(
    ("verdict", "tags"),
    [
        (Verdict.PASS, ["properties", "system-out"]),
        (Verdict.DEVIATES, ["properties", "system-out"]),
        (Verdict.NOTED, ["properties", "system-out"]),
        (Verdict.FAIL, ["properties", "failure", "system-out"]),
        (Verdict.ERROR, ["properties", "error", "system-out"]),
        (Verdict.INCONCLUSIVE, ["properties", "skipped", "system-out"]),
        (Verdict.NOT_APPLICABLE, ["properties", "skipped", "system-out"]),
    ],
)
def test_each_verdict_has_its_element(tmp_path: Path, verdict: Verdict, tags: list[str]) -> None:
    assert [child.tag for child in case(junit(tmp_path, *every_verdict()), verdict)] == tags


def test_a_failure_tells_all(tmp_path: Path) -> None:
    found = case(junit(tmp_path, *every_verdict()), Verdict.FAIL)
    assert found.get("name") == "rfc5321/4.1.1.4/data_does_not_end_at[lf-dot-lf]"
    assert [(each.get("name"), each.get("value")) for each in found.iter("property")] == [
        ("clause", "rfc5321/4.1.1.4/lf-dot-lf"),
        ("level", "MUST NOT"),
        ("verdict", "fail"),
    ]
    failure = found.find("failure")
    assert failure.get("type") == "fail"
    assert failure.get("message") == (
        "RFC 5321 §4.1.1.4, lines 2032-2034: A line feed, a dot and a line feed do not end the mail data. "
        "Seen: 250 OK | 250 OK | 221"
    )
    assert " expected: one reply, then 221\n     seen: 250 OK | 250 OK | 221\n" in failure.text
    assert found.findtext("system-out").endswith("\n    0.500 -- silence for 5.0 s")


def test_what_is_skipped_says_why(tmp_path: Path) -> None:
    root = junit(tmp_path, *every_verdict())
    assert case(root, Verdict.INCONCLUSIVE).find("skipped").get("message") == "inconclusive: a 421 proves nothing"
    assert (
        case(root, Verdict.NOT_APPLICABLE).find("skipped").get("message")
        == "not-applicable: EHLO does not offer STARTTLS"
    )


def test_an_error_carries_its_traceback(tmp_path: Path) -> None:
    error = case(junit(tmp_path, *every_verdict()), Verdict.ERROR).find("error")
    assert error.get("message") == "ValueError: no such row"
    assert '      why: Traceback:\n             File "s.py", line 1\n           ValueError: no such row\n' in error.text


def test_a_run_that_proves_nothing_is_an_error(tmp_path: Path) -> None:
    refused = connection(entry(0.0, "them", b"554 no\r\n"))
    root = junit(tmp_path, run(), result(), end(problem="the greeting is 554", evidence=(refused,)))
    (error,) = root.iter("error")
    assert error.get("message") == "the greeting is 554"
    assert error.getparent().findtext("system-out").endswith(r"0.000 <- 554 no\r\n")
    assert (root.get("tests"), root.get("errors")) == ("2", "1")


def test_a_run_that_broke_off_is_an_error(tmp_path: Path) -> None:
    (error,) = junit(tmp_path, run(), result()).iter("error")
    assert error.get("message") == "the run broke off before its end"


def test_an_empty_run_is_valid(tmp_path: Path) -> None:
    assert junit(tmp_path, run(), end()).get("tests") == "0"


def test_hostile_octets_are_valid_and_changed_in_no_other_way(tmp_path: Path) -> None:
    root = junit(tmp_path, *hostile())
    text = case(root, Verdict.FAIL).findtext("system-out")
    assert r"<- \x1b[2J\x1b]0;owned\x07]]>&<script>alert(1)</script>[bold]\x00\xff\x9b\r\n" in text
    assert not list(root.iter("script"))
    for found in root.iter():
        for text in (*found.attrib.values(), found.text or "", found.tail or ""):
            assert text.replace("\n", "").isprintable()


@given(text=ANYTHING, octets=st.binary(max_size=200))
def test_any_text_and_any_octets_come_back(tmp_path_factory: pytest.TempPathFactory, text: str, octets: bytes) -> None:
    wire = (connection(entry(0.0, "them", octets)),)
    found = result(
        verdict=Verdict.FAIL,
        observation=ObservationRecord(kind="broken", expected="x", seen=text),
        attempts=(Attempt(purpose="first", verdict=Verdict.FAIL, connections=wire),),
    )
    root = junit(tmp_path_factory.getbasetemp(), run(), found, end(found))
    (failure,) = root.iter("failure")
    assert failure.get("message").endswith(f"mail data. Seen: {safe(text)}")


def test_nothing_is_left_when_the_events_fail(tmp_path: Path) -> None:
    def failing() -> Iterator[Event]:
        yield run()
        raise ReportError("results.jsonl:2: no JSON")

    (tmp_path / "junit.xml").write_text("the old one")
    with pytest.raises(ReportError, match="no JSON"):
        write_junit(failing(), tmp_path / "junit.xml")
    assert [path.name for path in tmp_path.iterdir()] == ["junit.xml"]
    assert (tmp_path / "junit.xml").read_text() == "the old one"


def test_an_unwritable_place_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match=r"junit\.xml: can't be written: .*/file is no folder$"):
        write_junit(every_verdict(), tmp_path / "file" / "junit.xml")
