"""Defects of enhanced status codes (RFC 2034, RFC 3463)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._answer import Answer
from conformance.reference._decision import defect
from conformance.reference._session import ServerSession

WithStatus = Callable[[Answer], Answer]


def _told(given: Answer, change: Callable[[bytes], bytes]) -> Answer:
    """The answer with its status code, if it has one, changed on every line."""
    if given.code // 100 == 3:
        return given
    return replace(given, texts=tuple(change(text) for text in given.texts))


def _has_one(session: ServerSession) -> bool:
    return session.answers not in {b"CONNECT", b"EHLO", b"HELO"}


@defect(
    ServerSession.extensions,
    proves={"rfc2034/3/keyword_has_no_parameters"},
)
def status_keyword_has_a_parameter(clean: Callable[[], tuple[bytes, ...]], session: ServerSession) -> tuple[bytes, ...]:
    """Lists ENHANCEDSTATUSCODES with a parameter."""
    del session
    return tuple(b"ENHANCEDSTATUSCODES all" if line == b"ENHANCEDSTATUSCODES" else line for line in clean())


@defect(
    ServerSession.with_status,
    proves={
        "rfc2034/4/watch_status_on_every_reply",
        "rfc2034/4/reply_carries_a_status*",
        "rfc2034/4/refusal_of_a_recipient_carries_a_status",
    },
    also={
        "rfc7504/6/556-goes-with-x.1.10",
        "rfc4954/*",
        "rfc6531/*",
        "rfc3207/4/530-status-5-7-0",
        "rfc7505/4.1/5.1.10-for-recipients",
    },
)
def status_codes_are_listed_and_missing(clean: WithStatus, session: ServerSession, given: Answer) -> Answer:
    """Lists ENHANCEDSTATUSCODES and sends none."""
    del clean, session
    return given


@defect(
    ServerSession.with_status,
    proves={"rfc2034/4/reply_carries_a_status_before_ehlo*", "rfc2034/4/reply_carries_a_status_after_helo*"},
    also={"rfc2034/4/required-on-replies"},
)
def status_codes_need_ehlo(clean: WithStatus, session: ServerSession, given: Answer) -> Answer:
    """Sends status codes only to clients that said EHLO."""
    return clean(given) if session.extended else given


@defect(
    ServerSession.with_status,
    proves={"rfc2034/3/watch_status_is_followed_by_a_space"},
    also={
        "rfc7504/6/556-goes-with-x.1.10",
        "rfc2034/4/*",
        "rfc4954/*",
        "rfc6531/*",
        "rfc3207/4/530-status-5-7-0",
        "rfc7505/4.1/5.1.10-for-recipients",
    },
)
def status_code_is_followed_by_a_colon(clean: WithStatus, session: ServerSession, given: Answer) -> Answer:
    """Puts a colon behind the status code."""
    return _told(clean(given), lambda text: text.replace(b" ", b": ", 1)) if _has_one(session) else clean(given)


@defect(
    ServerSession.with_status,
    proves={"rfc2034/4/watch_status_syntax", "rfc3463/2/watch_form"},
    also={
        "rfc7504/6/556-goes-with-x.1.10",
        "rfc2034/*",
        "rfc3463/*",
        "rfc4954/*",
        "rfc6531/*",
        "rfc3207/4/530-status-5-7-0",
        "rfc7505/4.1/5.1.10-for-recipients",
    },
)
def status_code_has_four_digits(clean: WithStatus, session: ServerSession, given: Answer) -> Answer:
    """Sends details of four digits."""
    return _told(clean(given), lambda text: text.replace(b" ", b"000 ", 1)) if _has_one(session) else clean(given)


@defect(
    ServerSession.with_status,
    proves={"rfc2034/4/watch_status_class_agrees", "rfc2034/4/refusal_of_a_recipient_carries_a_status"},
    also={
        "rfc7504/6/556-goes-with-x.1.10",
        "rfc2034/4/required-on-replies",
        "rfc2034/4/regardless-of-ehlo",
        "rfc3463/3.2/*",
        "rfc4954/*",
        "rfc6531/*",
        "rfc3207/4/530-status-5-7-0",
        "rfc7505/4.1/5.1.10-for-recipients",
    },
)
def permanent_refusals_have_class_4(clean: WithStatus, session: ServerSession, given: Answer) -> Answer:
    """Sends codes of class 4 with permanent refusals."""
    del session
    told = clean(given)
    return _told(told, lambda text: text.replace(b"5.", b"4.", 1)) if told.code // 100 == 5 else told


@defect(
    ServerSession.with_status,
    proves={"rfc2034/4/watch_same_status_on_every_line"},
)
def status_code_stands_on_the_last_line_only(clean: WithStatus, session: ServerSession, given: Answer) -> Answer:
    """Puts the status code on the last line of a reply only."""
    del session
    told = clean(given)
    return replace(told, texts=(*given.texts[:-1], told.texts[-1]))


@defect(ServerSession.with_status, only={"354"}, proves={"rfc2034/4/watch_no_status_on_3yz"})
def data_gets_354_with_a_status(clean: WithStatus, session: ServerSession, given: Answer) -> Answer:
    """Answers 354 with 2.0.0."""
    del session
    return replace(clean(given), texts=tuple(b"2.0.0 " + text for text in given.texts))


@defect(
    ServerSession.with_status,
    proves={"rfc3463/2/watch_no_leading_zeros"},
    also={
        "rfc7504/6/556-goes-with-x.1.10",
        "rfc3463/3.2/*",
        "rfc3463/3.6/*",
        "rfc4954/*",
        "rfc6531/*",
        "rfc3207/4/530-status-5-7-0",
        "rfc7505/4.1/5.1.10-for-recipients",
    },
)
def status_code_has_leading_zeros(clean: WithStatus, session: ServerSession, given: Answer) -> Answer:
    """Sends each number of a status code with two digits."""
    return _told(clean(given), lambda text: text.replace(b".", b".0", 1)) if _has_one(session) else clean(given)


@defect(
    ServerSession.with_status,
    proves={"rfc3463/2/watch_no_white_space"},
    also={
        "rfc7504/6/556-goes-with-x.1.10",
        "rfc2034/4/*",
        "rfc4954/*",
        "rfc6531/*",
        "rfc3207/4/530-status-5-7-0",
        "rfc7505/4.1/5.1.10-for-recipients",
    },
)
def status_code_has_white_space_inside(clean: WithStatus, session: ServerSession, given: Answer) -> Answer:
    """Puts a space behind the dots of a status code."""
    return _told(clean(given), lambda text: text.replace(b".", b". ", 2)) if _has_one(session) else clean(given)


@defect(
    ServerSession.with_status,
    proves={
        "rfc3463/2/watch_only_registered",
        "rfc3463/3.2/unknown_mailbox_is_not_called_something_else",
        "rfc3463/3.6/*_has_a_code_of_the_protocol*",
    },
    also={
        "rfc7504/6/556-goes-with-x.1.10",
        "rfc4954/*",
        "rfc6531/*",
        "rfc3207/4/530-status-5-7-0",
        "rfc7505/4.1/5.1.10-for-recipients",
    },
)
def status_codes_are_of_our_own(clean: WithStatus, session: ServerSession, given: Answer) -> Answer:
    """Sends codes of a subject that nobody registered."""
    told = clean(given)
    status = b"%d.99.1" % (given.code // 100)
    if not _has_one(session):
        return told
    return _told(told, lambda text: status + b" " + text.partition(b" ")[2])


@defect(
    ServerSession.take_recipient,
    proves={"rfc3463/3.2/good_recipient_is_not_called_bad"},
    also={
        "rfc2034/4/class-agrees",
        "rfc3207/4/530-status-5-7-0",
        "rfc3463/2/class-success-or-not",
        "rfc3463/3.6/x-5-3-too-many",
        "rfc5248/2.2/no-conflicts",
    },
)
def good_recipient_gets_2_1_1(
    clean: Callable[[bytes], Answer | None], session: ServerSession, forward_path: bytes
) -> Answer | None:
    """Answers 250 with 2.1.1 to a recipient that it takes."""
    del session
    taken = clean(forward_path)
    return replace(taken, status=b"2.1.1") if taken is not None else None


@defect(ServerSession.hello_again, proves={"rfc2034/3/keyword_is_spelt_as_it_is_registered"})
def status_keyword_has_hyphens(
    clean: Callable[[bytes], Answer | None], session: ServerSession, argument: bytes
) -> Answer | None:
    """Lists ENHANCED-STATUS-CODES in the reply to a second EHLO."""
    del session
    given = clean(argument)
    if given is None:
        return None
    texts = tuple(text.replace(b"ENHANCEDSTATUSCODES", b"ENHANCED-STATUS-CODES") for text in given.texts)
    return replace(given, texts=texts)
