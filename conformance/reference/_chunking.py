"""The BDAT side of a session (RFC 3030): chunks are counted octets, and a refused one is read to its end too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.reference._answer import Answer, answer
from conformance.reference._decision import Decisions, decision, decision_by

if TYPE_CHECKING:
    from conformance.reference._session import ServerSession, Transaction

MAX_CHUNKED = 256 * 1024
"""Octets of all chunks of a message together; the same as a message given with DATA may have."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk whose octets are due; ``refusal`` is what they will be answered with where it can't be taken."""

    size: int
    last: bool
    refusal: Answer | None


@dataclass(slots=True, eq=False, weakref_slot=True)
class Chunking:
    """What BDAT adds to a session; ``due`` is the chunk that is being read."""

    session: ServerSession
    decisions: Decisions
    due: Chunk | None = None

    @decision
    def bdat(self, argument: bytes) -> Answer | None:
        """Announce a chunk, which is answered when its octets are here (RFC 3030 §2)."""
        size, _, marker = argument.partition(b" ")
        if not size.isdigit() or (marker and marker.upper() != b"LAST") or len(size) > 20:
            return self.bad_bdat(argument)
        self.due = Chunk(int(size), bool(marker), self.refusal(int(size)))
        return None

    @decision
    def bad_bdat(self, argument: bytes) -> Answer | None:
        """The reply to a BDAT whose size nobody can tell: no octets belong to it."""
        del argument
        return answer(501, b"BDAT takes a size, and LAST")

    @decision
    def refusal(self, size: int) -> Answer | None:
        """Why this chunk can't be taken, or ``None``."""
        transaction = self.session.transaction
        if transaction is None or not transaction.forward_paths:
            return self.out_of_sequence(transaction)
        if transaction.failed:
            return answer(503, b"A chunk was refused; say RSET")
        if len(transaction.chunks or b"") + size > MAX_CHUNKED:
            return answer(552, b"Message too big")
        return None

    @decision_by(lambda _, transaction: "transaction" if transaction else "none")
    def out_of_sequence(self, transaction: Transaction | None) -> Answer | None:
        """BDAT without recipients, or behind the last chunk, is out of sequence (RFC 3030 §2)."""
        return answer(503, b"Say RCPT first" if transaction else b"Say MAIL first")

    @decision
    def find_octets(self, buffer: bytes) -> tuple[bytes, bytes] | None:
        """The octets of the chunk that is due and those behind them, or ``None`` while some are to come."""
        assert self.due is not None
        return (buffer[: self.due.size], buffer[self.due.size :]) if len(buffer) >= self.due.size else None

    @decision_by(lambda chunking, octets: chunking.place_of(octets))
    def take_chunk(self, octets: bytes) -> Answer | None:
        """Answer the chunk that is here: one 250 each, and the message is done with the last (RFC 3030 §2)."""
        chunk, transaction = self.due, self.session.transaction
        assert chunk is not None
        self.due = None
        if chunk.refusal is not None or transaction is None:
            return self.refuse(chunk.refusal)
        transaction.chunks = (transaction.chunks or b"") + octets
        if chunk.last:
            return self.session.end_of_data(transaction.chunks)
        return self.acknowledge(octets)

    def place_of(self, octets: bytes) -> str:
        """Whether these octets are a refused chunk, the last one, or one of more."""
        del octets
        if self.due is None or self.due.refusal is not None:
            return "refused"
        return "last" if self.due.last else "more"

    @decision
    def refuse(self, refusal: Answer | None) -> Answer | None:
        """The reply to a chunk that is not taken, its octets thrown away; the transaction has failed then."""
        if self.session.transaction is not None:
            self.session.transaction.failed = True
        return refusal

    @decision
    def acknowledge(self, octets: bytes) -> Answer | None:
        """The reply to each chunk but the last."""
        return answer(250, b"%d octets received" % len(octets))

    @property
    def state(self) -> str:
        """Whether the transaction has had chunks, is a binary one, or is plain."""
        transaction = self.session.transaction
        if transaction is None:
            return "none"
        if transaction.chunks is not None or transaction.failed:
            return "chunks"
        return "binary" if transaction.body == b"BINARYMIME" else "plain"

    @decision_by(lambda chunking: chunking.state)
    def refuse_data(self) -> Answer | None:
        """The refusal of DATA behind BDAT (RFC 3030 §2) or for a binary message (§3), or ``None``."""
        if self.state == "chunks":
            return answer(503, b"DATA can't follow BDAT")
        return answer(503, b"A binary message needs BDAT") if self.state == "binary" else None
