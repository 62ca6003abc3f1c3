"""What our next hop does other than usual: rules by step, kept by recipient, token or place."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field

from conformance.wire import CRLF

EVERYONE = "*"
"""The key whose rules hold for every connection."""


class Step(enum.StrEnum):
    """Where in a session a rule acts; ``EHLO`` is LHLO in LMTP (RFC 2033 §4.1).

    ``CONTENT`` acts once octets of the mail data have come, before their end, and has no reply of its own.
    ``RESPONSE`` answers a line of an AUTH exchange, which goes on behind a reply with 334 (RFC 4954 §4).
    ``END_OF_DATA`` answers the final dot or the last BDAT; in LMTP once for each recipient (RFC 2033 §4.2).
    """

    CONNECT = "connect"
    EHLO = "EHLO"
    HELO = "HELO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    RESPONSE = "response"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    CONTENT = "content"
    END_OF_DATA = "end of data"
    BDAT = "BDAT"
    BURL = "BURL"
    RSET = "RSET"
    NOOP = "NOOP"
    QUIT = "QUIT"
    OTHER = "other"


class Then(enum.Enum):
    """What follows the reply."""

    GO_ON = "go on"
    CLOSE = "close"
    RESET = "reset"


def reply_octets(code: int, *texts: str | bytes) -> bytes:
    """A reply in its usual form: the code on every line, a hyphen behind all but the last (RFC 5321 §4.2.1)."""
    lines = [text.encode("ascii") if isinstance(text, str) else text for text in texts or ("",)]
    *before, last = lines
    return b"".join(b"%d-%b" % (code, line) + CRLF for line in before) + b"%d %b" % (code, last) + CRLF


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do at one step.

    ``reply`` are the octets to send, sent as they are: ``None`` stands for the usual reply, no octets for none at
    all, after which the session is still read. ``delay`` in seconds goes before the reply. A rule acts ``times``
    times, or always; the rules of one key are asked in their order, so that ``Rule.answer(Step.RCPT, 450, times=1)``
    refuses once and then takes. ``offers`` are the keywords of the reply to EHLO, with their parameters. ``every`` is
    for ``CONTENT``: nothing is read during the delay, and the rule acts again when so many octets more have come.
    ``rest`` are octets of the reply that follow ``pause`` seconds behind the others. A rule is asked only once the
    transaction has ``beyond`` recipients that we took.
    """

    at: Step
    reply: bytes | None = None
    delay: float = 0.0
    then: Then = Then.GO_ON
    times: int | None = None
    offers: tuple[bytes, ...] | None = None
    every: int = 0
    rest: bytes = b""
    pause: float = 0.0
    beyond: int = 0

    @classmethod
    def answer(
        cls, at: Step, code: int, *texts: str | bytes, delay: float = 0.0, times: int | None = None, beyond: int = 0
    ) -> Rule:
        """Answer with this code; a 421 closes the connection behind it (RFC 5321 §4.2.3)."""
        reply = reply_octets(code, *(texts or (f"{at} is answered so by rule",)))
        return cls(at, reply, delay, Then.CLOSE if code == 421 else Then.GO_ON, times, beyond=beyond)

    @classmethod
    def late(cls, at: Step, seconds: float, *, times: int | None = None) -> Rule:
        """Give the usual reply, so many seconds late."""
        return cls(at, delay=seconds, times=times)

    @classmethod
    def nothing(cls, at: Step, *, times: int | None = None) -> Rule:
        """Never answer, and read on."""
        return cls(at, b"", times=times)

    @classmethod
    def close(cls, at: Step, *, delay: float = 0.0, times: int | None = None) -> Rule:
        """Close the connection in the place of a reply."""
        return cls(at, b"", delay, Then.CLOSE, times)

    @classmethod
    def reset(cls, at: Step, *, delay: float = 0.0, times: int | None = None) -> Rule:
        """Reset the connection in the place of a reply."""
        return cls(at, b"", delay, Then.RESET, times)

    @classmethod
    def stall(cls, seconds: float, *, every: int, times: int | None = None) -> Rule:
        """Read nothing of the mail data for so many seconds, and again behind so many octets more."""
        return cls(Step.CONTENT, b"", seconds, times=times, every=every)

    @classmethod
    def in_two(cls, at: Step, reply: bytes, rest: bytes, *, pause: float, times: int | None = None) -> Rule:
        """Send the reply in two pieces, so many seconds apart."""
        return cls(at, reply, times=times, rest=rest, pause=pause)

    @classmethod
    def offer(cls, *keywords: bytes, times: int | None = None) -> Rule:
        """Answer EHLO with these keywords and no others (RFC 5321 §4.1.1.1)."""
        return cls(Step.EHLO, offers=keywords, times=times)


@dataclass(slots=True, eq=False)
class _Kept:
    rule: Rule
    left: int | None


@dataclass(slots=True, eq=False)
class Script:
    """All rules of a next hop, by key."""

    _kept: dict[str, list[_Kept]] = field(default_factory=dict)

    def add(self, key: str, rules: Iterable[Rule]) -> None:
        """Keep the rules behind those that the key has."""
        self._kept.setdefault(key, []).extend(_Kept(rule, rule.times) for rule in rules)

    def take(self, step: Step, keys: Iterable[str], recipients: int = 0) -> Rule | None:
        """The first rule for this step that has not been used up, the keys asked in their order.

        ``recipients`` is how many the transaction has that we took.
        """
        for key in keys:
            for kept in self._kept.get(key, ()):
                if kept.rule.at is step and kept.left != 0 and recipients >= kept.rule.beyond:
                    if kept.left is not None:
                        kept.left -= 1
                    return kept.rule
        return None

    def drop(self, key: str) -> None:
        """Drop the rules of the key."""
        self._kept.pop(key, None)

    def forget(self, token: str) -> None:
        """Drop the rules whose key holds the token."""
        for key in [key for key in self._kept if token in key]:
            del self._kept[key]
