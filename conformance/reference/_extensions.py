"""The extensions that the reference server has on request only: a table of EHLO lines, parameters and verbs.

Each refusal is a reply code and a text; ``None`` takes the parameter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

Refusal = tuple[int, bytes] | None
Check = Callable[[bytes], Refusal]

MIN_BY_TIME = 60
MAX_HOLD = 86400
MAX_DATE = b"2099-12-31T23:59:59Z"
UNWANTED = b"org.example:ADV:ADLT"
RECIPIENTS_AT_MOST = 20
NOTHING_WAITS = 251
"""The reply to an ETRN in order, where no mail waits (RFC 1985 §5.1)."""
NO_LIMIT = "SIZE 0"
"""In the place of the usual SIZE: no fixed limit is in force (RFC 1870 §3)."""

BAD_VALUE: Refusal = (501, b"Bad parameter value")

_BY = re.compile(rb"([+-]?\d{1,9});([NR])(T?)", re.IGNORECASE)
_SOLICIT = re.compile(rb"[A-Za-z][A-Za-z0-9._:-]*(?:,[A-Za-z][A-Za-z0-9._:-]*)*")
_HOLD_FOR = re.compile(rb"[1-9]\d{0,8}")
_PRIORITY = re.compile(rb"0|-?[1-9]")
_TRACKING = re.compile(rb"[A-Za-z0-9+/]+(?::\d{1,9})?")
_DATE_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)", re.IGNORECASE)


def _date_time(value: bytes) -> datetime | None:
    """A date and time without fractions of a second, or ``None`` (RFC 3339 §5.6)."""
    if _DATE_TIME.fullmatch(value) is None:
        return None
    try:
        return datetime.fromisoformat(value.decode("ascii").upper())
    except ValueError:
        return None


def _by(value: bytes) -> Refusal:
    match = _BY.fullmatch(value)
    if match is None:
        return BAD_VALUE
    seconds, returns = int(match[1]), match[2].upper() == b"R"
    if returns and seconds <= 0:
        return BAD_VALUE
    return (555, b"Less than the shortest time") if returns and seconds < MIN_BY_TIME else None


def _solicit(value: bytes) -> Refusal:
    if _SOLICIT.fullmatch(value) is None or len(value) >= 1000:
        return BAD_VALUE
    return (550, b"Not wanted here: SOLICIT=" + UNWANTED) if UNWANTED in value.split(b",") else None


def _hold_for(value: bytes) -> Refusal:
    return BAD_VALUE if _HOLD_FOR.fullmatch(value) is None or int(value) > MAX_HOLD else None


def _hold_until(value: bytes) -> Refusal:
    until, last = _date_time(value), _date_time(MAX_DATE)
    if until is None or last is None or not value.upper().endswith(b"Z"):
        return BAD_VALUE
    return BAD_VALUE if until > last else None


def _priority(value: bytes) -> Refusal:
    return None if _PRIORITY.fullmatch(value) else BAD_VALUE


def _tracking(value: bytes) -> Refusal:
    return None if _TRACKING.fullmatch(value) else BAD_VALUE


def _valid_since(value: bytes) -> Refusal:
    since, semicolon, action = value.partition(b";")
    good = _date_time(since) is not None and (not semicolon or action.upper() in {b"C", b"R"})
    return None if good else BAD_VALUE


def _no_value(value: bytes) -> Refusal:
    return BAD_VALUE if value else None


@dataclass(frozen=True, slots=True)
class Extension:
    """An EHLO line, and what it adds to MAIL and RCPT; ``under_tls`` is offered under TLS only."""

    line: bytes
    mail: Mapping[bytes, Check] = field(default_factory=lambda: MappingProxyType({}))
    rcpt: Mapping[bytes, Check] = field(default_factory=lambda: MappingProxyType({}))
    under_tls: bool = False


EXTENSIONS: dict[str, Extension] = {
    "BURL": Extension(b"BURL imap"),
    "DELIVERBY": Extension(b"DELIVERBY %d" % MIN_BY_TIME, mail={b"BY": _by}),
    "ETRN": Extension(b"ETRN"),
    "FUTURERELEASE": Extension(
        b"FUTURERELEASE %d %b" % (MAX_HOLD, MAX_DATE), mail={b"HOLDFOR": _hold_for, b"HOLDUNTIL": _hold_until}
    ),
    "LIMITS": Extension(b"LIMITS RCPTMAX=%d MAILMAX=100 RCPTDOMAINMAX=10" % RECIPIENTS_AT_MOST),
    "MT-PRIORITY": Extension(b"MT-PRIORITY MIXER", mail={b"MT-PRIORITY": _priority}),
    "MTRK": Extension(b"MTRK", mail={b"MTRK": _tracking}),
    "NO-SOLICITING": Extension(b"NO-SOLICITING " + UNWANTED, mail={b"SOLICIT": _solicit}),
    "REQUIRETLS": Extension(b"REQUIRETLS", mail={b"REQUIRETLS": _no_value}, under_tls=True),
    "RRVS": Extension(b"RRVS", rcpt={b"RRVS": _valid_since}),
    NO_LIMIT: Extension(NO_LIMIT.encode("ascii")),
}

VERBS = frozenset({b"BURL", b"ETRN"})
"""The verbs that these extensions add, each called like its keyword."""


def _in_force(offers: Iterable[str], *, secured: bool) -> list[Extension]:
    return [EXTENSIONS[keyword] for keyword in sorted(offers) if secured or not EXTENSIONS[keyword].under_tls]


def lines_of(offers: Iterable[str], *, secured: bool) -> tuple[bytes, ...]:
    """The EHLO lines of these extensions."""
    return tuple(extension.line for extension in _in_force(offers, secured=secured))


def refusal_of(offers: Iterable[str], verb: bytes, keyword: bytes, value: bytes, *, secured: bool) -> Refusal:
    """The refusal of one parameter of MAIL or RCPT: 555 where no extension in force has it (RFC 5321 §4.1.1.11)."""
    for extension in _in_force(offers, secured=secured):
        check = (extension.mail if verb == b"MAIL" else extension.rcpt).get(keyword)
        if check is not None:
            return check(value)
    return 555, b"Parameter not recognized"


def refusal_together(parameters: Mapping[bytes, bytes]) -> Refusal:
    """The refusal of parameters of MAIL that are fine each: two holds, or one past the time of delivery (RFC 4865)."""
    if b"HOLDFOR" in parameters and b"HOLDUNTIL" in parameters:
        return 501, b"One hold, not two"
    match = _BY.fullmatch(parameters.get(b"BY", b""))
    if match is None:
        return None
    held = seconds_held(parameters)
    return (501, b"Held longer than it may take") if held is not None and held > int(match[1]) else None


def seconds_held(parameters: Mapping[bytes, bytes]) -> float | None:
    """For how many seconds from now a message is to be held, or ``None`` for one that is not (RFC 4865 §3)."""
    if b"HOLDFOR" in parameters:
        return float(parameters[b"HOLDFOR"])
    until = _date_time(parameters.get(b"HOLDUNTIL", b""))
    return (until - datetime.now(UTC)).total_seconds() if until else None


def reply_to(verb: bytes, argument: bytes, *, in_transaction: bool, recipients: int) -> tuple[int, bytes]:
    """The reply to ETRN (RFC 1985 §5) or BURL (RFC 4468 §6)."""
    return _etrn(argument, in_transaction=in_transaction) if verb == b"ETRN" else _burl(argument, recipients)


_NODE = re.compile(rb"@?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|#[!-~]+")


def _etrn(argument: bytes, *, in_transaction: bool) -> tuple[int, bytes]:
    if in_transaction:
        return 503, b"Not within a transaction"
    if _NODE.fullmatch(argument) is None:
        return 501, b"Syntax error in parameters"
    return NOTHING_WAITS, b"OK, no messages waiting for node " + argument


def _burl(argument: bytes, recipients: int) -> tuple[int, bytes]:
    url, _, marker = argument.partition(b" ")
    if b":" not in url or marker.upper() not in {b"", b"LAST"}:
        return 501, b"BURL takes a URL, and LAST behind it"
    if not recipients:
        return 503, b"Say RCPT first"
    return 554, b"URL resolution failed"
