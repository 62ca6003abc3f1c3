"""Defects in the order of commands (RFC 5321 §4.1.4, §4.1.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, Transaction, answer

OfOctets = Callable[[bytes], Answer | None]
ANY_TIME = {b"NOOP", b"HELP", b"EXPN", b"VRFY", b"RSET"}


@defect(ServerSession.ehlo, proves={"rfc5321/4.1.4/bad_ehlo_is_refused_with_a_code_for_it*"})
def refused_ehlo_gets_553(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Refuses EHLO with 553."""
    del session
    given = clean(argument)
    return replace(given, code=553) if given and given.code == 501 else given


@defect(ServerSession.ehlo, proves={"rfc5321/4.1.4/refused_ehlo_keeps_the_transaction*"})
def refused_ehlo_clears(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Drops the transaction at an EHLO that it refuses."""
    session.clear("refused EHLO")
    return clean(argument)


@defect(ServerSession.rcpt, proves={"rfc5321/4.1.4/name_need_not_match_the_address"})
def name_must_match_the_address(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Refuses recipients from a client whose address literal is not its own."""
    if session.client_name and session.client_name.startswith(b"[") and session.client_name != b"[127.0.0.1]":
        return answer(550, b"Your name does not match your address")
    return clean(argument)


@defect(
    ServerSession.command,
    proves={"rfc5321/4.1.4/command_before_ehlo_is_not_out_of_sequence*"},
    also={"rfc5321/4.1.1.7/expn-at-any-time", "rfc5321/4.1.1.8/help-at-any-time", "rfc5321/4.1.1.9/noop-at-any-time"},
)
def every_command_needs_ehlo(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Answers 503 to every command before EHLO."""
    if session.client_name is None and session.verb_of(line) in ANY_TIME:
        return answer(503, b"Say EHLO first")
    return clean(line)


@defect(ServerSession.open_transaction, proves={"rfc5321/4.1.4/bad_argument_of_mail_is_refused*"})
def any_mail_is_taken(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Takes a MAIL that it can't read."""
    given = clean(argument)
    if given is None or given.code != 501:
        return given
    session.transaction = Transaction(b"")
    return answer(250, b"OK")


@defect(ServerSession.open_transaction, proves={"rfc5321/4.1.4/refused_mail_*"})
def refused_mail_opens_a_transaction(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Opens a transaction with a MAIL that it refuses."""
    given = clean(argument)
    if given is not None and given.code == 501:
        session.transaction = Transaction(b"")
    return given


@defect(ServerSession.rcpt_without_mail, proves={"rfc5321/4.1.4/rcpt_out_of_order_changes_nothing"})
def rcpt_out_of_order_forgets_ehlo(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Wants a new EHLO after a RCPT out of order."""
    session.client_name = None
    return clean(argument)


@defect(ServerSession.data_without_recipients, proves={"rfc5321/4.1.4/data_out_of_order_changes_nothing"})
def data_out_of_order_aborts_the_transaction(
    clean: Callable[[], Answer | None], session: ServerSession
) -> Answer | None:
    """Drops the transaction at a DATA out of order."""
    session.clear("DATA out of order")
    return clean()


@defect(ServerSession.nested_mail, proves={"rfc5321/4.1.4/nested_mail_refused_with_503_changes_nothing"})
def nested_mail_aborts_the_transaction(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Refuses a nested MAIL and drops the transaction."""
    session.clear("nested MAIL")
    return clean(argument)


@defect(
    ServerSession.unknown,
    proves={"rfc5321/4.1.5/unknown_private_command_gets_500", "rfc5321/4.2.4/unknown_command_gets_500*"},
)
def unknown_command_gets_502(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Answers 502 to a command that it does not know."""
    del clean, session, verb
    return answer(502, b"Not implemented")
