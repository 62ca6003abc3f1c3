"""Replies as they come: framed, never repaired, with a list of what was odd (RFC 5321 §4.2)."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from conformance.wire.octets import visible

LINE_LIMIT = 512
"""Octets of a reply line, its CRLF included (§4.5.3.1.5)."""

LINE_BOUND = 64 * 1024
REPLY_BOUND = 1024 * 1024


class Anomaly(enum.Enum):
    """What can be odd about a reply."""

    BAD_CODE = "bad-code"
    OUT_OF_RANGE = "out-of-range"
    BAD_SECOND_DIGIT = "bad-second-digit"
    INCONSISTENT_CODES = "inconsistent-codes"
    BARE_LF = "bare-lf"
    BARE_CR = "bare-cr"
    LONG_LINE = "long-line"
    NO_SEPARATOR = "no-separator"
    BARE_CODE = "bare-code"
    NON_ASCII = "non-ascii"
    CONTROL = "control"
    UNBOUNDED = "unbounded"
    TRUNCATED = "truncated"
    EMPTY_LINE = "empty-line"


@dataclass(frozen=True, slots=True)
class ReplyLine:
    """One line of a reply, its end included."""

    octets: bytes

    @property
    def content(self) -> bytes:
        """The line without its end."""
        return self.octets.removesuffix(b"\n").removesuffix(b"\r")

    @property
    def code(self) -> bytes:
        """The first three octets, whatever they are."""
        return self.content[:3]

    @property
    def has_code(self) -> bool:
        """Whether the line begins with three digits."""
        return len(self.code) == 3 and self.code.isdigit()

    @property
    def separator(self) -> bytes:
        """What stands between code and text."""
        return self.content[3:4]

    @property
    def text(self) -> bytes:
        """What stands behind the separator; the whole line where there is no code."""
        return self.content[4:] if self.has_code else self.content


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole reply and its anomalies."""

    lines: tuple[ReplyLine, ...]
    anomalies: tuple[Anomaly, ...] = ()

    @property
    def code(self) -> int:
        """The code of the last line, 0 where it has none."""
        last = self.lines[-1]
        return int(last.code) if last.has_code else 0

    @property
    def severity(self) -> int:
        """The first digit of the code (§4.2.1), 0 where there is no code."""
        return self.code // 100

    @property
    def text(self) -> bytes:
        """The texts of all lines, joined by LF."""
        return b"\n".join(line.text for line in self.lines)

    @property
    def octets(self) -> bytes:
        """The reply as it came."""
        return b"".join(line.octets for line in self.lines)

    def __str__(self) -> str:
        shown = " / ".join(visible(line.content, 100) for line in self.lines[:6])
        more = f" / ... {len(self.lines) - 6} more lines" if len(self.lines) > 6 else ""
        return shown + more


@dataclass(slots=True)
class ReplyReader:
    """Frames replies from octets fed in any portions."""

    _buffer: bytearray = field(default_factory=bytearray)
    _searched: int = 0
    _lines: list[ReplyLine] = field(default_factory=list)
    _size: int = 0
    _ready: list[Reply] = field(default_factory=list)

    def feed(self, octets: bytes) -> None:
        """Take octets from the stream."""
        self._buffer += octets

    def next_reply(self) -> Reply | None:
        """The next whole reply, or ``None`` where more octets are needed."""
        while True:
            end = self._buffer.find(b"\n", self._searched)
            if end < 0:
                self._searched = len(self._buffer)
                if len(self._buffer) > LINE_BOUND:
                    return self._finish(self._take(len(self._buffer)), Anomaly.UNBOUNDED)
                return None
            line = self._take(end + 1)
            if self._size + len(line.octets) > REPLY_BOUND:
                return self._finish(line, Anomaly.UNBOUNDED)
            goes_on = line.separator == b"-" if line.has_code else bool(self._lines)
            if not goes_on:
                return self._finish(line)
            self._lines.append(line)
            self._size += len(line.octets)

    def close(self) -> Reply | None:
        """The stream ended: what there is of a reply, marked as truncated, or ``None``."""
        if not self._buffer and not self._lines:
            return None
        if self._buffer:
            return self._finish(self._take(len(self._buffer)), Anomaly.TRUNCATED)
        last = self._lines.pop()
        return self._finish(last, Anomaly.TRUNCATED)

    @property
    def pending(self) -> bytes:
        """Octets that are not yet part of a reply that was handed out."""
        return b"".join(line.octets for line in self._lines) + bytes(self._buffer)

    def take_pending(self) -> bytes:
        """Hand over the pending octets and forget them."""
        pending = self.pending
        self._lines, self._size = [], 0
        self._take(len(self._buffer))
        return pending

    def _take(self, length: int) -> ReplyLine:
        octets = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._searched = 0
        return ReplyLine(octets)

    def _finish(self, last: ReplyLine, *extra: Anomaly) -> Reply:
        lines = (*self._lines, last)
        self._lines, self._size = [], 0
        return Reply(lines, (*_anomalies(lines), *extra))


def _anomalies(lines: tuple[ReplyLine, ...]) -> tuple[Anomaly, ...]:
    found: dict[Anomaly, None] = {}
    for line in lines:
        found.update(dict.fromkeys(_line_anomalies(line)))
    if len({line.code for line in lines}) > 1:
        found[Anomaly.INCONSISTENT_CODES] = None
    return tuple(found)


def _line_anomalies(line: ReplyLine) -> list[Anomaly]:
    content = line.content
    checks = (
        (not content, Anomaly.EMPTY_LINE),
        (not line.has_code, Anomaly.BAD_CODE),
        (line.has_code and content[:1] not in b"2345", Anomaly.OUT_OF_RANGE),
        (line.has_code and content[1:2] > b"5", Anomaly.BAD_SECOND_DIGIT),
        (line.has_code and len(content) == 3, Anomaly.BARE_CODE),
        (line.has_code and line.separator not in {b"", b" ", b"-"}, Anomaly.NO_SEPARATOR),
        (line.octets.endswith(b"\n") and not line.octets.endswith(b"\r\n"), Anomaly.BARE_LF),
        (b"\r" in content, Anomaly.BARE_CR),
        (len(line.octets) > LINE_LIMIT, Anomaly.LONG_LINE),
        (any(octet > 0x7F for octet in content), Anomaly.NON_ASCII),
        (any((octet < 0x20 and octet not in b"\t\r") or octet == 0x7F for octet in content), Anomaly.CONTROL),
    )
    return [anomaly for odd, anomaly in checks if odd]
