"""Defects of servers that forget the time of a message under BY, or whom to tell of it (RFC 2852)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._delays import Delays
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._relay import RelaySession, Sent
from conformance.reference._report import Reported
from conformance.reference._session import Answer, ServerSession, answer

OfMode = Callable[[bytes], bool]
Reason = Callable[[bytes], bytes]
Seconds = Callable[[Copy], float]
Succeed = Callable[[Copy, list[Reported]], None]
Words = frozenset[bytes] | None
Kept = Callable[[dict[bytes, bytes]], dict[bytes, bytes]]

EXPIRED = "rfc2852/4.1.3"
WAITING = "rfc2852/4.1.2"
A_WEEK = 7 * 86400


# The time comes.


AFTER_ITS_TIME = "message-to-return-is-tried-after-its-time"


@defect(
    Delays.ends_when_late,
    name=AFTER_ITS_TIME,
    profile="on-request",
    proves={
        f"{EXPIRED}/message_to_return_comes_back_when_its_time_has_come*",
        f"{EXPIRED}/message_to_return_is_tried_no_more",
    },
)
def message_to_return_goes_on(clean: OfMode, _: Delays, mode: bytes) -> bool:
    """Tries a message with R after its time too, and says delayed of it."""
    del clean, mode
    return False


@defect(RelaySession.can_deliver_by, name=AFTER_ITS_TIME, profile="on-request")
def late_message_goes_anywhere(clean: Callable[[], bool], session: RelaySession) -> bool:
    """Tries a message with R after its time too, and says delayed of it."""
    value = session.parameters.of(b"BY")
    return clean() or (value is not None and session.onward(b"BY", value).startswith(b"-"))


@defect(
    Delays.ends_when_late,
    profile="on-request",
    proves={f"{EXPIRED}/message_to_notify_is_tried_on"},
)
def message_to_notify_is_given_back_at_its_time(clean: OfMode, _: Delays, mode: bytes) -> bool:
    """Gives a message with N back when its time has come."""
    del clean, mode
    return True


@defect(
    Delays.late_status,
    profile="on-request",
    proves={
        f"{EXPIRED}/message_to_return_comes_back_when_its_time_has_come*",
        f"{EXPIRED}/sender_is_told_that_the_time_has_come*",
    },
)
def late_message_has_no_status_of_its_own(clean: Reason, _: Delays, mode: bytes) -> bytes:
    """Says of a message whose time has come that it failed, or waits, and not why."""
    return clean(mode).replace(b"5.4.7", b"5.0.0").replace(b"4.4.7", b"4.0.0")


@defect(
    Delays.tells_when_late,
    profile="on-request",
    proves={
        f"{EXPIRED}/message_to_return_comes_back_when_its_time_has_come*",
        f"{EXPIRED}/sender_is_told_that_the_time_has_come*",
    },
)
def time_passes_without_a_word(clean: OfMode, _: Delays, mode: bytes) -> bool:
    """Tells nobody that the time of a message has come."""
    del clean, mode
    return False


@defect(
    Mailer.wants_failure,
    profile="on-request",
    proves={f"{EXPIRED}/return_is_not_told_where_it_is_not_wanted*"},
)
def failure_under_by_is_told_under_never(clean: Callable[[Words], bool], _: Mailer, notify: Words) -> bool:
    """Tells of a message that is given back whatever NOTIFY says."""
    del clean, notify
    return True


@defect(
    Delays.wants_delay,
    profile="on-request",
    proves={f"{EXPIRED}/late_message_is_not_told_of_without_delay*"},
)
def late_message_is_told_of_under_never(clean: Callable[[Words], bool], _: Delays, notify: Words) -> bool:
    """Tells of a message whose time has come whatever NOTIFY says."""
    del clean, notify
    return True


# Before the time.


@defect(
    Mailer.judged,
    profile="on-request",
    proves={f"{WAITING}/refused_for_now_is_tried_again*"},
    also={"rfc2852/*", "rfc3461/*", "rfc3885/*", "rfc4865/*", "rfc6710/*", "rfc7293/*", "rfc8689/*"},
)
def message_under_by_is_tried_once(clean: Callable[[Sent], Sent], _: Mailer, sent: Sent) -> Sent:
    """Gives mail back at its first refusal for now."""
    sent = clean(sent)
    return Sent((*sent.failed, *sent.deferred), (), sent.mail_refused, sent.relayed)


@defect(
    Mailer.gives_up_after,
    profile="on-request",
    varies={f"{WAITING}/message_may_come_back_before_its_time*"},
)
def message_under_by_is_kept_for_half_an_hour(clean: Seconds, _: Mailer, copy: Copy) -> float:
    """Gives a message under BY back after half an hour, whatever its time."""
    return clean(copy) if copy.parameters.of(b"BY") is None else 1800.0


@defect(
    ServerSession.kept_parameters,
    profile="on-request",
    proves={f"{WAITING}/longest_time_is_passed_on*", f"{WAITING}/longest_time_is_told_of*"},
)
def time_beyond_the_queue_is_forgotten(
    clean: Kept, _: ServerSession, parameters: dict[bytes, bytes]
) -> dict[bytes, bytes]:
    """Forgets a BY for longer than it keeps mail."""
    kept = clean(parameters)
    seconds = kept.get(b"BY", b"0").partition(b";")[0]
    return kept if int(seconds) < A_WEEK else {name: value for name, value in kept.items() if name != b"BY"}


# On the way.


@defect(RelaySession.tells_of_trace, profile="on-request", proves={"rfc2852/4.1.4/trace_tells_of_each_step*"})
def trace_is_forgotten(clean: Callable[[], bool], _: RelaySession) -> bool:
    """Tells nobody of relaying for the sake of a trace."""
    del clean
    return False


@defect(
    RelaySession.tells_of_lost_by,
    profile="on-request",
    proves={
        "rfc2852/4.1.4/relaying_where_the_time_is_not_known_is_told[no-notify]",
        "rfc2852/4.1.4/relaying_where_the_time_is_not_known_is_told[failure]",
        "rfc2852/4.1.4/relaying_where_the_time_is_not_known_is_told[delay]",
        "rfc2852/4.1.4/relaying_where_nothing_is_known_is_told",
        "rfc2852/4.1.2/longest_time_is_told_of[notify]",
    },
)
def time_is_lost_without_a_word(clean: Callable[[], bool], _: RelaySession) -> bool:
    """Tells nobody that a next hop does not know of the time."""
    del clean
    return False


@defect(
    Mailer.succeed,
    profile="on-request",
    proves={"rfc2852/4.1.4/relaying_where_the_time_is_not_known_is_told*"},
    also={"rfc2852/*"},
)
def success_under_by_is_never_told(clean: Succeed, _: Mailer, copy: Copy, reported: list[Reported]) -> None:
    """Tells nobody what went on or was delivered."""
    del clean, copy, reported


@defect(
    Mailer.takes_unasked,
    profile="on-request",
    proves={"rfc2852/4.1.4/relaying_is_not_told_under_never*"},
)
def relaying_is_told_under_never(clean: Callable[[Words], bool], _: Mailer, notify: Words) -> bool:
    """Tells of relaying whatever NOTIFY says."""
    del clean, notify
    return True


@defect(
    RelaySession.asked_for_delay,
    profile="on-request",
    proves={
        "rfc2852/4.1.4.2/next_hop_is_asked_to_tell_of_delays[no-notify]",
        "rfc2852/4.1.4.2/next_hop_is_asked_to_tell_of_delays[failure]",
        "rfc2852/4.1.4.2/next_hop_is_asked_to_tell_of_delays[success]",
        "rfc2852/4.1.4.2/next_hop_is_asked_to_tell_of_delays[success-failure]",
    },
)
def next_hop_is_not_asked_for_delays(clean: Callable[[bytes], bytes], _: RelaySession, notify: bytes) -> bytes:
    """Asks a next hop that does not know of the time for nothing more than NOTIFY said."""
    del clean
    return notify or b"FAILURE"


@defect(
    RelaySession.asked_for_delay,
    profile="on-request",
    proves={
        "rfc2852/4.1.4.2/next_hop_is_asked_to_tell_of_delays[never]",
        "rfc2852/4.1.4.2/next_hop_is_asked_to_tell_of_delays[delay]",
    },
    also={"rfc2852/4.1.4.2/*"},
)
def next_hop_is_asked_for_everything(clean: Callable[[bytes], bytes], _: RelaySession, notify: bytes) -> bytes:
    """Asks a next hop that does not know of the time for all notifications there are."""
    del clean, notify
    return b"SUCCESS,FAILURE,DELAY"


@defect(
    RelaySession.cannot_send, profile="on-request", proves={"rfc2852/7/first_exchanger_is_good_enough*"}, also={"rfc*"}
)
def exchanger_with_deliverby_is_looked_for(
    clean: Callable[[bytes, tuple[bytes, ...], bytes], bytes],
    session: RelaySession,
    reverse_path: bytes,
    forward_paths: tuple[bytes, ...],
    content: bytes,
) -> bytes:
    """Leaves an exchanger without DELIVERBY for the next one where a message is under BY."""
    if session.parameters.of(b"BY") and not session.takes(b"BY"):
        return b"450 4.3.3 No DELIVERBY there"
    return clean(reverse_path, forward_paths, content)


# At the door.


@defect(
    ServerSession.extension_parameter,
    profile="on-request",
    proves={"rfc2852/4/time_that_is_not_met_has_a_status*"},
    also={"rfc2034/*"},
)
def time_that_is_not_met_is_called_temporary(
    clean: Callable[[bytes, bytes, bytes], Answer | None],
    _: ServerSession,
    verb: bytes,
    keyword: bytes,
    value: bytes,
) -> Answer | None:
    """Gives a 555 to a time that can't be met the status of a passing trouble."""
    given = clean(verb, keyword, value)
    return answer(555, b"Not so soon", status=b"4.3.0") if given and given.code == 555 else given
