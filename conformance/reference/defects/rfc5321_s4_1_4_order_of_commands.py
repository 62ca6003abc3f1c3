"""Defects in the order of commands (RFC 5321 §4.1.4, §4.1.5)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._mailer import Mailer
from conformance.reference._routing import UnroutableError
from conformance.reference._session import Answer, ServerSession, Transaction, answer
from conformance.reference._trace import Accepted

Decide = Callable[[], Answer | None]
OfOctets = Callable[[bytes], Answer | None]


@defect(
    ServerSession.refuse_hello,
    proves={"rfc5321/4.1.4/bad_ehlo_is_refused_with_a_code_for_it*"},
    also={"rfc5321/4.3.2/ehlo-helo-replies"},
)
def refused_ehlo_gets_553(clean: Decide, session: ServerSession) -> Answer | None:
    """Refuses EHLO with 553."""
    del clean, session
    return answer(553, b"What a name")


@defect(ServerSession.refuse_hello, proves={"rfc5321/4.1.4/refused_ehlo_keeps_the_transaction*"})
def refused_ehlo_clears(clean: Decide, session: ServerSession) -> Answer | None:
    """Drops the transaction at an EHLO that it refuses."""
    session.clear("refused EHLO")
    return clean()


@defect(ServerSession.rcpt, proves={"rfc5321/4.1.4/name_need_not_match_the_address"})
def name_must_match_the_address(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Refuses recipients from a client whose address literal is not its own."""
    if session.client_name and session.client_name.startswith(b"[") and session.client_name != b"[127.0.0.1]":
        return answer(550, b"Your name does not match your address")
    return clean(argument)


@defect(
    ServerSession.command,
    only={"NOOP", "HELP", "EXPN", "VRFY", "RSET"},
    proves={"rfc5321/4.1.4/command_before_ehlo_is_not_out_of_sequence*"},
    also={
        "rfc3207/4.1/554-when-too-weak",
        "rfc5321/4.1.1.5/rset-250",
        "rfc5321/4.1.1.7/expn-at-any-time",
        "rfc5321/4.1.1.8/help-at-any-time",
        "rfc5321/4.1.1.9/noop-at-any-time",
        "rfc2034/4/regardless-of-ehlo",
        "rfc3207/6/server-discards-cleartext",
    },
)
def every_command_needs_ehlo(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Answers 503 to every command before EHLO."""
    return answer(503, b"Say EHLO first") if session.client_name is None else clean(line)


@defect(
    ServerSession.open_transaction,
    proves={"rfc5321/4.1.4/bad_argument_of_mail_is_refused*"},
    also={"rfc3461/*", "rfc4954/5/*", "rfc6531/3.4/*", "rfc5321/4.1.2/bad-characters-in-domain"},
)
def any_mail_is_taken(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Takes a MAIL that it can't read."""
    given = clean(argument)
    if given is None or given.code != 501:
        return given
    session.transaction = Transaction(b"")
    return answer(250, b"OK")


@defect(
    ServerSession.open_transaction,
    proves={"rfc5321/4.1.4/refused_mail_*"},
    also={"rfc5321/3.3/rcpt-without-mail"},
)
def refused_mail_opens_a_transaction(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Opens a transaction with a MAIL that it refuses."""
    given = clean(argument)
    if given is not None and given.code == 501:
        session.transaction = Transaction(b"")
    return given


@defect(
    ServerSession.open_transaction,
    proves={"rfc5321/4.1.4/session_outlives_a_refused_sender"},
)
def session_breaks_down_at_a_bad_label(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Ends the session with the refusal of a sender in whose domain a label begins with a hyphen."""
    del session
    given = clean(argument)
    return replace(given, close=True) if given is not None and given.code == 501 and b"@-" in argument else given


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


@defect(
    ServerSession.nested_mail,
    proves={"rfc5321/4.1.4/nested_mail_refused_with_503_changes_nothing"},
    also={"rfc5321/4.1.4/bad-mail-keeps-state"},
)
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


@defect(ServerSession.mail, varies={"rfc5321/4.1.4/mail_without_ehlo_may_be_served"})
def mail_needs_no_ehlo(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Takes MAIL in a session without EHLO, as it may."""
    return session.open_transaction(argument) if session.client_name is None else clean(argument)


@defect(ServerSession.hello_again, varies={"rfc5321/4.1.4/ehlo_may_be_repeated"})
def second_ehlo_is_refused(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Refuses a second EHLO with 550, as it may."""
    del clean, session, argument
    return answer(550, b"You have a name already")


@defect(
    ServerSession.command,
    only={"HELP", "EXPN", "VRFY"},
    varies={"rfc5321/4.1.4/command_for_any_time_gets*"},
    also={
        "rfc3207/4.1/554-when-too-weak",
        "rfc2034/4/required-on-replies",
        "rfc3207/4/530-before-tls",
        "rfc5321/2.4/refuse-8-bit-commands",
    },
)
def help_and_verify_answer_otherwise(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Answers HELP with 211 or 504, VRFY and EXPN with 252, or with 504 where they stand alone, as it may."""
    del clean, session
    verb, _, argument = line.partition(b" ")
    if (verb.upper() == b"HELP") == bool(argument):
        return answer(504, b"Not that")
    return answer(252 if argument else 211, b"Cannot say")


@defect(ServerSession.expn, proves={"rfc5321/4.1.4/expn_is_not_denied_for_want_of_ehlo"})
def expn_is_denied_without_ehlo(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 550 to EXPN in a session without EHLO."""
    return answer(550, b"Access denied to you") if session.client_name is None else clean(argument)


@defect(
    ServerSession.take_recipient,
    proves={"rfc5321/4.1.4/several_recipients_are_in_sequence"},
    also={
        "rfc5321/3.3/rcpt-repeats",
        "rfc5321/4.1.1.3/several-recipients",
        "rfc3461/2/four-parameters",
        "rfc3461/4.1/notify-case",
        "rfc3461/4.1/notify-value",
        "rfc3461/4.2/address-not-constrained",
        "rfc3461/4.2/orcpt-value",
        "rfc3461/4/xtext",
        "rfc3461/5.4/command-length",
        "rfc3461/5.4/sizes",
        "rfc5321/4.1.4/out-of-order-keeps-state",
        "rfc6531/3.2/dsn-means-rfc-6533",
    },
)
def second_recipient_gets_503(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Wants DATA behind the first recipient."""
    recipients = session.transaction is not None and session.transaction.forward_paths
    return answer(503, b"Say DATA") if recipients else clean(forward_path)


@defect(
    ServerSession.open_transaction,
    proves={"rfc5321/4.1.4/three_transactions_are_in_sequence"},
    also={"rfc2920/3.1/content-first-in-a-group", "rfc3030/2/rest-is-commands"},
)
def two_transactions_are_enough(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 503 to MAIL behind two messages."""
    return answer(503, b"Two are enough") if len(session.site.delivered) >= 2 else clean(argument)


@defect(Mailer.take_message, varies={"rfc5321/4.1.4/name_of_the_client_may_be_looked_up"})
def name_of_the_client_is_looked_up(clean: Callable[[Accepted], None], mailer: Mailer, accepted: Accepted) -> None:
    """Looks up the name that EHLO gave, and takes the message whatever comes of it."""
    if mailer.routing is not None and not accepted.client_name.startswith(b"["):
        with suppress(UnroutableError):
            mailer.routing.look_up(accepted.client_name.decode("ascii", "replace"), "A")
    clean(accepted)
