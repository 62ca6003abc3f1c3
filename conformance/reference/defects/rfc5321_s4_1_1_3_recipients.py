"""Defects of what becomes of recipients that were answered with 250 (RFC 5321 §4.1.1.3, §4.2.1)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer, local_name
from conformance.reference._session import Answer, ServerSession, answer
from conformance.reference._site import RELAY_DOMAIN, USERS, Stored


@defect(Mailer.deliver_here, proves={"rfc5321/4.1.1.3/message_goes_into_the_mailboxes_that_it_names"})
def copies_go_into_the_first_mailbox(
    clean: Callable[[Copy, bytes], bytes], mailer: Mailer, copy: Copy, forward_path: bytes
) -> bytes:
    """Puts all copies of a message into the mailbox of its first recipient."""
    names = [local_name(each) for each in copy.forward_paths if mailer.is_here(each)]
    if len(names) < 2 or not set(names) <= set(USERS):
        return clean(copy, forward_path)
    mailer.site.store(Stored(names[0], mailer.trace.finally_delivered(copy.reverse_path, copy.content)))
    return b""


@defect(
    ServerSession.take_recipient,
    proves={"rfc5321/4.2.1/what_gets_2yz_is_done"},
    also={
        "rfc2920/3.1/check-all-statuses",
        "rfc2920/3.1/count-replies",
        "rfc2920/3.1/multiline-replies",
        "rfc2920/3.1/no-confusion",
        "rfc2920/3.1/no-matching-by-code",
        "rfc5321/2.1/client-transfers-or-reports",
        "rfc5321/4.5.3.1.10/client-sends-the-rest",
        "rfc5321/4.5.3.1.8/client-sends-chunks",
        "rfc5321/4.2.5/2yz-delivers",
        "rfc5321/4.4/each-failure-notified",
        "rfc5321/4.4/partial-failure-notification",
        "rfc5321/4.5.3.1.8/accepted-recipients-kept",
        "rfc5321/4.5.4.1/one-copy-for-many",
    },
)
def second_recipient_elsewhere_is_forgotten(
    clean: Callable[[bytes], Answer | None], session: ServerSession, forward_path: bytes
) -> Answer | None:
    """Answers 250 to a second recipient at the relay domain and forgets it."""
    assert session.transaction is not None
    there = b"@" + RELAY_DOMAIN
    known = [each for each in session.transaction.forward_paths if each.endswith(there)]
    return answer(250, b"OK") if known and forward_path.endswith(there) else clean(forward_path)
