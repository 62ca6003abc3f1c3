from __future__ import annotations

import html.parser
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import connection, end, entry, every_verdict, hostile, result, run

from conformance.engine import Attempt, Event, ObservationRecord, Result
from conformance.report import ReportError, write_html
from conformance.report._words import safe
from conformance.scenario import Verdict

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()), min_size=1)
VOID = {"meta", "br"}


class Page(html.parser.HTMLParser):
    """The tags, the attributes and the text of a page; fails on a tag that is not closed."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, tag: str, name: str) -> list[str]:
        return [value for found, attribute, value in self.attributes if (found, attribute) == (tag, name)]


def page(folder: Path, *events: Event) -> Page:
    path = folder / "report.html"
    write_html(iter(events), path)
    return Page(path.read_text(encoding="utf-8"))


def test_the_page_says_who_was_tested_and_how(tmp_path: Path) -> None:
    text = page(tmp_path, *every_verdict()).text
    for said in (
        "SMTP conformance: example mx 1.2",
        "Tested at smtp://127.0.0.1:2525 on 2025-11-23T20:00:00Z by smtp-conformance 0.1.0, in 12.3 s",
        "220 mx.example ESMTP",
        "SIZE 1000",
        "7 scenarios, 5 clauses",
        "overlap 64; selectors rfc5321",
        "MUST clauses left inconclusive: 1.",
        "Not applicable for want of: EHLO STARTTLS (1).",
        "7 results, 3 of them to look into.",
    ):
        assert said in re.sub(r"\s+", " ", text)


def test_a_finding_has_everything_the_console_shows(tmp_path: Path) -> None:
    text = page(tmp_path, *every_verdict()).text
    finding = text[text.index("1. ") : text.index("2. ")]
    for said in (
        "fail",
        "rfc5321/4.1.1.4/data_does_not_end_at[lf-dot-lf]",
        "A line feed, a dot and a line feed do not end the mail data.",
        "MUST NOT, RFC 5321 §4.1.1.4, lines 2032-2034",
        "one reply, then 221",
        "250 OK | 250 OK | 221",
        "smtp-conformance run smtp://127.0.0.1:2525 'rfc5321/4.1.1.4/data_does_not_end_at[lf-dot-lf]'",
        "connection 0 (client) from 127.0.0.1:54321 to 127.0.0.1:2525",
        "    0.001 → EHLO [127.0.0.1]\\r\\n\n    0.002 ← 250-mx.example\\r\\n\n          ← 250 STARTTLS\\r\\n\n",
    ):
        assert said in finding


def test_every_result_is_listed_with_its_reason(tmp_path: Path) -> None:
    made = page(tmp_path, *every_verdict())
    listed = made.text[made.text.index("All results") :]
    for member in every_verdict():
        assert not isinstance(member, Result) or member.scenario in listed
    for said in (
        "a 421 proves nothing",
        "EHLO does not offer STARTTLS",
        "lists HELP: 214 Help",
        "ValueError: no such row",
    ):
        assert said in listed
    assert made.values("tr", "id") == [
        "rfc3207/4.2/starttls_forgets",
        "rfc5321/4.1.1.4/data_after_rcpt",
        "rfc5321/4.1.1.4/data_does_not_end_at[lf-dot-lf]",
        "rfc5321/4.1.1.5/rset",
        "rfc5321/4.1.1.8/help",
        "rfc5321/4.5.3.1.2/domain",
        "rfc5321/4.5.3.1.10/too_many_recipients",
    ]


def test_headings_form_an_outline_and_links_lead_somewhere(tmp_path: Path) -> None:
    made = page(tmp_path, *every_verdict())
    levels = [int(tag[1]) for tag in made.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(deeper - level <= 1 for level, deeper in itertools.pairwise(levels))
    ids = [value for _, name, value in made.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    labels = [value for _, name, value in made.attributes if name == "aria-labelledby"]
    inner = [link[1:] for link in made.values("a", "href") if link.startswith("#")]
    assert set(labels) | set(inner) <= set(ids)
    assert len(inner) == 3


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(tmp_path: Path) -> None:
    made = page(tmp_path, *every_verdict())
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(made.tags)
    assert not [name for _, name, _ in made.attributes if name.startswith("on") or name in {"src", "style"}]
    assert "default-src 'none'; style-src 'unsafe-inline'" in made.values("meta", "content")
    style = re.search(r"<style>(.*)</style>", (tmp_path / "report.html").read_text(), re.DOTALL)
    assert style
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_a_verdict_is_always_a_word_beside_its_colour(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_html(every_verdict(), path)
    badges = re.findall(r'<span class="badge ([\w-]+)">([\w-]+)</span>', path.read_text())
    assert {word for word, _ in badges} == {word.value for word in Verdict}
    assert all(colour == word for colour, word in badges)


def test_a_page_without_findings_says_so(tmp_path: Path) -> None:
    made = page(tmp_path, run(), result(), end(result()))
    assert re.search(r"Findings\s+None\.", made.text)
    assert "details" not in made.tags


def test_an_unusable_run_says_so_first_and_shows_why(tmp_path: Path) -> None:
    refused = connection(entry(0.0, "them", b"554 no\r\n"))
    made = page(tmp_path, run(), end(problem="the greeting is 554", evidence=(refused,)))
    assert made.text.index("Not a usable run") < made.text.index("the greeting is 554") < made.text.index("Counts")
    assert "0.000 ← 554 no\\r\\n" in made.text


@pytest.mark.parametrize("events", [[], [run()], [run(), result()]], ids=["nothing", "run", "result"])
def test_a_run_that_broke_off_says_so(tmp_path: Path, events: list[Event]) -> None:
    assert "the run broke off before its end" in page(tmp_path, *events).text


def test_hostile_octets_are_shown_and_do_nothing(tmp_path: Path) -> None:
    made = page(tmp_path, *hostile())
    assert "script" not in made.tags
    assert r"← \x1b[2J\x1b]0;owned\x07]]>&<script>alert(1)</script>[bold]\x00\xff\x9b\r\n" in made.text
    assert r"{{ 7*7 }}" in made.text
    assert made.text.replace("\n", "").isprintable()
    assert not [link for link in made.values("a", "href") if not link.startswith("#")]


@settings(deadline=None)
@given(text=ANYTHING, octets=st.binary(min_size=1, max_size=200))
def test_no_text_and_no_octets_change_the_page_around_them(
    tmp_path_factory: pytest.TempPathFactory, text: str, octets: bytes
) -> None:
    def made(word: str, line: bytes) -> Page:
        wire = (connection(entry(0.0, "them", line)),)
        found = result(
            f"rfc5321/4.1/row[{word}]",
            verdict=Verdict.FAIL,
            says=word,
            disputed=word,
            observation=ObservationRecord(kind="broken", expected=word, seen=word),
            attempts=(Attempt(purpose="first", verdict=Verdict.FAIL, connections=wire),),
        )
        return page(tmp_path_factory.getbasetemp(), run(), found, end(found))

    one_line = octets.replace(b"\n", b"")
    shown = made(text, one_line or b"x")
    assert shown.tags == made("plain", b"x").tags
    assert f"rfc5321/4.1/row[{safe(text)}]" in shown.text


def test_nothing_is_left_when_the_events_fail(tmp_path: Path) -> None:
    def failing() -> Iterator[Event]:
        yield run()
        raise ReportError("results.jsonl:2: no JSON")

    with pytest.raises(ReportError, match="no JSON"):
        write_html(failing(), tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_place_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match=r"report\.html: can't be written: .*/file is no folder$"):
        write_html(every_verdict(), tmp_path / "file" / "report.html")
