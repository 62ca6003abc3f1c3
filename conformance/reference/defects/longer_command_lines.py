"""Defects of command lines that extensions make longer (RFC 5321 §4.5.3.1.4), and of commands that are not whole."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._answer import Answer
from conformance.reference._decision import defect
from conformance.reference._session import Line, ServerSession
from conformance.wire import CRLF

OfLine = Callable[[bytes], Answer | None]
SHORTEST = 512


def over(line: bytes) -> bool:
    """Whether the line is longer than every server has to take, and has a parameter and white space behind it."""
    return len(line) + len(CRLF) > SHORTEST and line.endswith(b"  ") and b"> " in line.rstrip()


@defect(
    ServerSession.command,
    only={"MAIL"},
    proves={
        "rfc1870/3/mail_line_is_longer_with_size",
        "rfc3030/3/mail_line_is_longer_with_body",
        "rfc6531/3.1/mail_line_is_longer_with_smtputf8",
        "rfc3461/5.4/mail_with_all_parameters_is_read*",
    },
)
def mail_lines_have_512_octets(clean: OfLine, session: ServerSession, line: bytes) -> Answer | None:
    """Answers 500 to MAIL in lines of more than 512 octets, whatever extensions it lists."""
    return session.line_too_long() if over(line) else clean(line)


@defect(
    ServerSession.command,
    profile="on-request",
    only={"MAIL"},
    proves={
        "rfc2852/2/mail_line_is_longer_with_by",
        "rfc3885/2/mail_line_is_longer_with_mtrk",
        "rfc4865/3/mail_line_is_longer_with_holdfor",
        "rfc6710/3/mail_line_is_longer_with_mt_priority",
        "rfc8689/2/mail_line_is_longer_with_requiretls",
    },
)
def mail_lines_with_more_have_512_octets(clean: OfLine, session: ServerSession, line: bytes) -> Answer | None:
    """Answers 500 to MAIL in lines of more than 512 octets, whatever extensions it lists on request."""
    return session.line_too_long() if over(line) else clean(line)


@defect(
    ServerSession.command,
    profile="on-request",
    only={"RCPT"},
    proves={"rfc7293/3.1/rcpt_line_is_longer_with_rrvs"},
)
def rcpt_lines_have_512_octets(clean: OfLine, session: ServerSession, line: bytes) -> Answer | None:
    """Answers 500 to RCPT in lines of more than 512 octets."""
    return session.line_too_long() if over(line) else clean(line)


@defect(
    ServerSession.find_command_line,
    proves={"rfc2920/3.2/half_a_command_is_not_acted_upon*"},
    also={"rfc5321/*", "rfc2920/*", "rfc3030/*"},
)
def half_a_command_is_acted_upon(
    clean: Callable[[bytes], Line | None], session: ServerSession, buffer: bytes
) -> Line | None:
    """Takes what came behind other commands for a command though its line end has not come."""
    found = clean(buffer)
    if found is None and session.grouped and buffer in {b"NO", b"QU", b"R", b"NOOP"}:
        return buffer, b""
    return found


@defect(
    ServerSession.data_without_recipients,
    name="empty-message-goes-to-its-sender",
    proves={"rfc2920/3.2/empty_message_without_recipients_goes_nowhere"},
    also={"rfc5321/*", "rfc2920/*", "rfc3030/*"},
)
def data_without_recipients_gets_354(clean: Callable[[], Answer | None], session: ServerSession) -> Answer | None:
    """Answers 354 to DATA without recipients, refuses the message, and sends it to its sender."""
    del clean
    return session.begin_data()


@defect(ServerSession.end_of_data, name="empty-message-goes-to-its-sender")
def empty_message_goes_out(clean: OfLine, session: ServerSession, content: bytes) -> Answer | None:
    """Answers 354 to DATA without recipients, refuses the message, and sends it to its sender."""
    transaction = session.transaction
    if transaction is None or transaction.forward_paths:
        return clean(content)
    transaction.forward_paths.append(transaction.reverse_path)
    session.deliver(transaction, content)
    session.clear("end of data")
    return session.data_without_mail()
