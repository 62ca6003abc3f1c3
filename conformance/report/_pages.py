"""Pages about several runs: the matrix, as HTML and Markdown, and what differs, with transcripts side by side."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conformance.report._files import replacing
from conformance.report._html import template
from conformance.report._side_by_side import (
    SIGNS,
    Difference,
    Tested,
    findings_by_clause,
    names_of,
    sections,
    seen,
)
from conformance.report._words import WORDS
from conformance.scenario import Verdict

SHOWN = (Verdict.FAIL, Verdict.DEVIATES, Verdict.PASS, Verdict.NOTED, Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE)


def write_matrix(all_tested: Sequence[Tested], folder: Path) -> list[Path]:
    """Write ``index.html`` and ``README.md`` into the folder; returns both.

    Raises:
        ReportError: one can't be written.
    """
    said = {
        "tested": all_tested,
        "names": [each.title for each in all_tested],
        "links": [_link(each.path.with_name("report.html"), folder) for each in all_tested],
        "shown": SHOWN,
        "rows": findings_by_clause(all_tested),
        "sections": sections(all_tested),
        "started_by_us": all(each.run.target.set_up for each in all_tested),
        "expected": [_link(each.path.with_name("expected.toml"), folder) for each in all_tested],
    }
    written = [folder / "index.html", folder / "README.md"]
    for name, path in zip(("matrix.html.j2", "matrix.md.j2"), written, strict=True):
        _write(name, path, said)
    return written


def write_comparison(all_tested: Sequence[Tested], found: Sequence[Difference], path: Path, title: str) -> None:
    """Write the scenarios that differ as one HTML page, with the transcripts of findings side by side.

    Raises:
        ReportError: it can't be written.
    """
    said = {"title": title, "tested": all_tested, "names": names_of(all_tested), "differences": found, "seen": seen}
    _write("compare.html.j2", path, said)


def _link(path: Path, folder: Path) -> str:
    return os.path.relpath(path, folder) if path.is_file() else ""


def _write(name: str, path: Path, said: dict[str, Any]) -> None:
    with replacing(path) as file:
        for chunk in template(name).generate(SIGNS=SIGNS, MEANS=WORDS, **said):
            file.write(chunk.encode())
