"""Defects in forwarding for those who moved and in what traces a message may carry (RFC 5321 §3.4, §3.7.2)."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer

OfOctets = Callable[[bytes], Answer | None]
OfTwo = Callable[[bytes, bytes], Answer | None]


@defect(ServerSession.forward, varies={"rfc5321/3.4/new_address_may_be_told_with_251"})
def mail_is_forwarded_silently(
    clean: OfTwo, session: ServerSession, forward_path: bytes, new_address: bytes
) -> Answer | None:
    """Forwards with 250 and does not tell the new address, as it may."""
    del clean, new_address
    return session.take_recipient(forward_path)


@defect(
    ServerSession.forward,
    proves={"rfc5321/3.5.3/vrfy_and_rcpt_agree_about_who_moved"},
    varies={
        "rfc5321/3.4/recipient_who_moved_may_be_refused",
        "rfc5321/3.4/new_address_may_be_told_with_551",
        "rfc5321/3.4/mail_for_who_moved_may_be_forwarded",
    },
    also={"rfc6531/3.7.4.1/no-utf-8-in-251-and-551", "rfc6531/3.7.4.1/transformed"},
)
def who_moved_is_refused_and_vrfy_says_forwarded(
    clean: OfTwo, session: ServerSession, forward_path: bytes, new_address: bytes
) -> Answer | None:
    """Refuses with 551 those of whom VRFY says that mail is forwarded."""
    del clean, session, forward_path
    return answer(551, b"User not local; please try <%b>" % new_address)


_RECEIVED = re.compile(
    rb"Received: from [a-z.]+ by [a-z.]+; [A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} (?:19|20)[0-2]\d [0-2]\d:\d\d:\d\d \+0000"
)


@defect(
    ServerSession.end_of_data,
    proves={"rfc5321/3.7.2/odd_trace_field_is_no_reason_to_refuse*"},
    also={"rfc5321/6.3/100-received", "rfc5321/4.4/relay-does-not-inspect"},
)
def odd_trace_fields_are_refused(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses a message with a Return-Path, or with a Received field that is long or not as it writes them."""
    fields = re.sub(rb"\r\n[ \t]+", b" ", content.partition(b"\r\n\r\n")[0]).split(b"\r\n")
    traces = [field for field in fields if field.startswith((b"Received:", b"Return-Path:"))]
    if all(_RECEIVED.fullmatch(trace) and len(trace) < 500 for trace in traces):
        return clean(content)
    session.clear("end of data")
    return answer(554, b"Bad trace field")
