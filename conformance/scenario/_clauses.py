"""Clauses and their registers: ``suites/rfcNNNN/clauses.toml``, every normative statement of an RFC."""

from __future__ import annotations

import difflib
import enum
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec


class Level(enum.StrEnum):
    """How strongly a clause binds (RFC 2119); SHALL and REQUIRED are MUST, RECOMMENDED is SHOULD, OPTIONAL is MAY."""

    MUST = "MUST"
    MUST_NOT = "MUST NOT"
    SHOULD = "SHOULD"
    SHOULD_NOT = "SHOULD NOT"
    MAY = "MAY"


class SuiteError(Exception):
    """A suite folder is unusable; the text is one line that names the file and says what to do."""


class UnknownClauseError(SuiteError):
    """No register holds this clause id."""


class _Entry(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    id: str
    lines: tuple[int, int]
    level: Level
    source: Literal["keyword", "prose"]
    party: Literal["server", "client", "relay", "both", "reader"]
    observed: Literal["wire", "store", "next-hop", "dns", "time", "client", "none"]
    says: str
    reason: str = ""
    restates: str = ""
    disputed: str = ""
    argued: str = ""
    bis: str = ""
    tags: tuple[str, ...] = ()


class _Register(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    text_sha256: str
    clause: tuple[_Entry, ...]
    title: str = ""
    text: str = ""
    keyword: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """One normative statement of an RFC, in our own words.

    ``id`` is ``rfc5321/4.1.1.4/lf-dot-lf``; ``lines`` are the first and last line of the RFC's plain text that say it.
    ``argued`` says why doing otherwise is a finding although more than one well-known server does.
    """

    id: str
    rfc: str
    section: str
    lines: tuple[int, int]
    level: Level
    source: str
    party: str
    observed: str
    says: str
    reason: str = ""
    restates: str = ""
    disputed: str = ""
    argued: str = ""
    bis: str = ""
    tags: tuple[str, ...] = ()

    @property
    def link(self) -> str:
        """Where the section can be read."""
        part = "appendix" if self.section[0].isalpha() else "section"
        return f"https://www.rfc-editor.org/rfc/{self.rfc}.html#{part}-{self.section}"


@dataclass(slots=True)
class Register:
    """All clauses of all suites, by id and in the order of the files.

    ``texts`` names the text that the lines of a register are those of: the RFC's own, or that of the RFC before it.
    ``keywords`` are the EHLO keywords by RFC.
    """

    clauses: dict[str, Clause] = field(default_factory=dict)
    text_sha256: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    keywords: dict[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Clause]:
        return iter(self.clauses.values())

    def __len__(self) -> int:
        return len(self.clauses)

    def find(self, clause_id: str) -> Clause:
        """The clause of this id.

        Raises:
            UnknownClauseError: there is none; the text names the nearest id.
        """
        found = self.clauses.get(clause_id)
        if found is None:
            raise UnknownClauseError(f"no clause {clause_id!r}{nearest(clause_id, self.clauses)}")
        return found

    def add(self, path: Path) -> None:
        """Read one ``clauses.toml``.

        Raises:
            SuiteError: it can't be read, does not fit the form, or names a clause twice.
        """
        rfc = path.parent.name
        try:
            with path.open("rb") as file:
                data: Mapping[str, Any] = tomllib.load(file)
            read = msgspec.convert(data, _Register)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise SuiteError(f"{path}: {error}") from error
        if rfc in self.text_sha256:
            raise SuiteError(f"{path}: a second register for {rfc}; one RFC has one folder")
        self.text_sha256[rfc] = read.text_sha256
        self.texts[rfc] = read.text or rfc
        self.keywords[rfc] = read.keyword
        for entry in read.clause:
            if not 1 <= entry.lines[0] <= entry.lines[1]:
                raise SuiteError(f"{path}: lines of {entry.id!r} are the first and the last, not {entry.lines}")
            clause = _clause(rfc, entry)
            if clause.id in self.clauses:
                raise SuiteError(f"{path}: clause {clause.id!r} stands there twice")
            self.clauses[clause.id] = clause


def _clause(rfc: str, entry: _Entry) -> Clause:
    section, _, _slug = entry.id.partition("/")
    return Clause(
        id=f"{rfc}/{entry.id}",
        rfc=rfc,
        section=section,
        lines=entry.lines,
        level=entry.level,
        source=entry.source,
        party=entry.party,
        observed=entry.observed,
        says=entry.says,
        reason=entry.reason,
        restates=f"{rfc}/{entry.restates}" if entry.restates else "",
        disputed=entry.disputed,
        argued=entry.argued,
        bis=entry.bis,
        tags=entry.tags,
    )


def nearest(wrong: str, known: Iterable[str]) -> str:
    """The end of an error message: the known name that is most like the wrong one, or nothing."""
    close = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.4)
    return f"; did you mean {close[0]!r}?" if close else ""
