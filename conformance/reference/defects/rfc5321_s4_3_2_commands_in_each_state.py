"""Defects of commands that come in a state where they are not expected, or that spoil the state (RFC 5321 §4.3.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer

Decide = Callable[[], Answer | None]
OfOctets = Callable[[bytes], Answer | None]
Clear = Callable[[str], None]

HERE = "rfc5321/4.3.2/"


def _lose_the_state(session: ServerSession) -> None:
    """What came before counts no more; before EHLO, the session takes nothing at all."""
    if session.client_name is None:
        session.rejects = True
    session.client_name = None
    session.transaction = None


@defect(ServerSession.command, proves={HERE + "command_in_odd_case_brings_one_reply*"})
def mixed_case_is_answered_twice(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Answers a command twice whose verb is in mixed case."""
    del session
    given = clean(line)
    verb = line.partition(b" ")[0]
    return replace(given, times=2) if given and verb.isalpha() and not verb.isupper() and not verb.islower() else given


def _in_time(command: str, state: str = "*") -> str:
    return f"{HERE}command_for_any_time_is_not_out_of_sequence[{command}@{state}]"


@defect(
    ServerSession.command,
    only={"NOOP", "HELP", "EXPN", "VRFY"},
    proves={_in_time(command) for command in ("noop", "help", "expn", "vrfy")},
    also={
        "rfc3207/4.1/554-when-too-weak",
        "rfc2034/4/*",
        "rfc4954/4/*",
        "rfc4954/9/*",
        "rfc3207/6/*",
        "rfc5321/7.3/252-when-disabled",
        "rfc5321/4.1.1.7/expn-at-any-time",
        "rfc5321/4.1.1.8/help-at-any-time",
        "rfc5321/4.1.1.9/noop-at-any-time",
        "rfc5321/4.1.1.9/noop-250",
        "rfc5321/4.3.2/expn-replies",
        "rfc5321/4.3.2/help-replies",
        "rfc5321/4.3.2/noop-replies",
        "rfc5321/4.3.2/vrfy-replies",
        "rfc6531/3.1/vrfy-expn-known",
    },
)
def any_time_commands_are_for_fresh_sessions(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Answers 503 to NOOP, HELP, EXPN and VRFY unless they stand first behind EHLO."""
    fresh = session.commands <= 2 and (session.extended or session.client_name is None)
    return clean(line) if fresh else answer(503, b"Not now")


@defect(
    ServerSession.rset,
    proves={
        _in_time("rset", state)
        for state in ("helo", "refused-mail", "delivered", "rset", "mail", "refused-rcpt", "refused-data")
    },
    also={"rfc5321/4.1.1.5/rset-250", "rfc5321/4.3.2/rset-replies", "rfc6531/3.7/utf-8-for-mailboxes"},
)
def rset_is_for_recipients(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 503 to RSET where there are no recipients to discard."""
    recipients = session.transaction is not None and session.transaction.forward_paths
    return clean(argument) if recipients or argument else answer(503, b"Nothing to reset")


@defect(
    ServerSession.rset,
    proves={_in_time("rset", "rcpt"), _in_time("rset", "second")},
    also={
        "rfc5321/4.1.1.5/rset-250",
        "rfc5321/4.3.2/rset-replies",
        "rfc2920/3.2/354-only-with-recipients",
        "rfc5321/4.2.1/5yz-not-done",
    },
)
def rset_is_not_for_recipients(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 503 to RSET where a transaction has recipients."""
    recipients = session.transaction is not None and session.transaction.forward_paths
    return answer(503, b"Say DATA first") if recipients else clean(argument)


@defect(
    ServerSession.command,
    only={"MAIL", "RCPT", "DATA", "EHLO", "HELO", "RSET", "NOOP", "VRFY", "QUIT"},
    proves={HERE + "required_command_is_recognised_out_of_place*"},
    also={
        "rfc3207/4.1/554-when-too-weak",
        "rfc3207/4.1/quit-served-when-too-weak",
        "rfc2920/3.2/no-assumptions",
        "rfc5321/3.3/rcpt-without-mail",
        "rfc5321/4.1.1.5/rset-250",
        "rfc5321/4.1.1.9/noop-250",
        "rfc5321/4.1.1.10/close-after-quit",
        "rfc5321/4.1.1.10/quit-at-any-time",
        "rfc5321/4.1.4/out-of-order-503",
        "rfc2034/4/regardless-of-ehlo",
        "rfc2034/4/required-on-replies",
        "rfc2920/3.2/354-only-with-recipients",
        "rfc3207/4/530-before-tls",
        "rfc3207/6/server-discards-cleartext",
        "rfc5321/4.2.1/5yz-not-done",
        "rfc6531/3.7/utf-8-for-mailboxes",
    },
)
def unexpected_commands_are_unknown(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Knows only the commands that come next in a plain delivery, and answers 500 to all others."""
    transaction = session.transaction
    if session.rejects:
        return clean(line)
    if session.client_name is None:
        expected = {b"EHLO", b"HELO"}
    elif transaction is None:
        expected = {b"MAIL", b"EHLO", b"HELO", b"RSET", b"NOOP", b"VRFY", b"QUIT"}
    elif not transaction.forward_paths:
        expected = {b"RCPT"}
    else:
        expected = {b"RCPT", b"DATA"}
    return clean(line) if session.verb_of(line.rstrip()) in expected else answer(500, b"Not expected here")


@defect(ServerSession.unknown, proves={HERE + "refused_command_changes_nothing[unknown@*"})
def unknown_command_loses_the_state(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Forgets the session at a command that it does not know."""
    _lose_the_state(session)
    return clean(verb)


@defect(
    ServerSession.refuse_hello,
    proves={HERE + "refused_command_changes_nothing[ehlo-without-name@*"},
)
def refused_ehlo_loses_the_state(clean: Decide, session: ServerSession) -> Answer | None:
    """Forgets the session at an EHLO that it refuses."""
    _lose_the_state(session)
    return clean()


@defect(
    ServerSession.mail,
    proves={HERE + "refused_command_changes_nothing[mail-without-path@*"},
)
def refused_mail_loses_the_state(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Forgets the session at a MAIL whose path it can't read."""
    given = clean(argument)
    if argument == b"FROM:<":
        _lose_the_state(session)
    return given


@defect(
    ServerSession.argument_given,
    proves={
        HERE + "refused_command_changes_nothing[rset-with-argument@*",
        HERE + "refused_command_changes_nothing[data-with-argument@*",
    },
)
def refused_argument_loses_the_state(
    clean: Callable[[bytes, bytes], Answer | None], session: ServerSession, verb: bytes, argument: bytes
) -> Answer | None:
    """Forgets the session at an argument that it refuses."""
    _lose_the_state(session)
    return clean(verb, argument)


@defect(
    ServerSession.rcpt_without_mail,
    proves={HERE + "command_out_of_order_changes_nothing[rcpt@*"},
)
def rcpt_out_of_order_loses_the_state(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Forgets the session at a RCPT out of order."""
    _lose_the_state(session)
    return clean(argument)


DATA_CHANGES = {HERE + "command_out_of_order_changes_nothing[data@*"}


@defect(ServerSession.data_without_mail, name="data-out-of-order-loses-the-state", proves=DATA_CHANGES)
def data_without_mail_loses_the_state(clean: Decide, session: ServerSession) -> Answer | None:
    """Forgets the session at a DATA out of order."""
    _lose_the_state(session)
    return clean()


@defect(ServerSession.data_without_recipients, name="data-out-of-order-loses-the-state", proves=DATA_CHANGES)
def data_without_recipients_loses_the_state(clean: Decide, session: ServerSession) -> Answer | None:
    """Forgets the session at a DATA out of order."""
    _lose_the_state(session)
    return clean()


@defect(
    ServerSession.nested_mail,
    proves={HERE + "command_out_of_order_changes_nothing[mail@*"},
    also={"rfc5321/4.1.4/bad-mail-keeps-state"},
)
def nested_mail_loses_the_state(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Forgets the session at a MAIL out of order."""
    _lose_the_state(session)
    return clean(argument)


@defect(
    ServerSession.command,
    only={"NOOP", "VRFY", "EXPN", "HELP"},
    proves={HERE + "command_without_effect_changes_nothing*"},
    also={
        "rfc5321/4.3.2/noop-replies",
        "rfc5321/4.3.2/vrfy-replies",
    },
)
def harmless_commands_lose_the_state(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Forgets the session at NOOP, VRFY, EXPN and HELP, unless a message has just been taken."""
    given = clean(line)
    if session.transaction is not None or not session.site.delivered:
        _lose_the_state(session)
    return given


@defect(
    ServerSession.rset,
    proves={HERE + "rset_in_each_state_gets_250*"},
    also={"rfc5321/4.3.2/rset-replies", "rfc5321/4.2.1/5yz-not-done"},
)
def rset_gets_211(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers RSET with 211."""
    del session
    given = clean(argument)
    return replace(given, code=211) if given and given.code == 250 else given


@defect(
    ServerSession.clear,
    only={"RSET", "EHLO"},
    proves={HERE + "transaction_is_aborted*"},
    also={
        "rfc6531/3.5/550-for-mail",
        "rfc5321/3.3/rcpt-without-mail",
        "rfc5321/4.1.1.5/rset-at-any-time",
        "rfc5321/4.1.1.5/rset-discards",
        "rfc5321/4.1.4/ehlo-again",
        "rfc5321/4.1.4/out-of-order-503",
        "rfc1870/4/extended-mail-accepted",
        "rfc1870/6.1/552-for-good",
        "rfc2920/3.2/354-only-with-recipients",
        "rfc3030/2/rset-clears-chunks",
        "rfc3030/3/body-value",
        "rfc3461/4.3/ret-case",
        "rfc3461/4.3/ret-value",
        "rfc3461/4.4/envid-value",
        "rfc3461/4.4/no-meaning",
        "rfc3461/4/xtext",
        "rfc3461/5.1/mail-not-refused",
        "rfc3461/5.1/mail-same-code",
        "rfc3461/5.4/sizes",
        "rfc4954/5/parse-and-discard",
        "rfc4954/5/supported-unauthenticated",
        "rfc4954/8/case-insensitive",
        "rfc6152/2/body-values",
        "rfc6152/2/mail-takes-body",
        "rfc6531/3.1/paths-extended",
        "rfc6531/3.7/utf-8-for-mailboxes",
    },
)
def transaction_outlives_rset_and_ehlo(clean: Clear, session: ServerSession, why: str) -> None:
    """Keeps the transaction open over RSET and EHLO."""
    del clean, session, why


@defect(
    ServerSession.quit,
    proves={HERE + "quit_in_each_state_closes*"},
    also={
        "rfc2920/3.2/no-assumptions",
        "rfc5321/4.1.1.10/quit-221",
        "rfc5321/4.1.1.10/quit-at-any-time",
        "rfc5321/4.3.2/quit-replies",
    },
)
def quit_gets_220(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers QUIT with 220."""
    del session
    given = clean(argument)
    return replace(given, code=220) if given and given.code == 221 else given


@defect(
    ServerSession.rcpt_without_mail,
    proves={HERE + "rcpt_without_a_transaction_gets_503*"},
    also={"rfc5321/4.1.4/out-of-order-503", "rfc5321/4.3.2/rcpt-replies"},
)
def rcpt_without_mail_gets_554(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 554 to RCPT without MAIL."""
    del clean, session, argument
    return answer(554, b"No transaction")


EARLY_DATA = {HERE + "data_without_recipients_gets_503*"}


@defect(ServerSession.data_without_mail, name="early-data-gets-552", proves=EARLY_DATA)
def data_without_mail_gets_552(clean: Decide, session: ServerSession) -> Answer | None:
    """Answers 552 to DATA without recipients."""
    del clean, session
    return answer(552, b"No room for that")


@defect(ServerSession.data_without_recipients, name="early-data-gets-552", proves=EARLY_DATA)
def data_without_recipients_gets_552(clean: Decide, session: ServerSession) -> Answer | None:
    """Answers 552 to DATA without recipients."""
    del clean, session
    return answer(552, b"No room for that")


@defect(
    ServerSession.open_transaction,
    proves={HERE + "accepted_mail_begins_a_transaction*"},
    also={"rfc5321/4.5.1/postmaster-from-anywhere", "rfc5321/4.1.4/several-transactions"},
)
def later_mail_opens_nothing(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 250 to MAIL and opens nothing behind HELO, behind one MAIL that it refused, or behind a message."""
    given = clean(argument)
    if not session.extended or session.commands == 3 or session.site.delivered:
        session.transaction = None
    return given


@defect(
    ServerSession.take_recipient,
    proves={HERE + "accepted_recipient_counts*"},
    also={
        "rfc5321/4.4/relay-does-not-inspect",
        "rfc5321/3.3/resent-fields-do-not-matter",
        "rfc5321/3.3/tolerate-header-defects",
        "rfc5321/3.7.2/*",
        "rfc5321/4.1.4/several-transactions",
        "rfc1870/6/size-is-not-the-end",
        "rfc2920/3.2/354-only-with-recipients",
        "rfc3030/2/rset-clears-chunks",
        "rfc5321/4.1.1.5/rset-discards",
    },
)
def recipient_behind_an_error_does_not_count(
    clean: OfOctets, session: ServerSession, forward_path: bytes
) -> Answer | None:
    """Answers 250 to a recipient and does not note it, unless it stands directly behind MAIL."""
    given = clean(forward_path)
    first = session.transaction is not None and len(session.transaction.forward_paths) == 1
    if session.transaction is not None and first and session.commands != 3:
        session.transaction.forward_paths.clear()
    return given


@defect(
    ServerSession.clear,
    only={"end of data"},
    proves={HERE + "accepted_message_ends_the_transaction*"},
    also={
        "rfc5321/3.3/rcpt-without-mail",
        "rfc5321/4.1.1.4/buffers-empty-after-data",
        "rfc5321/4.1.4/out-of-order-503",
        "rfc5321/4.1.4/several-transactions",
        "rfc3030/2/503-after-last",
        "rfc3030/2/pipelined-chunks-after-a-failure",
        "rfc5321/4.2.1/5yz-not-done",
    },
)
def transaction_outlives_its_message(clean: Clear, session: ServerSession, why: str) -> None:
    """Keeps the transaction open behind the mail data."""
    del clean, session, why
