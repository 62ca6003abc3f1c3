"""When a sender is told that a message is held up, and when its time is over (RFC 3461 §5.2.5, RFC 2852 §4.1)."""

from __future__ import annotations

from typing import ClassVar

from conformance.reference._decision import Decisions, decision
from conformance.reference._parameters import Parameters
from conformance.wire.dates import date_time


class Delays:
    """What is said and done about mail that waits; times are seconds of trio's clock."""

    BEHIND_THE_REPLY: ClassVar = True

    def __init__(self, decisions: Decisions) -> None:
        self.decisions = decisions

    def due(self, parameters: Parameters, taken: float) -> float:
        """By when a message that was taken then is to be delivered: never, where BY did not say so (RFC 2852 §4)."""
        by = parameters.of(b"BY")
        return taken + int(by.partition(b";")[0]) if by else float("inf")

    @decision
    def ends_when_late(self, mode: bytes) -> bool:
        """Whether a message whose time has come is tried no more: with R only (RFC 2852 §4.1.3)."""
        return mode == b"R"

    @decision
    def late_status(self, mode: bytes) -> bytes:
        """The status of a message whose time has come (RFC 2852 §4.1.3)."""
        return b"5.4.7" if mode == b"R" else b"4.4.7"

    @decision
    def tells_when_late(self, mode: bytes) -> bool:
        """Whether the sender is told that the time of a message has come: always (RFC 2852 §4.1.3)."""
        del mode
        return True

    @decision
    def wants_delay(self, notify: frozenset[bytes] | None) -> bool:
        """Whether the sender may be told of a delay: where NOTIFY says so, or was not given (RFC 3461 §5.2.5)."""
        return notify is None or b"DELAY" in notify

    @decision
    def warns_after(self, usual: float) -> float:
        """Seconds in the queue after which the sender is told: the site's choice (RFC 3461 §5.2.5)."""
        return usual

    @decision
    def retry_until(self, seconds: float) -> bytes:
        """The date in so many seconds, with a numeric zone, after which nothing is tried (RFC 3464 §2.3.9)."""
        return date_time(seconds)


def mode_of(parameters: Parameters) -> bytes:
    """The mode of BY in capitals, N or R, or nothing (RFC 2852 §4)."""
    return (parameters.of(b"BY") or b"").partition(b";")[2][:1].upper()


def is_traced(parameters: Parameters) -> bool:
    """Whether BY asks for a trace (RFC 2852 §4)."""
    return (parameters.of(b"BY") or b"").partition(b";")[2][1:].upper() == b"T"
