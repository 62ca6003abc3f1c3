"""What the reference server says, before it has its form."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply before it has its form: one text a line; ``close`` ends the connection behind it.

    ``status`` is the enhanced status code where the basic code alone does not say which. ``more`` are replies of their
    own that follow it, as an LMTP server gives them. ``pause`` are the seconds that the server works before it answers.
    """

    code: int
    texts: tuple[bytes, ...]
    close: bool = False
    starts_tls: bool = False
    times: int = 1
    status: bytes = b""
    more: tuple[Answer, ...] = ()
    pause: float = 0.0


def answer(code: int, *texts: bytes, close: bool = False, starts_tls: bool = False, status: bytes = b"") -> Answer:
    """An answer of this code and these lines, given once."""
    return Answer(code, texts, close, starts_tls, status=status)
