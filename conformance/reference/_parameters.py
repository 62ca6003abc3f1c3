"""What the envelope of a message said behind its paths, kept for the next hop and for notifications."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_ENCODED = re.compile(rb"\+([0-9A-F]{2})")


@dataclass(frozen=True, slots=True)
class Parameters:
    """Keywords in capitals and values as they came: those of MAIL, and those of RCPT with their forward-path."""

    of_mail: tuple[tuple[bytes, bytes], ...] = ()
    of_rcpt: tuple[tuple[bytes, bytes, bytes], ...] = ()

    def of(self, keyword: bytes) -> bytes | None:
        """The value of a parameter of MAIL, or ``None`` where it had none."""
        return dict(self.of_mail).get(keyword)

    def saying(self, keyword: bytes, value: bytes) -> Parameters:
        """With this value of a parameter of MAIL, whatever it had."""
        return replace(self, of_mail=(*(each for each in self.of_mail if each[0] != keyword), (keyword, value)))

    def at(self, forward_path: bytes, keyword: bytes) -> bytes | None:
        """The value of a parameter of this recipient's RCPT, or ``None``."""
        return next((value for path, name, value in self.of_rcpt if (path, name) == (forward_path, keyword)), None)

    def notify(self, forward_path: bytes) -> frozenset[bytes] | None:
        """The words of NOTIFY of this recipient in capitals, or ``None`` where it had none (RFC 3461 §4.1)."""
        value = self.at(forward_path, b"NOTIFY")
        return None if value is None else frozenset(value.upper().split(b","))

    def moved(self, old: bytes, new: bytes, *, notify: bytes | None) -> Parameters:
        """With another recipient in the place of one; its NOTIFY becomes this one, or goes."""
        kept = [(new, name, value) for path, name, value in self.of_rcpt if path == old and name != b"NOTIFY"]
        asked = [(new, b"NOTIFY", notify)] if notify else []
        return replace(self, of_rcpt=(*self.of_rcpt, *kept, *asked))


def encoded(octets: bytes) -> bytes:
    """The octets as xtext (RFC 3461 §4)."""
    plain = frozenset(range(0x21, 0x7F)) - {0x2B, 0x3D}
    return b"".join(bytes((octet,)) if octet in plain else b"+%02X" % octet for octet in octets)


def decoded(xtext: bytes) -> bytes:
    """What xtext stands for (RFC 3461 §4)."""
    return _ENCODED.sub(lambda found: bytes([int(found[1], 16)]), xtext)
