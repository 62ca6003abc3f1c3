"""The parameters of delivery status notifications, as far as a server has to read them (RFC 3461 §4)."""

from __future__ import annotations

import re

XTEXT = re.compile(rb"(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[0-9A-F]{2})*")
NOTIFY = frozenset({b"SUCCESS", b"FAILURE", b"DELAY"})
MAX_ENVELOPE_ID = 100
MAX_ORIGINAL_RECIPIENT = 500


def is_xtext(value: bytes) -> bool:
    """Whether it is xtext: printable, with ``+`` and ``=`` written in hexadecimal (§4)."""
    return XTEXT.fullmatch(value) is not None


def is_envelope_id(value: bytes) -> bool:
    """Whether it is xtext of at most 100 octets (§4.4)."""
    return 0 < len(value) <= MAX_ENVELOPE_ID and is_xtext(value)


def is_notify(value: bytes) -> bool:
    """Whether it is NEVER alone, or some of SUCCESS, FAILURE and DELAY (§4.1)."""
    words = value.upper().split(b",")
    return words == [b"NEVER"] or (set(words) <= NOTIFY and len(words) == len(set(words)))


def is_original_recipient(value: bytes) -> bool:
    """Whether it is an address type, a semicolon and xtext, of 500 octets at most (§4.2)."""
    kind, semicolon, address = value.partition(b";")
    return bool(kind and semicolon) and len(value) <= MAX_ORIGINAL_RECIPIENT and is_xtext(address)
