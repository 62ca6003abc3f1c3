"""RFC 3463 2 - Status Code Structure."""

from __future__ import annotations

import re

from conformance import Exchange, Observation, holds, watch

STATUS = re.compile(rb"[0-9]+\.[0-9]+\.[0-9]+")
FORM = re.compile(rb"[245](?:\.[0-9]{1,3}){2}")
NO_ADDRESS = frozenset({"NOOP", "RSET", "QUIT", "HELP", "STARTTLS"})
"""Commands that have no address, so that nothing in their replies can be about one."""
LEADING_ZERO = re.compile(rb"(?:^|\.)0[0-9]")
SPACED = re.compile(rb"[245](?: *\. *[0-9]+){2}(?= |$)")
LAST_DETAIL = {0: 0, 1: 10, 2: 4, 3: 6, 4: 7, 5: 6, 6: 10, 7: 30}
"""The highest detail of each subject that IANA's registry holds; RFC 5248 §2.4 began it."""


def _status(exchange: Exchange) -> bytes:
    """The first status code of the reply, where the server says that it sends some."""
    if "ENHANCEDSTATUSCODES" not in exchange.offers or exchange.verb in {None, "CONNECT", "EHLO", "HELO", "LHLO"}:
        return b""
    match = STATUS.match(exchange.reply.lines[0].text)
    return match.group() if match else b""


@watch("rfc3463/2/syntax")
def watch_form(exchange: Exchange) -> Observation | None:
    """A status code is a class of 2, 4 or 5, and a subject and a detail of one to three digits each."""
    status = _status(exchange)
    if not status:
        return None
    return holds(FORM.fullmatch(status) is not None, expected="2, 4 or 5 and two numbers", seen=exchange.reply)


@watch("rfc3463/2/class-success-or-not")
def watch_class_tells_success(exchange: Exchange) -> Observation | None:
    """A command that succeeded has a status code of class 2, one that did not another."""
    status = _status(exchange)
    if not status or exchange.reply.severity not in {2, 4, 5}:
        return None
    succeeded = exchange.reply.severity == 2
    expected = "a status code of class 2" if succeeded else "a status code of another class than 2"
    return holds(status.startswith(b"2.") is succeeded, expected=expected, seen=exchange.reply)


@watch("rfc3463/2/subject-1")
def watch_subject_of_addresses(exchange: Exchange) -> Observation | None:
    """The reply to a command that has no address is not about one."""
    status = _status(exchange)
    if not status or exchange.verb not in NO_ADDRESS:
        return None
    return holds(status.split(b".")[1] != b"1", expected="another subject than 1", seen=exchange.reply)


@watch("rfc3463/2/no-leading-zeros")
def watch_no_leading_zeros(exchange: Exchange) -> Observation | None:
    """No number of a status code begins with a zero that is not all of it."""
    status = _status(exchange)
    if not status:
        return None
    return holds(not LEADING_ZERO.search(status), expected="numbers without leading zeros", seen=exchange.reply)


@watch("rfc3463/2/no-white-space")
def watch_no_white_space(exchange: Exchange) -> Observation | None:
    """No white space parts the numbers of a status code."""
    offered = "ENHANCEDSTATUSCODES" in exchange.offers and exchange.verb not in {None, "CONNECT", "EHLO", "HELO"}
    match = SPACED.match(exchange.reply.lines[0].text)
    if not offered or not match:
        return None
    return holds(b" " not in match.group(), expected="no white space inside", seen=exchange.reply)


@watch("rfc3463/2/only-registered")
def watch_only_registered(exchange: Exchange) -> Observation | None:
    """A status code is one that the registry holds."""
    status = _status(exchange)
    if not status:
        return None
    kind, subject, detail = (int(number) for number in status.split(b"."))
    known = kind in {2, 4, 5} and detail <= LAST_DETAIL.get(subject, -1)
    return holds(known, expected="a registered status code", seen=exchange.reply)
