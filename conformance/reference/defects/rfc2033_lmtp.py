"""Defects of LMTP (RFC 2033): all but one are of the server that speaks it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from weakref import WeakKeyDictionary

import trio

from conformance.reference._chunking import Chunking
from conformance.reference._decision import defect
from conformance.reference._lmtp import LmtpSession
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._relay import RelaySession
from conformance.reference._session import Answer, ServerSession, Transaction, answer
from conformance.reference._site import FULL, HOST, Delivery

OfOctets = Callable[[bytes], Answer | None]
Nothing = Callable[[], Answer | None]
Paths = Callable[[list[bytes]], list[bytes]]
Extensions = Callable[[], tuple[bytes, ...]]
Line = tuple[bytes, bytes]

_recipients: WeakKeyDictionary[ServerSession, list[bytes]] = WeakKeyDictionary()

AS_SMTP = "rfc2033/4/as-smtp"
LHLO = "rfc2033/4.1/lhlo-means-what-ehlo-means"


@defect(
    ServerSession.noop,
    profile="lmtp",
    proves={"rfc2033/4/command_is_answered_as_in_smtp[noop*"},
    also={"rfc5321/4.2/listed-codes", "rfc5321/4.3.2/noop-replies"},
)
def lmtp_answers_noop_with_200(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 200 to NOOP."""
    del clean, session, argument
    return answer(200, b"Fine")


@defect(
    ServerSession.rset,
    profile="lmtp",
    proves={"rfc2033/4/command_is_answered_as_in_smtp[rset*"},
    also={"rfc5321/4.2/listed-codes", "rfc5321/4.3.2/rset-replies"},
)
def lmtp_answers_rset_with_200(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 200 to RSET."""
    del session
    clean(argument)
    return answer(200, b"Fine")


@defect(
    ServerSession.rcpt_without_mail,
    profile="lmtp",
    proves={"rfc2033/4/command_is_answered_as_in_smtp[rcpt-without-mail]"},
)
def lmtp_answers_early_rcpt_with_550(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 550 to RCPT without MAIL."""
    del clean, session, argument
    return answer(550, b"No transaction")


@defect(ServerSession.unknown, profile="lmtp", proves={"rfc2033/4/command_is_answered_as_in_smtp[unknown]"})
def lmtp_answers_unknown_commands_with_504(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Answers 504 to a command that it does not know."""
    del clean, session, verb
    return answer(504, b"Not implemented")


@defect(
    ServerSession.vrfy,
    profile="lmtp",
    proves={"rfc2033/4/vrfy_is_known"},
)
def lmtp_does_not_know_vrfy(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 500 to VRFY."""
    del clean, argument
    return session.unknown(b"VRFY")


@defect(ServerSession.quit, profile="lmtp", proves={"rfc2033/4/quit_gets_221_and_the_close*"}, also={"rfc5321/4.3.2/*"})
def lmtp_answers_quit_with_250(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 250 to QUIT."""
    del session
    given = clean(argument)
    return replace(given, code=250) if given else given


@defect(
    ServerSession.command,
    profile="lmtp",
    proves={"rfc2033/4/line_brings_one_reply*"},
    also={"rfc2033/*", "rfc5321/*"},
)
def lmtp_answers_every_command_twice(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Gives every reply to a command twice."""
    del session
    given = clean(line)
    return given if given is None or given.close or given.code == 354 else replace(given, times=2)


@defect(
    ServerSession.clear,
    profile="lmtp",
    proves={"rfc2033/4/rset_ends_the_transaction"},
    only={"RSET"},
)
def lmtp_keeps_the_transaction_over_rset(clean: Callable[[str], None], session: ServerSession, why: str) -> None:
    """Goes on with the open transaction after RSET."""
    del clean, session, why


@defect(
    ServerSession.find_end_of_data,
    profile="lmtp",
    proves={"rfc2033/4/only_crlf_dot_crlf_ends_the_data*"},
)
def lmtp_ends_the_data_at_any_dot(
    clean: Callable[[bytes], Line | None], session: ServerSession, buffer: bytes
) -> Line | None:
    """Takes a dot between any two line ends for the end of the mail data."""
    del session
    match = re.search(rb"(?:\r\n|\r|\n)\.(?:\r\n|\r(?!\n)|\n)", buffer)
    return (buffer[: match.start()] + b"\r\n", buffer[match.end() :]) if match else clean(buffer)


@defect(
    LmtpSession.smtp_hello,
    profile="lmtp",
    proves={"rfc2033/4.1/hello_of_smtp_never_succeeds*", "rfc2033/4.1/hello_of_smtp_gets_500*"},
    also={"rfc5321/4.1.1.1/*"},
)
def lmtp_takes_ehlo_and_helo(clean: OfOctets, session: LmtpSession, argument: bytes) -> Answer | None:
    """Answers EHLO and HELO like LHLO."""
    del clean
    return session.lhlo(argument)


@defect(LmtpSession.smtp_hello, profile="lmtp", proves={"rfc2033/4.1/hello_of_smtp_gets_500*"})
def lmtp_asks_for_ehlo_first(clean: OfOctets, session: LmtpSession, argument: bytes) -> Answer | None:
    """Answers 503 to EHLO and HELO, and asks for EHLO first."""
    del clean, session, argument
    return answer(503, b"Polite people say EHLO first")


@defect(
    LmtpSession.lhlo,
    profile="lmtp",
    proves={"rfc2033/4.1/second_lhlo_is_taken*"},
)
def lmtp_refuses_a_second_lhlo(clean: OfOctets, session: LmtpSession, argument: bytes) -> Answer | None:
    """Answers 501 to LHLO after LHLO."""
    return answer(501, b"Duplicate LHLO") if session.client_name is not None else clean(argument)


@defect(ServerSession.command, profile="lmtp", proves={"rfc2033/4.1/lhlo_has_no_case*"})
def lmtp_knows_lhlo_in_capitals_only(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Does not know LHLO in lower case."""
    del session
    verb = line.partition(b" ")[0]
    return answer(500, b"What?") if verb.upper() == b"LHLO" and verb != b"LHLO" else clean(line)


@defect(ServerSession.refuse_hello, profile="lmtp", proves={"rfc2033/4.1/lhlo_without_a_name_is_refused"})
def lmtp_takes_lhlo_without_a_name(clean: Nothing, session: ServerSession) -> Answer | None:
    """Takes LHLO without an argument."""
    del clean
    return session.take_hello(b"nobody")


@defect(
    ServerSession.clear,
    profile="lmtp",
    proves={"rfc2033/4.1/lhlo_clears_the_recipients", "rfc2033/4.1/lhlo_clears_the_sender"},
    only={"EHLO"},
)
def lmtp_keeps_the_transaction_over_lhlo(clean: Callable[[str], None], session: ServerSession, why: str) -> None:
    """Goes on with the open transaction after LHLO."""
    del clean, session, why


@defect(
    ServerSession.hello_text,
    profile="lmtp",
    proves={"rfc2033/4.1/lhlo_reply_names_the_server"},
    also={"rfc5321/4.1.1.1/ehlo-reply-form", "rfc5321/4.1.1.1/hello-reply-names-server"},
)
def lmtp_greets_without_a_name(clean: Callable[[], bytes], session: ServerSession) -> bytes:
    """Begins the reply to LHLO with words that are no name."""
    del clean, session
    return b"!Hello, pleased to meet you"


@defect(
    ServerSession.extensions,
    profile="lmtp",
    proves={"rfc2033/4.1/lhlo_reply_lists_keywords"},
    also={"rfc5321/4.1.1.1/ehlo-reply-form", "rfc5321/4.1.1.1/ehlo-keyword-syntax"},
)
def lmtp_ends_its_list_with_prose(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Ends the list of extensions with a sentence."""
    del session
    return (*clean(), b"(that was all)")


@defect(LmtpSession.lhlo, profile="lmtp", proves={"rfc2033/4.1/lhlo_begins_a_session"}, also={LHLO})
def lmtp_answers_lhlo_with_220(clean: OfOctets, session: LmtpSession, argument: bytes) -> Answer | None:
    """Answers 220 to LHLO."""
    del session
    given = clean(argument)
    return replace(given, code=220) if given else given


def _without(keyword: bytes, clean: Extensions) -> tuple[bytes, ...]:
    return tuple(line for line in clean() if line.split(b" ")[0] != keyword)


@defect(ServerSession.extensions, profile="lmtp", proves={"rfc2033/5/pipelining_is_offered"})
def lmtp_offers_no_pipelining(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Does not list PIPELINING."""
    del session
    return _without(b"PIPELINING", clean)


@defect(ServerSession.extensions, profile="lmtp", proves={"rfc2033/5/enhanced_status_codes_are_offered"})
def lmtp_offers_no_enhanced_status_codes(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Does not list ENHANCEDSTATUSCODES."""
    del session
    return _without(b"ENHANCEDSTATUSCODES", clean)


@defect(ServerSession.extensions, profile="lmtp", proves={"rfc2033/5/eight_bit_mime_is_offered"})
def lmtp_offers_no_8bitmime(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Does not list 8BITMIME."""
    del session
    return _without(b"8BITMIME", clean)


@defect(
    ServerSession.with_status,
    profile="lmtp",
    proves={
        "rfc2033/5/reply_has_an_enhanced_status_code*",
        "rfc2033/5/reply_after_the_dot_has_an_enhanced_status_code",
    },
    also={"rfc2034/4/required-on-replies"},
)
def lmtp_lists_enhanced_status_codes_and_gives_none(
    clean: Callable[[Answer], Answer], session: ServerSession, given: Answer
) -> Answer:
    """Lists ENHANCEDSTATUSCODES, and replies without them."""
    del clean, session
    return given


@defect(
    ServerSession.with_status,
    profile="lmtp",
    proves={
        "rfc2033/5/reply_has_an_enhanced_status_code[unknown]",
        "rfc2033/5/reply_has_an_enhanced_status_code[rcpt-without-mail]",
        "rfc2033/5/reply_has_an_enhanced_status_code[data-without-recipients]",
    },
    also={"rfc2034/4/class-agrees", "rfc3463/2/class-success-or-not"},
)
def lmtp_gives_refusals_a_code_of_success(
    clean: Callable[[Answer], Answer], session: ServerSession, given: Answer
) -> Answer:
    """Puts 2.0.0 before the text of a refusal."""
    del session
    return clean(replace(given, status=b"2.0.0")) if given.code // 100 == 5 else clean(given)


@defect(ServerSession.refuse_mail_parameters, profile="lmtp", proves={"rfc2033/5/body_parameter_is_taken*"})
def lmtp_lists_8bitmime_and_refuses_body(
    clean: Callable[[dict[bytes, bytes]], Answer | None], session: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Lists 8BITMIME, and refuses BODY."""
    del session
    return answer(555, b"Unsupported option: BODY") if b"BODY" in parameters else clean(parameters)


@defect(
    ServerSession.data_without_recipients,
    profile="lmtp",
    proves={
        "rfc2033/4.2/data_without_a_recipient_gets_503*",
        "rfc2033/4.2/data_after_refused_recipients_gets_503*",
        "rfc2033/4.2/recipients_of_the_message_before_do_not_count",
        "rfc2033/4.2/recipients_before_rset_do_not_count",
        "rfc2033/4.2/data_pipelined_behind_a_refused_recipient_gets_503",
    },
)
def lmtp_answers_data_without_recipients_with_554(clean: Nothing, session: ServerSession) -> Answer | None:
    """Answers 554 to DATA without a recipient, as SMTP allows and LMTP does not."""
    del clean, session
    return answer(554, b"No valid recipients")


@defect(
    ServerSession.data_without_recipients,
    profile="lmtp",
    proves={"rfc2033/4.2/data_without_a_recipient_gets_503*"},
    also={AS_SMTP, LHLO},
)
def lmtp_takes_a_message_for_nobody(clean: Nothing, session: ServerSession) -> Answer | None:
    """Answers 354 to DATA without a recipient."""
    del clean
    return session.begin_data()


@defect(
    LmtpSession.answered_recipients,
    profile="lmtp",
    proves={
        "rfc2033/4.2/each_recipient_gets_a_reply[two*",
        "rfc2033/4.2/pipelined_recipients_get_a_reply_each",
        "rfc2033/4.2/refused_recipient_gets_no_reply[between]",
        "rfc2033/4.2/refused_recipient_gets_no_reply[last]",
        "rfc2033/4.2/duplicate_gets_a_reply_of_its_own*",
    },
    also={"rfc2033/4.3/*"},
)
def lmtp_gives_one_reply_for_all(clean: Paths, session: LmtpSession, forward_paths: list[bytes]) -> list[bytes]:
    """Answers the mail data once, as an SMTP server does."""
    del session
    return clean(forward_paths)[:1]


@defect(
    LmtpSession.answered_recipients,
    profile="lmtp",
    proves={"rfc2033/4.2/duplicate_gets_a_reply_of_its_own*"},
    also={"rfc2033/4.3/*"},
)
def lmtp_answers_each_mailbox_once(clean: Paths, session: LmtpSession, forward_paths: list[bytes]) -> list[bytes]:
    """Gives a recipient that was accepted twice one reply."""
    del session
    return list(dict.fromkeys(clean(forward_paths)))


@defect(
    LmtpSession.answered_recipients,
    profile="lmtp",
    proves={
        "rfc2033/4.2/failure_stands_in_its_place[first]",
        "rfc2033/4.2/failure_stands_in_its_place[last]",
    },
    also={"rfc2033/5/replies-*"},
)
def lmtp_answers_from_the_last_recipient(clean: Paths, session: LmtpSession, forward_paths: list[bytes]) -> list[bytes]:
    """Gives the replies for the recipients in reverse."""
    del session
    return clean(forward_paths)[::-1]


@defect(
    LmtpSession.answered_recipients,
    profile="lmtp",
    proves={
        "rfc2033/4.2/failure_stands_in_its_place[between]",
        "rfc2033/4.2/failure_stands_in_its_place[first]",
    },
)
def lmtp_answers_failures_last(clean: Paths, session: LmtpSession, forward_paths: list[bytes]) -> list[bytes]:
    """Gives the replies for the recipients that failed behind all others."""
    del session
    return sorted(clean(forward_paths), key=lambda path: path.startswith(FULL))


@defect(
    ServerSession.refuse_recipient,
    profile="lmtp",
    proves={"rfc2033/4.2/refused_recipient_gets_no_reply*"},
    also={"rfc2033/4.2/503-without-recipients"},
)
def lmtp_answers_for_refused_recipients(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses a recipient, and answers for it after the dot all the same."""
    if session.transaction is not None:
        session.transaction.forward_paths.append(forward_path)
    return clean(forward_path)


@defect(
    ServerSession.open_transaction,
    profile="lmtp",
    proves={
        "rfc2033/4.2/second_message_is_counted_afresh",
        "rfc2033/4.2/recipients_of_an_ended_transaction_get_no_reply*",
        "rfc2033/4.2/recipients_of_the_message_before_do_not_count",
        "rfc2033/4.2/recipients_before_rset_do_not_count",
    },
)
def lmtp_counts_recipients_over_transactions(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Begins a transaction with the recipients of the one before."""
    given = clean(argument)
    if session.transaction is not None:
        session.transaction.forward_paths = _recipients.setdefault(session, [])
    return given


@defect(
    LmtpSession.delivered,
    profile="lmtp",
    proves={"rfc2033/4.2/each_recipient_gets_a_reply*"},
    also={"rfc2033/*", "rfc5321/4.3.2/quit-replies"},
)
def lmtp_answers_each_recipient_twice(
    clean: Callable[[bytes, Delivery], Answer], session: LmtpSession, forward_path: bytes, delivery: Delivery
) -> Answer:
    """Gives two replies for each recipient."""
    del session
    return replace(clean(forward_path, delivery), times=2)


@defect(
    ServerSession.find_command_line,
    profile="lmtp",
    proves={"rfc2033/5/group_of_commands_is_answered_in_order"},
)
def lmtp_answers_unknown_commands_late(
    clean: Callable[[bytes], Line | None], session: ServerSession, buffer: bytes
) -> Line | None:
    """Puts an unknown command behind those that came with it."""
    del session
    found = clean(buffer)
    if found is None or found[0] != b"BOGUS" or not found[1]:
        return found
    behind = clean(found[1])
    return (behind[0], b"BOGUS\r\n" + behind[1]) if behind else found


@defect(ServerSession.unknown, proves={"rfc2033/5/port_25_speaks_no_lmtp"})
def smtp_port_speaks_lmtp(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Takes LHLO on port 25."""
    return session.take_hello(HOST) if verb == b"LHLO" else clean(verb)


@defect(
    Chunking.acknowledge,
    profile="lmtp",
    proves={
        "rfc2033/4.3/other_chunks_bring_one_reply[two*",
        "rfc2033/4.3/other_chunks_bring_one_reply[around-another]",
    },
    also={"rfc2033/4.3/*", "rfc5321/4.3.2/*", "rfc5321/4.2.2/*"},
)
def lmtp_answers_each_chunk_for_each_recipient(clean: OfOctets, chunking: Chunking, octets: bytes) -> Answer | None:
    """Answers every chunk as often as there are recipients."""
    given, transaction = clean(octets), chunking.session.transaction
    return replace(given, times=len(transaction.forward_paths)) if given and transaction else given


@defect(
    Chunking.acknowledge,
    profile="lmtp",
    proves={"rfc2033/4.3/other_chunks_bring_one_reply*"},
    also={"rfc2033/4.3/*"},
)
def lmtp_answers_no_chunk_but_the_last(clean: OfOctets, chunking: Chunking, octets: bytes) -> Answer | None:
    """Answers nothing to a chunk that is not the last."""
    del clean, chunking, octets
    return None


@defect(
    Chunking.take_chunk,
    profile="lmtp",
    proves={
        "rfc2033/4.3/last_chunk_brings_a_reply_each[two*",
        "rfc2033/4.3/empty_last_chunk_brings_a_reply_each[two*",
        "rfc2033/4.3/last_chunk_brings_a_reply_for_each_duplicate*",
    },
    only={"last"},
)
def lmtp_answers_the_last_chunk_once(clean: OfOctets, chunking: Chunking, octets: bytes) -> Answer | None:
    """Answers the last chunk once, as an SMTP server does."""
    del chunking
    given = clean(octets)
    return replace(given, more=()) if given else given


@defect(
    Chunking.take_chunk,
    profile="lmtp",
    proves={
        "rfc2033/4.3/last_chunk_brings_a_reply_each*",
        "rfc2033/4.3/empty_last_chunk_brings_a_reply_each*",
    },
    also={"rfc2033/4.3/*", "rfc5321/4.3.2/*"},
    only={"last"},
)
def lmtp_answers_the_last_chunk_once_more(clean: OfOctets, chunking: Chunking, octets: bytes) -> Answer | None:
    """Answers the last chunk itself, and then once for each recipient."""
    del chunking
    given = clean(octets)
    return replace(answer(250, b"OK"), more=(given,)) if given else given


@defect(
    Chunking.out_of_sequence,
    profile="lmtp",
    proves={"rfc2033/4.3/last_chunk_for_nobody_is_not_taken"},
)
def lmtp_takes_chunks_for_nobody(
    clean: Callable[[Transaction | None], Answer | None], chunking: Chunking, transaction: Transaction | None
) -> Answer | None:
    """Answers 250 to a chunk without a recipient."""
    del chunking
    return answer(250, b"OK") if transaction else clean(transaction)


# Behind the reply.

OfTransaction = Callable[[Transaction, list[bytes], bytes], None]


@defect(
    LmtpSession.hand_over,
    profile="lmtp",
    proves={"rfc2033/4.2/failure_of_one_takes_nothing_from_the_others*"},
)
def failure_of_one_is_that_of_all(
    clean: OfTransaction, session: LmtpSession, transaction: Transaction, taken: list[bytes], content: bytes
) -> None:
    """Says 250 for one recipient and delivers nothing, since it failed for another."""
    del session
    if len(taken) == len(transaction.forward_paths):
        clean(transaction, taken, content)


@defect(
    LmtpSession.hand_over,
    profile="lmtp",
    proves={
        "rfc2033/4.2/each_positive_reply_is_a_delivery",
        "rfc2033/4.2/failure_of_one_takes_nothing_from_the_others[between]",
    },
)
def one_of_several_gets_the_message(
    clean: OfTransaction, session: LmtpSession, transaction: Transaction, taken: list[bytes], content: bytes
) -> None:
    """Says 250 for each recipient and delivers to the first."""
    del session
    clean(transaction, taken[:1], content)


@defect(
    Mailer.deliver_here,
    profile="lmtp",
    proves={"rfc2033/4.2/message_with_a_positive_reply_survives_a_crash*"},
)
def lmtp_writes_the_mailbox_after_the_reply(
    clean: Callable[[Copy, bytes], bytes], mailer: Mailer, copy: Copy, forward_path: bytes
) -> bytes:
    """Answers 250 a second before the mailbox has the message."""

    async def later() -> None:
        await trio.sleep(1)
        clean(copy, forward_path)

    mailer.start(later)
    return b""


@defect(
    ServerSession.holds_back,
    profile="lmtp",
    proves={"rfc2033/5/reply_does_not_wait_for_the_next_recipient*"},
)
def replies_wait_for_the_last_recipient(clean: Callable[[Answer], bool], session: ServerSession, given: Answer) -> bool:
    """Keeps the reply for one recipient in its buffer until the next has been served."""
    del session
    return clean(given) or bool(given.more)


# As a client.


@defect(RelaySession.keeps_replies, proves={"rfc2033/5/reply_before_the_end_counts*"})
def lmtp_client_forgets_replies_before_a_close(clean: Callable[[], bool], session: RelaySession) -> bool:
    """Sends a message again to everybody where the host did not answer for all."""
    del clean, session
    return False
