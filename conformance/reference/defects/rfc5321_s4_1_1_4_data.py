"""Defects in the end of the mail data and in its transparency (RFC 5321 §4.1.1.4, §4.5.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from weakref import WeakKeyDictionary

from conformance.reference._decision import defect
from conformance.reference._session import Answer, Line, ServerSession, answer
from conformance.wire import CRLF

FindEnd = Callable[[bytes], Line | None]
OfOctets = Callable[[bytes], Answer | None]

EITHER = ("rfc5321/4.1.1.4/data_does_not_end_at", "rfc5321/4.1.1.4/data_does_not_end_at_segment_end")

BARE_LINES = "rfc5321/2.3.8/dot_between_bare_line_ends_is_data"


SMUGGLES = "rfc5321/2.3.8/no_second_message_is_smuggled"
NOT_SMUGGLED = {"cr-crlf-dot-cr-crlf", "crlf-nul-dot-crlf", "crlf-dot-nul-crlf"}
"""Look-alikes behind which no message is hidden."""


def _rows(*labels: str) -> set[str]:
    found = {f"{name}[{label}]*" for name in EITHER for label in labels}
    return found | {f"{SMUGGLES}[{label}]" for label in labels if label not in NOT_SMUGGLED}


def _earliest(clean: FindEnd, buffer: bytes, look_alike: bytes) -> Line | None:
    """End at the look-alike, a regular expression, or at the true end, whichever comes first."""
    found = re.search(look_alike, buffer, re.DOTALL)
    proper = clean(buffer)
    if found is None or (proper is not None and len(proper[0]) <= found.start() + len(CRLF)):
        return proper
    return buffer[: found.start()] + CRLF, buffer[found.end() :]


@defect(ServerSession.find_end_of_data, proves={*_rows("lf-dot-lf", "crlf-dot-lf"), BARE_LINES + "[lf]"})
def data_ends_at_lf_dot_lf(clean: FindEnd, session: ServerSession, buffer: bytes) -> Line | None:
    """Ends the mail data at LF.LF."""
    del session
    return _earliest(clean, buffer, rb"\n\.\n")


@defect(ServerSession.find_end_of_data, proves=_rows("lf-dot-crlf"))
def data_ends_at_lf_dot_crlf(clean: FindEnd, session: ServerSession, buffer: bytes) -> Line | None:
    """Ends the mail data at LF.CRLF."""
    del session
    return _earliest(clean, buffer, rb"(?<!\r)\n\.\r\n")


@defect(ServerSession.find_end_of_data, proves=_rows("lf-dot-cr"))
def data_ends_at_lf_dot_cr(clean: FindEnd, session: ServerSession, buffer: bytes) -> Line | None:
    """Ends the mail data at LF.CR."""
    del session
    return _earliest(clean, buffer, rb"(?<!\r)\n\.\r(?!\n)")


@defect(ServerSession.find_end_of_data, proves={*_rows("cr-dot-lf"), BARE_LINES + "[lf-cr]"})
def data_ends_at_cr_dot_lf(clean: FindEnd, session: ServerSession, buffer: bytes) -> Line | None:
    """Ends the mail data at CR.LF."""
    del session
    return _earliest(clean, buffer, rb"\r\.\n")


@defect(ServerSession.find_end_of_data, proves={*_rows("cr-dot-cr"), BARE_LINES + "[cr]"})
def data_ends_at_cr_dot_cr(clean: FindEnd, session: ServerSession, buffer: bytes) -> Line | None:
    """Ends the mail data at CR.CR."""
    del session
    return _earliest(clean, buffer, rb"\r\.\r(?!\n)")


@defect(ServerSession.find_end_of_data, proves=_rows("cr-dot-crlf"))
def data_ends_at_cr_dot_crlf(clean: FindEnd, session: ServerSession, buffer: bytes) -> Line | None:
    """Ends the mail data at CR.CRLF."""
    del session
    return _earliest(clean, buffer, rb"\r\.\r\n")


@defect(ServerSession.find_end_of_data, proves=_rows("crlf-dot-cr", "crlf-dot-cr-crlf", "cr-crlf-dot-cr-crlf"))
def data_ends_at_crlf_dot_cr(clean: FindEnd, session: ServerSession, buffer: bytes) -> Line | None:
    """Ends the mail data at CRLF.CR."""
    del session
    return _earliest(clean, buffer, rb"\r\n\.\r(?=[^\n])")


@defect(ServerSession.find_end_of_data, proves=_rows("crlf-dot-cr-crlf", "cr-crlf-dot-cr-crlf"))
def several_cr_before_lf_are_one(clean: FindEnd, session: ServerSession, buffer: bytes) -> Line | None:
    """Takes CR CR LF for CRLF."""
    del session
    return _earliest(clean, buffer, rb"\r+\n\.\r+\n")


@defect(ServerSession.find_end_of_data, proves=_rows("crlf-nul-dot-crlf", "crlf-dot-nul-crlf"))
def nul_is_dropped_from_data(clean: FindEnd, session: ServerSession, buffer: bytes) -> Line | None:
    """Drops NUL before it looks for the end of the mail data."""
    del session
    return _earliest(clean, buffer, rb"\r\n\0?\.\0?\r\n")


ODD_CONTENT = re.compile(rb"(?<!\r)\n|\r(?!\n)|[\0\x80-\xff]")


@defect(
    ServerSession.end_of_data,
    proves={"rfc5321/4.5.2/odd_octets_do_not_upset_the_session*"},
    also={
        "rfc5321/2.3.8/only-crlf-in-mail-data",
        "rfc5321/4.1.1.4/lf-dot-lf",
        "rfc5321/4.1.1.4/no-bare-lf-lines",
        "rfc5321/4.5.2/all-ascii",
        "rfc5321/4.5.2/stuffed-dot-does-not-end",
        "rfc3030/2/250-when-complete",
        "rfc5321/3.3/data-fails-at-two-points",
        "rfc6152/3/usual-stuffing",
    },
)
def odd_content_is_answered_twice(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Answers a message with bare line ends, NUL or full octets with two replies."""
    del session
    given = clean(content)
    return replace(given, times=2) if given and ODD_CONTENT.search(content) else given


@defect(ServerSession.find_end_of_data, proves={"rfc5321/4.1.1.4/data_may_end_at_once*"})
def data_does_not_end_at_once(clean: FindEnd, session: ServerSession, buffer: bytes) -> Line | None:
    """Misses the end of mail data that has not begun."""
    del session
    return None if buffer.startswith(b"." + CRLF) else clean(buffer)


_scanned: WeakKeyDictionary[ServerSession, int] = WeakKeyDictionary()


@defect(
    ServerSession.find_end_of_data,
    proves={
        "rfc5321/4.1.1.4/data_ends_at_crlf_dot_crlf~*",
        "rfc5321/4.1.1.4/data_may_end_at_once~octets",
    },
    also={
        "rfc5321/4.5.2/single-dot-ends",
        "rfc2920/3.2/nothing-is-lost",
    },
)
def cut_end_of_data_is_missed(clean: FindEnd, session: ServerSession, buffer: bytes) -> Line | None:
    """Looks for the end of the mail data in each read by itself, and misses one that two reads share."""
    before = _scanned.get(session, 0)
    _scanned[session] = len(buffer)
    found = clean(buffer)
    if found is None:
        return None
    if len(buffer) - len(found[1]) - len(b"\r\n.\r\n") < before and before:
        return None
    _scanned.pop(session)
    return found


@defect(
    ServerSession.end_of_data,
    proves={
        "rfc5321/4.1.1.4/data_ends_at_crlf_dot_crlf*",
        "rfc5321/4.1.1.4/data_may_end_at_once*",
        "rfc5321/4.1.1.4/end_of_data_is_answered",
        "rfc5321/4.5.2/single_dot_ends_the_data*",
    },
    also={
        "rfc5321/4.5.4.2/several-transactions-at-once",
        "rfc1870/4/larger-gets-552",
        "rfc3030/2/empty-last-is-served",
        "rfc5321/6.1/quick-reply-to-data",
        "rfc5321/4.1.1.4/failure-when-not-processed",
    },
)
def message_brings_no_reply(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Takes the message and says nothing."""
    del session
    clean(content)
    return None


@defect(
    ServerSession.clear,
    proves={
        "rfc5321/4.1.1.4/buffers_are_empty_after_a_message*",
        "rfc5321/4.1.1.4/second_message_is_taken",
    },
    also={
        "rfc5321/3.3/rcpt-without-mail",
        "rfc5321/4.1.4/out-of-order-503",
        "rfc5321/4.1.4/several-transactions",
        "rfc5321/4.3.1/code-meanings-kept",
        "rfc3030/2/503-after-last",
        "rfc3030/2/pipelined-chunks-after-a-failure",
        "rfc5321/4.2.1/5yz-not-done",
    },
)
def buffers_are_kept_after_a_message(clean: Callable[[str], None], session: ServerSession, why: str) -> None:
    """Keeps sender and recipients after the message that they were for."""
    del session
    if why != "end of data":
        clean(why)


@defect(
    ServerSession.end_of_data,
    proves={"rfc5321/4.1.1.4/one_reply_for_all_recipients"},
    also={"rfc2920/3.2/in-order", "rfc2920/3.2/nothing-is-lost"},
)
def each_recipient_brings_a_reply(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Answers the message once for each recipient, as LMTP does."""
    recipients = len(session.transaction.forward_paths) if session.transaction else 1
    given = clean(content)
    return replace(given, times=max(recipients, 1)) if given else given


@defect(
    ServerSession.find_end_of_data,
    proves={
        *(f"rfc5321/4.5.2/longer_line_does_not_end_the_data[{row}]*" for row in ("two-dots", "dot-and-text")),
        *(f"rfc5321/4.5.2/longer_line_does_not_end_the_data[{row}]*" for row in ("dot-space", "dot-tab", "many-dots")),
        *_rows("crlf-dot-nul-crlf"),
    },
    also={
        "rfc1870/6/what-the-client-counts",
        "rfc5321/4.1.1.4/end-keeps-the-last-crlf",
        "rfc5321/4.1.1.4/lines-are-mail-data",
        "rfc5321/4.5.2/all-characters-delivered",
        "rfc5321/4.5.2/client-adds-dot",
        "rfc5321/4.5.2/reversible-storage",
        "rfc5321/2.3.8/only-crlf-in-mail-data",
        "rfc1870/6/size-is-not-the-end",
        "rfc6152/3/usual-stuffing",
    },
)
def dotted_line_ends_the_data(clean: FindEnd, session: ServerSession, buffer: bytes) -> Line | None:
    """Ends the mail data at any line that begins with a dot."""
    del session
    return _earliest(clean, buffer, rb"\r\n\.[^\r\n]*\r\n")


@defect(
    ServerSession.find_end_of_data,
    proves={
        f"rfc5321/4.5.2/longer_line_does_not_end_the_data[{row}]*" for row in ("dot-space", "dot-tab", "space-dot")
    },
)
def white_space_around_the_dot_is_ignored(clean: FindEnd, session: ServerSession, buffer: bytes) -> Line | None:
    """Ends the mail data at a dot with white space around it."""
    del session
    return _earliest(clean, buffer, rb"\r\n[ \t]*\.[ \t]*\r\n")


@defect(
    ServerSession.find_end_of_data,
    proves={
        "rfc5321/4.5.2/control_character_does_not_upset_the_session*",
        *_rows("crlf-nul-dot-crlf", "crlf-dot-nul-crlf"),
    },
    also={
        "rfc5321/4.5.2/all-characters-delivered",
        "rfc5321/4.5.2/reversible-storage",
        "rfc5321/2.3.8/only-crlf-in-mail-data",
    },
)
def control_character_ends_the_data(clean: FindEnd, session: ServerSession, buffer: bytes) -> Line | None:
    """Ends the mail data at a control character."""
    del session
    return _earliest(clean, buffer, rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@defect(ServerSession.end_of_data, varies={"rfc5321/4.1.1.4/any_ascii_character_may_be_sent"})
def nul_is_refused(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses a message with a NUL in it that was not declared binary."""
    if 0 not in content or (session.transaction is not None and session.transaction.body == b"BINARYMIME"):
        return clean(content)
    session.clear("end of data")
    return answer(554, b"No NUL allowed")
