"""Defects in paths and envelopes on their way, against RFC 5321 2.4, 3.6.1, 3.9, 4.1.1.3, 4.5.4.1 and 6.3."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._relay import RelaySession
from conformance.reference._session import Answer, ServerSession, Transaction, answer
from conformance.reference._site import ALIASES, FULL
from conformance.reference._trace import Trace
from conformance.wire.paths import Path

OfPath = Callable[[bytes], bytes]
OfParsed = Callable[[Path], bytes]
BEHIND = "rfc5321/2.4"
LOCAL_PARTS = f"{BEHIND}/local_part_of_a_recipient_is_relayed"
LISTS_ = "rfc5321/3.9"


def in_small_letters(mailbox: bytes) -> bytes:
    """The mailbox with its local-part in small letters."""
    local, at, domain = mailbox.rpartition(b"@")
    return local.lower() + at + domain


@defect(
    RelaySession.outward_forward_path,
    proves={f"{LOCAL_PARTS}[mixed-case]", f"{LOCAL_PARTS}[upper-case]"},
    also={"rfc5321/2.4/client-keeps-case-of-local-part"},
)
def relay_writes_recipients_in_small_letters(clean: OfPath, _: RelaySession, forward_path: bytes) -> bytes:
    """Passes the local-parts of recipients on in small letters."""
    return in_small_letters(clean(forward_path))


@defect(
    RelaySession.outward_reverse_path,
    proves={f"{BEHIND}/local_part_of_the_sender_is_relayed"},
)
def relay_writes_senders_in_small_letters(clean: OfPath, _: RelaySession, reverse_path: bytes) -> bytes:
    """Passes the local-part of the sender on in small letters."""
    return in_small_letters(clean(reverse_path))


@defect(Mailer.notified, proves={f"{BEHIND}/notification_keeps_the_case_of_the_sender"})
def notification_to_small_letters(clean: Callable[[Copy], bytes], _: Mailer, copy: Copy) -> bytes:
    """Sends notifications to the sender's local-part in small letters."""
    return in_small_letters(clean(copy))


@defect(Trace.return_path, proves={f"{BEHIND}/return_path_keeps_the_case_of_the_sender"})
def return_path_in_small_letters(clean: OfPath, _: Trace, reverse_path: bytes) -> bytes:
    """Writes Return-Path in small letters."""
    return clean(in_small_letters(reverse_path))


@defect(
    RelaySession.outward_forward_path,
    proves={f"{LOCAL_PARTS}[{row}]" for row in ("plus", "hyphens-and-dots", "equals", "specials", "quoted")},
    also={"rfc6531/3.4/client-supplies-parameter"},
)
def relay_reads_local_parts(clean: OfPath, _: RelaySession, forward_path: bytes) -> bytes:
    """Gives the local-parts of other hosts a meaning."""
    local, at, domain = clean(forward_path).rpartition(b"@")
    found = re.search(rb"t[0-9a-f]{12}", local)
    plain = re.fullmatch(rb"[A-Za-z0-9-]*", local)
    return (local if plain or not found else found[0]) + at + domain


@defect(
    ServerSession.kept_forward_path,
    proves={f"{BEHIND}/source_route_is_not_relayed", f"{BEHIND}/own_name_is_not_left_in_the_route"},
)
def route_is_kept(clean: OfParsed, _: ServerSession, path: Path) -> bytes:
    """Passes the source route of a recipient on."""
    return path.route + clean(path)


@defect(ServerSession.kept_forward_path, proves={f"{BEHIND}/route_does_not_get_into_the_reverse_path"})
def route_gets_into_the_reverse_path(clean: OfParsed, session: ServerSession, path: Path) -> bytes:
    """Writes the names of a source route into the reverse-path, as RFC 821 had it."""
    if path.route and session.transaction is not None:
        session.transaction.reverse_path = path.route + session.transaction.reverse_path
    return clean(path)


@defect(
    ServerSession.kept_forward_path,
    proves={f"{BEHIND}/source_route_makes_no_difference", f"{BEHIND}/source_route_to_a_mailbox_is_dropped"},
)
def routed_mail_goes_astray(clean: OfParsed, _: ServerSession, path: Path) -> bytes:
    """Takes mail for a source route and does not get it there."""
    return FULL + b"@example.test" if path.route else clean(path)


@defect(
    RelaySession.outward_reverse_path,
    proves={f"{BEHIND}/reverse_path_is_relayed[mailbox]", f"{BEHIND}/second_transaction_has_its_own_reverse_path"},
    also={
        "rfc5321/2.1/client-transfers-or-reports",
        "rfc5321/3.6.1/no-invalid-source-routes",
        "rfc5321/C/full-names-in-route",
        "rfc1870/6.2/return-after-552",
        "rfc5321/2.4/relay-keeps-case-of-local-part",
        "rfc5321/4.5.4.2/several-transactions-at-once",
        "rfc5321/B/reverse-path-from-identity",
    },
)
def relay_sends_as_itself(clean: OfPath, _: RelaySession, reverse_path: bytes) -> bytes:
    """Passes mail on with a reverse-path of its own."""
    return b"relay@mail.example.test" if clean(reverse_path) else b""


@defect(
    RelaySession.outward_reverse_path,
    proves={f"{BEHIND}/reverse_path_is_relayed[null]"},
    also={
        "rfc5321/2.1/client-transfers-or-reports",
        "rfc3461/6.1/null-reverse-path",
        "rfc3464/2/null-return-address",
        "rfc6531/3.2/notification-conforms",
        "rfc5321/4.4/notifications-null-reverse-path",
        "rfc5321/4.5.5/notifications-null",
    },
)
def relay_gives_null_a_reverse_path(clean: OfPath, _: RelaySession, reverse_path: bytes) -> bytes:
    """Passes mail with the null reverse-path on with another."""
    return clean(reverse_path) or b"postmaster@mail.example.test"


@defect(
    ServerSession.kept_reverse_path,
    proves={f"{BEHIND}/second_transaction_has_its_own_reverse_path"},
    also={"rfc5321/4.5.4.1/no-memory-of-refused-mail"},
)
def first_reverse_path_is_kept(clean: OfParsed, session: ServerSession, path: Path) -> bytes:
    """Gives every message of a site the reverse-path of the first that had one at the relay domain."""
    before = session.site.delivered
    first = before[0].reverse_path if len(before) == 1 else b""
    return first if b"@relay." in first and b"@relay." in clean(path) else clean(path)


# Loops.


@defect(
    Trace.is_looping,
    proves={"rfc5321/6.3/message_in_a_loop_is_stopped"},
    varies={"rfc5321/3.6.3/message_of_many_hops_may_be_stopped"},
)
def loops_are_not_stopped(clean: Callable[[bytes], bool], _: Trace, content: bytes) -> bool:
    """Passes a message on however often it has come by."""
    del clean, content
    return False


@defect(Trace.is_looping, proves={"rfc5321/6.3/long_way_is_no_loop*"})
def thirty_hosts_are_a_loop(clean: Callable[[bytes], bool], _: Trace, content: bytes) -> bool:
    """Takes a message that came by thirty hosts for one in a loop."""
    return clean(content) or content.count(b"Received:") > 30


@defect(ServerSession.end_of_data, proves={"rfc5321/6.3/long_way_is_no_loop[98]"})
def ninety_hosts_are_refused(
    clean: Callable[[bytes], Answer | None], session: ServerSession, content: bytes
) -> Answer | None:
    """Refuses a message that came by ninety hosts."""
    if 90 <= content.count(b"Received:") < 100:
        session.clear("end of data")
        return answer(554, b"Too many hops")
    return clean(content)


# Aliases, lists and several recipients.


@defect(Mailer.alias_members, proves={f"{LISTS_}/alias_reaches_all*"})
def alias_stands_for_one(clean: Callable[[bytes], tuple[bytes, ...]], _: Mailer, name: bytes) -> tuple[bytes, ...]:
    """Sends what comes for an alias to the first of those for whom it stands."""
    return clean(name)[:1]


@defect(Mailer.expanded, proves={f"{LISTS_}/alias_changes_nothing_else"})
def alias_changes_the_reverse_path(clean: Callable[[Copy], list[Copy]], _: Mailer, copy: Copy) -> list[Copy]:
    """Treats an alias as a list, whose owner is told of errors."""
    is_alias = any(path.partition(b"@")[0] in ALIASES for path in copy.forward_paths)
    return clean(replace(copy, reverse_path=b"postmaster@example.test") if is_alias else copy)


OfList = Callable[[Copy, bytes], Copy]


@defect(Mailer.list_copy, proves={f"{LISTS_}/list_reaches_all*"})
def list_forgets_a_member(clean: OfList, _: Mailer, copy: Copy, name: bytes) -> Copy:
    """Leaves the last member of a list out."""
    found = clean(copy, name)
    return replace(found, forward_paths=found.forward_paths[:-1])


@defect(Mailer.list_copy, proves={f"{LISTS_}/list_has_its_own_reverse_path"})
def list_keeps_the_reverse_path(clean: OfList, _: Mailer, copy: Copy, name: bytes) -> Copy:
    """Sends on to a list with the reverse-path of MAIL."""
    return replace(clean(copy, name), reverse_path=copy.reverse_path)


@defect(Mailer.list_copy, proves={f"{LISTS_}/list_leaves_the_header_alone*"})
def list_writes_the_header_anew(clean: OfList, _: Mailer, copy: Copy, name: bytes) -> Copy:
    """Marks every field of the author in what a list sends on."""
    found = clean(copy, name)
    return replace(found, content=re.sub(rb"(?m)^(From|To|Date|Message-ID|Subject): ", rb"\1: [list] ", found.content))


@defect(
    Mailer.grouped,
    proves={f"{LISTS_}/one_copy_for_many_recipients*"},
    varies={"rfc5321/7.2/blind_copies_may_go_by_themselves"},
)
def relay_sends_a_copy_to_each(
    clean: Callable[[tuple[bytes, ...]], list[tuple[bytes, ...]]], _: Mailer, forward_paths: tuple[bytes, ...]
) -> list[tuple[bytes, ...]]:
    """Sends a message as often as it has recipients."""
    return [each for path in forward_paths for each in clean((path,))]


@defect(
    ServerSession.take_recipient,
    proves={f"{LISTS_}/hundred_recipients_are_kept"},
    also={"rfc5321/4.5.3.1.10/client-sends-the-rest", "rfc5321/4.5.3.1.8/client-sends-chunks"},
)
def fifty_recipients_are_kept(
    clean: Callable[[bytes], Answer | None], session: ServerSession, forward_path: bytes
) -> Answer | None:
    """Answers 250 to every recipient and keeps fifty."""
    assert session.transaction is not None
    full = len(session.transaction.forward_paths) >= 50
    return answer(250, b"OK") if full else clean(forward_path)


@defect(
    ServerSession.deliver,
    proves={
        f"{LISTS_}/each_mailbox_gets_a_copy",
        f"{LISTS_}/mailbox_here_and_recipient_elsewhere",
        f"{LISTS_}/hundred_recipients_are_kept",
        "rfc5321/2.1/each_recipient_is_served_or_reported[nothing]",
    },
    also={
        "rfc2920/3.1/check-all-statuses",
        "rfc2920/3.1/count-replies",
        "rfc2920/3.1/multiline-replies",
        "rfc2920/3.1/no-confusion",
        "rfc2920/3.1/no-matching-by-code",
        "rfc5321/4.5.3.1.10/client-sends-the-rest",
        "rfc5321/4.5.3.1.8/client-sends-chunks",
        "rfc5321/4.1.1.3/final-delivery",
        "rfc5321/4.2.1/2yz-completed",
        "rfc5321/4.2.5/2yz-delivers",
        "rfc5321/4.4/each-failure-notified",
        "rfc5321/4.4/partial-failure-notification",
        "rfc5321/4.5.4.1/one-copy-for-many",
    },
)
def first_recipient_gets_the_message(
    clean: Callable[[Transaction, bytes], None], _: ServerSession, transaction: Transaction, content: bytes
) -> None:
    """Delivers to the first recipient and to no other."""
    clean(replace(transaction, forward_paths=transaction.forward_paths[:1]), content)
