"""Paths with UTF-8 in them, as RFC 6531 §3.3 extends those of RFC 5321 §4.1.2."""

from __future__ import annotations

import unicodedata

from conformance.wire.paths import Mailbox, Path, PathArgument, path_argument


def is_utf_8(octets: bytes) -> bool:
    """Whether the octets are UTF-8: no overlong form, no surrogate."""
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def extended_path_argument(octets: bytes) -> PathArgument | None:
    """As ``path_argument``, with UTF-8 wherever a letter can stand; ``None`` for what is not UTF-8."""
    if octets.isascii():
        return path_argument(octets)
    if not is_utf_8(octets):
        return None
    # What is beyond ASCII delimits nothing, so that a letter for each such octet leaves every delimiter in its place.
    found = path_argument(bytes(octet if octet < 0x80 else 0x78 for octet in octets))
    if found is None or found.path.mailbox is None:
        return found
    begins = 1 + len(found.path.route)
    parted = begins + len(found.path.mailbox.local)
    ends = parted + 1 + len(found.path.mailbox.domain)
    mailbox = Mailbox(octets[begins:parted], octets[parted + 1 : ends])
    return PathArgument(Path(mailbox, found.path.route), found.parameters)


ACE = b"xn--"
"""What an A-label begins with (RFC 5890 §2.3.2.5)."""


def in_a_labels(domain: str) -> str:
    """The domain with an A-label for each label outside ASCII (RFC 5890 §2.3.2.1)."""
    return ".".join(label if label.isascii() else _a_label(label) for label in domain.split("."))


def _a_label(label: str) -> str:
    return (ACE + unicodedata.normalize("NFC", label.lower()).encode("punycode")).decode("ascii")


def in_u_labels(domain: bytes) -> bytes:
    """The domain with a U-label for each A-label that is one; what is no A-label stays."""
    return b".".join(_u_label(label) if label[:4].lower() == ACE else label for label in domain.split(b"."))


def _u_label(label: bytes) -> bytes:
    try:
        found = label[4:].decode("ascii").lower().encode("ascii").decode("punycode")
    except UnicodeError:
        return label
    return found.encode() if _a_label(found).encode("ascii") == label.lower() else label
