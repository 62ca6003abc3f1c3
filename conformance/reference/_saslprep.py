"""SASLprep (RFC 4013): the form in which names are compared."""

from __future__ import annotations

import stringprep
import unicodedata

_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
    stringprep.in_table_a1,
)
"""What no name may hold: control, private, undefined and unassigned characters and the like (RFC 4013 §2.3)."""


def mapped(text: str) -> str:
    """The text with plain spaces, without what maps to nothing, in the form KC (RFC 4013 §2.1, §2.2)."""
    kept = (" " if stringprep.in_table_c12(each) else each for each in text if not stringprep.in_table_b1(each))
    return unicodedata.ucd_3_2_0.normalize("NFKC", "".join(kept))


def is_allowed(text: str) -> bool:
    """Whether the text holds nothing that is prohibited, and does not mix directions (RFC 4013 §2.3, §2.4)."""
    if any(is_prohibited(each) for each in text):
        return False
    right_to_left = [stringprep.in_table_d1(each) for each in text]
    if not any(right_to_left):
        return True
    return right_to_left[0] and right_to_left[-1] and not any(stringprep.in_table_d2(each) for each in text)


def is_prohibited(character: str) -> bool:
    """Whether no name may hold this character."""
    return any(table(character) for table in _PROHIBITED)


def prepared(name: bytes) -> bytes | None:
    """The name as it is compared; ``None`` where it can't be prepared, or nothing is left of what was something."""
    try:
        text = mapped(name.decode("utf-8"))
    except UnicodeDecodeError:
        return None
    return text.encode("utf-8") if is_allowed(text) and bool(text) is bool(name) else None
