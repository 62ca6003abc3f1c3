"""Defects of command pipelining (RFC 2920)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._answer import Answer, answer
from conformance.reference._decision import defect
from conformance.reference._session import Line, ServerSession

Extensions = Callable[[], tuple[bytes, ...]]
OfOctets = Callable[[bytes], Answer | None]
Decide = Callable[[], Answer | None]
HoldsBack = Callable[[Answer], bool]
Joins = Callable[[bytes, bytes], bytes]
Renders = Callable[[Answer], bytes]

HERE = "rfc2920/3.2/"
GROUP = HERE + "group_is_answered_as_its_commands_are"
CONTENT = "rfc2920/3.1/commands_behind_the_content_are_answered"
ALSO = {f"rfc{number}/*" for number in (1870, 2033, 2034, 2920, 3030, 3207, 3463, 4954, 5321, 6152, 9422)}
"""A server that loses or holds back what it owes looks broken in many ways."""


@defect(ServerSession.extensions, proves={"rfc2920/2/keyword_has_no_parameter"})
def pipelining_keyword_has_a_parameter(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists PIPELINING with a parameter."""
    del session
    return tuple(b"PIPELINING 100" if keyword == b"PIPELINING" else keyword for keyword in clean())


@defect(
    ServerSession.holds_back,
    only={"group"},
    proves={
        GROUP + "[*]",
        HERE + "last_of_a_group_is_answered_at_once[noop]",
        HERE + "last_of_a_group_is_answered_at_once[unknown]",
        HERE + "replies_come_though_a_command_is_incomplete[*]",
        HERE + "message_behind_its_data_is_not_lost",
        "rfc2920/3.1/message_after_message_in_groups_is_taken",
        CONTENT + "[*mail-rcpt*]",
    },
    also=ALSO,
)
def replies_to_groups_stay_behind(clean: HoldsBack, session: ServerSession, given: Answer) -> bool:
    """Holds back the replies to commands that came together, until one comes alone."""
    del clean, given
    return session.grouped


@defect(
    ServerSession.joined,
    only={"group"},
    proves={GROUP + "[bad-rcpt-*]", GROUP + "[argument-too-much]", GROUP + "[data-too-early]"},
    also=ALSO,
)
def refusals_overtake(clean: Joins, session: ServerSession, held: bytes, reply: bytes) -> bytes:
    """Sends the refusals of a group before its other replies."""
    del session
    return reply + held if reply.startswith(b"5") else clean(held, reply)


@defect(ServerSession.holds_back, name="refusals-overtake", only={"group"})
def others_wait(clean: HoldsBack, session: ServerSession, given: Answer) -> bool:
    """Sends the refusals of a group before its other replies."""
    del clean, given
    return bool(session.buffer)


@defect(
    ServerSession.render,
    proves={
        GROUP + "[bad-*]",
        GROUP + "[rcpt-mail]",
        GROUP + "[unknown-command]",
        GROUP + "[empty-line]",
        GROUP + "[argument-too-much]",
        GROUP + "[data-too-early]",
        GROUP + "[line-of-500-octets]",
    },
    only={"500", "501", "503", "550", "553"},
    also=ALSO,
)
def refusals_flush_the_input(clean: Renders, session: ServerSession, given: Answer) -> bytes:
    """Throws away what else has come when it refuses a command."""
    session.buffer = b""
    return clean(given)


@defect(
    ServerSession.find_command_line,
    proves={GROUP + "*~octets", GROUP + "*~line-ends", "rfc2920/3.1/message_after_message_in_groups_is_taken~*"},
    also=ALSO,
)
def incomplete_lines_are_lost(
    clean: Callable[[bytes], Line | None], session: ServerSession, buffer: bytes
) -> Line | None:
    """Throws away the part of a line that a read ends with."""
    found = clean(buffer)
    if found is None and session.client_name is not None:
        session.buffer = b""
    return found


@defect(
    ServerSession.rset,
    proves={HERE + "last_of_a_group_is_answered_at_once*", GROUP + "[*rset*]"},
    also=ALSO,
)
def rset_flushes_the_input(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Throws away what else has come at RSET."""
    if not argument:
        session.buffer = b""
    return clean(argument)


@defect(ServerSession.end_of_data, proves={CONTENT + "*", HERE + "command_behind_the_content_is_not_lost*"}, also=ALSO)
def end_of_data_flushes_the_input(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Throws away what has come with the end of a message."""
    session.buffer = b""
    return clean(content)


@defect(ServerSession.begin_data, proves={HERE + "message_behind_its_data_is_not_lost"}, also=ALSO)
def data_is_handed_over(clean: Decide, session: ServerSession) -> Answer | None:
    """Hands the connection over to another process at DATA, without what it has read of it."""
    session.buffer = b""
    return clean()


@defect(
    ServerSession.data_without_recipients,
    proves={
        HERE + "data_without_a_recipient_is_refused*",
        HERE + "data_after_an_unknown_recipient_is_refused",
        HERE + "data_after_a_deferred_recipient_is_refused",
    },
    also=ALSO,
)
def data_is_taken_without_recipients(clean: Decide, session: ServerSession) -> Answer | None:
    """Answers 354 to DATA though no recipient was accepted."""
    del clean
    return session.begin_data()


@defect(
    ServerSession.data,
    name="last-recipient-decides-on-data",
    proves={HERE + "data_with_a_recipient_gets_354[*bad]"},
    also=ALSO,
)
def data_is_refused_after_a_refusal(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 554 to DATA where the last recipient was refused, whatever became of the others."""
    return answer(554, b"No valid recipients") if session.site.down and not argument else clean(argument)


@defect(ServerSession.rcpt, name="last-recipient-decides-on-data", also=ALSO)
def last_recipient_is_noted(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 554 to DATA where the last recipient was refused, whatever became of the others."""
    given = clean(argument)
    session.site.down = given is not None and given.code // 100 == 5
    return given


@defect(
    ServerSession.begin_data,
    name="grouped-data-is-refused",
    proves={HERE + "data_with_a_recipient_gets_354*", GROUP + "[mail-rcpt-data]"},
    also=ALSO,
)
def grouped_data_is_refused(clean: Decide, session: ServerSession) -> Answer | None:
    """Answers 554 to a DATA that came together with other commands."""
    return answer(554, b"Too fast") if session.grouped else clean()


@defect(
    ServerSession.find_end_of_data,
    proves={HERE + "end_of_data_in_two_pieces_is_seen*"},
    also=ALSO,
)
def end_of_data_is_seen_in_one_piece_only(
    clean: Callable[[bytes], Line | None], session: ServerSession, buffer: bytes
) -> Line | None:
    """Looks for the end of mail data in each piece by itself, and not at all in a small one."""
    found = clean(buffer) if len(buffer) > 16 else None
    if found is None:
        session.buffer = b""
    return found
