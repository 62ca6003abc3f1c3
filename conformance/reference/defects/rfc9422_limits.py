"""Defects of LIMITS (RFC 9422), of servers that say them and of relays that are told."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._limits import NONE, Limits, pairs
from conformance.reference._mailer import Mailer
from conformance.reference._relay import RelaySession, Sent
from conformance.reference._session import Answer, ServerSession, answer

FEW = 10


@defect(ServerSession.recipients_at_most, profile="on-request", proves={"rfc9422/4.2/as_many_recipients_are_taken"})
def fewer_recipients_are_taken_than_listed(clean: Callable[[], int], session: ServerSession) -> int:
    """Takes ten recipients where it lists more."""
    del clean, session
    return FEW


@defect(
    ServerSession.open_transaction,
    profile="on-request",
    proves={"rfc9422/4.1/as_many_transactions_are_taken"},
)
def fewer_transactions_are_taken_than_listed(
    clean: Callable[[bytes], Answer | None], session: ServerSession, argument: bytes
) -> Answer | None:
    """Refuses MAIL after twenty commands where it lists more transactions."""
    return answer(550, b"Too many messages") if session.commands > 2 * FEW else clean(argument)


# What a relay makes of the limits of its next hops.

OfWords = Callable[[bytes], Limits]
_NUMBER = re.compile(rb"[+0]*([0-9]+)")


@defect(
    RelaySession.said_limits,
    proves={
        "rfc9422/3.6/limits_before_tls_do_not_count_behind_it[none-any-more]",
        "rfc9422/3.6/limits_before_tls_do_not_count_behind_it[more]",
        "rfc9422/3.6/limits_before_tls_do_not_count_behind_it[fewer]",
        "rfc9422/3.6/limits_before_tls_do_not_count_behind_it[others]",
    },
)
def first_limits_count(clean: Callable[[], bytes | None], session: RelaySession) -> bytes | None:
    """Goes by the limits that it was told before TLS."""
    return session.before_tls.get(b"LIMITS") or clean()


@defect(RelaySession.said_limits, proves={"rfc9422/3.6/limits_before_tls_do_not_count_behind_it[none-any-more]"})
def old_limits_stay_where_there_are_no_new_ones(
    clean: Callable[[], bytes | None], session: RelaySession
) -> bytes | None:
    """Goes by the limits that it was told before TLS where none are said behind it."""
    return clean() or session.before_tls.get(b"LIMITS")


@defect(RelaySession.limits, proves={"rfc9422/3.7/limits_in_a_wrong_form_are_ignored*"})
def limits_are_picked_out_of_a_wrong_form(clean: OfWords, session: RelaySession, words: bytes) -> Limits:
    """Goes by each limit that it can read, whatever stands between them."""
    del session
    found = {name: int(number[0]) for name, value in pairs(words) if (number := re.match(rb"[1-9][0-9]*", value))}
    return clean(words) if clean(words) is not NONE else found


@defect(RelaySession.limits, proves={"rfc9422/3.7/limit_with_a_wrong_value_is_ignored*"})
def limits_have_any_value(clean: OfWords, session: RelaySession, words: bytes) -> Limits:
    """Makes the best number of a value that is none: the digits that it begins with, and 1 of what has none."""
    del session
    if clean(words) is NONE:
        return NONE
    found = {name: _NUMBER.match(value) for name, value in pairs(words)}
    return {name: max(1, int(number[1])) if number else 1 for name, number in found.items()}


@defect(Mailer.remembered_limits, varies={"rfc9422/3.8/limits_may_be_remembered"})
def limits_are_remembered(clean: Callable[[str], Limits | None], mailer: Mailer, name: str) -> Limits | None:
    """Goes by the limits that a next hop said first."""
    del clean
    return mailer.known_limits.get(name)


@defect(
    Mailer.remembered_limits,
    name="limits-never-change",
    proves={"rfc9422/3.8/limits_may_change*"},
    also={"rfc9422/3.6/*", "rfc5321/4.5.3.1.10/client-sends-the-rest"},
)
def _first_limits_count_for_ever(clean: Callable[[str], Limits | None], mailer: Mailer, name: str) -> Limits | None:
    """Goes by the limits that a next hop said first, and gives up whom it then has no room for."""
    del clean
    return mailer.known_limits.get(name)


@defect(Mailer.judged, name="limits-never-change")
def _who_has_no_room_is_given_up(clean: Callable[[Sent], Sent], mailer: Mailer, sent: Sent) -> Sent:
    """Goes by the limits that a next hop said first, and gives up whom it then has no room for."""
    del mailer
    tried = clean(sent)
    given_up = tuple(each for each in tried.deferred if each.reason.startswith(b"452 Too many"))
    rest = tuple(each for each in tried.deferred if each not in given_up)
    return replace(tried, failed=(*tried.failed, *given_up), deferred=rest)
