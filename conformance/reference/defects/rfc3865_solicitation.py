"""Defects in what is done about the Solicitation field (RFC 3865)."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance.reference._answer import Answer
from conformance.reference._conversion import Conversion, Outward
from conformance.reference._decision import defect
from conformance.reference._session import ServerSession
from conformance.reference._soliciting import Soliciting, solicitation
from conformance.reference._trace import Accepted, Trace

Classes = Callable[[bytes], tuple[bytes, ...]]
Passed = Callable[[Outward], bytes]

HERE = "rfc3865/2.3/"
TRACE = re.compile(rb"\(SOLICIT=([^)]*)\)")


def traced(content: bytes) -> tuple[bytes, ...]:
    """The classes that time stamps name."""
    return tuple(word for found in TRACE.finditer(content) for word in found[1].split(b","))


@defect(
    Soliciting.classes_of,
    profile="on-request",
    proves={
        HERE + "message_of_a_listed_class_is_not_delivered*",
        HERE + "message_of_a_listed_class_is_not_relayed[field]",
    },
)
def solicitation_field_is_not_read(clean: Classes, _: Soliciting, content: bytes) -> tuple[bytes, ...]:
    """Refuses mail for what SOLICIT says and never for what the field says."""
    del clean, content
    return ()


@defect(
    Soliciting.classes_of,
    profile="on-request",
    proves={HERE + "message_of_a_listed_class_is_not_delivered[last-of-two]"},
)
def first_class_counts_alone(clean: Classes, _: Soliciting, content: bytes) -> tuple[bytes, ...]:
    """Looks at the first class of the field and at no other."""
    return clean(content)[:1]


@defect(
    Soliciting.classes_of,
    profile="on-request",
    proves={HERE + "message_of_a_listed_class_is_not_delivered[beside-a-trace]"},
)
def classes_of_a_trace_count_for_the_field(clean: Classes, _: Soliciting, content: bytes) -> tuple[bytes, ...]:
    """Goes by the classes of a time stamp where one has them, and passes over the field."""
    return traced(content) or clean(content)


@defect(
    Soliciting.classes_of,
    profile="on-request",
    varies={HERE + "classes_in_a_trace_may_count"},
)
def classes_of_a_trace_count_too(clean: Classes, _: Soliciting, content: bytes) -> tuple[bytes, ...]:
    """Refuses mail for the classes of a time stamp too."""
    return clean(content) + traced(content)


@defect(
    Soliciting.refuse_class,
    profile="on-request",
    proves={HERE + "message_of_a_listed_class_is_not_relayed[field]"},
)
def classes_count_for_mailboxes_only(
    clean: Callable[[bytes, list[bytes]], Answer | None], _: Soliciting, content: bytes, forward_paths: list[bytes]
) -> Answer | None:
    """Refuses mail of a class for mailboxes here, and relays it."""
    here = any(path.endswith(b"@example.test") for path in forward_paths)
    return clean(content, forward_paths) if here else None


RELAYED = "mail-of-any-class-is-relayed"


@defect(
    Soliciting.refuse_class,
    name=RELAYED,
    profile="on-request",
    proves={HERE + "message_of_a_listed_class_is_not_relayed*"},
)
def _field_counts_here(
    clean: Callable[[bytes, list[bytes]], Answer | None], _: Soliciting, content: bytes, forward_paths: list[bytes]
) -> Answer | None:
    """Takes mail of every class, and refuses it for mailboxes here and at the end only."""
    here = any(path.endswith(b"@example.test") for path in forward_paths)
    return clean(content, forward_paths) if here else None


@defect(ServerSession.extension_parameter, name=RELAYED, profile="on-request", only={"MAIL SOLICIT="})
def _parameter_does_not_count(
    clean: Callable[[bytes, bytes, bytes], Answer | None],
    _: ServerSession,
    verb: bytes,
    keyword: bytes,
    value: bytes,
) -> Answer | None:
    """Takes mail of every class, and refuses it for mailboxes here and at the end only."""
    given = clean(verb, keyword, value)
    return given if given and given.code != 550 else None


# On the way.


@defect(
    Conversion.soliciting,
    profile="on-request",
    proves={HERE + "classes_of_the_field_are_passed_on*"},
)
def classes_are_lost_on_the_way(clean: Passed, _: Conversion, message: Outward) -> bytes:
    """Passes messages on without SOLICIT."""
    del clean, message
    return b""


@defect(
    Conversion.soliciting,
    profile="on-request",
    proves={HERE + "classes_of_the_field_are_passed_on[one]", HERE + "classes_of_the_field_are_passed_on[two]"},
)
def classes_go_on_where_they_came_with_mail(clean: Passed, _: Conversion, message: Outward) -> bytes:
    """Passes SOLICIT on and never makes one of the field."""
    del clean
    return message.parameters.of(b"SOLICIT") or b""


@defect(
    Conversion.soliciting,
    profile="on-request",
    proves={
        HERE + "classes_are_those_of_the_field*",
        HERE + "classes_of_the_field_are_passed_on[two]",
        HERE + "classes_of_the_field_are_passed_on[given-two]",
    },
)
def first_class_goes_on_alone(clean: Passed, _: Conversion, message: Outward) -> bytes:
    """Passes the first class on and no other."""
    return clean(message).partition(b",")[0]


@defect(
    Conversion.soliciting,
    profile="on-request",
    proves={HERE + "classes_are_those_of_the_field*", HERE + "classes_of_the_field_are_passed_on*"},
)
def relay_adds_a_class(clean: Passed, _: Conversion, message: Outward) -> bytes:
    """Passes a class of its own on with those of the field."""
    words = clean(message)
    return words + b",net.example:ADV" if words else words


@defect(
    Conversion.soliciting,
    profile="on-request",
    proves={HERE + "classes_of_a_trace_are_not_passed_on*", HERE + "classes_are_those_of_the_field*"},
)
def classes_of_the_trace_go_on_too(clean: Passed, _: Conversion, message: Outward) -> bytes:
    """Puts the classes of time stamps into SOLICIT."""
    words = clean(message)
    return b",".join((*((words,) if words else ()), *traced(message.content)))


@defect(
    Conversion.soliciting,
    profile="on-request",
    proves={HERE + "words_that_are_no_classes_are_not_passed_on*"},
)
def field_goes_on_unread(clean: Passed, _: Conversion, message: Outward) -> bytes:
    """Makes SOLICIT of whatever the field says, white space apart."""
    return clean(message) or solicitation(message.content).replace(b" ", b"/")


@defect(
    Trace.with_clause,
    profile="on-request",
    varies={HERE + "time_stamp_may_say_the_classes"},
)
def time_stamp_says_the_classes(clean: Callable[[Accepted], bytes], _: Trace, accepted: Accepted) -> bytes:
    """Names the classes of SOLICIT in a comment of the time stamp."""
    words = accepted.parameters.of(b"SOLICIT")
    return clean(accepted) + (b" (SOLICIT=%b)" % words if words else b"")
