"""Defects in what becomes of priorities (RFC 6710)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._answer import Answer, answer
from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer, local_name
from conformance.reference._parameters import Parameters
from conformance.reference._session import ServerSession
from conformance.reference._site import ALIASES

HERE = "rfc6710/4.2/"


@defect(ServerSession.priority_was_changed, profile="on-request", proves={HERE + "other_priority_is_told*"})
def other_priority_is_not_told(clean: Callable[[bytes], Answer | None], _: ServerSession, kept: bytes) -> Answer | None:
    """Sets another priority and says nothing of it."""
    del clean, kept
    return answer(250, b"OK")


@defect(
    ServerSession.kept_parameters,
    profile="on-request",
    varies={HERE + "message_without_a_priority_may_get_one"},
)
def messages_without_a_priority_get_one(
    clean: Callable[[dict[bytes, bytes]], dict[bytes, bytes]], _: ServerSession, parameters: dict[bytes, bytes]
) -> dict[bytes, bytes]:
    """Gives messages without a priority one below the usual."""
    return {b"MT-PRIORITY": b"-2", **clean(parameters)}


@defect(
    Mailer.expanded,
    profile="on-request",
    proves={
        HERE + "priority_stays_along_aliases_and_lists[one]",
        HERE + "priority_stays_along_aliases_and_lists[several]",
    },
)
def alias_loses_the_priority(clean: Callable[[Copy], list[Copy]], mailer: Mailer, copy: Copy) -> list[Copy]:
    """Sends what came to an alias on with the usual priority."""
    copies = clean(copy)
    if not any(mailer.is_here(each) and local_name(each) in ALIASES for each in copy.forward_paths):
        return copies
    return [replace(each, parameters=_without_priority(each.parameters)) for each in copies]


def _without_priority(parameters: Parameters) -> Parameters:
    return replace(parameters, of_mail=tuple(each for each in parameters.of_mail if each[0] != b"MT-PRIORITY"))


@defect(
    Mailer.list_parameters,
    profile="on-request",
    proves={HERE + "priority_stays_along_aliases_and_lists[list]"},
)
def list_loses_the_priority(clean: Callable[[Copy], Parameters], _: Mailer, copy: Copy) -> Parameters:
    """Sends what came to a list on with the usual priority."""
    return _without_priority(clean(copy))


@defect(
    Mailer.retry_after,
    profile="on-request",
    varies={"rfc6710/5.1/higher_priority_may_be_tried_again_sooner"},
)
def higher_priority_is_tried_again_sooner(clean: Callable[[Copy], float], _: Mailer, copy: Copy) -> float:
    """Tries messages of a low priority again after twice the time."""
    low = (copy.parameters.of(b"MT-PRIORITY") or b"").startswith(b"-")
    return clean(copy) * (2 if low else 1)


OfPriority = Callable[[bytes], Answer | None]


@defect(
    ServerSession.refuse_priority,
    profile="on-request",
    proves={"rfc6710/4.1/refusal_for_a_priority_has_one_of_two_codes*"},
)
def low_priority_gets_554(clean: OfPriority, _: ServerSession, priority: bytes) -> Answer | None:
    """Answers 554 to a priority that is too low."""
    given = clean(priority)
    return replace(given, code=554) if given else None


@defect(
    ServerSession.refuse_priority,
    profile="on-request",
    proves={"rfc6710/4.1/refusal_for_a_priority_says_x_7_15*"},
)
def low_priority_has_a_general_status(clean: OfPriority, _: ServerSession, priority: bytes) -> Answer | None:
    """Refuses a priority that is too low with 5.7.1."""
    given = clean(priority)
    return replace(given, status=b"5.7.1") if given else None
