"""Defects and choices of servers with mail that is faulty, hostile, or from nobody (RFC 5321 §4.5.5, §6.2, §6.4)."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._relay import Failed
from conformance.reference._session import Answer, ServerSession, answer
from conformance.reference._site import Stored
from conformance.reference._trace import Accepted, Trace
from conformance.wire import CRLF
from conformance.wire.paths import Path

OfCopy = Callable[[Copy, bytes], bytes]
OfContent = Callable[[Accepted, bytes], bytes]
OfPath = Callable[[Path], Answer | None]

NEEDED = (b"From", b"Date", b"Message-ID", b"Subject")
AUTHOR = re.compile(rb"(?im)^(?:From|Reply-To): <([^<>]+@relay[^<>]+)>")


def number_of(name: bytes, content: bytes) -> int:
    """How many fields of this name a message has."""
    return len(re.findall(rb"(?im)^" + name + rb":", content.partition(CRLF + CRLF)[0]))


@defect(
    Mailer.deliver_here,
    proves={"rfc5321/6.2/faulty_message_is_not_lost*"},
    also={"rfc5321/2.1/responsible-after-250"},
)
def faulty_messages_are_dropped(clean: OfCopy, _: Mailer, copy: Copy, forward_path: bytes) -> bytes:
    """Takes messages whose header section is not as it should be, and drops them without a word."""
    good = not copy.reverse_path or all(number_of(name, copy.content) == 1 for name in NEEDED)
    return clean(copy, forward_path) if good else b""


@defect(Mailer.deliver_here, proves={"rfc5321/6.2/hostile_content_is_not_bounced"})
def hostile_content_is_returned(clean: OfCopy, _: Mailer, copy: Copy, forward_path: bytes) -> bytes:
    """Sends a notification to whoever is said to have sent a virus."""
    return b"554 Hostile content" if b"EICAR-STANDARD-" in copy.content else clean(copy, forward_path)


@defect(ServerSession.refuse_sender, only={"elsewhere"}, varies={"rfc5321/6.2/mail_from_nowhere_may_be_left"})
def sender_that_can_not_exist_is_refused(clean: OfPath, _: ServerSession, path: Path) -> Answer | None:
    """Refuses a reverse-path in a domain that can't exist, as it may."""
    mailbox = path.mailbox
    nowhere = mailbox is not None and mailbox.domain.lower().endswith(b".invalid")
    return answer(550, b"No such domain", status=b"5.1.8") if nowhere else clean(path)


@defect(Mailer.fail, varies={"rfc5321/4.5.5/failed_notification_may_go_to_a_person"})
def failed_notification_goes_to_the_postmaster(
    clean: Callable[[Copy, list[Failed]], None], mailer: Mailer, copy: Copy, failed: list[Failed]
) -> None:
    """Puts what fails and has no sender into the postmaster's mailbox, as it may."""
    if not copy.reverse_path:
        mailer.site.store(Stored(b"postmaster", copy.content))
    clean(copy, failed)


@defect(Mailer.deliver_here, proves={"rfc5321/4.5.5/null_reverse_path_is_not_replied_to*"})
def mailbox_answers_everything(clean: OfCopy, mailer: Mailer, copy: Copy, forward_path: bytes) -> bytes:
    """Answers each message at its author's address, whatever its reverse-path is."""
    author = AUTHOR.search(copy.content)
    if author is not None:
        reply = b"From: <%b>" % forward_path + CRLF + b"Subject: I am away" + CRLF * 2 + b"Later." + CRLF
        mailer.dispatch(Copy(b"", (author[1],), reply))
    return clean(copy, forward_path)


# What a server mends.


def with_missing_fields(content: bytes) -> bytes:
    """The content with a date and a message identifier where it has none."""
    fields = b""
    if not number_of(b"Date", content):
        fields += b"Date: Thu, 26 Nov 2026 10:00:00 +0000" + CRLF
    if not number_of(b"Message-ID", content):
        fields += b"Message-ID: <added@mail.example.test>" + CRLF
    return fields + content


@defect(
    Trace.with_trace,
    proves={"rfc5321/6.4/changes_leave_a_trace"},
    also={"rfc5321/6.4/relay-changes-nothing"},
)
def changes_are_hidden(clean: OfContent, _: Trace, accepted: Accepted, content: bytes) -> bytes:
    """Adds what is missing to a message and writes no trace field that could tell."""
    mended = with_missing_fields(content)
    return mended if mended != content else clean(accepted, content)


@defect(
    Trace.with_trace,
    profile="submission",
    varies={"rfc5321/6.4/short_address_may_be_completed"},
)
def submission_mends_addresses(clean: OfContent, _: Trace, accepted: Accepted, content: bytes) -> bytes:
    """Completes addresses of one word, as a submission server may."""
    completed = re.sub(rb"(?im)^(Cc: [a-z]+)\r$", rb"\1@mail.example.test\r", content)
    return clean(accepted, completed)
