"""Defects in what ends a line (RFC 5321 §2.3.8)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._session import Answer, Line, ServerSession

FindLine = Callable[[bytes], Line | None]


@defect(
    ServerSession.find_command_line,
    proves={
        "rfc5321/2.3.8/bare_line_end_does_not_end_a_command[lf]*",
        "rfc5321/2.3.8/bare_line_end_does_not_end_a_command[lf-cr]*",
    },
)
def bare_lf_ends_a_command(clean: FindLine, session: ServerSession, buffer: bytes) -> Line | None:
    """Takes a bare LF for the end of a command line."""
    del clean, session
    line, end, rest = buffer.partition(b"\n")
    return (line.removesuffix(b"\r").removeprefix(b"\r"), rest) if end else None


@defect(
    ServerSession.find_command_line,
    proves={
        "rfc5321/2.3.8/bare_line_end_does_not_end_a_command[cr]*",
        "rfc5321/2.4/nothing_happens_before_crlf[cr]",
    },
    also={"rfc5321/4.2/one-reply"},
)
def bare_cr_ends_a_command(clean: FindLine, session: ServerSession, buffer: bytes) -> Line | None:
    """Takes a bare CR for the end of a command line."""
    line, end, rest = buffer.partition(b"\r")
    if not end or rest.startswith(b"\n"):
        return clean(buffer)
    if not rest and b"NOOP" not in line:
        return None
    del session
    return line, rest


@defect(
    ServerSession.render,
    proves={"rfc5321/2.3.8/watch_reply_lines_end_with_crlf"},
    also={
        "rfc5321/4.2/greeting-syntax",
        "rfc5321/4.2/other-opening-replies",
        "rfc5321/4.2/reply-form",
        "rfc5321/4.2/reply-line-syntax",
    },
)
def replies_end_with_a_bare_lf(clean: Callable[[Answer], bytes], session: ServerSession, given: Answer) -> bytes:
    """Ends its replies with a bare LF."""
    del session
    return clean(given).replace(b"\r\n", b"\n")
