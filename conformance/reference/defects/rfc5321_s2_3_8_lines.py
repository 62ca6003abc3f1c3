"""Defects in what ends a line (RFC 5321 §2.3.8)."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance.reference._answer import answer
from conformance.reference._decision import defect
from conformance.reference._session import Answer, Line, ServerSession

FindLine = Callable[[bytes], Line | None]

WITH_BARE_LF = ("lf-dot-lf", "lf-dot-cr", "cr-dot-lf", "lf-dot-crlf", "crlf-dot-lf")
WITH_BARE_CR = ("cr-dot-cr", "cr-dot-crlf", "crlf-dot-cr", "crlf-dot-cr-crlf", "cr-crlf-dot-cr-crlf")


@defect(
    ServerSession.find_command_line,
    proves={
        "rfc5321/2.3.8/bare_line_end_does_not_end_a_command[lf]*",
        "rfc5321/2.3.8/bare_line_end_does_not_end_a_command[lf-cr]*",
        *(f"rfc5321/2.3.8/commands_end_at_crlf_alone[{row}]*" for row in WITH_BARE_LF),
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
        *(f"rfc5321/2.3.8/commands_end_at_crlf_alone[{row}]*" for row in WITH_BARE_CR),
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


UNICODE_LINE_END = rb"(?:[\0\x0b\x0c\x1e\x85]|\xe2\x80\xa8)"
OTHER_SYSTEMS = ("nul", "vt", "ff", "rs", "nel", "utf-8-nel", "utf-8-line-separator")


@defect(
    ServerSession.find_command_line,
    proves={
        *(f"rfc5321/2.3.8/bare_line_end_does_not_end_a_command[{row}]*" for row in OTHER_SYSTEMS),
        "rfc5321/2.3.8/commands_end_at_crlf_alone[crlf-nul-dot-crlf]*",
        "rfc5321/2.3.8/commands_end_at_crlf_alone[crlf-dot-nul-crlf]*",
    },
    also={"rfc6531/3.2/parsing-unchanged", "rfc5321/4.2/one-reply"},
)
def command_ends_where_a_text_file_has_a_line_end(
    clean: FindLine, session: ServerSession, buffer: bytes
) -> Line | None:
    """Takes NUL, VT, FF, RS, NEL and the line separator of Unicode for the end of a command line."""
    del session
    proper = clean(buffer)
    found = re.search(UNICODE_LINE_END, buffer)
    if found is None or (proper is not None and len(proper[0]) < found.start()):
        return proper
    return buffer[: found.start()], buffer[found.end() :]


@defect(
    ServerSession.find_end_of_data,
    proves={f"rfc5321/2.3.8/dot_between_bare_line_ends_is_data[{row}]" for row in OTHER_SYSTEMS},
    also={"rfc5321/4.5.2/all-ascii", "rfc5321/4.5.2/stuffed-dot-does-not-end", "rfc6152/3/usual-stuffing"},
)
def data_end_where_a_text_file_has_line_ends(clean: FindLine, session: ServerSession, buffer: bytes) -> Line | None:
    """Ends the mail data at a dot between two NUL, VT, FF, RS, NEL or line separators of Unicode."""
    del session
    found = re.search(UNICODE_LINE_END + rb"\xc2?\." + rb"\xc2?" + UNICODE_LINE_END, buffer)
    return (buffer[: found.start()] + b"\r\n", buffer[found.end() :]) if found else clean(buffer)


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


@defect(
    ServerSession.syntax_error,
    proves={"rfc5321/2.3.8/watch_reply_lines_end_with_crlf"},
    also={"rfc5321/4.2/printable-text", "rfc5321/4.2/reply-form", "rfc5321/4.2/reply-line-syntax"},
)
def refused_line_is_repeated_with_its_bare_lf(
    clean: Callable[[bytes], Answer | None], session: ServerSession, line: bytes
) -> Answer | None:
    """Repeats a line that it refuses, and with it the bare LF in it: one reply still, and no command ended there."""
    del session
    return answer(500, b'Command "' + line + b'" not recognized') if b"\n" in line else clean(line)
