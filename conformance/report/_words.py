"""How a result is put into words, for every output alike: nothing that a server sent passes unescaped."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import msgspec

from conformance.engine import Attempt, ConnectionRecord, EntryRecord, Result
from conformance.scenario import FINDINGS, Verdict
from conformance.wire import visible

SHOWN_IN_FULL = FINDINGS | {Verdict.ERROR}
"""The verdicts that a reader has to look into."""

WORDS = {
    Verdict.PASS: "the server kept the clause",
    Verdict.FAIL: "the server broke a MUST or a MUST NOT",
    Verdict.DEVIATES: "the server does other than a SHOULD, a SHOULD NOT or a rule without a keyword says",
    Verdict.NOTED: "the clause leaves a choice, and this is what the server chose",
    Verdict.INCONCLUSIVE: "what was seen proves nothing either way",
    Verdict.NOT_APPLICABLE: "the target, or what we know about it, lacks what the scenario needs",
    Verdict.ERROR: "a mistake of smtp-conformance, not of the server",
}
"""What each verdict means."""

BROKE_OFF = "the run broke off before its end"
"""The problem of a run without a last line."""

MOST_LINES = 240
"""The lines of one connection that are shown; results.jsonl has them all."""


def safe(text: str) -> str:
    """``text`` with every character that is not printable as an escape, so on one line and without effect."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


class Section(NamedTuple):
    """A section of an RFC, as in ``rfc5321`` and ``4.1.1.4``."""

    rfc: str
    number: str

    @property
    def title(self) -> str:
        """As people write it: ``RFC 5321 §4.1.1.4``."""
        name = re.sub(r"^rfc(\d+)$", r"RFC \1", self.rfc)
        return safe(f"{name} §{self.number}" if self.number else name)

    @property
    def order(self) -> tuple[object, ...]:
        """Sorts sections as they stand in the RFC, and RFCs by number."""
        return _natural(self.rfc), _natural(self.number)


def _natural(text: str) -> tuple[tuple[str, int], ...]:
    """Numbers by value and before letters, since appendices follow sections."""
    return tuple((letters, int(number or 0)) for number, letters in re.findall(r"([0-9]{1,9})|([^0-9.]+)", text))


def section_of(identity: str) -> Section:
    """The section in the id of a scenario or a clause."""
    rfc, _, rest = identity.partition("/")
    number, slash, _ = rest.partition("/")
    return Section(rfc, number if slash else "")


def order(result: Result) -> tuple[object, ...]:
    """Sorts results in the order of the RFC."""
    return section_of(result.scenario).order, result.lines, result.scenario


def anchor(result: Result) -> str:
    """Where the clause stands: ``RFC 5321 §4.1.1.4, lines 2032-2034``."""
    first, last = result.lines
    lines = f"line {first}" if first == last else f"lines {first}-{last}"
    return f"{section_of(result.clause).title}, {lines}"


class Fact(NamedTuple):
    """One labelled statement about a result, in lines that are safe to print."""

    label: str
    lines: list[str]


def facts(result: Result) -> list[Fact]:
    """All that is to be said about a result, but for its transcript."""
    seen = result.observation
    why = result.why if seen is None or result.why != seen.seen else ""
    told = [
        ("clause", [f"{result.clause} ({result.level})"]),
        ("says", [result.says]),
        ("where", [anchor(result)]),
        ("link", [result.link]),
        ("scenario", [result.title]),
        ("expected", [seen.expected if seen else ""]),
        ("took", [seen.branch if seen else ""]),
        ("seen", [seen.seen if seen else ""]),
        ("why", why.splitlines() if result.verdict is Verdict.ERROR else [why]),
        ("disputed", [result.disputed]),
        ("attempts", [attempts(result)]),
        ("watched", [f"{found.clause}: {found.verdict}, {found.observation.seen}" for found in result.watched]),
        ("repeat", [result.repeat]),
    ]
    return [Fact(label, [safe(line) for line in texts]) for label, texts in told if any(texts)]


def attempts(result: Result) -> str:
    """How the attempts went, where there was more than one."""
    went = ", ".join(f"{attempt.verdict} ({attempt.purpose})" for attempt in result.attempts)
    if result.unsteady:
        return f"unsteady: {went}"
    return went if len(result.attempts) > 1 else ""


def reason(result: Result) -> str:
    """Why, in one line: what was seen, the branch that was taken, or why nothing could be seen."""
    seen = result.observation
    if result.verdict is Verdict.ERROR and result.why:
        return safe(result.why.rstrip().rpartition("\n")[2])
    if seen is None or seen.kind == "unclear":
        return safe(result.why or (seen.seen if seen else ""))
    return safe(": ".join(part for part in (seen.branch, seen.seen) if part))


def evidence(result: Result) -> Attempt | None:
    """The attempt that shows the verdict: the first that came to it, else the last one."""
    for attempt in result.attempts:
        if attempt.verdict is result.verdict:
            return attempt
    return result.attempts[-1] if result.attempts else None


def slim(result: Result, *, with_evidence: bool) -> Result:
    """The result without the transcripts that will not be shown, since those fill the memory."""
    shown = evidence(result) if with_evidence else None
    attempts = (
        attempt if attempt is shown else msgspec.structs.replace(attempt, connections=()) for attempt in result.attempts
    )
    return msgspec.structs.replace(result, attempts=tuple(attempts))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a transcript; ``at`` is in seconds and stands at the first line of what came or went at once."""

    at: str
    sender: Literal["us", "them", "note"]
    text: str
    tls: bool

    @property
    def arrow(self) -> str:
        """Towards the server, from it, or a remark of ours."""
        return {"us": "->", "them": "<-", "note": "--"}[self.sender]

    def __str__(self) -> str:
        return f"{self.at:>9} {self.arrow} {'[TLS] ' if self.tls else ''}{self.text}"


def named(connection: ConnectionRecord) -> str:
    """Which connection, by the address that the server's log has for us."""
    here = f" from {connection.local}" if connection.local else ""
    there = f" to {connection.peer}" if connection.peer else ""
    return safe(f"connection {connection.id} ({connection.role}){here}{there}")


def lines(connection: ConnectionRecord) -> Iterator[Line]:
    """The transcript of a connection, a line of SMTP a line; a very long one without its middle."""
    tail: deque[Line] = deque(maxlen=MOST_LINES // 2)
    left_out = 0
    for number, line in enumerate(_lines(connection)):
        if number < MOST_LINES // 2:
            yield line
        else:
            left_out += len(tail) == tail.maxlen
            tail.append(line)
    if left_out:
        yield Line("", "note", f"{left_out} lines left out here: results.jsonl has them", tls=False)
    yield from tail


def _lines(connection: ConnectionRecord) -> Iterator[Line]:
    for entry in connection.entries:
        at = f"{entry.t:.3f}"
        for sender, text in _pieces(entry):
            yield Line(at, sender, text, entry.tls)
            at = ""


def _pieces(entry: EntryRecord) -> Iterator[tuple[Literal["us", "them", "note"], str]]:
    if entry.sender == "note":
        yield "note", safe(entry.octets.decode("ascii", "backslashreplace"))
        return
    octets = entry.octets
    cut = len(octets) if entry.full_length is None else len(octets) // 2
    for piece in _split(octets[:cut]):
        yield entry.sender, visible(piece)
    if entry.full_length is not None:
        digest = f", SHA-256 {safe(entry.sha256)}" if entry.sha256 else ""
        yield "note", f"{entry.full_length - len(octets)} of {entry.full_length} octets left out here{digest}"
        for piece in _split(octets[cut:]):
            yield entry.sender, visible(piece)


def _split(octets: bytes) -> list[bytes]:
    return re.findall(rb"[^\n]*\n|[^\n]+", octets)


def transcript(connections: tuple[ConnectionRecord, ...]) -> Iterator[str]:
    """The transcripts as plain text."""
    for connection in connections:
        yield named(connection)
        for line in lines(connection):
            yield str(line)


@dataclass(slots=True)
class Tally:
    """Counts over the results so far."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    inconclusive_musts: set[str] = field(default_factory=set)
    doubts: Counter[str] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        """Count one more."""
        self.verdicts[result.verdict] += 1
        if result.verdict is Verdict.INCONCLUSIVE and result.level.startswith("MUST"):
            self.inconclusive_musts.add(result.clause)
        if result.verdict is Verdict.INCONCLUSIVE:
            self.doubts[reason(result)] += 1

    @property
    def all(self) -> int:
        """How many results there are."""
        return self.verdicts.total()

    @property
    def findings(self) -> int:
        """How many of them somebody should look into."""
        return sum(self.verdicts[word] for word in SHOWN_IN_FULL)


def counted(verdicts: Counter[Verdict], always: frozenset[Verdict] = frozenset()) -> str:
    """``3 pass, 1 fail``: the verdicts that occurred, and those that are told even when they did not."""
    return ", ".join(f"{verdicts[word]} {word}" for word in Verdict if verdicts[word] or word in always)
