"""Replies as they come: framed, never repaired, with a list of what was odd (RFC 5321 §4.2)."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from conformance.wire.octets import visible

LINE_LIMIT = 512
"""Octets of a reply line, its CRLF included (§4.5.3.1.5)."""

LINE_BOUND = 64 * 1024
"""Octets that we keep of one line."""

REPLY_BOUND = 1024 * 1024
"""Octets that we keep of one reply."""

LINES_SHOWN = 6
"""Lines of a reply in its ``str``."""

_CODE = re.compile(rb"[0-9]{3}")
_STATUS = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?= |$)")
_BEGUN_CODE = re.compile(rb"[0-9]{0,2}")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x0c\x0e-\x1f\x7f]")


class Anomaly(enum.Enum):
    """What can be odd about a reply."""

    BAD_CODE = "bad-code"
    """A line does not begin with three digits (§4.3.2)."""
    OUT_OF_RANGE = "out-of-range"
    """The first digit of a code is not one of 2 to 5 (§4.2)."""
    BAD_SECOND_DIGIT = "bad-second-digit"
    """The second digit of a code is above 5 (§4.2, Reply-code)."""
    INCONSISTENT_CODES = "inconsistent-codes"
    """Lines of one reply carry different codes (§4.2.1)."""
    BARE_LF = "bare-lf"
    """A line ends with LF alone (§2.3.8)."""
    BARE_CR = "bare-cr"
    """A CR stands inside a line (§2.3.8)."""
    LONG_LINE = "long-line"
    """A line is longer than 512 octets, its end included (§4.5.3.1.5)."""
    NO_SEPARATOR = "no-separator"
    """Something other than a space, a hyphen or the end of the line follows a code (§4.2)."""
    BARE_CODE = "bare-code"
    """A line is a code and nothing else (§4.2)."""
    NON_ASCII = "non-ascii"
    """An octet has its high bit set (§4.2, textstring)."""
    CONTROL = "control"
    """A control character other than TAB and CR stands in a line (§4.2, textstring)."""
    EMPTY_LINE = "empty-line"
    """A line has nothing before its end."""
    REST = "rest"
    """No reply of its own: the rest of a line that an LF in its text divided (§2.3.8)."""
    UNBOUNDED = "unbounded"
    """The reply went beyond our own bounds; what did is left out."""
    TRUNCATED = "truncated"
    """The stream ended inside the reply."""


OF_WHOLE_LINES = frozenset({Anomaly.BAD_CODE, Anomaly.EMPTY_LINE})
"""Anomalies of a line, and not of the rest of one that an LF in its text divided."""


@dataclass(frozen=True, slots=True)
class ReplyLine:
    """One line of a reply, its end included."""

    octets: bytes

    @property
    def content(self) -> bytes:
        """The line without its end."""
        return self.octets.removesuffix(b"\n").removesuffix(b"\r")

    @property
    def ends_with_bare_lf(self) -> bool:
        """Whether an LF ends the line with no CR before it."""
        return self.octets.endswith(b"\n") and not self.octets.endswith(b"\r\n")

    @property
    def code(self) -> bytes:
        """The first three octets, whatever they are."""
        return self.content[:3]

    @property
    def has_code(self) -> bool:
        """Whether the line begins with three digits."""
        return _CODE.match(self.octets) is not None

    @property
    def separator(self) -> bytes:
        """The octet behind the code, empty where there is none."""
        return self.content[3:4]

    @property
    def text(self) -> bytes:
        """What stands behind the separator; the whole line where there is no code."""
        return self.content[4:] if self.has_code else self.content

    @property
    def status(self) -> str:
        """The enhanced status code that the text begins with (RFC 2034 §4), empty where there is none."""
        match = _STATUS.match(self.text)
        return match.group().decode("ascii") if match else ""

    @property
    def words(self) -> bytes:
        """The text behind the enhanced status code, or all of it where there is none."""
        return self.text.removeprefix(self.status.encode("ascii")).lstrip(b" ")


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, of at least one line, and its anomalies."""

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
    def status(self) -> str:
        """The enhanced status code of the first line (RFC 2034 §4), empty where there is none."""
        return self.lines[0].status

    @property
    def octets(self) -> bytes:
        """The reply as it came."""
        return b"".join(line.octets for line in self.lines)

    def __str__(self) -> str:
        shown = [visible(line.content, 100) for line in self.lines]
        if len(shown) > LINES_SHOWN:
            first = LINES_SHOWN - 1
            shown[first:-1] = [f"... {len(shown) - LINES_SHOWN} more lines"]
        cut = [anomaly.value for anomaly in self.anomalies if anomaly in {Anomaly.UNBOUNDED, Anomaly.TRUNCATED}]
        return (" / ".join(shown) or "an empty line") + (f" ({', '.join(cut)})" if cut else "")


class ReplyReader:
    """Frames replies from octets fed in any portions; how they were portioned changes nothing.

    A line ends at LF, with or without a CR before it. A reply ends at its first line that begins with three digits
    and no hyphen behind them. A line without a code belongs to the reply around it; alone, it is a reply of its own,
    which is marked where the line before it ended with LF alone: a server that repeats what it was sent can have an LF
    in its text, and then what is behind it is no reply.

    What goes beyond 64 KiB a line or 1 MiB a reply is dropped and counted, and the reply still ends where it ends:
    a long reply is one reply. Where ``next_reply`` returns ``None``, no more than 1 MiB is pending.
    """

    __slots__ = ("_buffer", "_cut", "_inside", "_lines", "_rest", "_searched", "_size", "_whole", "left_out")

    left_out: int
    """Octets that were dropped since the beginning, over all replies."""

    def __init__(self) -> None:
        self.left_out = 0
        self._buffer = bytearray()
        self._inside = False
        self._begin()

    def _begin(self) -> None:
        self._lines: list[ReplyLine] = []
        self._size = 0
        self._searched = 0
        self._whole = False
        self._cut = False
        self._rest = False

    def feed(self, octets: bytes) -> None:
        """Take octets from the stream."""
        self._buffer += octets
        self._frame()

    def next_reply(self) -> Reply | None:
        """The next whole reply, or ``None`` where more octets are needed."""
        if not self._whole:
            return None
        reply = self._finish()
        self._frame()
        return reply

    def close(self) -> Reply | None:
        """The stream ended: the next whole reply, then what there is of one, marked as truncated, then ``None``."""
        if self._whole:
            return self.next_reply()
        if self._buffer:
            line = ReplyLine(bytes(self._buffer))
            self._buffer.clear()
            self._rest = self._inside and not self._lines and not line.has_code
            self._lines.append(line)
        return self._finish(Anomaly.TRUNCATED) if self._lines else None

    @property
    def pending(self) -> bytes:
        """Octets that are not part of a reply that was handed out."""
        return b"".join(line.octets for line in self._lines) + bytes(self._buffer)

    @property
    def pending_size(self) -> int:
        """How many octets are pending, without a copy of them."""
        return self._size + len(self._buffer)

    def take_pending(self) -> bytes:
        """Hand over the pending octets and forget them."""
        pending = self.pending
        self._buffer.clear()
        self._inside = False
        self._begin()
        return pending

    def _frame(self) -> None:
        """Read lines up to the end of one reply; those behind it stay raw, where a flood of them takes least room."""
        while not self._whole and (line := self._next_line()) is not None:
            inside, self._inside = self._inside, line.ends_with_bare_lf
            self._rest = self._rest or (inside and not self._lines and not line.has_code)
            goes_on = line.separator == b"-" if line.has_code else bool(self._lines)
            # Room for one more line stays, so that the last one with its code always has it.
            if goes_on and self._size + len(line.octets) > REPLY_BOUND - LINE_BOUND:
                self._drop(len(line.octets))
                continue
            self._lines.append(line)
            self._size += len(line.octets)
            self._whole = not goes_on

    def _next_line(self) -> ReplyLine | None:
        end = self._buffer.find(b"\n", self._searched) + 1
        length = end or len(self._buffer)
        if length > LINE_BOUND:
            self._drop(length - LINE_BOUND)
            del self._buffer[LINE_BOUND:length]
            length = LINE_BOUND
        if not end:
            self._searched = length
            return None
        self._searched = 0
        line = ReplyLine(bytes(self._buffer[:length]))
        del self._buffer[:length]
        return line

    def _drop(self, octets: int) -> None:
        self.left_out += octets
        self._cut = True

    def _finish(self, *extra: Anomaly) -> Reply:
        lines = tuple(self._lines)
        bounds = (Anomaly.UNBOUNDED,) if self._cut else ()
        rest = (Anomaly.REST,) if self._rest else ()
        found = [each for each in _anomalies(lines) if not (rest and each in OF_WHOLE_LINES)]
        self._begin()
        return Reply(lines, (*found, *rest, *bounds, *extra))


def _anomalies(lines: tuple[ReplyLine, ...]) -> tuple[Anomaly, ...]:
    if len(lines) == 1 and len(lines[0].octets) <= LINE_LIMIT:
        return _usual_anomalies(lines[0])
    found: dict[Anomaly, None] = {}
    different = dict.fromkeys(lines)
    rests = {line for before, line in pairwise(lines) if before.ends_with_bare_lf and not line.has_code}
    for line in different:
        looked = _usual_anomalies if len(line.octets) <= LINE_LIMIT else _line_anomalies
        found.update(dict.fromkeys(each for each in looked(line) if line not in rests or each not in OF_WHOLE_LINES))
    if len({line.code for line in different if line.has_code}) > 1:
        found[Anomaly.INCONSISTENT_CODES] = None
    return tuple(found)


@lru_cache(maxsize=256)
def _usual_anomalies(line: ReplyLine) -> tuple[Anomaly, ...]:
    return _line_anomalies(line)


def _line_anomalies(line: ReplyLine) -> tuple[Anomaly, ...]:
    content, has_code = line.content, line.has_code
    # A line that we saw no end of is held to what came of it: the rest of its code or text may have been lost.
    ended = line.octets.endswith(b"\n")
    begun_code = not ended and _BEGUN_CODE.fullmatch(content) is not None
    checks = (
        (ended and not content, Anomaly.EMPTY_LINE),
        (not has_code and not begun_code, Anomaly.BAD_CODE),
        (has_code and content[:1] not in b"2345", Anomaly.OUT_OF_RANGE),
        (has_code and content[1:2] > b"5", Anomaly.BAD_SECOND_DIGIT),
        (has_code and ended and content == line.code, Anomaly.BARE_CODE),
        (has_code and line.separator not in {b"", b" ", b"-"}, Anomaly.NO_SEPARATOR),
        (line.ends_with_bare_lf, Anomaly.BARE_LF),
        (b"\r" in content, Anomaly.BARE_CR),
        (len(line.octets) > LINE_LIMIT, Anomaly.LONG_LINE),
        (not content.isascii(), Anomaly.NON_ASCII),
        (_CONTROL.search(content) is not None, Anomaly.CONTROL),
    )
    return tuple(anomaly for odd, anomaly in checks if odd)
