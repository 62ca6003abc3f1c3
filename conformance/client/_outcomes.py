"""What can come back after we sent something: values, never exceptions."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.wire import Reply, visible


@dataclass(frozen=True, slots=True)
class Silence:
    """No complete reply within ``seconds``; ``partial`` is what had come of one."""

    seconds: float
    partial: bytes = b""

    def __str__(self) -> str:
        rest = f", only {visible(self.partial, 80)}" if self.partial else ""
        return f"no reply within {self.seconds:.0f} s{rest}"


@dataclass(frozen=True, slots=True)
class Closed:
    """The server closed the connection; ``close_notify`` tells, under TLS, whether it said so (RFC 8446 §6.1)."""

    close_notify: bool | None = None
    partial: bytes = b""

    def __str__(self) -> str:
        rest = f" after {visible(self.partial, 80)}" if self.partial else ""
        without = " without close_notify" if self.close_notify is False else ""
        return f"connection closed{without}{rest}"


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection was reset or broke."""

    partial: bytes = b""

    def __str__(self) -> str:
        return f"connection reset{f' after {visible(self.partial, 80)}' if self.partial else ''}"


@dataclass(frozen=True, slots=True)
class Unprotected:
    """Under a security layer of SASL the server sent these octets, which are none of it; nothing more is read."""

    octets: bytes = b""

    def __str__(self) -> str:
        return f"outside the security layer: {visible(self.octets, 80)}"


@dataclass(frozen=True, slots=True)
class Secured:
    """The TLS handshake completed; ``leftover`` came in clear with or after the 220."""

    leftover: bytes = b""

    def __str__(self) -> str:
        return f"TLS handshake completed{f', {visible(self.leftover, 80)} in clear before it' if self.leftover else ''}"


@dataclass(frozen=True, slots=True)
class HandshakeFailed:
    """The TLS handshake failed; ``first_octets`` are what the server sent in the place of one."""

    first_octets: bytes = b""
    alert: str = ""

    def __str__(self) -> str:
        got = f", got {visible(self.first_octets, 80)}" if self.first_octets else ""
        return f"TLS handshake failed: {self.alert or 'closed'}{got}"


Outcome = Reply | Silence | Closed | Reset | Unprotected
"""What one command can bring back."""


class NotReady(Exception):  # noqa: N818 - the word of the design: a rung was not reached, nothing is wrong
    """The starting state was not reached, or a control did not hold: the scenario proves nothing.

    ``rung`` names the step, ``outcome`` is what the server did. ``service_refused`` marks a refused connection
    or a 421, after which the engine tries again.
    """

    def __init__(self, rung: str, outcome: object, *, service_refused: bool = False) -> None:
        super().__init__(f"{rung}: {outcome}")
        self.rung = rung
        self.outcome = outcome
        self.service_refused = service_refused
