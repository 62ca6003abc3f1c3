"""One HTML page with everything that a reader needs to judge a run; it loads nothing and runs nothing."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from conformance.engine import End, Event, Result, Run
from conformance.report._files import replacing
from conformance.report._words import (
    BROKE_OFF,
    SHOWN_IN_FULL,
    WORDS,
    Section,
    Tally,
    anchor,
    attempts,
    counted,
    evidence,
    lines,
    named,
    order,
    reason,
    safe,
    section_of,
    slim,
)
from conformance.scenario import Verdict


def write_html(events: Iterable[Event], path: Path, *, brief: bool = False) -> None:
    """Write the run as one HTML page; a brief one only counts what was kept or is not applicable.

    Raises:
        ReportError: the file can't be written, or what ``events`` raises.
    """
    run: Run | None = None
    end: End | None = None
    tally = Tally()
    results: list[Result] = []
    for event in events:
        match event:
            case Run():
                run = event
            case Result():
                tally.add(event)
                results.append(slim(event, with_evidence=event.verdict in SHOWN_IN_FULL))
            case End():
                end = event
    results.sort(key=order)
    with replacing(path) as file:
        for chunk in template("report.html.j2").generate(
            run=run,
            end=end,
            problem=BROKE_OFF if end is None else end.problem,
            tally=tally,
            findings=[result for result in results if result.verdict in SHOWN_IN_FULL],
            sections=_sections(results),
            left_out={Verdict.PASS, Verdict.NOT_APPLICABLE} if brief else set(),
        ):
            file.write(chunk.encode())


def _sections(results: list[Result]) -> list[tuple[Section, list[Result], str]]:
    return [
        (section, members, counted(Counter(member.verdict for member in members)))
        for section, members in (
            (section, list(group))
            for section, group in itertools.groupby(results, key=lambda result: section_of(result.scenario))
        )
    ]


@cache
def template(name: str) -> jinja2.Template:
    """The template of this name, with what all of them can say."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("conformance.report", ""),
        autoescape=name.endswith(".html.j2"),  # the others are Markdown, of sentences of ours
        undefined=jinja2.StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "Verdict": Verdict,
        "WORDS": WORDS,
        "anchor": anchor,
        "attempts": attempts,
        "evidence": evidence,
        "lines": lines,
        "named": named,
        "reason": reason,
        "web": _web,
    }
    return environment.get_template(name)


def _finalized(value: Any) -> Any:
    """Whatever the template prints is safe; autoescape then does the rest."""
    return safe(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _web(link: str) -> str:
    """The link, if it is one that a reader can follow without harm."""
    return link if link.startswith("https://") else ""
