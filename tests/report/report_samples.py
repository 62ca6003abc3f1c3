"""Events to make reports from: a small run with every verdict, and a server that does its worst."""

from __future__ import annotations

from collections import Counter
from typing import Any

from conformance.engine import (
    Attempt,
    ConnectionRecord,
    End,
    EntryRecord,
    Event,
    ObservationRecord,
    Result,
    Run,
    SuiteInfo,
    TargetInfo,
    WatchedRecord,
)
from conformance.scenario import Verdict

QUEUED_AS = "tok123"

HOSTILE = b"\x1b[2J\x1b]0;owned\x07]]>&<script>alert(1)</script>[bold]\x00\xff\x9b\r\n\x08{{ 7*7 }}\xe2\x80\xae"
"""Terminal escapes, markup of every kind, NUL, an 8-bit octet, a bidirectional override."""

HOSTILE_TEXT = HOSTILE.decode("latin-1") + "\u202e\u2028\ud7ff\ufffe\U000e0001"


def entry(t: float, sender: Any, octets: bytes, **more: Any) -> EntryRecord:
    return EntryRecord(t=t, sender=sender, octets=octets, **more)


def connection(*entries: EntryRecord, number: int = 0) -> ConnectionRecord:
    dialogue = entries or (
        entry(0.0, "them", b"220 mx.example ESMTP\r\n"),
        entry(0.001, "us", b"EHLO [127.0.0.1]\r\n"),
        entry(0.002, "them", b"250-mx.example\r\n250 STARTTLS\r\n"),
        entry(0.5, "note", b"silence for 5.0 s"),
    )
    return ConnectionRecord(
        id=number, role="client", local="127.0.0.1:54321", peer="127.0.0.1:2525", entries=tuple(dialogue)
    )


def result(scenario: str = "rfc5321/4.1.1.4/data_does_not_end_at[lf-dot-lf]", **changes: Any) -> Result:
    verdict: Verdict = changes.pop("verdict", Verdict.PASS)
    observed = {
        Verdict.PASS: ObservationRecord(kind="held", seen="250 OK | 221 Bye | closed"),
        Verdict.FAIL: ObservationRecord(kind="broken", expected="one reply, then 221", seen="250 OK | 250 OK | 221"),
        Verdict.DEVIATES: ObservationRecord(kind="broken", expected="501", seen="250 2.0.0 Hello"),
        Verdict.NOTED: ObservationRecord(kind="took", branch="lists HELP", seen="214 Help"),
        Verdict.INCONCLUSIVE: ObservationRecord(kind="unclear", seen="a 421 proves nothing"),
    }
    why = {
        Verdict.INCONCLUSIVE: "a 421 proves nothing",
        Verdict.NOT_APPLICABLE: "EHLO does not offer STARTTLS",
        Verdict.ERROR: 'Traceback:\n  File "s.py", line 1\nValueError: no such row',
    }
    attempted = verdict is not Verdict.NOT_APPLICABLE
    values: dict[str, Any] = {
        "scenario": scenario,
        "clause": "rfc5321/4.1.1.4/lf-dot-lf",
        "level": "SHOULD" if verdict is Verdict.DEVIATES else "MAY" if verdict is Verdict.NOTED else "MUST NOT",
        "says": "A line feed, a dot and a line feed do not end the mail data.",
        "title": "Only CRLF.CRLF ends mail data: one message in, one reply out.",
        "lines": (2032, 2034),
        "link": "https://www.rfc-editor.org/rfc/rfc5321.html#section-4.1.1.4",
        "verdict": verdict,
        "why": why.get(verdict, ""),
        "observation": observed.get(verdict),
        "attempts": (
            (Attempt(purpose="first", verdict=verdict, connections=(connection(),), token=QUEUED_AS),)
            if attempted
            else ()
        ),
        "watched": (),
        "seconds": 0.1234567,
        "repeat": f"smtp-conformance run smtp://127.0.0.1:2525 '{scenario}'",
    }
    return Result(**values | changes)


def run(**changes: Any) -> Run:
    values: dict[str, Any] = {
        "suite": SuiteInfo(version="0.1.0", scenarios=7, clauses=5),
        "target": TargetInfo(
            name="example mx",
            version="1.2",
            address="smtp://127.0.0.1:2525",
            greeting="220 mx.example ESMTP",
            ehlo=("STARTTLS", "SIZE 1000"),
        ),
        "options": {"strict": False, "overlap": 64, "selectors": ["rfc5321"], "level": None},
        "started": "2025-11-23T20:00:00Z",
    }
    return Run(**values | changes)


def end(*results: Result, **changes: Any) -> End:
    counted = Counter(member.verdict for member in results)
    values: dict[str, Any] = {
        "counts": {word.value: counted[word] for word in Verdict},
        "seconds": 12.34,
        "complete": True,
    }
    return End(**values | changes)


def every_verdict() -> list[Event]:
    """One result of each verdict, not in the order of the RFC."""
    results = [
        result("rfc5321/4.5.3.1.10/too_many_recipients", verdict=Verdict.DEVIATES),
        result(verdict=Verdict.FAIL),
        result("rfc3207/4.2/starttls_forgets", verdict=Verdict.NOT_APPLICABLE),
        result("rfc5321/4.1.1.4/data_after_rcpt", verdict=Verdict.PASS),
        result("rfc5321/4.1.1.8/help", verdict=Verdict.NOTED),
        result("rfc5321/4.1.1.5/rset", verdict=Verdict.INCONCLUSIVE),
        result("rfc5321/4.5.3.1.2/domain", verdict=Verdict.ERROR),
    ]
    return [run(), *results, end(*results, missing={"EHLO STARTTLS": 1})]


def hostile() -> list[Event]:
    """A run against a server, and by an author, that put the worst into every field."""
    worst = connection(
        entry(0.0, "them", HOSTILE),
        entry(0.1, "us", HOSTILE, tls=True),
        entry(0.2, "note", HOSTILE),
        entry(0.3, "them", HOSTILE * 2, full_length=9000, sha256=HOSTILE_TEXT),
    )
    results = [
        result(
            f"rfc5321/4.1/hostile[{word}{HOSTILE_TEXT}]",
            verdict=word,
            clause=f"rfc5321/4.1/{HOSTILE_TEXT}",
            says=HOSTILE_TEXT,
            title=HOSTILE_TEXT,
            link=f"javascript:{HOSTILE_TEXT}",
            why=HOSTILE_TEXT,
            observation=ObservationRecord(kind="broken", expected=HOSTILE_TEXT, seen=HOSTILE_TEXT, branch=HOSTILE_TEXT),
            attempts=(Attempt(purpose="first", verdict=word, connections=(worst,), why=HOSTILE_TEXT),),
            watched=(
                WatchedRecord(
                    watch=HOSTILE_TEXT,
                    clause=HOSTILE_TEXT,
                    verdict=Verdict.FAIL,
                    observation=ObservationRecord(kind="broken", seen=HOSTILE_TEXT),
                ),
            ),
            repeat=HOSTILE_TEXT,
            disputed=HOSTILE_TEXT,
        )
        for word in Verdict
    ]
    target = TargetInfo(
        name=HOSTILE_TEXT, version=HOSTILE_TEXT, address=HOSTILE_TEXT, greeting=HOSTILE_TEXT, ehlo=(HOSTILE_TEXT,)
    )
    return [
        run(target=target, options={HOSTILE_TEXT: HOSTILE_TEXT, "list": [HOSTILE_TEXT]}),
        *results,
        end(*results, problem=HOSTILE_TEXT, evidence=(worst,), missing={HOSTILE_TEXT: 1}),
    ]
