"""Defects against RFC 5321 6.1 and 4.2.5: lost messages, and notifications that are missing or wrong."""

from __future__ import annotations

import re
from collections.abc import Callable

import trio

from conformance.reference._answer import Answer, answer
from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer, local_name
from conformance.reference._relay import Failed, RelaySession
from conformance.reference._session import ServerSession, Transaction
from conformance.reference._site import FULL
from conformance.wire.paths import Path

HERE = "rfc5321/6.1"
AT_THE_RELAY = re.compile(
    rb"(?im)^(?:From|Sender|Reply-To|Errors-To|Return-Path|Return-Receipt-To): <([^<>]+@relay[^<>]+)>"
)

OfFailure = Callable[[Copy, list[Failed]], None]
OfCopy = Callable[[Copy], bytes]
Refuses = Callable[[Transaction, bytes], Answer | None]


@defect(
    Mailer.notify,
    proves={
        f"{HERE}/refused_by_the_next_hop_is_notified*",
        f"{HERE}/each_failed_recipient_is_notified",
        f"{HERE}/partial_failure_is_notified",
        f"{HERE}/failure_after_acceptance_is_notified*",
    },
    also={
        "rfc2920/3.1/check-all-statuses",
        "rfc2920/3.1/count-replies",
        "rfc2920/3.1/multiline-replies",
        "rfc2920/3.1/no-confusion",
        "rfc2920/3.1/no-matching-by-code",
        "rfc5321/2.1/client-transfers-or-reports",
        "rfc5321/4.2.5/client-keeps-message-after-5yz",
        "rfc5321/4.2/client-prepared-for-new-codes",
        "rfc5321/4.2/client-takes-bare-code",
        "rfc5321/4.2/client-tests-first-digit",
        "rfc5321/4.5.3.1/client-prepared-for-rejection",
        "rfc6531/3.7.4.1/utf-8-in-251-and-551",
        "rfc1870/6.2/250-is-no-promise",
        "rfc1870/6.2/return-after-552",
        "rfc1870/6.4/no-queue-after-552",
        "rfc3030/3/convert-or-return",
        "rfc3030/3/undeclared-binary-returned",
        "rfc3461/5.2.2/failed-on-failure",
        "rfc3461/5.2.2/failed-without-notify",
        "rfc3461/5.2.6/failed",
        "rfc3461/5.2.6/failed-without-notify",
        "rfc6152/3/convert-or-return",
        "rfc6531/3.2/else-reject",
        "rfc5321/4.2/client-acts-on-code",
    },
    varies={"rfc5321/6.2/failed_mail_may_be_dropped"},
)
def failure_is_not_notified(clean: OfFailure, _: Mailer, copy: Copy, failed: list[Failed]) -> None:
    """Drops what can't be delivered and tells nobody."""
    del clean, copy, failed


@defect(
    Mailer.notification_reverse_path,
    proves={
        f"{HERE}/notification[null]",
        f"{HERE}/notification[null-for-dsn]",
        f"{HERE}/notification_of_refused_data_is_null",
    },
    also={
        "rfc5321/2.1/client-transfers-or-reports",
        "rfc3461/6.1/null-reverse-path",
        "rfc3464/2/null-return-address",
        "rfc6531/3.2/notification-conforms",
    },
)
def notification_from_the_postmaster(clean: Callable[[], bytes], _: Mailer) -> bytes:
    """Sends notifications with the postmaster as their reverse-path."""
    del clean
    return b"postmaster@example.test"


@defect(Mailer.notify, proves={f"{HERE}/notification[to-the-sender]"})
def notification_to_the_postmaster_too(clean: OfFailure, mailer: Mailer, copy: Copy, failed: list[Failed]) -> None:
    """Sends notifications to the sender and to the postmaster of its domain."""
    del clean
    to = mailer.notified(copy)
    others = (to, b"postmaster@relay.example.test") if b"@relay" in to else (to,)
    mailer.dispatch(Copy(b"", others, mailer.notification(copy, to, failed)))


@defect(
    Mailer.notification,
    proves={f"{HERE}/notification[report]"},
    also={"rfc3461/6.2/multipart-report", "rfc6531/3.2/notification-conforms"},
)
def notification_in_words_only(
    clean: Callable[[Copy, bytes, list[Failed]], bytes], _: Mailer, copy: Copy, to: bytes, failed: list[Failed]
) -> bytes:
    """Sends notifications that no program can read."""
    return re.sub(rb"(?m)^Content-Type: multipart/report[^\r\n]*", b"Content-Type: text/plain", clean(copy, to, failed))


@defect(RelaySession.opening_verbs, proves={f"{HERE}/notification[by-mail]"})
def notification_by_send(
    clean: Callable[[bytes], tuple[bytes, ...]], _: RelaySession, reverse_path: bytes
) -> tuple[bytes, ...]:
    """Tries to send notifications with SEND."""
    return clean(reverse_path) if reverse_path else (b"SEND", *clean(reverse_path))


@defect(Mailer.notify, proves={f"{HERE}/errors_go_to_no_header_field*"})
def notification_to_whom_the_header_names(clean: OfFailure, mailer: Mailer, copy: Copy, failed: list[Failed]) -> None:
    """Sends notifications to the addresses in the header section too."""
    clean(copy, failed)
    for address in AT_THE_RELAY.findall(copy.content):
        mailer.dispatch(Copy(b"", (address,), mailer.notification(copy, address, failed)))


@defect(
    Mailer.may_notify,
    name="notification-of-null-to-the-author",
    proves={f"{HERE}/null_reverse_path_gets_no_notification*"},
    also={"rfc3461/5.2/none-for-null"},
)
def notifies_of_null(clean: Callable[[bytes], bool], _: Mailer, reverse_path: bytes) -> bool:
    """Sends a notification about a message with the null reverse-path to its author."""
    del clean, reverse_path
    return True


@defect(Mailer.notified, name="notification-of-null-to-the-author")
def notifies_the_author(clean: OfCopy, _: Mailer, copy: Copy) -> bytes:
    """Sends a notification about a message with the null reverse-path to its author."""
    author = AT_THE_RELAY.search(copy.content)
    return author[1] if author and not copy.reverse_path else clean(copy) or b"postmaster@example.test"


@defect(
    ServerSession.kept_reverse_path,
    name="notification-along-the-route",
    proves={f"{HERE}/route_is_taken_off_the_reverse_path"},
)
def keeps_the_route(clean: Callable[[Path], bytes], _: ServerSession, path: Path) -> bytes:
    """Sends notifications along the source route of the reverse-path."""
    return path.route + clean(path)


@defect(Mailer.notified, name="notification-along-the-route")
def notifies_along_the_route(clean: OfCopy, _: Mailer, copy: Copy) -> bytes:
    """Sends notifications along the source route of the reverse-path."""
    del clean
    return copy.reverse_path


@defect(
    Mailer.notified_together,
    proves={f"{HERE}/each_failed_recipient_is_notified"},
    also={
        "rfc2920/3.1/count-replies",
        "rfc2920/3.1/no-confusion",
        "rfc5321/2.1/client-transfers-or-reports",
    },
)
def notification_of_the_first_failure_only(
    clean: Callable[[list[Failed]], list[list[Failed]]], _: Mailer, failed: list[Failed]
) -> list[list[Failed]]:
    """Tells of the first recipient that failed and of no other."""
    return clean(failed[:1])


@defect(Mailer.notified_together, proves={f"{HERE}/one_notification_names_all"})
def notification_for_each_failure(
    clean: Callable[[list[Failed]], list[list[Failed]]], _: Mailer, failed: list[Failed]
) -> list[list[Failed]]:
    """Sends a notification for each recipient that failed."""
    return [each for one in failed for each in clean([one])]


@defect(
    Mailer.fail,
    proves={f"{HERE}/partial_failure_is_notified"},
    also={
        "rfc2920/3.1/check-all-statuses",
        "rfc2920/3.1/count-replies",
        "rfc2920/3.1/multiline-replies",
        "rfc2920/3.1/no-confusion",
        "rfc2920/3.1/no-matching-by-code",
        "rfc5321/2.1/client-transfers-or-reports",
    },
)
def partial_failure_is_not_notified(clean: OfFailure, _: Mailer, copy: Copy, failed: list[Failed]) -> None:
    """Tells nobody where some recipients were served."""
    if len(failed) == len(copy.forward_paths):
        clean(copy, failed)


@defect(
    RelaySession.sends_to_the_rest,
    proves={f"{HERE}/the_other_recipient_gets_its_copy"},
    also={
        "rfc5321/2.1/client-transfers-or-reports",
        "rfc5321/4.5.3.1.8/client-sends-chunks",
    },
)
def one_refused_recipient_stops_all(clean: Callable[[], bool], _: RelaySession) -> bool:
    """Sends to nobody where the next hop refuses one of the recipients."""
    del clean
    return False


@defect(
    Mailer.deliver_here,
    proves={f"{HERE}/failure_after_acceptance_is_notified*"},
    also={"rfc3461/5.2.6/dead-letters-are-failures"},
)
def full_mailbox_swallows(clean: Callable[[Copy, bytes], bytes], _: Mailer, copy: Copy, forward_path: bytes) -> bytes:
    """Takes mail for a full mailbox and tells nobody."""
    return b"" if forward_path.startswith(FULL + b"@") else clean(copy, forward_path)


@defect(
    Mailer.deliver_here,
    proves={f"{HERE}/accepted_message_reaches_the_mailbox", f"{HERE}/each_of_several_messages_is_processed"},
    also={
        "rfc3030/2/last-marks-the-end",
        "rfc3461/5.2.6/dead-letters-are-failures",
        "rfc5321/4.1.1.5/lost-connection-like-quit",
        "rfc5321/6.2/bounce-what-can-not",
        "rfc5321/6.2/deliver-what-can-be-delivered",
        "rfc5321/3.9/*",
        "rfc5321/3.9.1/*",
        "rfc5321/3.9.2/*",
        "rfc5321/4.1.1.10/completed-transaction-kept",
        "rfc5321/4.1.1.3/source-route-stripped",
        "rfc5321/4.1.1.5/keeps-accepted-message",
        "rfc5321/4.1.1.4/late-errors-by-mail",
        "rfc5321/4.2.5/2yz-notifies",
    },
)
def local_mail_is_lost(clean: Callable[[Copy, bytes], bytes], _: Mailer, copy: Copy, forward_path: bytes) -> bytes:
    """Answers 250 and puts nothing into any mailbox."""
    del clean, copy, forward_path
    return b""


_ORDERLY = re.compile(rb"(?:[!-9;-~]+:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)+\r\n.", re.DOTALL)
"""A header section of fields alone, its end, and something behind it."""


@defect(Mailer.deliver_here, proves={f"{HERE}/odd_message_that_is_accepted_reaches_the_mailbox*"})
def mail_without_an_orderly_header_is_lost(
    clean: Callable[[Copy, bytes], bytes], _: Mailer, copy: Copy, forward_path: bytes
) -> bytes:
    """Answers 250 to a message whose header section has a flaw, no end or no body, and delivers it to nobody."""
    came = copy.content.partition(b"+0000\r\n")[2]  # behind our own Received field
    return clean(copy, forward_path) if _ORDERLY.match(came) else b""


@defect(
    Mailer.grouped,
    proves={f"{HERE}/accepted_message_reaches_the_next_hop", f"{HERE}/the_other_recipient_gets_its_copy"},
    also={
        "rfc5321/4.5.3.1.8/client-sends-chunks",
        "rfc5321/4.5.3.1/client-prepared-for-rejection",
        "rfc1870/6.*",
        "rfc3030/3/*",
        "rfc3461/5.2*",
        "rfc6152/3/*",
        "rfc6531/3.2/*",
        "rfc3464/*",
        "rfc5321/4.2.1/2yz-completed",
        "rfc5321/6.2/bounce-what-can-not",
        "rfc5321/4.1.2/ignore-source-routes",
        "rfc5321/4.5.3.1.8/accepted-recipients-kept",
        "rfc5321/4.5.3.2.*",
        "rfc5321/4.5.3.2/*",
        "rfc5321/4.4/each-failure-notified",
        "rfc5321/4.1.1.4/late-errors-by-mail",
        "rfc5321/4.2.5/2yz-notifies",
        "rfc5321/4.4/partial-failure-notification",
    },
)
def relayed_mail_is_lost(
    clean: Callable[[tuple[bytes, ...]], list[tuple[bytes, ...]]], _: Mailer, forward_paths: tuple[bytes, ...]
) -> list[tuple[bytes, ...]]:
    """Answers 250 and passes nothing on."""
    del clean, forward_paths
    return []


@defect(
    ServerSession.deliver,
    proves={f"{HERE}/each_of_several_messages_is_processed"},
    also={"rfc5321/4.1.1.3/final-delivery", "rfc5321/3.9/*", "rfc5321/3.9.1/*", "rfc5321/3.9.2/*"},
)
def third_message_is_lost(
    clean: Callable[[Transaction, bytes], None], session: ServerSession, transaction: Transaction, content: bytes
) -> None:
    """Answers 250 to the third message of a session and forgets it."""
    if len(session.site.delivered) < 2:
        clean(transaction, content)


@defect(
    Mailer.note_refused_mail,
    name="refused-mail-command-is-remembered",
    proves={f"{HERE}/refused_mail_command_is_not_remembered"},
    also={
        "rfc5321/2.1/client-transfers-or-reports",
        "rfc5321/4.2/client-prepared-for-new-codes",
        "rfc1870/6.2/return-after-552",
    },
)
def remembers_refused_mail(clean: Callable[[Copy], None], mailer: Mailer, copy: Copy) -> None:
    """Sends nothing more to a host that once refused MAIL."""
    clean(copy)
    mailer.site.down = True


@defect(Mailer.may_try, name="refused-mail-command-is-remembered")
def tries_no_more(clean: Callable[[Copy], bool], mailer: Mailer, copy: Copy) -> bool:
    """Sends nothing more to a host that once refused MAIL."""
    return clean(copy) and not mailer.site.down


# Crashes.


@defect(Mailer.write_down, proves={f"{HERE}/message_on_its_way_survives_a_crash"})
def queue_is_kept_in_memory(clean: Callable[[int, Copy], None], mailer: Mailer, number: int, copy: Copy) -> None:
    """Answers 250 to mail for elsewhere that a crash takes away."""
    del clean, mailer, number, copy


@defect(Mailer.deliver_here, proves={f"{HERE}/message_for_a_mailbox_survives_a_crash"})
def mailbox_is_written_after_the_reply(
    clean: Callable[[Copy, bytes], bytes], mailer: Mailer, copy: Copy, forward_path: bytes
) -> bytes:
    """Answers 250 to mail for a mailbox a second before it is stored."""
    if local_name(forward_path) == FULL:
        return clean(copy, forward_path)

    async def later() -> None:
        await trio.sleep(1)
        clean(copy, forward_path)

    mailer.start(later)
    return b""


# Shortages.


@defect(Mailer.keeps_without_room, proves={f"{HERE}/message_on_its_way_survives_a_full_queue"})
def what_cannot_be_written_again_is_dropped(clean: Callable[[], bool], mailer: Mailer) -> bool:
    """Drops a message from its queue where there is no room to write down what became of a try."""
    del clean, mailer
    return False


@defect(ServerSession.find_no_room, proves={f"{HERE}/message_without_room_in_the_queue_is_not_lost"})
def full_queue_answers_250(clean: Refuses, session: ServerSession, transaction: Transaction, content: bytes) -> Answer:
    """Answers 250 to a message that it has no room for, and loses it."""
    del clean, session, transaction, content
    return answer(250, b"OK, taken")


@defect(ServerSession.find_no_room, proves={f"{HERE}/message_without_room_in_the_queue_is_its_clients"})
def full_queue_answers_452_and_delivers(
    clean: Refuses, session: ServerSession, transaction: Transaction, content: bytes
) -> Answer | None:
    """Refuses a message for want of room and delivers it all the same."""
    session.deliver(transaction, content)
    return clean(transaction, content)


@defect(Mailer.wait_for_room, proves={f"{HERE}/message_for_a_full_mailbox_is_not_lost"})
def full_mailbox_loses_mail(
    clean: Callable[[Copy, bytes], None], mailer: Mailer, copy: Copy, forward_path: bytes
) -> None:
    """Answers 250 to a message that its mailbox has no room for, and loses it."""
    del clean, mailer, copy, forward_path
