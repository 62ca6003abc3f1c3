"""RFC 5248 2.2 - Review Process for New Values: no code has two meanings."""

from __future__ import annotations

import re

from conformance import Exchange, Observation, holds, watch

STATUS = re.compile(rb"2\.([0-9]+)\.([0-9]+)")

OF_MAIL = frozenset({"1", "2", "4", "6"})
"""The subjects that are about addresses, mailboxes, the way of a message and its content."""

CONTRADICTED = {
    "NOOP": lambda meaning: meaning[0] in OF_MAIL,
    "RSET": lambda meaning: meaning[0] in OF_MAIL,
    "QUIT": lambda meaning: meaning[0] in OF_MAIL,
    "MAIL": lambda meaning: meaning in {("1", str(detail)) for detail in range(1, 7)},
    "RCPT": lambda meaning: meaning in {("1", "7"), ("1", "8")},
}
"""For each command what a success can't mean: nobody named a recipient in MAIL, and in NOOP there is no mail at all."""


@watch("rfc5248/2.2/no-conflicts")
def watch_meaning_is_the_registered_one(exchange: Exchange) -> Observation | None:
    """The code of a success does not say what the registry says of something that the command does not have."""
    can_not_mean = CONTRADICTED.get(exchange.verb or "")
    match = STATUS.match(exchange.reply.lines[0].text)
    if "ENHANCEDSTATUSCODES" not in exchange.offers or exchange.reply.severity != 2 or not can_not_mean or not match:
        return None
    meaning = (match[1].decode("ascii"), match[2].decode("ascii"))
    return holds(not can_not_mean(meaning), expected="a code that the registry has for this", seen=exchange.reply)
