"""Defects of who is told what by a delivery status notification (RFC 3461 §5.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._parameters import Parameters
from conformance.reference._relay import Failed
from conformance.reference._report import Reported
from conformance.reference._site import RELAY_DOMAIN, Stored

Wants = Callable[[frozenset[bytes] | None], bool]
OfCopy = Callable[[Copy, list[Failed]], None]
Succeed = Callable[[Copy, list[Reported]], None]
Words = frozenset[bytes] | None


@defect(
    Mailer.wants_success,
    proves={
        "rfc3461/5.2.2/relaying_is_told_where_success_was_asked_for*",
        "rfc3461/5.2.3/delivery_is_told_where_success_was_asked_for*",
        "rfc3461/5.2.7.1/list_that_took_the_message_says_delivered",
        "rfc3461/5.2.7.3/alias_tells_of_success_once",
    },
)
def success_is_never_told(clean: Wants, _: Mailer, notify: Words) -> bool:
    """Knows SUCCESS and tells nobody."""
    del clean, notify
    return False


@defect(
    Mailer.wants_success,
    proves={
        "rfc3461/5.2.2/nobody_is_told_who_did_not_ask[never-taken]",
        "rfc3461/5.2.3/delivery_is_not_told_otherwise[never]",
    },
    also={"rfc3461/5.2.3/none-without-success", "rfc3461/5.2.7.3/*", "rfc3464/3/expanded-for-aliases"},
)
def success_is_told_under_never(clean: Wants, _: Mailer, notify: Words) -> bool:
    """Takes any NOTIFY for SUCCESS."""
    return notify is not None or clean(notify)


@defect(
    Mailer.wants_success,
    proves={
        "rfc3461/5.2.3/delivery_is_not_told_otherwise[failure*]",
        "rfc3461/5.2.3/delivery_is_not_told_otherwise[delay]",
    },
)
def success_is_told_under_failure(clean: Wants, _: Mailer, notify: Words) -> bool:
    """Tells of success where FAILURE or DELAY was asked for."""
    return clean(notify) or bool((notify or frozenset()) & {b"FAILURE", b"DELAY"})


@defect(
    Mailer.wants_success,
    proves={
        "rfc3461/5.2.2/nobody_is_told_who_did_not_ask[no-notify-taken]",
        "rfc3461/5.2.3/delivery_is_not_told_otherwise[no-notify]",
        "rfc3464/2.3/relaying_is_not_told_unasked",
    },
    also={
        "rfc2920/3.1/check-all-statuses",
        "rfc2920/3.1/count-replies",
        "rfc2920/3.1/multiline-replies",
        "rfc2920/3.1/no-confusion",
        "rfc2920/3.1/no-matching-by-code",
        "rfc5321/*",
        "rfc3461/*",
        "rfc3464/*",
    },
)
def success_is_told_unasked(clean: Wants, _: Mailer, notify: Words) -> bool:
    """Tells everybody of success who did not say otherwise."""
    return notify is None or clean(notify)


@defect(
    Mailer.wants_failure,
    proves={
        "rfc3461/5.2.8/notification_names_nobody_who_did_not_ask",
        "rfc3461/5.2.2/nobody_is_told_who_did_not_ask[never-refused]",
        "rfc3461/5.2.6/failure_is_not_told_otherwise*",
    },
)
def failure_is_told_under_never(clean: Wants, _: Mailer, notify: Words) -> bool:
    """Tells of a failure whatever NOTIFY says."""
    del clean, notify
    return True


@defect(
    Mailer.wants_failure,
    proves={
        "rfc3461/5.2.2/refusal_is_told_where_failure_was_asked_for[failure]",
        "rfc3461/5.2.2/refusal_is_told_where_failure_was_asked_for[with-others]",
        "rfc3461/5.2.6/failure_is_told_where_it_was_asked_for[failure]",
        "rfc3461/5.2.6/failure_is_told_where_it_was_asked_for[with-success]",
    },
)
def failure_is_told_without_notify_only(clean: Wants, _: Mailer, notify: Words) -> bool:
    """Takes any NOTIFY for NEVER where a message fails."""
    del clean
    return notify is None


@defect(
    Mailer.wants_failure,
    proves={
        "rfc3461/5.2.2/refusal_is_told_where_failure_was_asked_for[no-notify]",
        "rfc3461/5.2.6/failure_is_told_where_it_was_asked_for[no-notify]",
    },
    also={
        "rfc2920/3.1/check-all-statuses",
        "rfc2920/3.1/count-replies",
        "rfc2920/3.1/multiline-replies",
        "rfc2920/3.1/no-confusion",
        "rfc2920/3.1/no-matching-by-code",
        "rfc6531/3.7.4.1/utf-8-in-251-and-551",
        "rfc1870/6.*",
        "rfc3030/3/*",
        "rfc6152/3/*",
        "rfc6531/3.2/*",
        "rfc5321/*",
    },
)
def failure_is_told_on_request_only(clean: Wants, _: Mailer, notify: Words) -> bool:
    """Tells of a failure only where FAILURE was asked for."""
    return notify is not None and clean(notify)


@defect(
    Mailer.succeed,
    proves={"rfc3461/5.2.2/relaying_is_told_where_success_was_asked_for*"},
)
def relaying_is_called_a_delivery(clean: Succeed, _: Mailer, copy: Copy, reported: list[Reported]) -> None:
    """Says delivered of what only went on."""
    clean(copy, [replace(each, action=b"delivered") if each.action == b"relayed" else each for each in reported])


@defect(
    Mailer.local_action,
    proves={"rfc3461/5.2.3/delivery_is_told_where_success_was_asked_for*"},
)
def delivery_is_called_relaying(clean: Callable[[bytes], bytes], _: Mailer, forward_path: bytes) -> bytes:
    """Says relayed of what was delivered here."""
    del clean, forward_path
    return b"relayed"


def to_the_postmaster(mailer: Mailer, copy: Copy) -> None:
    """Lay a copy into the postmaster's mailbox."""
    mailer.site.store(Stored(b"postmaster", copy.content))


@defect(
    Mailer.fail,
    varies={"rfc3461/5.2.2/postmaster_may_learn_of_it", "rfc3461/5.2.6/postmaster_may_learn_of_it"},
)
def postmaster_is_told_of_failures(clean: OfCopy, mailer: Mailer, copy: Copy, failed: list[Failed]) -> None:
    """Lays what failed into the postmaster's mailbox, where the sender is not told."""
    clean(copy, failed)
    if any(copy.parameters.notify(each.forward_path) is not None for each in failed):
        to_the_postmaster(mailer, copy)


@defect(
    Mailer.fail,
    proves={"rfc3461/5.2.6/failure_behind_the_acceptance_is_called_failed"},
    also={"rfc5321/*"},
)
def dead_letter_is_called_a_delivery(clean: OfCopy, mailer: Mailer, copy: Copy, failed: list[Failed]) -> None:
    """Lays what can't be put into a mailbox into the postmaster's, and says delivered."""
    here = [each for each in failed if mailer.is_here(each.forward_path)]
    rest = [each for each in failed if each not in here]
    if here:
        to_the_postmaster(mailer, copy)
        mailer.succeed(copy, [Reported(each.forward_path, b"delivered") for each in here])
    if rest:
        clean(copy, rest)


@defect(
    Mailer.may_notify,
    name="null-reverse-path-is-told-at-its-author",
    proves={"rfc3461/5.2/null_reverse_path_gets*"},
    also={"rfc5321/*"},
)
def author_is_told_of_null(clean: Callable[[bytes], bool], _: Mailer, reverse_path: bytes) -> bool:
    """Tells the author of a message with the null reverse-path what became of it."""
    del clean, reverse_path
    return True


@defect(Mailer.notified, name="null-reverse-path-is-told-at-its-author")
def author_of_null(clean: Callable[[Copy], bytes], _: Mailer, copy: Copy) -> bytes:
    """Tells the author of a message with the null reverse-path what became of it."""
    if copy.reverse_path:
        return clean(copy)
    _before, _from, behind = copy.content.partition(b"From: <")
    author = behind.partition(b">")[0]
    return author if author.endswith(b"@" + RELAY_DOMAIN) else b"postmaster@example.test"


@defect(
    Mailer.grouped,
    varies={"rfc3461/5.2.2/recipients_under_never_may_go_apart"},
    name="never-goes-apart",
)
def never_is_parted(
    clean: Callable[[tuple[bytes, ...]], list[tuple[bytes, ...]]], _: Mailer, forward_paths: tuple[bytes, ...]
) -> list[tuple[bytes, ...]]:
    """Sends recipients under NEVER on in a transaction of their own, from nobody."""
    never = tuple(each for each in forward_paths if each.startswith(b"never-"))
    rest = tuple(each for each in forward_paths if each not in never)
    return [*clean(rest), *clean(never)]


@defect(Mailer.with_envelope, name="never-goes-apart")
def never_is_from_nobody(clean: Callable[[Copy], Copy], _: Mailer, copy: Copy) -> Copy:
    """Sends recipients under NEVER on in a transaction of their own, from nobody."""
    never = all(each.startswith(b"never-") for each in copy.forward_paths)
    return clean(replace(copy, reverse_path=b"") if never else copy)


@defect(
    Mailer.list_action,
    proves={"rfc3461/5.2.7.1/list_that_took_the_message_says_delivered", "rfc3464/2.3/list_is_a_delivery*"},
)
def list_is_called_expanded(clean: Callable[[], bytes], _: Mailer) -> bytes:
    """Says expanded of a list."""
    del clean
    return b"expanded"


@defect(Mailer.list_parameters, proves={"rfc3461/5.2.7.1/list_does_not_ask_what_the_sender_asked"})
def list_keeps_the_requests(clean: Callable[[Copy], Parameters], _: Mailer, copy: Copy) -> Parameters:
    """Has a list ask for its members what the message asked of the list."""
    del clean
    asked = [(member, name, value) for _path, name, value in copy.parameters.of_rcpt for member in MEMBERS]
    return replace(copy.parameters, of_rcpt=tuple(asked))


MEMBERS = (b"alice@example.test", b"bob@example.test")


@defect(
    Mailer.alias_parameters,
    proves={"rfc3461/5.2.7.3/alias_tells_of_success_once", "rfc3464/3/alias_of_several_is_expanded"},
)
def alias_asks_all_members(
    clean: Callable[[Parameters, bytes, tuple[bytes, ...]], Parameters],
    _: Mailer,
    parameters: Parameters,
    alias: bytes,
    members: tuple[bytes, ...],
) -> Parameters:
    """Has every member of an alias tell of success."""
    del clean
    for member in members:
        parameters = parameters.moved(alias, member, notify=parameters.at(alias, b"NOTIFY"))
    return parameters


@defect(
    Mailer.alias_parameters,
    name="alias-asks-one-member",
    varies={"rfc3464/3/one_member_may_be_asked"},
)
def alias_asks_the_first(
    clean: Callable[[Parameters, bytes, tuple[bytes, ...]], Parameters],
    _: Mailer,
    parameters: Parameters,
    alias: bytes,
    members: tuple[bytes, ...],
) -> Parameters:
    """Has one member of an alias tell of success, and says nothing of the alias."""
    asked = parameters.at(alias, b"NOTIFY")
    parameters = clean(parameters, alias, members[1:])
    return parameters.moved(alias, members[0], notify=asked)


@defect(Mailer.succeed, name="alias-asks-one-member")
def alias_says_nothing(clean: Succeed, _: Mailer, copy: Copy, reported: list[Reported]) -> None:
    """Has one member of an alias tell of success, and says nothing of the alias."""
    clean(copy, [each for each in reported if each.action != b"expanded"])
