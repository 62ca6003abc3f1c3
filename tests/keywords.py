"""Writes ``suites/rfcNNNN/keywords.toml``: line and word of every RFC 2119 keyword in the text. Facts, and no prose.

``python -m tests.keywords`` does it for each register whose text is at hand; what was excluded stays excluded.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.scenario import Level, load, suites_folder

WORDS = {
    "MUST": Level.MUST,
    "SHALL": Level.MUST,
    "REQUIRED": Level.MUST,
    "MUST NOT": Level.MUST_NOT,
    "SHALL NOT": Level.MUST_NOT,
    "SHOULD": Level.SHOULD,
    "RECOMMENDED": Level.SHOULD,
    "SHOULD NOT": Level.SHOULD_NOT,
    "NOT RECOMMENDED": Level.SHOULD_NOT,
    "MAY": Level.MAY,
    "OPTIONAL": Level.MAY,
}
KEYWORD = re.compile(r"\b(?:(?:MUST|SHALL|SHOULD)(?:\s+NOT)?|(?:NOT\s+)?RECOMMENDED|REQUIRED|MAY|OPTIONAL)\b")
INTRODUCTION = re.compile(r"^\d\. {1,3}Introduction[^.\n]*$", re.MULTILINE)
FIRST_SECTION = re.compile(r"^1\. {1,3}[A-Z][^.\n]*$", re.MULTILINE)
"""Where a text without an introduction begins."""
HEAD = """\
# Every RFC 2119 keyword in the body of the text: line and word, as they stand there. `make keywords` writes it; what
# stands under [[excluded]] is written by hand: a word that binds nobody, with the reason.
"""
TEXTS = Path(os.environ.get("RFC_TEXTS", Path(__file__).parents[2] / "shared" / "rfc"))


@dataclass(slots=True)
class Keywords:
    """The keywords of one text, and why some of them are no clause."""

    found: list[tuple[int, str]] = field(default_factory=list)
    excluded: dict[tuple[int, str], str] = field(default_factory=dict)


def find_keywords(text: str) -> list[tuple[int, str]]:
    """Line and keyword, from the introduction to the end; one that is broken over lines counts where it begins."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    return [
        (bisect_right(starts, match.start()), " ".join(match.group().split()))
        for match in KEYWORD.finditer(text, _body(text))
    ]


def _body(text: str) -> int:
    """Where the body begins: behind the table of contents, which has the same heading with a page number."""
    begins = [match.start() for match in INTRODUCTION.finditer(text)]
    begins = begins or [match.start() for match in FIRST_SECTION.finditer(text)]
    if not begins:
        raise ValueError("the text has neither a heading 'Introduction' nor a section 1")
    return begins[-1]


def read_keywords(path: Path) -> Keywords:
    """What the file holds; nothing where there is none."""
    if not path.exists():
        return Keywords()
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    found = [(line, word) for word, lines in data["lines"].items() for line in lines]
    excluded = {(each["line"], each["word"]): each["reason"] for each in data.get("excluded", [])}
    return Keywords(sorted(found), excluded)


def render(keywords: Keywords) -> str:
    """The file's text."""
    parts = [HEAD, "\n[lines]\n"]
    for word in WORDS:
        lines = [str(line) for line, found in keywords.found if found == word]
        if lines:
            rows = [", ".join(lines[at : at + 18]) for at in range(0, len(lines), 18)]
            parts.append(f'"{word}" = [\n' + "".join(f"    {row},\n" for row in rows) + "]\n")
    for (line, word), reason in sorted(keywords.excluded.items()):
        parts.append(f'\n[[excluded]]\nline = {line}\nword = "{word}"\nreason = "{reason}"\n')
    return "".join(parts)


def texts(registers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The texts that are at hand, by RFC: those whose SHA-256 is the register's."""
    names = load().register.texts
    for rfc, sha256 in sorted(registers.items()):
        path = TEXTS / f"{names[rfc]}.txt"
        if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
            yield rfc, path.read_text(encoding="utf-8-sig")


def main() -> None:
    """Write all files."""
    for rfc, text in texts(load().register.text_sha256):
        path = suites_folder() / rfc / "keywords.toml"
        path.write_text(render(Keywords(find_keywords(text), read_keywords(path).excluded)), encoding="utf-8")
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
