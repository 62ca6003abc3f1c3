"""Defects of a relay that sends what is too large, or can't do with a next hop that has no room (RFC 5321 §4.5.3.1)."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._parameters import Parameters
from conformance.reference._relay import Failed, RelaySession, Sent

OfOctets = Callable[[bytes], bytes]
Requests = tuple[tuple[bytes, bytes], ...]
HERE = "rfc5321/4.5.3.1"
WITHIN = f"{HERE}/relay_stays_within_the_limits"
NOTIFIER = f"{HERE}/notifier_stays_within_the_limits"
LONG_LINE = re.compile(rb"([^\r\n]{900,})\r\n")


@defect(
    RelaySession.outward_reverse_path,
    proves={f"{WITHIN}[{row}]" for row in ("local-part", "domain", "path", "command-line", "objects")},
    also={"rfc5321/*"},
)
def long_senders_are_wrapped(clean: OfOctets, _: RelaySession, reverse_path: bytes) -> bytes:
    """Wraps long senders, so that bounces can be told, and makes them longer still."""
    path = clean(reverse_path)
    local, at, domain = path.rpartition(b"@")
    below = b".".join([b"bounces-of-this-host-and-of-no-other"] * 9)
    return b"wrapped-for-bounces-" + local + at + below + b"." + domain if len(path) > 200 else path


@defect(RelaySession.outward_lines, proves={f"{WITHIN}[text-line]"}, also={"rfc*"})
def long_lines_are_joined(clean: OfOctets, _: RelaySession, content: bytes) -> bytes:
    """Joins a long line with the next one."""
    return LONG_LINE.sub(rb"\1 ", clean(content))


@defect(RelaySession.outward_lines, varies={f"{HERE}/longer_line_may_be_sent_on"}, also={"rfc*"})
def longer_lines_are_cut(clean: OfOctets, _: RelaySession, content: bytes) -> bytes:
    """Breaks lines that are longer than 1000 octets."""
    return re.sub(rb"([^\r\n]{998})(?=[^\r\n])", rb"\1\r\n", clean(content))


@defect(Mailer.in_lines, proves={f"{NOTIFIER}*"})
def notification_has_the_reply_on_one_line(clean: OfOctets, _: Mailer, reason: bytes) -> bytes:
    """Writes a reply into a notification as one line, however long it was."""
    del clean
    return reason


@defect(Mailer.fail, proves={f"{HERE}/larger_object_that_is_refused_is_reported*"}, also={"rfc*"})
def refusal_for_length_is_not_told(
    clean: Callable[[Copy, list[Failed]], None], _: Mailer, copy: Copy, failed: list[Failed]
) -> None:
    """Tells nobody of what was too long for the next hop."""
    told = [each for each in failed if b"Too long" not in each.reason]
    if told:
        clean(copy, told)


@defect(RelaySession.mail_requests, proves={f"{HERE}/size_of_a_large_message_is_declared"}, also={"rfc1870/*"})
def size_of_large_messages_is_not_declared(
    clean: Callable[[Parameters, int], Requests], _: RelaySession, parameters: Parameters, size: int
) -> Requests:
    """Declares the size of small messages only."""
    requests = clean(parameters, size)
    return requests if size < 100_000 else tuple(each for each in requests if each[0] != b"SIZE")


@defect(
    RelaySession.sends_to_the_rest,
    proves={f"{HERE}/first_hundred_recipients_are_served"},
    also={"rfc*"},
)
def message_goes_to_all_or_to_nobody(clean: Callable[[], bool], _: RelaySession) -> bool:
    """Sends nothing where any recipient is refused."""
    del clean
    return False


@defect(Mailer.queued, proves={f"{HERE}/rest_of_the_recipients_is_served_once"}, also={"rfc*"})
def message_is_tried_again_for_all(clean: Callable[[Copy, Sent], Copy], _: Mailer, copy: Copy, sent: Sent) -> Copy:
    """Sends to all recipients again where some were refused for now."""
    del clean, sent
    return copy


@defect(
    RelaySession.takes_552_for_now, proves={f"{HERE}/too_many_recipients_is_no_failure_for_good"}, also={"rfc5321/*"}
)
def relay_gives_up_at_552(clean: Callable[[int], bool], _: RelaySession, taken: int) -> bool:
    """Gives a message back to those for whom the next hop has no room, where that says so with 552."""
    del clean, taken
    return False
