from __future__ import annotations

import io
import re
from typing import Any, Literal

import pytest
from report_samples import connection, end, entry, every_verdict, hostile, result, run
from rich.console import Console

from conformance.engine import Attempt, Event, Started
from conformance.report import ConsoleReport, _console
from conformance.scenario import Verdict

RICH_OWN = re.compile(r"\x1b\[[0-9;?]*[mlhAK]")
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?[34][0-7]m")


def report(
    events: list[Event],
    *,
    quiet_lines: bool = True,
    transcripts: Literal["all", "findings", "none"] = "findings",
    terminal: bool = False,
    total: int = 7,
    **console: Any,
) -> str:
    shown = io.StringIO()
    made = ConsoleReport(
        Console(file=shown, force_terminal=terminal, width=60, **console),
        total=total,
        transcripts=transcripts,
        quiet_lines=quiet_lines,
    )
    for event in events:
        made.event(event)
    made.close()
    return shown.getvalue()


FINDING = r"""
  FAIL  rfc5321/4.1.1.4/data_does_not_end_at[lf-dot-lf]
       clause  rfc5321/4.1.1.4/lf-dot-lf (MUST NOT)
         says  A line feed, a dot and a line feed do not end the mail data.
        where  RFC 5321 §4.1.1.4, lines 2032-2034
         link  https://www.rfc-editor.org/rfc/rfc5321.html#section-4.1.1.4
     scenario  Only CRLF.CRLF ends mail data: one message in, one reply out.
     expected  one reply, then 221
         seen  250 OK | 250 OK | 221
   transcript  connection 0 (client) from 127.0.0.1:54321 to 127.0.0.1:2525
      0.000 <- 220 mx.example ESMTP\r\n
      0.001 -> EHLO [127.0.0.1]\r\n
      0.002 <- 250-mx.example\r\n
            <- 250 STARTTLS\r\n
      0.500 -- silence for 5.0 s
       repeat  smtp-conformance run smtp://127.0.0.1:2525 'rfc5321/4.1.1.4/data_does_not_end_at[lf-dot-lf]'
"""


def test_a_finding_is_shown_with_all_that_proves_it() -> None:
    assert FINDING in report(every_verdict())


def test_a_terminal_shows_the_same_words_as_a_log() -> None:
    assert FINDING in RICH_OWN.sub("", report(every_verdict(), quiet_lines=False, terminal=True))


def test_the_whole_log_of_a_green_run() -> None:
    green = [result("rfc5321/4.1.1.5/rset"), result("rfc5321/4.1.1.10/quit"), result("rfc5321/4.1.1.5/rset_twice")]
    shown = report([run(), *green, end(*green)], total=3)
    assert shown == (
        "smtp-conformance 0.1.0: example mx 1.2 at smtp://127.0.0.1:2525\n"
        " greeting  220 mx.example ESMTP\n"
        "     EHLO  STARTTLS, SIZE 1000\n"
        "1 of 3 done, 0 to look into\n"
        "2 of 3 done, 0 to look into\n"
        "3 of 3 done, 0 to look into\n"
        "RFC 5321 §4.1.1.5      2 pass\n"
        "RFC 5321 §4.1.1.10     1 pass\n"
        "\n"
        "3 results in 12.3 s: 3 pass, 0 fail, 0 inconclusive, 0 not-applicable\n"
        "MUST clauses left inconclusive: 0\n"
    )


def test_sections_stand_in_the_order_of_the_rfc() -> None:
    shown = report(every_verdict())
    assert re.findall(r"^RFC \d+ §([\d.]+) ", shown, re.MULTILINE) == [
        "4.2",
        "4.1.1.4",
        "4.1.1.5",
        "4.1.1.8",
        "4.5.3.1.2",
        "4.5.3.1.10",
    ]


def test_a_log_tells_findings_as_they_come() -> None:
    arriving = report(every_verdict()[:3])
    assert "deviates: rfc5321/4.5.3.1.10/too_many_recipients: 250 2.0.0 Hello\n1 of 7 done" in arriving
    assert "fail: rfc5321/4.1.1.4/data_does_not_end_at[lf-dot-lf]: 250 OK | 250 OK | 221\n" in arriving


def test_progress_is_told_ten_times_however_long_the_run() -> None:
    many = [result(f"rfc5321/4.1/row[{number}]") for number in range(250)]
    shown = report([run(), *many, end(*many)], total=250)
    assert re.findall(r"^(\d+) of 250 done", shown, re.MULTILINE) == [str(25 * tenth) for tenth in range(1, 11)]


def test_an_old_run_is_shown_without_progress() -> None:
    shown = report(every_verdict(), total=0)
    assert "done" not in shown
    assert shown.count("too_many_recipients") == 2  # in its block: the name, and the command that repeats it


def test_the_end_states_what_is_left_open() -> None:
    results = [
        result("rfc5321/4.1/a", verdict=Verdict.INCONCLUSIVE, clause="rfc5321/4.1/one"),
        result("rfc5321/4.1/b", verdict=Verdict.INCONCLUSIVE, clause="rfc5321/4.1/one"),
        result("rfc5321/4.1/c", verdict=Verdict.INCONCLUSIVE, clause="rfc5321/4.1/two", level="SHOULD"),
        result("rfc5321/4.1/d", verdict=Verdict.NOT_APPLICABLE),
    ]
    closing = end(*results, missing={"sender": 40, "EHLO STARTTLS": 12}, problem="the target no longer works")
    assert report([run(), *results, closing]).endswith(
        "\n4 results in 12.3 s: 0 pass, 0 fail, 3 inconclusive, 1 not-applicable\n"
        "MUST clauses left inconclusive: 1\n"
        "inconclusive most often for: a 421 proves nothing (3)\n"
        "not applicable for want of: sender (40), EHLO STARTTLS (12)\n"
        "NOT A USABLE RUN: the target no longer works\n"
    )


def test_the_evidence_of_a_problem_is_shown() -> None:
    refused = connection(entry(0.25, "them", b"554 go away\r\n"))
    shown = report([run(), end(problem="the greeting is 554", evidence=(refused,))])
    assert "      0.250 <- 554 go away\\r\\n\n" in shown


def test_a_run_without_its_end_is_reported_as_far_as_it_went() -> None:
    shown = report(every_verdict()[:-1])
    assert FINDING in shown
    assert shown.endswith("NOT A USABLE RUN: the run broke off before its end\n")


def test_disputed_clauses_unsteady_findings_and_watches_are_told() -> None:
    attempts = (
        Attempt(purpose="first", verdict=Verdict.FAIL, connections=()),
        Attempt(purpose="confirm", verdict=Verdict.PASS, connections=()),
        Attempt(purpose="confirm", verdict=Verdict.FAIL, connections=()),
    )
    found = result(verdict=Verdict.FAIL, attempts=attempts, unsteady=True, disputed="5321bis drops it.")
    shown = report([run(), found, end(found)])
    assert "     disputed  5321bis drops it.\n" in shown
    assert "     attempts  unsteady: fail (first), pass (confirm), fail (confirm)\n" in shown


@pytest.mark.parametrize(("transcripts", "number"), [("all", 6), ("findings", 3), ("none", 0)])
def test_transcripts_are_shown_as_wanted(transcripts: Any, number: int) -> None:
    assert report(every_verdict(), transcripts=transcripts).count("220 mx.example ESMTP\\r\\n") == number


def test_memory_holds_only_the_transcripts_that_will_be_shown() -> None:
    made = ConsoleReport(Console(file=io.StringIO()), total=7, quiet_lines=True)
    for event in every_verdict()[:-1]:
        made.event(event)
    for kept in made._kept:
        has_transcript = any(attempt.connections for attempt in kept.attempts)
        assert has_transcript == (kept.verdict in {Verdict.FAIL, Verdict.DEVIATES, Verdict.ERROR})


def test_a_log_has_no_control_character_even_where_colour_is_forced() -> None:
    shown = report(hostile(), terminal=True, color_system="truecolor")
    assert shown.replace("\n", "").isprintable()


def test_a_terminal_gets_no_sequence_but_our_own() -> None:
    shown = report(hostile(), quiet_lines=False, terminal=True, color_system="truecolor", transcripts="all")
    assert RICH_OWN.sub("", shown).replace("\n", "").replace("\r", "").isprintable()
    assert "[bold]" in shown
    assert r"\x1b[2J\x1b]0;owned\x07" in shown


def test_a_hostile_text_never_adds_a_line() -> None:
    plain = report([run(), result(verdict=Verdict.FAIL, says="plain", repeat="plain"), end()])
    worst = report([run(), result(verdict=Verdict.FAIL, says="a\n  PASS b\r\nc", repeat="a\u2028b\x85c\vd"), end()])
    assert len(worst.splitlines()) == len(plain.splitlines())


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = report(every_verdict(), quiet_lines=False, terminal=True, color_system="truecolor")
    assert COLOUR.search(shown)
    monkeypatch.setenv("NO_COLOR", "1")
    shown = report(every_verdict(), quiet_lines=False, terminal=True, color_system="truecolor")
    assert not COLOUR.search(shown)


def test_a_console_that_knows_only_ascii_loses_nothing() -> None:
    octets = io.BytesIO()
    file = io.TextIOWrapper(octets, encoding="ascii")
    made = ConsoleReport(Console(file=file, force_terminal=True, width=30), total=7, quiet_lines=False)
    made.started(Started("rfc5321/4.1/a_long_name_that_is_cut_somewhere", "first"))
    for event in hostile():
        made.event(event)
    file.flush()
    assert b"RFC 5321 \\xa74.1" in octets.getvalue()


def test_the_live_line_counts_and_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_console, "REFRESH", 0.0)
    shown = io.StringIO()
    made = ConsoleReport(Console(file=shown, force_terminal=True, width=100), total=7, quiet_lines=False)
    made.event(run())
    made.started(Started("rfc5321/4.1/first", "first"))
    made.started(Started("rfc5321/4.1/second", "first"))
    assert shown.getvalue().rpartition("\r")[2].endswith("2 running: rfc5321/4.1/first, rfc5321/4.1/second\x1b[0m")
    made.started(Started("rfc5321/4.1/first", "confirm"))
    made.event(result("rfc5321/4.1/second", verdict=Verdict.FAIL))
    live = RICH_OWN.sub("", shown.getvalue().rpartition("\r")[2])
    assert live == "1/7  1 fail  1 running: rfc5321/4.1/first (again)"
    made.close()
    gone = shown.getvalue().rpartition("running")[2]
    assert re.match(r": rfc5321/4\.1/first \(again\)\x1b\[0m\n(\x1b\[\?25h)?\r?\x1b\[1A\x1b\[2K", gone)


def test_the_live_line_is_drawn_only_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_console, "REFRESH", 3600.0)
    shown = report(
        [run(), *(result(f"rfc5321/4.1/row[{number}]") for number in range(500))], quiet_lines=False, terminal=True
    )
    assert shown.count("running") == 0
    assert shown.count("\x1b[2K") <= 2


def test_a_file_gets_no_live_line() -> None:
    assert "\x1b" not in report(every_verdict(), quiet_lines=False, terminal=False)
