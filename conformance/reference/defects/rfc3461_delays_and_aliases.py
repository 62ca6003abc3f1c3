"""Defects of what is told of delays, and of what an alias or a list asks for those behind it (RFC 3461 §5.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._delays import Delays
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._parameters import Parameters
from conformance.reference._report import Reported
from conformance.reference._session import ServerSession
from conformance.reference._site import LISTS

Words = frozenset[bytes] | None
Wants = Callable[[Words], bool]
Forwarded = Callable[[Parameters, bytes, bytes], Parameters]
Fits = Callable[[bytes, bytes], bool]
OfList = Callable[[Copy], Parameters]
DELAYS = "rfc3461/5.2.5"
LISTS_ = "rfc3461/5.2.7.1"
ALIASES_ = "rfc3461/5.2.7.2"
REASONS = re.compile(rb"(?m)^(?:Remote-MTA|Diagnostic-Code|Status):[^\r\n]*\r\n")
IN_PARENTHESES = re.compile(rb"(?m)^(Original-[^\r\n(]*)\([^\r\n)]*\)?")
MEMBERS = LISTS[b"circle"]


# Delays.


@defect(
    Delays.wants_delay,
    proves={f"{DELAYS}/delay_is_not_told_where_it_is_not_wanted*", f"{DELAYS}/delay_names_nobody_who_did_not_ask"},
)
def delay_is_told_under_never(clean: Wants, _: Delays, notify: Words) -> bool:
    """Tells of a delay whatever NOTIFY says."""
    del clean, notify
    return True


@defect(
    Delays.wants_delay,
    proves={
        f"{DELAYS}/delay_is_not_told_where_it_is_not_wanted[failure]",
        f"{DELAYS}/delay_is_not_told_where_it_is_not_wanted[success-failure]",
        f"{DELAYS}/delay_names_nobody_who_did_not_ask",
    },
)
def delay_is_told_under_failure(clean: Wants, _: Delays, notify: Words) -> bool:
    """Takes FAILURE for a wish to be told of delays too."""
    return clean(notify) or (notify is not None and b"FAILURE" in notify)


@defect(Delays.warns_after, varies={f"{DELAYS}/delay_may_be_told*"})
def delay_is_never_told(clean: Callable[[float], float], _: Delays, usual: float) -> float:
    """Tells nobody of a delay."""
    del clean, usual
    return float("inf")


@defect(Delays.retry_until, proves={f"{DELAYS}/last_try_has_a_numeric_zone"})
def last_try_is_in_a_named_zone(clean: Callable[[float], bytes], _: Delays, seconds: float) -> bytes:
    """Writes the zone of Will-Retry-Until by its name."""
    return clean(seconds).replace(b"+0000", b"GMT")


@defect(
    Delays.retry_until,
    profile="on-request",
    proves={"rfc2852/4.1.3/last_try_of_a_late_message_has_a_numeric_zone"},
)
def last_try_of_a_late_message_is_in_a_named_zone(clean: Callable[[float], bytes], _: Delays, seconds: float) -> bytes:
    """Writes the zone of Will-Retry-Until by its name, in what it tells of messages under BY."""
    return clean(seconds).replace(b"+0000", b"GMT")


@defect(Mailer.report, proves={f"{DELAYS}/delay_is_told_with_what_the_next_hop_said*"})
def delay_is_told_without_a_reason(
    clean: Callable[[Copy, bytes, list[Reported]], bytes], _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Tells of a delay and of no host, reply or status."""
    told = clean(copy, to, reported)
    return REASONS.sub(b"", told) if reported[0].action == b"delayed" else told


# An alias of one.


@defect(
    Mailer.forwarded_parameters,
    proves={
        f"{ALIASES_}/alias_of_one_passes_requests_on[notify*]",
        f"{ALIASES_}/alias_of_one_passes_requests_on[orcpt]",
    },
)
def alias_of_one_forgets_the_recipient(
    clean: Forwarded, _: Mailer, parameters: Parameters, alias: bytes, member: bytes
) -> Parameters:
    """Forwards a message without the NOTIFY and ORCPT of the alias."""
    del clean, alias, member
    return parameters


@defect(
    Mailer.forwarded_parameters,
    proves={f"{ALIASES_}/alias_of_one_passes_requests_on[envid]", f"{ALIASES_}/alias_of_one_passes_requests_on[ret*]"},
)
def alias_of_one_forgets_the_message(
    clean: Forwarded, _: Mailer, parameters: Parameters, alias: bytes, member: bytes
) -> Parameters:
    """Forwards a message without its ENVID and RET."""
    kept = tuple(each for each in parameters.of_mail if each[0] not in {b"ENVID", b"RET"})
    return replace(clean(parameters, alias, member), of_mail=kept)


@defect(
    Mailer.forwarded_action,
    proves={
        f"{ALIASES_}/alias_of_one_makes_no_notification[success]",
        f"{ALIASES_}/alias_of_one_makes_no_notification[all-three]",
    },
)
def alias_of_one_is_called_expanded(clean: Callable[[], bytes], _: Mailer) -> bytes:
    """Says expanded of an alias of one."""
    del clean
    return b"expanded"


@defect(
    Mailer.tell_expanded,
    proves={f"{ALIASES_}/alias_of_one_makes_no_notification*"},
    also={"rfc5321/*", "rfc3461/5.2.7.*", "rfc3464/*"},
)
def forwarding_is_always_told(clean: Callable[[Copy], None], mailer: Mailer, copy: Copy) -> None:
    """Tells everybody that a message was forwarded."""
    del clean
    if any(path.startswith(b"desk@") for path in copy.forward_paths) and mailer.may_notify(copy.reverse_path):
        reported = [Reported(each, b"relayed") for each in copy.forward_paths]
        to = mailer.notified(copy)
        mailer.send_report(copy.parameters, to, mailer.report(copy, to, reported))


# A list.


@defect(Mailer.list_parameters, proves={f"{LISTS_}/list_gives_its_members_as_original_recipients*"})
def list_gives_itself_as_original_recipient(clean: OfList, _: Mailer, copy: Copy) -> Parameters:
    """Gives the list's own address in ORCPT of what it sends to its members."""
    original = tuple((member, b"ORCPT", b"rfc822;circle@example.test") for member in MEMBERS)
    return replace(clean(copy), of_rcpt=original)


@defect(
    Mailer.list_parameters,
    proves={
        f"{LISTS_}/list_follows_no_wish_of_the_sender*",
        f"{LISTS_}/list_gives_its_members_as_original_recipients[asked]",
    },
)
def list_asks_what_the_sender_asked(clean: OfList, _: Mailer, copy: Copy) -> Parameters:
    """Has a list ask the next hop what the message asked of the list."""
    asked = [(member, name, value) for _path, name, value in copy.parameters.of_rcpt for member in MEMBERS]
    return replace(clean(copy), of_mail=copy.parameters.of_mail, of_rcpt=tuple(asked))


@defect(Mailer.list_parameters, varies={f"{LISTS_}/list_may_ask_for_notifications"})
def list_asks_to_be_told_of_failures(clean: OfList, _: Mailer, copy: Copy) -> Parameters:
    """Has a list ask to be told of failures, with the header only."""
    kept = clean(copy)
    asked = tuple((member, b"NOTIFY", b"FAILURE") for member in MEMBERS)
    return replace(kept, of_mail=(*kept.of_mail, (b"RET", b"HDRS")), of_rcpt=asked)


@defect(Mailer.tell_expanded, varies={f"{LISTS_}/list_may_say_that_it_rejects"})
def list_rejects_in_words(clean: Callable[[Copy], None], mailer: Mailer, copy: Copy) -> None:
    """Tells whoever writes to a list, in an ordinary message, that this was not welcome."""
    clean(copy)
    if any(path.startswith(b"staff@") for path in copy.forward_paths) and mailer.may_notify(copy.reverse_path):
        to = mailer.notified(copy)
        text = (
            b"From: <postmaster@example.test>\r\nTo: <%b>\r\nSubject: Your message\r\n\r\nOnly members write here.\r\n"
        )
        mailer.send_report(copy.parameters, to, text % to)


# What may stand in a value.


@defect(
    ServerSession.mail_parameter_fits,
    only={"ENVID"},
    varies={"rfc3461/4/parentheses_may_stand_in_an_envelope_id*"},
    also={"rfc5321/4.1.2/parameter-syntax", "rfc3461/*", "rfc3464/*", "rfc3885/*"},
)
def envelope_id_with_parentheses_is_refused(clean: Fits, _: ServerSession, keyword: bytes, value: bytes) -> bool:
    """Refuses parentheses in ENVID."""
    return b"(" not in value and clean(keyword, value)


@defect(
    Mailer.report,
    varies={
        "rfc3461/4/parentheses_may_stand_in_an_envelope_id*",
        "rfc3461/4/parentheses_may_stand_in_an_original_recipient*",
    },
    proves={"rfc3461/6.3/envelope_id_is_in_the_report[parentheses]"},
)
def parentheses_are_taken_for_comments(
    clean: Callable[[Copy, bytes, list[Reported]], bytes], _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Takes what stands in parentheses in ENVID and ORCPT for a comment."""
    return IN_PARENTHESES.sub(rb"\1", clean(copy, to, reported))


# A notification's own envelope.


@defect(Mailer.report_rcpt_parameters, proves={"rfc3461/6.1/original_recipient_of_a_notification_is_its_own"})
def notification_has_another_original_recipient(
    clean: Callable[[bytes], tuple[tuple[bytes, bytes, bytes], ...]], _: Mailer, to: bytes
) -> tuple[tuple[bytes, bytes, bytes], ...]:
    """Gives the postmaster in ORCPT of its notifications."""
    return (*clean(to), (to, b"ORCPT", b"rfc822;postmaster@example.test"))
