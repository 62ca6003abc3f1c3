"""Defects of timers: replies not waited for, and mail not tried again as it should be (RFC 5321 §4.5.3.2, §4.5.4.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import trio

from conformance.reference._answer import Answer
from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._relay import RelaySession, Sent
from conformance.reference._session import ServerSession
from conformance.reference._trace import Accepted

OfStep = Callable[[str], float]
TIMEOUTS = "rfc5321/4.5.3.2/"
RETRIES = "rfc5321/4.5.4.1/"


@defect(
    RelaySession.patience,
    proves={
        TIMEOUTS + "late_reply_is_waited_for*",
        TIMEOUTS + "late_replies_do_not_add_up",
        TIMEOUTS + "mail_data_that_are_read_slowly_are_sent*",
    },
    also={"rfc5321/4.5.3.2.1/greeting-5-minutes", "rfc5321/4.5.3.2.1/delay-is-no-failure"},
)
def client_waits_a_minute(clean: OfStep, session: RelaySession, step: str) -> float:
    """Waits 60 seconds for any reply."""
    del clean, session, step
    return 60.0


@defect(RelaySession.patience, proves={"rfc5321/4.5.3.2/late_greeting_is_waited_for*"}, only={"greeting"})
def client_waits_half_a_minute_for_the_greeting(clean: OfStep, session: RelaySession, step: str) -> float:
    """Waits 20 seconds for the greeting."""
    del clean, session, step
    return 20.0


@defect(
    RelaySession.patience,
    proves={TIMEOUTS + "late_replies_do_not_add_up"},
    also={"rfc5321/4.5.3.2.6/end-of-data-10-minutes"},
)
def client_times_the_whole_transaction(clean: OfStep, session: RelaySession, step: str) -> float:
    """Has one timer of ten minutes for the whole transaction."""
    del clean, step
    began = session.began
    return max(0.0, began + 600.0 - trio.current_time())


@defect(
    RelaySession.patience,
    only={"block"},
    proves={TIMEOUTS + "mail_data_that_are_read_slowly_are_sent[blocks]"},
)
def client_times_the_mail_data_as_a_whole(clean: OfStep, session: RelaySession, step: str) -> float:
    """Has one timer of three minutes for all of the mail data."""
    del clean, step
    return max(0.0, session.data_began + 180.0 - trio.current_time())


@defect(RelaySession.patience, varies={TIMEOUTS + "client_gives_up_waiting"})
def client_waits_for_ever(clean: OfStep, session: RelaySession, step: str) -> float:
    """Has no timers."""
    del clean, session, step
    return float("inf")


@defect(
    Mailer.judged,
    proves={
        RETRIES + "refused_for_now_is_tried_again*",
        "rfc5321/4.2.1/refusal_for_now_is_not_final*",
        "rfc5321/4.2.1/refusal_for_now_is_tried_again[mail]",
        "rfc5321/4.2.1/refusal_for_now_is_tried_again[rcpt]",
        "rfc5321/4.2.1/refusal_for_now_is_tried_again[data]",
    },
    also={
        "rfc2033/5/client-keeps-replies-before-a-close",
        "rfc2033/5/client-reads-replies-as-they-come",
        "rfc5321/4.5.3.1.10/client-sends-the-rest",
        "rfc5321/4.5.3.1.10/client-takes-552-as-temporary",
        "rfc5321/3.8/*",
        "rfc5321/4.2/*",
        "rfc1870/6.2/again-after-452",
        "rfc5321/4.5.4.1/*",
        "rfc5321/5.1/addresses-in-order",
        "rfc5321/5.1/temporary-error-queued",
    },
)
def refused_for_now_is_given_back(clean: Callable[[Sent], Sent], mailer: Mailer, sent: Sent) -> Sent:
    """Takes a refusal for now for one for good."""
    del clean, mailer
    return replace(sent, failed=(*sent.failed, *sent.deferred), deferred=())


@defect(
    Mailer.queued,
    proves={RETRIES + "second_attempt_has_the_envelope"},
    also={"rfc5321/4.2.1/client-tries-again-after-4yz", "rfc5321/4.2.5/client-keeps-message-after-4yz"},
)
def queue_forgets_the_sender(clean: Callable[[Copy, Sent], Copy], mailer: Mailer, copy: Copy, sent: Sent) -> Copy:
    """Tries again with the null reverse-path."""
    del mailer
    return replace(clean(copy, sent), reverse_path=b"")


HALF_AN_HOUR = RETRIES + "second_attempt_is_half_an_hour_later"


@defect(
    Mailer.retry_after,
    proves={RETRIES + "second_attempt_is_not_at_once", HALF_AN_HOUR},
)
def tries_again_at_once(clean: Callable[[Copy], float], mailer: Mailer, copy: Copy) -> float:
    """Tries again at once, or nearly so: without a pause the clock of the tests would stand still."""
    del clean, mailer, copy
    return 0.9


@defect(Mailer.retry_after, proves={HALF_AN_HOUR})
def tries_again_after_a_minute(clean: Callable[[Copy], float], mailer: Mailer, copy: Copy) -> float:
    """Tries again after a minute."""
    del clean, mailer, copy
    return 60.0


@defect(
    Mailer.retry_after,
    proves={RETRIES + "two_attempts_fall_into_the_first_hour"},
    also={"rfc5321/4.2.1/client-tries-again-after-4yz", "rfc5321/6.1/survives-a-shortage"},
)
def tries_again_after_two_hours(clean: Callable[[Copy], float], mailer: Mailer, copy: Copy) -> float:
    """Tries again after two hours, four times as long as the half hour that is recommended."""
    del mailer
    return 4 * clean(copy)


@defect(ServerSession.idle_seconds, proves={"rfc5321/4.5.3.2/server_waits_five_minutes"})
def server_waits_a_minute(clean: Callable[[], float], session: ServerSession) -> float:
    """Closes after a minute in which nothing was said."""
    del clean, session
    return 60.0


@defect(ServerSession.idle_seconds, proves={TIMEOUTS + "busy_session_is_not_timed_as_a_whole"})
def session_has_five_minutes_in_all(clean: Callable[[], float], session: ServerSession) -> float:
    """Closes five and a half minutes after the beginning of a session, whatever was said in it."""
    age = trio.current_time() - session.began
    return max(0.0, 330.0 - age) if age > 200.0 else clean()


@defect(ServerSession.idle_seconds, varies={"rfc5321/4.5.3.2/server_may_close_a_silent_session"})
def server_waits_ten_minutes(clean: Callable[[], float], session: ServerSession) -> float:
    """Closes after ten minutes in which nothing was said."""
    del clean, session
    return 600.0


@defect(
    ServerSession.render,
    proves={"rfc5321/4.5.3.2/reply_to_the_mail_data_comes_soon"},
    only={"250"},
    also={
        "rfc5321/4.1.1.4/crlf-dot-crlf",
        "rfc5321/4.1.1.4/ok-when-processed",
        "rfc5321/4.5.2/single-dot-ends",
        "rfc3030/2/empty-last-is-served",
        "rfc5321/4.5.4.2/several-transactions-at-once",
    },
)
def mail_data_is_not_answered(clean: Callable[[Answer], bytes], session: ServerSession, given: Answer) -> bytes:
    """Takes mail data and never says so."""
    del session
    return b"" if given.texts[0].endswith(b"OK, taken") else clean(given)


# What a client chooses (RFC 5321 §2.2.3, §4.5.4.1).

CHOICES = "rfc5321/4.5.4.1/"


@defect(
    Mailer.grouped,
    varies={CHOICES + "recipients_of_a_transaction_may_have_a_limit"},
    also={"rfc5321/4.5.3.1.10/client-sends-the-rest"},
)
def fifty_recipients_share_a_transaction(
    clean: Callable[[tuple[bytes, ...]], list[tuple[bytes, ...]]], mailer: Mailer, forward_paths: tuple[bytes, ...]
) -> list[tuple[bytes, ...]]:
    """Sends to no more than fifty recipients in one transaction."""
    del mailer
    return [each[at : at + 50] for each in clean(forward_paths) for at in range(0, len(each), 50)]


@defect(Mailer.sends_at_once, varies={CHOICES + "messages_may_go_out_at_the_same_time"})
def messages_go_out_by_turns(clean: Callable[[], bool], mailer: Mailer) -> bool:
    """Sends one message at a time."""
    del clean, mailer
    return False


@defect(Mailer.wakes_the_queue, varies={CHOICES + "waiting_mail_may_go_out_on_contact"})
def contact_wakes_the_queue(clean: Callable[[Accepted], bool], mailer: Mailer, accepted: Accepted) -> bool:
    """Tries what waits as soon as any mail comes in."""
    del clean, mailer, accepted
    return True


@defect(Mailer.gives_up_after, varies={CHOICES + "notifications_may_be_tried_less_often"})
def notification_is_tried_once(clean: Callable[[Copy], float], mailer: Mailer, copy: Copy) -> float:
    """Gives mail from nobody up after the first attempt."""
    del mailer
    return clean(copy) if copy.reverse_path else 0.0


@defect(
    Mailer.gives_up_after,
    proves={CHOICES + "mail_is_not_given_up_within_the_hour"},
    also={"rfc2033/5/client-reads-replies-as-they-come"},
)
def mail_is_given_up_after_ten_minutes(clean: Callable[[Copy], float], mailer: Mailer, copy: Copy) -> float:
    """Gives a message back that could not be sent for ten minutes."""
    del mailer
    return min(600.0, clean(copy))


@defect(Mailer.is_known_dead, varies={CHOICES + "dead_host_is_remembered"})
def dead_hosts_are_tried_for_each_message(clean: Callable[[str], bool], mailer: Mailer, address: str) -> bool:
    """Tries a host that it could not reach anew for each message."""
    del clean, mailer, address
    return False


@defect(
    RelaySession.waits_for,
    proves={"rfc5321/2.2.3/message_goes_without_the_extension_in_the_end"},
    varies={"rfc5321/2.2.3/message_may_wait_for_an_extension", "rfc5321/2.2.3/message_may_go_to_who_has_the_extension"},
)
def extension_is_waited_for_to_the_end(clean: Callable[[bytes], bool], session: RelaySession, extension: bytes) -> bool:
    """Keeps a message for a next hop that has its extension, and gives it back at last."""
    del clean, session, extension
    return True
