"""Mail of a class that is not wanted: the Solicitation field, and what a server does about it (RFC 3865)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from conformance.reference._answer import Answer, answer
from conformance.reference._decision import Decisions, decision
from conformance.reference._extensions import UNWANTED
from conformance.wire import CRLF

KEYWORDS = re.compile(rb"[A-Za-z][A-Za-z0-9._:-]*(?:,[A-Za-z][A-Za-z0-9._:-]*)*")
_FIELD = re.compile(rb"^Solicitation[ \t]*:((?:[^\r\n]|\r\n[ \t])*)\r\n", re.IGNORECASE | re.MULTILINE)


def solicitation(content: bytes) -> bytes:
    """What the Solicitation field says, less white space around it; nothing where there is none (§2.5)."""
    found = _FIELD.search(content.partition(CRLF + CRLF)[0] + CRLF)
    return found[1].replace(CRLF, b"").strip() if found else b""


@dataclass(slots=True, eq=False, weakref_slot=True)
class Soliciting:
    """What a server with NO-SOLICITING does with the content of a message."""

    decisions: Decisions

    @decision
    def classes_of(self, content: bytes) -> tuple[bytes, ...]:
        """The classes of a message: those of its Solicitation field (§2.6)."""
        return tuple(word.strip() for word in solicitation(content).split(b","))

    @decision
    def refuse_class(self, content: bytes, forward_paths: list[bytes]) -> Answer | None:
        """The refusal of a message of a class that is not wanted, or ``None``, whoever it is for (§2.3, §2.7)."""
        del forward_paths
        if UNWANTED not in self.classes_of(content):
            return None
        return answer(550, b"Not wanted here: SOLICIT=" + UNWANTED, status=b"5.7.1")
