"""The Received field as RFC 5321 §4.4 writes it, taken apart and not judged."""

from __future__ import annotations

import re
from dataclasses import dataclass

CLAUSES = ("FROM", "BY", "VIA", "WITH", "ID", "FOR")
"""The clauses that the grammar names, in its order."""

_WORD = re.compile(rb"(?:\"(?:\\.|[^\"\\])*\"|<(?:\"(?:\\.|[^\"\\])*\"|[^>\"])*>|\[[^\]]*\]|[^\s\"<(\[;])+", re.DOTALL)
_DATE = re.compile(
    rb"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),)?\s*(?P<day>\d{1,2})\s+"
    rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+(?P<year>\d+)\s+"
    rb"\d\d:\d\d(?::\d\d)?\s+(?P<zone>[+-]\d{4}|[A-Za-z]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class StampClause:
    """One clause: its name in upper case, the words behind it, and the comments among and behind these."""

    name: str
    words: tuple[bytes, ...]
    comments: tuple[bytes, ...] = ()

    @property
    def text(self) -> bytes:
        """All that the clause says, comments too."""
        return b" ".join((*self.words, *self.comments))


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """The body of a Received field: its clauses in their order, and what stands behind the last semicolon.

    ``before`` is what stands before the first clause that has a name, ``date`` comes without comments.
    """

    clauses: tuple[StampClause, ...]
    date: bytes
    before: tuple[bytes, ...] = ()

    def clause(self, name: str) -> StampClause | None:
        """The first clause of this name, or ``None``."""
        return next((clause for clause in self.clauses if clause.name == name), None)

    @property
    def year(self) -> bytes:
        """The year's digits, none where the date can't be read."""
        match = _DATE.fullmatch(self.date)
        return match["year"] if match else b""

    @property
    def zone(self) -> bytes:
        """The offset or the name of the zone, none where the date can't be read."""
        match = _DATE.fullmatch(self.date)
        return match["zone"] if match else b""


def time_stamp(body: bytes) -> TimeStamp:
    """Take the unfolded body of a Received field apart; what has no place in the grammar stands where it stood.

    A clause reaches to the next word that names one. Behind the value of FOR, pairs of words are further clauses.
    """
    words, dates = _divided(body)
    clauses: list[StampClause] = []
    before: list[bytes] = []
    for is_comment, octets in words:
        name = octets.decode("latin-1").upper()
        last = clauses[-1] if clauses else None
        if is_comment:
            if last is None:
                before.append(octets)
            else:
                clauses[-1] = StampClause(last.name, last.words, (*last.comments, octets))
        elif name in CLAUSES and (last is None or last.words):
            clauses.append(StampClause(name, ()))
        elif last is None:
            before.append(octets)
        elif _is_further(last, octets):
            clauses.append(StampClause(name, ()))
        else:
            clauses[-1] = StampClause(last.name, (*last.words, octets), last.comments)
    return TimeStamp(tuple(clauses), dates, tuple(before))


def _is_further(last: StampClause, word: bytes) -> bool:
    """Whether the word begins a clause that the grammar has no name for: behind a whole clause, and no address."""
    whole = last.name not in CLAUSES[:2] and len(last.words) == 1
    return whole and re.fullmatch(rb"[A-Za-z][A-Za-z0-9-]*", word) is not None


def _divided(body: bytes) -> tuple[list[tuple[bool, bytes]], bytes]:
    """The words and comments before the last semicolon, and the date behind it."""
    found: list[tuple[bool, bytes]] = []
    semicolons: list[tuple[int, int]] = []
    at = 0
    while at < len(body):
        octet = body[at : at + 1]
        if octet == b"(":
            end = _end_of_comment(body, at)
            found.append((True, body[at:end]))
        elif octet == b";":
            semicolons.append((len(found), at + 1))
            end = at + 1
        else:
            match = _WORD.match(body, at)
            end = match.end() if match else at + 1
            if match:
                found.append((False, match.group()))
        at = end
    if not semicolons:
        return found, b""
    number, behind = semicolons[-1]
    return found[:number], _without_comments(body[behind:]).strip()


def _end_of_comment(body: bytes, at: int) -> int:
    depth = 0
    while at < len(body):
        octet = body[at : at + 1]
        if octet == b"\\":
            at += 1
        elif octet == b"(":
            depth += 1
        elif octet == b")":
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return len(body)


def _without_comments(octets: bytes) -> bytes:
    plain, at = b"", 0
    while (begin := octets.find(b"(", at)) >= 0:
        plain += octets[at:begin]
        at = _end_of_comment(octets, begin)
    return plain + octets[at:]
