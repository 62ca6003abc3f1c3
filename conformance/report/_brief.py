"""A results file that is small enough to keep: transcripts of findings only, and only what others don't say again."""

from __future__ import annotations

from pathlib import Path

import msgspec

from conformance.engine import Event, Result
from conformance.report._files import replacing
from conformance.report._jsonl import read
from conformance.report._words import SHOWN_IN_FULL, slim


def make_brief(path: Path) -> None:
    """Rewrite a results file: of what is no finding the verdict and its reason stay.

    What the clause says, its link and the command that repeats the scenario stand in the registers and with findings.

    Raises:
        ReportError: it is no results file, or can't be written.
    """
    events = list(map(_brief, read(path)))
    encoder = msgspec.json.Encoder()
    with replacing(path) as file:
        for event in events:
            file.write(encoder.encode(event) + b"\n")


def _brief(event: Event) -> Event:
    if not isinstance(event, Result):
        return event
    if event.verdict not in SHOWN_IN_FULL:
        return msgspec.structs.replace(event, attempts=(), says="", title="", link="", repeat="", disputed="")
    shown = slim(event, with_evidence=True)
    return msgspec.structs.replace(shown, attempts=tuple(each for each in shown.attempts if each.connections))
