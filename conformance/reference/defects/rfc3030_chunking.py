"""Defects of chunks and of binary messages (RFC 3030)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from conformance.reference._answer import Answer, answer
from conformance.reference._chunking import Chunk, Chunking
from conformance.reference._decision import defect
from conformance.reference._session import ServerSession, Transaction

Extensions = Callable[[], tuple[bytes, ...]]
OfOctets = Callable[[bytes], Answer | None]
Decide = Callable[[], Answer | None]
OfSize = Callable[[int], Answer | None]
OfTransaction = Callable[[Transaction | None], Answer | None]
Find = Callable[[bytes], tuple[bytes, bytes] | None]
Found = tuple[bytes, bytes] | None

HERE = "rfc3030/2/"
BINARY = "rfc3030/3/"
ALSO = {"rfc3030/*", "rfc5321/4.2/*", "rfc5321/4.2.1/*", "rfc5321/4.3.2/*", "rfc5321/4.1.1.5/*", "rfc5321/4.1.1.9/*"}
"""A server that loses count of octets looks broken wherever it does so."""


@defect(
    ServerSession.extensions, proves={HERE + "working_bdat_is_listed", BINARY + "binary_body_that_is_taken_is_listed"}
)
def chunking_is_not_listed(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Takes chunks and binary messages and does not list them."""
    del session
    return tuple(keyword for keyword in clean() if keyword not in {b"CHUNKING", b"BINARYMIME"})


@defect(ServerSession.extensions, proves={BINARY + "keyword_has_no_parameter"})
def binary_keyword_has_a_parameter(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists BINARYMIME with a parameter."""
    del session
    return tuple(b"BINARYMIME 8BIT" if keyword == b"BINARYMIME" else keyword for keyword in clean())


@defect(ServerSession.extensions, proves={BINARY + "binary_is_offered_with_chunking"}, also={"rfc3030/2/ehlo-keyword"})
def binary_is_offered_alone(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists BINARYMIME without CHUNKING."""
    del session
    return tuple(keyword for keyword in clean() if keyword != b"CHUNKING")


@defect(
    ServerSession.begin_data,
    proves={HERE + "message_with_data_is_taken"},
    also={
        "rfc1870/*",
        "rfc2920/*",
        "rfc3030/*",
        "rfc4954/*",
        "rfc5321/*",
        "rfc6152/*",
        "rfc3461/5.1/rcpt-not-refused",
        "rfc6531/3.1/message-extended",
    },
)
def chunking_replaces_data(clean: Decide, session: ServerSession) -> Answer | None:
    """Refuses DATA, now that it has BDAT."""
    del clean, session
    return answer(554, b"Use BDAT")


@defect(
    Chunking.take_chunk,
    only={"last"},
    proves={
        HERE + "message_in_one_chunk_is_taken*",
        HERE + "message_in_chunks_is_taken*",
        HERE + "eight_bit_message_in_a_chunk_is_taken",
        HERE + "empty_last_chunk_ends_the_message*",
        HERE + "pipelined_chunks_are_taken*",
        HERE + "data_and_bdat_take_turns*",
        HERE + "rset_mends_what_data_behind_a_chunk_broke",
    },
    also=ALSO,
)
def chunked_messages_are_refused(clean: OfOctets, chunking: Chunking, octets: bytes) -> Answer | None:
    """Lists CHUNKING and answers 554 to the last chunk."""
    clean(octets)
    del chunking
    return answer(554, b"Chunked messages are not taken here")


@defect(Chunking.bdat, proves={HERE + "form_of_bdat_is_free_in_case_and_zeros*"})
def bdat_has_one_form(clean: OfOctets, chunking: Chunking, argument: bytes) -> Answer | None:
    """Knows LAST in capitals only, and no zeros before a size."""
    good = argument in {argument.upper().lstrip(b"0"), b"0", b"0 LAST"}
    return clean(argument) if good else chunking.bad_bdat(argument)


@defect(Chunking.bad_bdat, varies={HERE + "bdat_of_another_form_may_be_refused*"})
def bdat_without_size_is_an_empty_chunk(clean: OfOctets, chunking: Chunking, argument: bytes) -> Answer | None:
    """Takes BDAT without a size that it can read for a chunk without octets."""
    del clean, chunking, argument
    return answer(250, b"0 octets received")


@defect(Chunking.bad_bdat, proves={HERE + "refused_form_of_bdat_takes_no_octets*"})
def refused_form_takes_octets(clean: OfOctets, chunking: Chunking, argument: bytes) -> Answer | None:
    """Throws away octets behind a BDAT whose size it could not read."""
    chunking.due = Chunk(6, last=False, refusal=_silent())
    return clean(argument)


def _silent() -> Answer:
    """An answer that says nothing."""
    return replace(answer(250, b""), times=0)


@defect(
    Chunking.acknowledge,
    proves={HERE + "chunk_gets_250*", HERE + "chunks_get_250_each"},
    also={"rfc5321/4.2/*", "rfc5321/4.3.1/*"},
)
def chunks_get_200(clean: OfOctets, chunking: Chunking, octets: bytes) -> Answer | None:
    """Answers a chunk that is not the last with 200."""
    del clean, chunking, octets
    return answer(200, b"Go on")


@defect(Chunking.acknowledge, varies={HERE + "empty_chunk_may_be_refused"})
def empty_chunks_are_refused(clean: OfOctets, chunking: Chunking, octets: bytes) -> Answer | None:
    """Answers 554 to a chunk without octets that is not the last."""
    del chunking
    return clean(octets) if octets else answer(554, b"Nothing in it")


COMMAND = re.compile(rb"(?:^|\n)(?=NOOP\r|RSET\r|QUIT\r|BDAT )")
LOOK_ALIKE = re.compile(rb"[\r\n\x00]\.\.?\r?\n|\r\.\r")


def _cut(chunking: Chunking, buffer: bytes, pattern: re.Pattern[bytes]) -> Found:
    """The chunk up to what the pattern finds in it, and what stands behind that."""
    assert chunking.due is not None
    match = pattern.search(buffer, 0, chunking.due.size)
    return (buffer[: match.end()], buffer[match.end() :]) if match else None


@defect(
    Chunking.find_octets,
    proves={
        HERE + "nothing_inside_a_chunk_ends_it*",
        HERE + "commands_within_the_count_are_content*",
        HERE + "chunk_may_begin_with_anything[dot-crlf]",
        HERE + "chunk_may_begin_with_anything[crlf]",
        HERE + "chunk_may_begin_with_anything[command]",
        HERE + "chunk_may_begin_with_anything[lf]",
        HERE + "refused_chunk_is_not_read_as_commands*",
    },
    also=ALSO,
)
def commands_end_a_chunk(clean: Find, chunking: Chunking, buffer: bytes) -> Found:
    """Ends a chunk where a line of it looks like a command."""
    return _cut(chunking, buffer, COMMAND) or clean(buffer)


@defect(
    Chunking.find_octets,
    proves={
        HERE + "nothing_inside_a_chunk_ends_it[*dot*]",
        HERE + "nothing_inside_a_chunk_ends_it[stuffed]",
        HERE + "nothing_inside_a_chunk_ends_it[cr-dot-cr]",
    },
    also=ALSO,
)
def lone_dot_ends_a_chunk(clean: Find, chunking: Chunking, buffer: bytes) -> Found:
    """Ends a chunk at what would end mail data, or nearly."""
    return _cut(chunking, buffer, LOOK_ALIKE) or clean(buffer)


@defect(
    Chunking.find_octets,
    proves={HERE + "chunk_may_begin_with_anything[dot]", HERE + "chunk_may_begin_with_anything[nul]"},
    also=ALSO,
)
def first_octet_can_end_a_chunk(clean: Find, chunking: Chunking, buffer: bytes) -> Found:
    """Ends a chunk at a dot or a NUL that it begins with."""
    del chunking
    return (buffer[:1], buffer[1:]) if buffer[:1] in {b".", b"\x00"} else clean(buffer)


@defect(
    Chunking.find_octets,
    proves={HERE + "message_may_end_with_anything*"},
    also=ALSO,
)
def last_chunk_needs_a_line_end(clean: Find, chunking: Chunking, buffer: bytes) -> Found:
    """Waits for more where the last chunk does not end in CRLF, or ends like mail data."""
    found = clean(buffer)
    if found is None or chunking.due is None or not chunking.due.last or not found[0]:
        return found
    octets, _ = found
    return found if octets.endswith(b"\r\n") and not octets.endswith(b"\r\n.\r\n") else None


@defect(
    Chunking.find_octets,
    proves={HERE + "chunk_is_not_answered_before_its_last_octet*"},
    also=ALSO,
)
def half_a_chunk_is_enough(clean: Find, chunking: Chunking, buffer: bytes) -> Found:
    """Answers a chunk when half of it is there."""
    assert chunking.due is not None
    return clean(buffer) or ((buffer, b"") if len(buffer) * 2 >= chunking.due.size else None)


@defect(Chunking.find_octets, proves={HERE + "message_without_octets_is_answered"}, also=ALSO)
def empty_chunks_are_waited_for(clean: Find, chunking: Chunking, buffer: bytes) -> Found:
    """Waits for octets though a chunk has none."""
    return clean(buffer) if chunking.due is None or chunking.due.size or buffer else None


@defect(Chunking.take_chunk, only={"last"}, proves={HERE + "commands_behind_a_chunk_are_commands[*]"}, also=ALSO)
def last_chunk_flushes_the_input(clean: OfOctets, chunking: Chunking, octets: bytes) -> Answer | None:
    """Throws away what has come behind the last chunk."""
    chunking.session.buffer = b""
    return clean(octets)


@defect(
    Chunking.take_chunk,
    only={"last"},
    name="what-comes-behind-the-last-chunk-is-refused",
    proves={HERE + "commands_behind_a_chunk_are_commands*"},
    also=ALSO,
)
def last_chunk_in_a_group_is_noted(clean: OfOctets, chunking: Chunking, octets: bytes) -> Answer | None:
    """Refuses NOOP and MAIL behind a chunked message that is not the first of its site."""
    chunking.session.site.down = bool(chunking.session.site.delivered)
    return clean(octets)


@defect(
    ServerSession.command,
    name="what-comes-behind-the-last-chunk-is-refused",
    only={"NOOP", "MAIL"},
)
def command_behind_it_is_refused(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Refuses NOOP and MAIL behind a chunked message that is not the first of its site."""
    return answer(503, b"Not now") if session.site.down else clean(line)


@defect(
    ServerSession.unknown,
    name="any-octets-are-welcome",
    proves={HERE + "line_of_any_octets_is_refused[text]"},
    also={"rfc2033/5/not-on-port-25", "rfc4954/*", "rfc5321/*"},
)
def unknown_is_welcome(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Answers 250 to lines that are no commands."""
    del clean, session, verb
    return answer(250, b"If you say so")


@defect(
    ServerSession.syntax_error,
    name="any-octets-are-welcome",
    proves={HERE + "line_of_any_octets_is_refused*"},
    also={"rfc5321/*"},
)
def odd_octets_are_welcome(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Answers 250 to lines that are no commands."""
    del clean, session, line
    return answer(250, b"If you say so")


@defect(Chunking.out_of_sequence, only={"none"}, proves={HERE + "chunk_behind_the_last_gets_503*"})
def chunk_behind_the_last_gets_554(
    clean: OfTransaction, chunking: Chunking, transaction: Transaction | None
) -> Answer | None:
    """Answers 554 to a chunk without a transaction."""
    del clean, chunking, transaction
    return answer(554, b"No transaction")


@defect(
    Chunking.take_chunk, only={"last"}, proves={HERE + "last_chunk_ends_the_transaction"}, also=ALSO | {"rfc2920/*"}
)
def last_chunk_keeps_the_transaction(clean: OfOctets, chunking: Chunking, octets: bytes) -> Answer | None:
    """Keeps sender and recipients when a chunked message is taken."""
    session = chunking.session
    transaction = session.transaction
    given = clean(octets)
    if transaction is not None and given is not None and given.code == 250:
        session.transaction = Transaction(transaction.reverse_path, list(transaction.forward_paths))
    return given


@defect(
    Chunking.find_octets,
    proves={HERE + "refused_chunk_is_not_read_as_commands*", HERE + "chunks_behind_a_refused_one_are_read*"},
    also=ALSO,
)
def refused_chunks_are_not_read(clean: Find, chunking: Chunking, buffer: bytes) -> Found:
    """Refuses a chunk and reads its octets as commands."""
    refused = chunking.due is not None and chunking.due.refusal is not None
    return (b"", buffer) if refused else clean(buffer)


@defect(
    Chunking.refuse,
    proves={
        HERE + "refused_last_chunk_is_read_to_its_end*",
        HERE + "chunk_above_the_limit_is_read_to_its_end",
    },
    also=ALSO,
)
def refused_chunks_are_answered_twice(
    clean: Callable[[Answer | None], Answer | None], chunking: Chunking, refusal: Answer | None
) -> Answer | None:
    """Answers a refused chunk twice: at BDAT, and when its octets are there."""
    del chunking
    given = clean(refusal)
    return replace(given, times=2) if given else None


@defect(Chunking.bdat, proves={HERE + "refusal_waits_for_the_octets*"}, also=ALSO)
def refusal_comes_at_once(clean: OfOctets, chunking: Chunking, argument: bytes) -> Answer | None:
    """Refuses a chunk before its octets are there, and reads them afterwards."""
    given = clean(argument)
    if chunking.due is None or chunking.due.refusal is None:
        return given
    refusal, chunking.due = chunking.due.refusal, replace(chunking.due, refusal=_silent())
    return refusal


@defect(Chunking.refusal, proves={HERE + "last_chunk_of_a_failed_transaction_is_refused*"}, also=ALSO)
def failure_is_forgotten(clean: OfSize, chunking: Chunking, size: int) -> Answer | None:
    """Takes the chunk behind one that it refused."""
    transaction = chunking.session.transaction
    return None if transaction is not None and transaction.failed else clean(size)


@defect(
    ServerSession.clear,
    only={"RSET", "EHLO"},
    proves={HERE + "transaction_is_gone_after_rset_between_chunks*"},
    also={"rfc5321/4.1.4/*"},
)
def reset_keeps_what_has_chunks(clean: Callable[[str], None], session: ServerSession, why: str) -> None:
    """Keeps a transaction that has chunks over RSET and EHLO."""
    if session.transaction is None or session.transaction.chunks is None:
        clean(why)


@defect(
    ServerSession.clear,
    only={"RSET", "EHLO"},
    name="chunks-outlive-rset",
    proves={
        HERE + "data_is_taken_after_rset_between_chunks*",
        HERE + "chunks_are_taken_after_rset_between_chunks*",
    },
    also=ALSO,
)
def reset_keeps_the_chunks(clean: Callable[[str], None], session: ServerSession, why: str) -> None:
    """Remembers over RSET and EHLO that chunks have come."""
    session.site.down = session.transaction is not None and session.transaction.chunks is not None
    clean(why)


@defect(ServerSession.end_of_data, name="chunks-outlive-rset")
def old_chunks_are_in_the_way(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Remembers over RSET and EHLO that chunks have come."""
    given = clean(content)
    return answer(503, b"There are chunks") if session.site.down else given


@defect(Chunking.refuse_data, only={"chunks"}, proves={HERE + "data_behind_a_chunk_gets_503*"})
def data_behind_a_chunk_gets_554(clean: Decide, chunking: Chunking) -> Answer | None:
    """Answers 554 to DATA behind a chunk."""
    del clean, chunking
    return answer(554, b"Chunks and DATA do not mix")


@defect(ServerSession.noop, proves={HERE + "noop_keeps_the_chunks*"})
def noop_fails_the_chunks(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Takes no more chunks after a NOOP between them."""
    if session.transaction is not None and session.transaction.chunks is not None:
        session.transaction.failed = True
    return clean(argument)


# Binary messages.


@defect(
    ServerSession.knows_body,
    proves={BINARY + "binary_body_is_taken*"},
    also={"rfc3030/3/*"},
)
def binary_is_listed_and_refused(clean: Callable[[bytes], bool], session: ServerSession, value: bytes) -> bool:
    """Lists BINARYMIME and takes no BODY=BINARYMIME."""
    del session
    return clean(value) and value.upper() != b"BINARYMIME"


def _is_binary(chunking: Chunking) -> bool:
    transaction = chunking.session.transaction
    return transaction is not None and transaction.body == b"BINARYMIME"


BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n|[\x00\x80-\xff]")


@defect(
    Chunking.take_chunk,
    only={"last"},
    proves={
        BINARY + "binary_message_is_taken[all-octets]",
        BINARY + "binary_message_is_taken[nuls]",
        BINARY + "binary_message_is_taken[bare-*]",
        BINARY + "binary_message_is_taken[one-long-run]",
        BINARY + "binary_message_is_taken[no-line-end]",
        BINARY + "binary_message_is_taken[nothing]",
        BINARY + "binary_message_is_taken[crlf-dot-crlf]",
    },
)
def binary_is_text(clean: OfOctets, chunking: Chunking, octets: bytes) -> Answer | None:
    """Takes a binary message only where it is text: no odd octets, a body, its end a CRLF, and no dot alone."""
    odd = BARE.search(octets) or b"\r\n.\r\n" in octets or not octets.endswith(b"\r\n")
    odd = odd or octets.endswith(b"\r\n\r\n")
    refused = _is_binary(chunking) and odd and len(octets) > 200
    given = clean(octets)
    return answer(554, b"That is no text") if refused else given


@defect(Chunking.take_chunk, only={"last"}, proves={BINARY + "binary_message_is_taken[one-long-run]"})
def binary_has_lines(clean: OfOctets, chunking: Chunking, octets: bytes) -> Answer | None:
    """Answers 500 to a binary message with more than 998 octets between two CRLF."""
    refused = _is_binary(chunking) and any(len(line) > 998 for line in octets.split(b"\r\n"))
    given = clean(octets)
    return answer(500, b"Line too long") if refused else given


@defect(Chunking.take_chunk, only={"last"}, proves={BINARY + "binary_message_in_pipelined_chunks_is_taken*"})
def binary_comes_in_one_chunk(clean: OfOctets, chunking: Chunking, octets: bytes) -> Answer | None:
    """Answers 554 to a binary message in several chunks."""
    transaction = chunking.session.transaction
    refused = transaction is not None and transaction.chunks is not None and _is_binary(chunking)
    given = clean(octets)
    return answer(554, b"One chunk, please") if refused else given


@defect(Chunking.refuse_data, only={"binary"}, proves={BINARY + "data_for_a_binary_message_gets_503*"}, also=ALSO)
def binary_is_taken_with_data(clean: Decide, chunking: Chunking) -> Answer | None:
    """Takes DATA for a binary message."""
    del clean, chunking
    return None


@defect(
    Chunking.refuse_data,
    only={"binary", "chunks"},
    name="refused-data-outlives-rset",
    proves={
        BINARY + "rset_mends_what_data_for_a_binary_message_broke",
        HERE + "rset_mends_what_data_behind_a_chunk_broke",
    },
)
def refused_data_is_noted(clean: Decide, chunking: Chunking) -> Answer | None:
    """Takes no message any more after it refused DATA."""
    chunking.session.site.down = True
    return clean()


@defect(ServerSession.end_of_data, name="refused-data-outlives-rset")
def refused_data_is_not_forgotten(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Takes no message any more after it refused DATA."""
    given = clean(content)
    return answer(554, b"No more") if session.site.down else given


@defect(ServerSession.end_of_data, proves={BINARY + "undeclared_binary_message_is_taken*"})
def undeclared_binary_is_refused(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Answers 554 to a message that says binary of itself though MAIL did not."""
    declared = session.transaction is not None and session.transaction.body == b"BINARYMIME"
    given = clean(content)
    return answer(554, b"Say so with MAIL") if not declared and b"Encoding: binary" in content else given


# What becomes of the octets.


@defect(Chunking.take_chunk, only={"last"}, proves={HERE + "*ed_chunks_are_what_was_sent*"})
def dots_are_taken_out_of_chunks(clean: OfOctets, chunking: Chunking, octets: bytes) -> Answer | None:
    """Takes a dot off the lines of a chunked message, as if they had been doubled."""
    transaction = chunking.session.transaction
    if transaction is not None and chunking.due is not None and chunking.due.refusal is None:
        whole = (transaction.chunks or b"") + octets
        transaction.chunks = chunking.session.unstuffed(whole)
        return clean(b"")
    return clean(octets)


@defect(
    ServerSession.clear,
    only={"RSET"},
    name="chunks-are-kept-over-rset",
    proves={HERE + "chunks_before_rset_reach_no*"},
)
def chunks_are_kept(clean: Callable[[str], None], session: ServerSession, why: str) -> None:
    """Puts a field of a message that was given up with RSET in front of the next one."""
    session.site.down = session.transaction is not None and session.transaction.chunks is not None
    clean(why)


@defect(ServerSession.end_of_data, name="chunks-are-kept-over-rset")
def kept_chunks_come_first(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Puts a field of a message that was given up with RSET in front of the next one."""
    return clean(b"X-Given-Up: yes\r\n" + content if session.site.down else content)
