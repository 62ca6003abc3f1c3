"""What a run emits: the records of results.jsonl, and nothing else leaves the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from conformance.scenario import Verdict


class Record(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=False):
    """Base of all records; keys of a line are the field names, with hyphens for underscores."""


class SuiteInfo(Record, frozen=True, kw_only=True, rename="kebab"):
    """Which suite ran."""

    version: str
    scenarios: int
    clauses: int


class TargetInfo(Record, frozen=True, kw_only=True, rename="kebab"):
    """Who was tested; ``greeting`` and ``ehlo`` are made visible, ``set_up`` says what is not at its default."""

    name: str
    version: str
    address: str
    greeting: str
    ehlo: tuple[str, ...]
    set_up: tuple[str, ...] = ()


class Run(Record, frozen=True, kw_only=True, rename="kebab", tag="run", tag_field="type"):
    """The first line; times are UTC, ISO 8601."""

    schema: int = 1
    suite: SuiteInfo
    target: TargetInfo
    options: dict[str, str | int | float | bool | list[str] | None]
    started: str


class EntryRecord(Record, frozen=True, kw_only=True, rename="kebab"):
    """Octets on the wire, base64; ``t`` in seconds since the connection opened.

    An entry that was too long keeps its head and tail, with the length and the SHA-256 of the whole.
    """

    t: float
    sender: Literal["us", "them", "note"] = msgspec.field(name="from")
    octets: bytes
    tls: bool = False
    full_length: int | None = None
    sha256: str | None = None


class ConnectionRecord(Record, frozen=True, kw_only=True, rename="kebab"):
    """One connection of an attempt; ``local`` is what the server's log calls the client."""

    id: int
    role: Literal["client", "second", "hop", "dns", "store", "submit"]
    local: str
    peer: str
    entries: tuple[EntryRecord, ...]


class ObservationRecord(Record, frozen=True, kw_only=True, rename="kebab"):
    """What the scenario saw."""

    kind: Literal["held", "broken", "took", "unclear"]
    expected: str = ""
    seen: str = ""
    branch: str = ""


class Attempt(Record, frozen=True, kw_only=True, rename="kebab"):
    """One time that the scenario ran."""

    purpose: Literal["first", "retry", "confirm"]
    verdict: Verdict
    connections: tuple[ConnectionRecord, ...]
    why: str = ""
    token: str = ""


class WatchedRecord(Record, frozen=True, kw_only=True, rename="kebab"):
    """What a watch found on one reply of this scenario; it never changes the scenario's verdict."""

    watch: str
    clause: str
    verdict: Verdict
    observation: ObservationRecord


class Result(Record, frozen=True, kw_only=True, rename="kebab", tag="result", tag_field="type"):
    """One scenario's result; ``says`` is the clause in our words, ``repeat`` the command that runs just this one."""

    scenario: str
    clause: str
    level: str
    says: str
    title: str
    lines: tuple[int, int]
    link: str
    verdict: Verdict
    why: str
    observation: ObservationRecord | None
    attempts: tuple[Attempt, ...]
    watched: tuple[WatchedRecord, ...]
    seconds: float
    repeat: str
    unsteady: bool = False
    disputed: str = ""


class End(Record, frozen=True, kw_only=True, rename="kebab", tag="end", tag_field="type"):
    """The last line; ``complete`` is false when the user stopped the run, ``problem`` says why it is unusable.

    ``evidence`` holds the connections that show the problem, ``missing`` counts scenarios by the fact they lacked.
    """

    counts: dict[str, int]
    seconds: float
    complete: bool
    problem: str = ""
    evidence: tuple[ConnectionRecord, ...] = ()
    missing: dict[str, int] = {}
    connections: int = 0
    lowest_limit: int = 0


Event = Run | Result | End
Emit = Callable[[Event], None]


class Started(msgspec.Struct, frozen=True):
    """For live progress only, never written: a scenario began."""

    scenario: str
    purpose: str


Progress = Callable[[Started], None]
