"""Defects of a relay in what it makes of its next hop's replies (RFC 5321 §2.3.8, §3.8, §4.2, §4.2.1, §4.2.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._relay import Failed, RelaySession, Sent
from conformance.reference._session import Answer, ServerSession, answer
from conformance.reference._site import RELAY_DOMAIN
from conformance.wire import CRLF, Reply

OfReply = Callable[[Reply], bool]
OfNothing = Callable[[], bool]
OfLines = Callable[[bytes], tuple[int, bytes]]
OfSent = Callable[[Sent], Sent]
Fail = Callable[[Copy, list[Failed]], None]

REPLIES = "rfc5321/4.2"
BARE = f"{REPLIES}/code_alone_is_enough"
DIGITS = f"{REPLIES}/code_is_read_by_its_first_digit"
SEVERITIES = "rfc5321/4.2.1"
LISTED = re.compile(rb"4(?:21|50|51|52|55) ")


@defect(RelaySession.whole_lines, proves={f"{REPLIES}/reply_ends_with_crlf_only[lf*"})
def relay_ends_replies_at_lf(clean: OfLines, _: RelaySession, heard: bytes) -> tuple[int, bytes]:
    """Takes a bare LF for the end of a reply line."""
    del clean
    end = heard.rfind(b"\n") + 1
    return end, heard[:end]


@defect(RelaySession.whole_lines, proves={f"{REPLIES}/reply_ends_with_crlf_only[cr]"})
def relay_ends_replies_at_cr(clean: OfLines, _: RelaySession, heard: bytes) -> tuple[int, bytes]:
    """Takes a bare CR for the end of a reply line."""
    end = heard.rfind(b"\r") + 1
    return clean(heard) if heard.endswith(CRLF) or not end else (end, heard[:end] + b"\n")


@defect(
    RelaySession.may_send_data,
    proves={f"{BARE}[data*", f"{REPLIES}/message_follows_the_354[odd-text]"},
)
def relay_reads_the_text_of_354(clean: OfReply, _: RelaySession, reply: Reply) -> bool:
    """Sends the message only where the text of the 354 says what it is for."""
    return clean(reply) and bool(reply.text.strip()) and b"250" not in reply.text


@defect(RelaySession.may_send_data, proves={f"{REPLIES}/message_follows_the_354[lines]"})
def relay_stops_at_a_354_of_many_lines(clean: OfReply, _: RelaySession, reply: Reply) -> bool:
    """Does not go on behind a 354 that has more than one line."""
    return clean(reply) and len(reply.lines) == 1


@defect(Mailer.fail, proves={f"{BARE}[refused-*"})
def refusal_without_text_is_not_told(clean: Fail, _: Mailer, copy: Copy, failed: list[Failed]) -> None:
    """Tells nobody of a refusal that is a code alone."""
    told = [each for each in failed if each.reason[3:].strip()]
    if told:
        clean(copy, told)


@defect(
    Mailer.fail,
    proves={f"{DIGITS}[5yz-*", f"{DIGITS}[listed-5yz-*"},
    also={"rfc*"},
)
def refusal_with_another_code_is_not_told(clean: Fail, _: Mailer, copy: Copy, failed: list[Failed]) -> None:
    """Tells of the refusals that the RFC lists for mail, and of no others."""
    told = [each for each in failed if each.reason[:3] in {b"550", b"551", b"552", b"553", b"554"}]
    if told:
        clean(copy, told)


def given_back(sent: Sent, wrong: Callable[[Failed], bool]) -> Sent:
    """What was refused for now so is refused for good."""
    final = tuple(each for each in sent.deferred if wrong(each))
    rest = tuple(each for each in sent.deferred if each not in final)
    return replace(sent, failed=(*sent.failed, *final), deferred=rest)


@defect(Mailer.judged, proves={f"{DIGITS}[4yz-rcpt]", f"{DIGITS}[listed-4yz-rcpt]"}, also={"rfc*"})
def refusal_for_now_is_known_by_its_code(clean: OfSent, _: Mailer, sent: Sent) -> Sent:
    """Takes codes of failures for now that the RFC does not list for failures for good."""
    return given_back(clean(sent), lambda each: LISTED.match(each.reason) is None)


@defect(RelaySession.is_success, proves={f"{REPLIES}/transaction_ends_at_a_code_that_is_none*"})
def relay_takes_all_but_failures_for_success(clean: OfReply, _: RelaySession, reply: Reply) -> bool:
    """Takes every code for success that is not a 4yz or a 5yz."""
    return clean(reply) or reply.severity not in {3, 4, 5}


@defect(RelaySession.is_success, varies={f"{REPLIES}/lines_of_a_reply_may_be_read_alike"})
def relay_reads_the_other_line(clean: OfReply, _: RelaySession, reply: Reply) -> bool:
    """Goes by the first line of a reply where its lines differ, if that is not what it does already."""
    codes = {line.code for line in reply.lines}
    return not clean(reply) if len(codes) > 1 else clean(reply)


@defect(Mailer.insists, proves={f"{SEVERITIES}/refusal_for_good_is_not_tried_again*"}, also={"rfc*"})
def refusal_for_good_is_tried_once_more(clean: Callable[[Sent], bool], _: Mailer, sent: Sent) -> bool:
    """Tries what was refused for good once more at once, in case the next hop thinks better of it."""
    del clean, sent
    return True


@defect(Mailer.notification, varies={f"{REPLIES}/text_of_a_reply_may_be_passed_on"}, also={"rfc*"})
def text_of_the_refusal_is_left_out(
    clean: Callable[[Copy, bytes, list[Failed]], bytes], _: Mailer, copy: Copy, to: bytes, failed: list[Failed]
) -> bytes:
    """Tells of a refusal by its code alone."""
    return clean(copy, to, [replace(each, reason=each.reason[:3] + b" refused") for each in failed])


@defect(
    RelaySession.answers_for_refused,
    proves={f"{SEVERITIES}/message_refused_at_its_end_is_given_back*"},
    also={"rfc*"},
)
def message_refused_at_its_end_is_dropped(clean: OfReply, _: RelaySession, reply: Reply) -> bool:
    """Drops a message that the next hop refuses after its end for good."""
    return clean(reply) and reply.severity != 5


@defect(
    RelaySession.answers_for_refused,
    proves={
        f"{SEVERITIES}/refusal_for_now_is_tried_again[end-of-data]",
        f"{SEVERITIES}/refusal_for_now_is_tried_again[kept]",
    },
    also={"rfc1870/*"},
)
def message_refused_at_its_end_for_now_is_dropped(clean: OfReply, _: RelaySession, reply: Reply) -> bool:
    """Drops a message that the next hop refuses after its end for now."""
    return clean(reply) and reply.severity != 4


@defect(RelaySession.repeats_recipient, proves={f"{SEVERITIES}/refusal_for_now_ends_the_transaction*"}, also={"rfc*"})
def relay_says_rcpt_again(clean: OfNothing, _: RelaySession) -> bool:
    """Says RCPT once more where it was refused for now."""
    del clean
    return True


LOST = "rfc5321/3.8/lost_connection_is_no_refusal"
SHUTS_DOWN = "rfc5321/3.8/host_that_shuts_down_has_refused_nothing"


@defect(RelaySession.counts_lost_as, proves={f"{LOST}*", f"{SHUTS_DOWN}*"}, also={"rfc5321/*"})
def lost_connection_is_a_refusal(clean: Callable[[], bytes], _: RelaySession) -> bytes:
    """Gives a message back whose transaction breaks off with its connection."""
    del clean
    return b"554 The connection was lost"


@defect(
    RelaySession.gives_way_to_421, proves={f"{SHUTS_DOWN}[at-*"}, also={"rfc5321/*"}, name="relay-does-not-know-421"
)
def relay_goes_on_behind_421(clean: OfNothing, _: RelaySession) -> bool:
    """Takes a 421 for a refusal of the message."""
    del clean
    return False


@defect(Mailer.judged, name="relay-does-not-know-421")
def shutting_down_is_a_refusal(clean: OfSent, _: Mailer, sent: Sent) -> Sent:
    """Takes a 421 for a refusal of the message."""
    return given_back(clean(sent), lambda each: each.reason.startswith(b"421 ") and b"shuts down" in each.reason)


@defect(
    Mailer.notified_together,
    proves={
        f"rfc5321/2.1/each_recipient_is_served_or_reported[{row}]"
        for row in ("mail", "both-recipients", "data", "end-of-data")
    },
    also={"rfc*"},
)
def first_failure_only_is_told(
    clean: Callable[[list[Failed]], list[list[Failed]]], _: Mailer, failed: list[Failed]
) -> list[list[Failed]]:
    """Tells of the first recipient that failed, and of no other."""
    return clean(failed[:1])


@defect(Mailer.fail, proves={"rfc5321/2.1/each_recipient_is_served_or_reported[one-recipient]"}, also={"rfc*"})
def part_of_a_failure_is_not_told(clean: Fail, _: Mailer, copy: Copy, failed: list[Failed]) -> None:
    """Tells of failures only where all recipients failed."""
    if len(failed) == len(copy.forward_paths):
        clean(copy, failed)


TRIED_AT_ONCE = "what-the-next-hop-puts-off-is-refused-for-good"
NUMBERED = re.compile(rb"OK, taken as (\d+)")


@defect(
    ServerSession.end_of_data,
    name=TRIED_AT_ONCE,
    proves={f"{SEVERITIES}/refusal_for_now_is_not_made_one_for_good*"},
)
def next_hop_is_asked_first(
    clean: Callable[[bytes], Answer | None], session: ServerSession, content: bytes
) -> Answer | None:
    """Waits for the next hop before it answers, and refuses for good what that puts off."""
    transaction, mailer = session.transaction, session.mailer
    given = clean(content)
    if given is None or given.code != 250 or transaction is None or mailer is None:
        return given
    domains = {each.rpartition(b"@")[2].lower() for each in transaction.forward_paths}
    if len(transaction.forward_paths) > 1 or domains != {RELAY_DOMAIN}:
        return given
    return replace(given, texts=(b"OK, taken as %d" % mailer.queued_so_far,), pause=2.0)


@defect(ServerSession.with_status, name=TRIED_AT_ONCE, only={"250"})
def answer_is_that_of_the_next_hop(clean: Callable[[Answer], Answer], session: ServerSession, given: Answer) -> Answer:
    """Waits for the next hop before it answers, and refuses for good what that puts off."""
    number = NUMBERED.match(given.texts[0])
    waits = number is not None and int(number[1]) in session.site.queue
    return clean(answer(554, b"The next hop did not take it") if waits else given)
