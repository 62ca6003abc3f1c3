"""The enhanced status code that goes with a basic one, where nothing more is known (RFC 3463, RFC 5248 §2.4)."""

from __future__ import annotations

CLASSES = frozenset({2, 4, 5})

USUAL = {
    235: b"2.7.0",
    421: b"4.3.2",
    450: b"4.2.1",
    452: b"4.5.3",
    500: b"5.5.2",
    501: b"5.5.4",
    502: b"5.5.1",
    503: b"5.5.1",
    504: b"5.5.4",
    530: b"5.7.0",
    535: b"5.7.8",
    550: b"5.1.1",
    552: b"5.3.4",
    555: b"5.5.4",
}

AFTER = {b"MAIL": b"2.1.0", b"RCPT": b"2.1.5", b"VRFY": b"2.1.5", b"EXPN": b"2.1.5", b"DATA": b"2.6.0"}
"""What 250 means after these commands."""


def usual_status(code: int, verb: bytes) -> bytes:
    """The code for a reply to this command; that its class is all that is known is a code too."""
    if code == 250:
        return AFTER.get(verb, b"2.0.0")
    return USUAL.get(code) or b"%d.0.0" % (code // 100)
