"""RFC 3463 2 - Status Code Structure."""

from __future__ import annotations

import re

from conformance import Exchange, Observation, holds, watch

STATUS = re.compile(rb"[0-9]+\.[0-9]+\.[0-9]+")
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
