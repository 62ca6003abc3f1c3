"""Defects of a relay that sends chunks to the next hop, and of a server that does not see the last one (RFC 3030)."""

from __future__ import annotations

import base64
from collections.abc import Callable

from conformance.reference._answer import Answer
from conformance.reference._chunking import Chunking
from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._relay import Failed, RelaySession
from conformance.wire import CRLF, Reply

Lines = Callable[[], tuple[bytes, ...]]
Cut = Callable[[bytes], list[bytes]]
OfSize = Callable[[int], bool]
Notify = Callable[[Copy, bytes, list[Failed]], bytes]

SHORT = "relay-announces-an-octet-too-few"


@defect(
    RelaySession.chunk_size,
    name=SHORT,
    proves={"rfc3030/2/chunks_have_the_size_that_they_say*"},
    also={"rfc3030/*", "rfc6531/*"},
)
def size_is_one_too_small(clean: Callable[[bytes], int], session: RelaySession, chunk: bytes) -> int:
    """Announces one octet too few with each chunk, and sends chunks wherever it may."""
    del session
    return max(0, clean(chunk) - 1)


@defect(RelaySession.sends_chunks, name=SHORT)
def chunks_of_any_size_are_short(clean: OfSize, session: RelaySession, size: int) -> bool:
    """Announces one octet too few with each chunk, and sends chunks wherever it may."""
    return clean(size) or (size < 1500 and b"CHUNKING" in session.offers)


LOCAL = "relay-sends-chunks-in-its-local-form"


@defect(
    RelaySession.cut,
    name=LOCAL,
    proves={"rfc3030/2/text_in_chunks_has_crlf*"},
    also={"rfc3030/*", "rfc6531/*", "rfc6152/*"},
)
def lines_of_chunks_end_with_lf(clean: Cut, session: RelaySession, content: bytes) -> list[bytes]:
    """Sends text in chunks with LF at the end of lines, and chunks wherever it may."""
    return clean(content) if session.is_binary() else clean(content.replace(b"\r\n", b"\n"))


@defect(RelaySession.sends_chunks, name=LOCAL)
def chunks_of_any_size_are_local(clean: OfSize, session: RelaySession, size: int) -> bool:
    """Sends text in chunks with LF at the end of lines, and chunks wherever it may."""
    return clean(size) or (size < 1500 and b"CHUNKING" in session.offers)


@defect(
    RelaySession.waits_for_recipients,
    proves={"rfc3030/2/chunks_come_after_the_replies_to_recipients"},
    also={"rfc3030/2/*"},
)
def relay_sends_chunks_with_recipients(clean: Callable[[], bool], session: RelaySession) -> bool:
    """Sends the message in one chunk in one group with RCPT."""
    del clean, session
    return False


@defect(RelaySession.cut, varies={"rfc3030/2/last_chunk_may_be_empty"})
def relay_ends_with_an_empty_chunk(clean: Cut, session: RelaySession, content: bytes) -> list[bytes]:
    """Sends an empty chunk last."""
    del session
    return [*clean(content), b""]


@defect(
    RelaySession.sends_chunks,
    proves={"rfc3030/2/no_chunks_where_chunking_is_not_listed*"},
    also={"rfc5321/*", "rfc1870/*"},
)
def relay_sends_chunks_to_everybody(clean: OfSize, session: RelaySession, size: int) -> bool:
    """Sends large messages in chunks, whatever was offered."""
    del session
    return clean(size) or size > 15_000


@defect(
    RelaySession.goes_on_behind,
    proves={
        "rfc3030/2/no_chunk_follows_one_that_was_refused[first-chunk]",
        "rfc3030/2/no_chunk_follows_one_that_was_refused[first-chunk-for-now]",
    },
    also={"rfc3030/2/*"},
)
def relay_goes_on_behind_a_refused_chunk(clean: Callable[[Reply], bool], session: RelaySession, reply: Reply) -> bool:
    """Sends all chunks, whatever is said of them."""
    del clean, session, reply
    return True


@defect(
    RelaySession.behind_a_refused_chunk,
    proves={"rfc3030/2/no_chunk_follows_one_that_was_refused*"},
    also={"rfc3030/2/rset-after-a-failure", "rfc3030/2/rset-after-503"},
)
def relay_ends_refused_chunks(clean: Lines, session: RelaySession) -> tuple[bytes, ...]:
    """Sends an empty last chunk behind one that was refused."""
    del clean, session
    return (b"BDAT 0 LAST",)


@defect(
    RelaySession.behind_a_refused_chunk,
    proves={"rfc3030/2/rset_follows_a_chunk_that_was_refused*"},
)
def relay_says_noop_behind_a_refused_chunk(clean: Lines, session: RelaySession) -> tuple[bytes, ...]:
    """Says NOOP behind a chunk that was refused, and no RSET."""
    del clean, session
    return (b"NOOP",)


@defect(
    RelaySession.behind_a_refused_chunk,
    proves={"rfc3030/2/data_does_not_follow_a_chunk_that_was_refused*"},
    also={"rfc3030/2/rset-after-*", "rfc3030/3/rset-after-503"},
)
def relay_falls_back_to_data(clean: Lines, session: RelaySession) -> tuple[bytes, ...]:
    """Says DATA behind a chunk that was refused, and no RSET."""
    del clean, session
    return (b"DATA", b".")


@defect(
    RelaySession.behind_a_refused_chunk,
    proves={
        "rfc3030/2/rset_follows_data_that_was_out_of_sequence*",
        "rfc3030/3/rset_follows_data_for_binary_content",
    },
    also={"rfc3030/2/rset-after-*", "rfc3030/2/no-mixing"},
)
def relay_goes_on_behind_data_out_of_sequence(clean: Lines, session: RelaySession) -> tuple[bytes, ...]:
    """Says DATA behind a chunk that was refused, and NOOP behind the 503 to that."""
    del clean, session
    return b"DATA", b"NOOP"


@defect(Mailer.notification, proves={"rfc3030/3/text_of_its_own_is_not_in_utf_16"}, also={"rfc3030/3/*"})
def notification_is_in_utf_16(clean: Notify, mailer: Mailer, copy: Copy, to: bytes, failed: list[Failed]) -> bytes:
    """Writes the text of a notification in UTF-16."""
    del mailer
    header, begin, rest = clean(copy, to, failed).partition(CRLF + CRLF + b"--")
    boundary, _, parts = rest.partition(CRLF + CRLF)
    text, behind, others = parts.partition(CRLF + CRLF + b"--")
    coded = base64.encodebytes(text.decode("latin-1").encode("utf-16")).replace(b"\n", CRLF).rstrip()
    kind = b"Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64"
    return header + begin + boundary + CRLF + kind + CRLF + CRLF + coded + behind + others


@defect(
    Chunking.take_chunk,
    only={"last"},
    proves={"rfc3030/2/message_ends_with_the_last_chunk*"},
    also={"rfc3030/*", "rfc5321/*"},
)
def last_chunk_is_like_any_other(
    clean: Callable[[bytes], Answer | None], chunking: Chunking, octets: bytes
) -> Answer | None:
    """Answers 250 to the chunk with LAST, and waits for more."""
    transaction = chunking.session.transaction
    if transaction is None:
        return clean(octets)
    chunking.due = None
    transaction.chunks = (transaction.chunks or b"") + octets
    return chunking.acknowledge(octets)


FORM = "rfc3030/3/part_of_a_binary_message_goes_on_in_canonical_form"


@defect(
    RelaySession.cut,
    proves={f"{FORM}[{row}]" for row in ("plain-text", "html", "local-form", "message")},
    also={"rfc3030/3/*"},
)
def relay_sends_parts_in_its_local_form(clean: Cut, session: RelaySession, content: bytes) -> list[bytes]:
    """Sends a binary message with LF at the end of the lines of its text."""
    if not session.is_binary():
        return clean(content)
    text, kind, rest = content.partition(b"application/octet-stream")
    return clean(text.replace(b"\r\n", b"\n") + kind + rest if kind else content)


@defect(RelaySession.cut, proves={f"{FORM}[octets]"}, also={"rfc3030/3/*"})
def relay_takes_binary_parts_for_text(clean: Cut, session: RelaySession, content: bytes) -> list[bytes]:
    """Sends a binary message with CRLF for each LF in it."""
    return clean(content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")) if session.is_binary() else clean(content)


@defect(RelaySession.cut, proves={"rfc3030/3/binary_message_goes_on_well_formed"}, also={"rfc3030/3/*"})
def relay_leaves_the_last_boundary_out(clean: Cut, session: RelaySession, content: bytes) -> list[bytes]:
    """Sends a binary message without the boundary at its end."""
    last = content.rstrip().rpartition(b"\r\n")
    ends = session.is_binary() and last[2].startswith(b"--") and last[2].endswith(b"--")
    return clean(last[0] + b"\r\n") if ends else clean(content)
