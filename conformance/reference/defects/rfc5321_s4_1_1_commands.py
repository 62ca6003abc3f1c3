"""Defects in what the commands do (RFC 5321 §4.1.1), the end of the mail data apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer
from conformance.reference._site import HOST
from conformance.wire.paths import PathArgument

OfOctets = Callable[[bytes], Answer | None]


@defect(
    ServerSession.command,
    proves={
        "rfc5321/4.1.1/trailing_white_space_is_tolerated*",
        "rfc5321/4.1.1/trailing_white_space_after_a_path_is_tolerated*",
    },
    also={"rfc2034/4/required-on-replies"},
)
def trailing_white_space_is_refused(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Refuses a command with white space before its CRLF."""
    del session
    return answer(501, b"Trailing white space") if line.endswith((b" ", b"\t")) else clean(line)


@defect(
    ServerSession.argument_given,
    proves={
        "rfc5321/4.1.1/argument_where_none_may_be_is_refused*",
        "rfc5321/4.3.2/argument_where_none_may_be_gets_501*",
    },
)
def arguments_are_ignored(
    clean: Callable[[bytes, bytes], Answer | None], session: ServerSession, verb: bytes, argument: bytes
) -> Answer | None:
    """Acts on RSET, DATA and QUIT as if they had no argument."""
    del clean, argument
    return {b"RSET": session.rset, b"DATA": session.data, b"QUIT": session.quit}[verb](b"")


@defect(ServerSession.argument_given, proves={"rfc5321/4.3.2/argument_where_none_may_be_gets_501*"})
def arguments_get_504(
    clean: Callable[[bytes, bytes], Answer | None], session: ServerSession, verb: bytes, argument: bytes
) -> Answer | None:
    """Answers 504 to an argument of RSET, DATA and QUIT."""
    del clean, session, verb, argument
    return answer(504, b"No such argument")


@defect(
    ServerSession.helo,
    proves={"rfc5321/4.1.1.1/helo_is_known*", "rfc5321/4.5.1/required_command_is_known[helo]*"},
)
def helo_is_not_implemented(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 502 to HELO."""
    del clean, session, argument
    return answer(502, b"Use EHLO")


@defect(ServerSession.mail, proves={"rfc5321/4.1.1.1/helo_opens_a_session"})
def mail_after_helo_is_refused(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Refuses MAIL in a session that HELO opened."""
    if session.client_name is not None and not session.extended:
        return answer(503, b"Say EHLO first")
    return clean(argument)


@defect(
    ServerSession.clear,
    proves={
        "rfc5321/4.1.1.1/second_hello_clears_the_transaction*",
        "rfc5321/4.1.4/rcpt_after_a_new_hello_gets_503*",
    },
    also={"rfc5321/4.1.4/transaction-aborted", "rfc3030/2/rset-clears-chunks"},
)
def second_hello_keeps_the_transaction(clean: Callable[[str], None], session: ServerSession, why: str) -> None:
    """Keeps the open transaction over EHLO and HELO."""
    del session
    if why not in {"EHLO", "HELO"}:
        clean(why)


@defect(
    ServerSession.extensions,
    proves={"rfc5321/4.1.1.1/watch_ehlo_reply_form"},
    also={"rfc5321/4.1.1.1/ehlo-keyword-syntax"},
)
def ehlo_keyword_has_an_equals_sign(
    clean: Callable[[], tuple[bytes, ...]], session: ServerSession
) -> tuple[bytes, ...]:
    """Lists AUTH=LOGIN, which is no keyword."""
    del session
    return (*clean(), b"AUTH=LOGIN")


@defect(ServerSession.extensions, proves={"rfc5321/4.1.1.1/working_*_is_listed"})
def optional_commands_are_not_listed(
    clean: Callable[[], tuple[bytes, ...]], session: ServerSession
) -> tuple[bytes, ...]:
    """Supports EXPN and HELP and does not list them."""
    del session
    return tuple(keyword for keyword in clean() if keyword not in {b"EXPN", b"HELP"})


@defect(
    ServerSession.extensions,
    name="expn-of-postmaster-is-not-listed",
    proves={"rfc5321/4.1.1.1/expn_of_postmaster_is_listed_where_it_works", "rfc5321/4.1.1.1/working_expn_is_listed"},
)
def expn_is_not_listed(clean: Callable[[], tuple[bytes, ...]], session: ServerSession) -> tuple[bytes, ...]:
    """Supports EXPN of every mailbox and does not list it."""
    del session
    return tuple(keyword for keyword in clean() if keyword != b"EXPN")


@defect(ServerSession.expn, name="expn-of-postmaster-is-not-listed")
def expn_tells_postmaster(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Supports EXPN of every mailbox and does not list it."""
    del session
    return answer(250, b"<postmaster@example.test>") if argument == b"postmaster" else clean(argument)


@defect(
    ServerSession.path_and_parameters,
    proves={"rfc5321/4.1.1.1/parameter_keyword_in_any_case*"},
    also={
        "rfc1870/4/extended-mail-accepted",
        "rfc3030/3/body-value",
        "rfc3461/2/four-parameters",
        "rfc4954/8/case-insensitive",
        "rfc6152/2/body-values",
        "rfc6531/3.1/paths-extended",
    },
)
def parameters_are_known_in_upper_case_only(
    clean: Callable[[bytes, bytes], PathArgument | None], session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Knows the keywords of parameters in upper case only."""
    del session
    given = clean(keyword, argument)
    if given is None or not given.parameters:
        return given
    return given if all(b" " + word in argument for word in given.parameters) else None


@defect(ServerSession.nested_mail, proves={"rfc5321/4.1.1.2/nested_mail_is_refused_or_clears"})
def nested_mail_keeps_the_recipients(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Takes a second MAIL and keeps the recipients of the first."""
    del clean, session, argument
    return answer(250, b"OK")


def _is_bare_postmaster(argument: bytes) -> bool:
    return argument[3:].lower() == b"<postmaster>"


@defect(
    ServerSession.rcpt,
    proves={
        "rfc5321/4.1.1.3/bare_postmaster_is_taken[capital]",
        "rfc5321/4.1.1.3/bare_postmaster_is_taken[upper]",
        "rfc5321/4.1.1.3/bare_postmaster_is_taken[mixed]",
    },
)
def bare_postmaster_has_case(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Knows the bare postmaster in lower case only."""
    del session
    if _is_bare_postmaster(argument) and argument[3:] != b"<postmaster>":
        return answer(550, b"No such mailbox here")
    return clean(argument)


@defect(
    ServerSession.rcpt,
    proves={
        "rfc5321/4.1.1.3/bare_postmaster_is_taken*",
        "rfc5321/4.5.1/postmaster_without_domain_is_taken*",
    },
    also={
        "rfc5321/4.5.1/postmaster-from-anywhere",
    },
)
def bare_postmaster_is_refused(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Wants a domain behind postmaster."""
    if _is_bare_postmaster(argument) and session.transaction is not None:
        return answer(501, b"No domain")
    return clean(argument)


@defect(
    ServerSession.refuse_recipient,
    proves={"rfc5321/4.1.1.3/refused_recipient_leaves_the_others"},
)
def refused_recipient_drops_the_others(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Forgets all recipients when it refuses one."""
    if session.transaction is not None:
        session.transaction.forward_paths.clear()
    return clean(forward_path)


@defect(
    ServerSession.rcpt,
    proves={"rfc5321/4.1.1.3/bad_recipient_leaves_the_others"},
    also={"rfc2920/3.2/354-only-with-recipients"},
)
def bad_recipient_drops_the_others(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Forgets all recipients when it can't read one."""
    given = clean(argument)
    if given is not None and given.code == 501 and session.transaction is not None:
        session.transaction.forward_paths.clear()
    return given


@defect(
    ServerSession.clear,
    proves={"rfc5321/4.1.1.5/rset_discards_the_transaction*"},
    also={
        "rfc6531/3.5/550-for-mail",
        "rfc5321/4.1.1.5/rset-at-any-time",
        "rfc5321/3.3/rcpt-without-mail",
        "rfc5321/4.1.4/out-of-order-503",
        "rfc5321/4.1.4/transaction-aborted",
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
def rset_keeps_the_transaction(clean: Callable[[str], None], session: ServerSession, why: str) -> None:
    """Answers RSET and keeps the transaction."""
    del session
    if why != "RSET":
        clean(why)


@defect(
    ServerSession.rset,
    proves={"rfc5321/4.1.1.5/rset_gets_250*"},
    also={"rfc5321/4.3.2/rset-replies", "rfc5321/4.2.1/5yz-not-done"},
)
def rset_gets_220(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers RSET with 220."""
    del session
    given = clean(argument)
    return replace(given, code=220) if given and given.code == 250 else given


@defect(
    ServerSession.rset,
    proves={"rfc5321/4.1.1.5/rset_leaves_the_session_usable*"},
    also={
        "rfc6531/3.5/550-for-mail",
        "rfc1870/4/extended-mail-accepted",
        "rfc1870/6.1/552-for-good",
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
def rset_forgets_ehlo(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Wants a new EHLO after RSET."""
    session.client_name = None
    return clean(argument)


@defect(ServerSession.rset, proves={"rfc5321/4.1.1.5/rset_does_not_close*"}, also={"rfc5321/4.1.1.10/close-after-quit"})
def rset_closes(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Closes the connection behind its reply to RSET."""
    del session
    given = clean(argument)
    return replace(given, close=True) if given else given


@defect(ServerSession.vrfy, proves={"rfc5321/4.1.1.6/vrfy_keeps_*"})
def vrfy_aborts_the_transaction(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Drops the transaction at VRFY."""
    session.clear("VRFY")
    return clean(argument)


@defect(ServerSession.expn, proves={"rfc5321/4.1.1.7/expn_keeps_*"})
def expn_aborts_the_transaction(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Drops the transaction at EXPN."""
    session.clear("EXPN")
    return clean(argument)


@defect(ServerSession.help, proves={"rfc5321/4.1.1.8/help_keeps_*"})
def help_aborts_the_transaction(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Drops the transaction at HELP."""
    session.clear("HELP")
    return clean(argument)


@defect(ServerSession.noop, proves={"rfc5321/4.1.1.9/noop_keeps_*"})
def noop_aborts_the_transaction(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Drops the transaction at NOOP."""
    session.clear("NOOP")
    return clean(argument)


@defect(
    ServerSession.help,
    proves={"rfc5321/4.1.1.8/help_is_supported", "rfc5321/4.2.4/listed_capability_is_known[help]"},
    varies={"rfc5321/4.1.1.8/help_may_have_an_argument"},
)
def help_is_not_implemented(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Lists HELP and answers it with 502."""
    del clean, session, argument
    return answer(502, b"No help here")


@defect(
    ServerSession.noop,
    proves={"rfc5321/4.1.1.9/noop_gets_250*", "rfc5321/4.1.1.9/noop_argument_is_ignored*"},
    also={"rfc5321/4.3.2/noop-replies"},
)
def noop_gets_214(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers NOOP with 214."""
    del clean, session, argument
    return answer(214, b"Nothing done")


@defect(ServerSession.noop, proves={"rfc5321/4.1.1.9/noop_argument_is_ignored*"}, also={"rfc5321/4.1.1.9/noop-syntax"})
def noop_with_an_argument_is_refused(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 501 to NOOP with an argument."""
    del session
    return answer(501, b"No argument allowed") if argument else clean(argument)


@defect(
    ServerSession.quit,
    proves={
        "rfc5321/4.1.1.10/quit_gets_221*",
        "rfc5321/4.1.1.10/quit_is_taken_anywhere*",
        "rfc5321/4.1.1.10/connection_is_closed_after_quit*",
    },
    also={"rfc3207/4.1/quit-served-when-too-weak", "rfc2920/3.2/no-assumptions", "rfc5321/4.3.2/quit-replies"},
)
def quit_gets_250(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers QUIT with 250."""
    del session
    return clean(argument) if argument else answer(250, HOST + b" says goodbye", close=True)


@defect(ServerSession.quit, proves={"rfc5321/4.1.1.10/connection_is_closed_after_quit*"})
def quit_does_not_close(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Stays after its reply to QUIT."""
    del session
    given = clean(argument)
    return replace(given, close=False) if given else given


@defect(
    ServerSession.command,
    proves={
        "rfc5321/4.1.1.10/error_does_not_close_the_connection*",
        "rfc5321/3.8/unknown_command_does_not_end_the_session*",
    },
    also={
        "rfc5321/3.1/wait-for-quit-after-554",
        "rfc5321/4.1.1.10/close-after-quit",
        "rfc4954/9/not-before-three-failures",
        "rfc5321/4.2.1/5yz-not-done",
        "rfc5321/4.1.4/bad-mail-keeps-state",
    },
)
def first_error_closes_the_connection(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Closes behind its first 5yz reply."""
    del session
    given = clean(line)
    return replace(given, close=True) if given and given.code >= 500 else given


ALONE_OR_NOT = ("NOOP", "HELP", "VRFY", "EXPN")


@defect(
    ServerSession.command,
    proves={
        "rfc5321/4.1.1/verb_ends_at_the_space*",
        "rfc5321/4.1.1.8/help_takes_a_string[atom]",
        "rfc5321/4.1.1.8/help_takes_a_string[quoted-string]",
        "rfc5321/4.1.1.9/noop_takes_a_string[atom]",
        "rfc5321/4.1.1.9/noop_takes_a_string[quoted-string]",
    },
    also={
        "rfc5321/7.3/252-when-disabled",
        "rfc5321/7.3/expn-supported",
        "rfc5321/4.1.1.9/noop-ignores-argument",
        "rfc5321/4.2/one-reply",
        "rfc5321/4.2.4/no-500-for-listed",
        "rfc5321/4.5.1/vrfy-supported",
        "rfc5321/4.3.2/no-500-for-required",
        "rfc2034/4/required-on-replies",
        "rfc3207/4/530-before-tls",
        "rfc6531/3.1/vrfy-expn-known",
    },
    only=ALONE_OR_NOT,
)
def verbs_are_known_without_parameters_only(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Answers 500 to NOOP, HELP, VRFY and EXPN with a parameter."""
    known = not session.argument_of(line) or session.client_name is None
    return clean(line if known else b"BOGUS")


@defect(
    ServerSession.command,
    proves={"rfc5321/4.1.1.8/help_takes_a_string[none]", "rfc5321/4.1.1.9/noop_takes_a_string[none]"},
    also={
        "rfc5321/4.1.1.8/help-supported",
        "rfc5321/4.1.1.9/noop-250",
        "rfc5321/4.1.1/trailing-white-space",
        "rfc2034/4/regardless-of-ehlo",
        "rfc2034/4/required-on-replies",
        "rfc3207/4/530-before-tls",
        "rfc3207/4/530-spares-four-commands",
        "rfc4954/4/bad-base64-501",
        "rfc4954/4/cancel-501",
    },
    only=("NOOP", "HELP"),
)
def verbs_are_known_with_parameters_only(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Answers 501 to NOOP and HELP without a parameter once EHLO was said."""
    known = session.argument_of(line) or session.client_name is None
    return clean(line) if known else answer(501, b"A parameter is needed")


@defect(
    ServerSession.ehlo,
    proves={"rfc5321/4.1.1.1/ehlo_is_known*", "rfc5321/2.2.1/ehlo_is_supported_whatever_is_offered*"},
    also={
        "rfc5321/4.5.1/ehlo-supported",
        "rfc3207/4/530-spares-four-commands",
        "rfc5321/4.5.3.1.7/size-extension",
        "rfc8314/3.3/smtp-inside-tls",
    },
)
def first_ehlo_is_not_implemented(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 502 to EHLO, so that clients fall back to HELO."""
    del clean, session, argument
    return answer(502, b"Use HELO")


@defect(ServerSession.extensions, varies={"rfc5321/4.1.1.1/private_commands_may_be_listed"})
def private_command_is_listed(clean: Callable[[], tuple[bytes, ...]], session: ServerSession) -> tuple[bytes, ...]:
    """Lists a private-use command."""
    del session
    return (*clean(), b"XEXAMPLE")


@defect(
    ServerSession.greeting,
    proves={"rfc5321/4.1.1.1/watch_greeting_names_the_server"},
    also={"rfc5321/4.2/greeting-syntax", "rfc5321/4.3.1/greeting-begins-with-name", "rfc5321/4.3.1/name-in-greeting"},
)
def greeting_is_welcome(clean: Callable[[], Answer | None], session: ServerSession) -> Answer | None:
    """Greets without saying who it is."""
    given = clean()
    return given if session.rejects else answer(220, b"*** welcome ***")


@defect(
    ServerSession.hello_text,
    proves={"rfc5321/4.1.1.1/watch_hello_reply_names_the_server"},
    also={"rfc5321/4.1.1.1/ehlo-reply-form"},
)
def ehlo_reply_does_not_name_the_server(clean: Callable[[], bytes], session: ServerSession) -> bytes:
    """Answers EHLO with a welcome and no name."""
    del clean, session
    return b"*** welcome ***"


@defect(
    ServerSession.hello_text,
    proves={"rfc5321/4.1.1.1/watch_ehlo_greet_is_7_bit"},
    also={
        "rfc5321/A/high-bit-zero",
        "rfc5321/4.2/printable-text",
        "rfc6531/3.7.1/server-ascii-in-ehlo-reply",
        "rfc6531/3.7.4.2/no-other-utf-8",
    },
)
def ehlo_greeting_is_8_bit(clean: Callable[[], bytes], session: ServerSession) -> bytes:
    """Greets in the reply to EHLO with 8-bit text."""
    del clean, session
    return HOST + " grüßt".encode()


@defect(
    ServerSession.extensions,
    proves={"rfc5321/4.1.1.1/watch_ehlo_keywords_stand_alone"},
)
def ehlo_keyword_is_listed_twice(clean: Callable[[], tuple[bytes, ...]], session: ServerSession) -> tuple[bytes, ...]:
    """Lists a keyword on two lines."""
    del session
    return (*clean(), b"8BITMIME")


@defect(
    ServerSession.extensions,
    proves={"rfc5321/4.1.1.1/watch_ehlo_keyword_syntax"},
    also={"rfc5321/4.1.1.1/ehlo-reply-form"},
)
def ehlo_keyword_has_an_underscore(clean: Callable[[], tuple[bytes, ...]], session: ServerSession) -> tuple[bytes, ...]:
    """Lists a keyword with a character that none may have."""
    del session
    return (*clean(), b"NO_KEYWORD")


@defect(
    ServerSession.extensions,
    proves={"rfc5321/4.1.1.1/watch_ehlo_parameter_syntax"},
    also={"rfc5321/4.1.1.1/ehlo-reply-form", "rfc4954/3/mechanisms-listed"},
)
def ehlo_parameters_have_two_spaces(
    clean: Callable[[], tuple[bytes, ...]], session: ServerSession
) -> tuple[bytes, ...]:
    """Puts two spaces before a parameter."""
    del session
    return tuple(keyword.replace(b" ", b"  ") for keyword in clean())


@defect(
    ServerSession.open_transaction,
    varies={"rfc5321/4.1.1.2/null_reverse_path_may_be_given"},
    also={"rfc6152/2/mail-takes-body"},
)
def null_reverse_path_is_refused_behind_ehlo(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Refuses the null reverse-path by policy."""
    del session
    return answer(550, b"Not from nobody") if argument == b"FROM:<>" else clean(argument)


@defect(
    ServerSession.refuse_mail_parameters,
    varies={"rfc5321/4.1.1.2/mail_may_have_parameters"},
    also={
        "rfc5321/4.3.2/mail-replies",
        "rfc1870/4/extended-mail-accepted",
        "rfc3030/3/body-value",
        "rfc5321/4.1.4/bad-mail-keeps-state",
        "rfc6152/2/body-values",
        "rfc6531/3.1/paths-extended",
    },
)
def body_is_refused_by_policy(
    clean: Callable[[dict[bytes, bytes]], Answer | None], session: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Takes no 8-bit mail, by policy."""
    del session
    return answer(554, b"No 8-bit mail, by policy") if b"BODY" in parameters else clean(parameters)


@defect(
    ServerSession.refuse_rcpt_parameters,
    varies={"rfc5321/4.1.1.3/rcpt_may_have_parameters"},
    also={
        "rfc5321/4.3.2/rcpt-replies",
        "rfc3461/2/four-parameters",
        "rfc3461/4.1/notify-case",
        "rfc3461/4.1/notify-value",
        "rfc3461/5.1/rcpt-invalid-501",
        "rfc3461/5.1/rcpt-same-code",
    },
)
def notify_is_refused_by_policy(
    clean: Callable[[dict[bytes, bytes]], Answer | None], session: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Takes no requests for notifications, by policy."""
    del session
    return answer(554, b"No notifications, by policy") if b"NOTIFY" in parameters else clean(parameters)


@defect(
    ServerSession.rset,
    name="rset-before-ehlo-spoils-the-session",
    proves={"rfc5321/4.1.1.5/rset_before_ehlo_changes_nothing"},
)
def rset_before_ehlo_spoils_the_session(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Refuses EHLO behind a RSET."""
    session.site.down = session.client_name is None
    return clean(argument)


@defect(ServerSession.ehlo, name="rset-before-ehlo-spoils-the-session")
def ehlo_behind_rset_is_refused(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Refuses EHLO behind a RSET."""
    return answer(503, b"Too late") if session.site.down else clean(argument)


@defect(
    ServerSession.rset,
    proves={"rfc5321/4.1.1.5/rset_keeps_the_extensions"},
    also={
        "rfc1870/4/extended-mail-accepted",
        "rfc1870/6.1/552-for-good",
        "rfc3030/3/body-value",
        "rfc3461/2/four-parameters",
        "rfc3461/4.3/ret-case",
        "rfc3461/4.3/ret-value",
        "rfc3461/4.4/envid-value",
        "rfc3461/4.4/no-meaning",
        "rfc3461/4/xtext",
        "rfc3461/5.1/mail-not-refused",
        "rfc3461/5.1/mail-same-code",
        "rfc3461/5.4/sizes",
        "rfc4954/3/mail-line-limit",
        "rfc4954/5/parse-and-discard",
        "rfc4954/5/supported-unauthenticated",
        "rfc4954/8/case-insensitive",
        "rfc6152/2/body-values",
        "rfc6531/3.1/paths-extended",
        "rfc6531/3.2/utf-8-wherever-mailbox",
        "rfc6531/3.7/utf-8-for-mailboxes",
    },
)
def rset_forgets_the_extensions(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Forgets at RSET that EHLO was said and not HELO."""
    session.extended = False
    return clean(argument)


@defect(ServerSession.noop, proves={"rfc5321/4.1.1.9/extensions_survive_noop"})
def noop_forgets_the_extensions(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Forgets at NOOP that EHLO was said and not HELO."""
    session.extended = False
    return clean(argument)


@defect(
    ServerSession.lost_client,
    name="lost-client-ends-the-server",
    proves={"rfc5321/4.1.1.5/lost_connection_is_survived*"},
)
def lost_client_ends_the_server(clean: Callable[[], None], session: ServerSession) -> None:
    """Falls over when a client is lost, and takes all sessions with it."""
    clean()
    session.site.down = True


@defect(ServerSession.noop, name="lost-client-ends-the-server")
def session_ends_with_the_server(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Falls over when a client is lost, and takes all sessions with it."""
    return answer(421, b"Going down", close=True) if session.site.down else clean(argument)


@defect(
    ServerSession.vrfy,
    proves={"rfc5321/4.1.1.6/vrfy_does_not_deny_a_mailbox"},
    also={
        "rfc5321/3.5.1/local-part-at-domain-recognized",
        "rfc5321/3.5.3/251-and-551-as-for-rcpt",
        "rfc5321/3.5.3/252-when-not-verifiable",
        "rfc5321/7.3/vrfy-tries",
        "rfc5321/7.3/no-550-for-all",
    },
)
def vrfy_denies_everybody(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 550 to VRFY whoever is asked for."""
    del session
    return answer(550, b"No such mailbox here") if b"@" in argument else clean(argument)


@defect(
    ServerSession.vrfy,
    proves={"rfc5321/4.1.1.6/vrfy_does_not_confirm_a_refused_mailbox"},
    also={
        "rfc6531/3.7.4.2/252-or-550",
        "rfc6531/3.7.4.2/for-that-command-only",
        "rfc6531/3.7.4.2/no-utf-8-unasked",
        "rfc6531/3.7.4.2/success-form",
        "rfc5321/3.5.3/250-only-when-verified",
        "rfc5321/3.5.3/500-or-502-when-only-syntax",
        "rfc5321/7.3/no-250-for-syntax",
        "rfc5321/7.3/no-pretended-verification",
        "rfc5321/7.3/vrfy-tries",
    },
)
def vrfy_confirms_everybody(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 250 to VRFY whoever is asked for."""
    del session
    return answer(250, b"<%b>" % argument) if b"@" in argument else clean(argument)


@defect(ServerSession.vrfy, proves={"rfc5321/4.1.1.6/vrfy_takes_a_quoted_string"})
def vrfy_knows_no_quotes(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 501 to VRFY with a quoted string."""
    del session
    return answer(501, b"VRFY takes a mailbox") if argument.startswith(b'"') else clean(argument)


@defect(ServerSession.expn, proves={"rfc5321/4.1.1.7/expn_takes_a_quoted_string"})
def expn_knows_no_quotes(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 501 to EXPN with a quoted string."""
    del session
    return answer(501, b"EXPN takes a list") if argument.startswith(b'"') else clean(argument)


@defect(
    ServerSession.expn,
    proves={"rfc5321/4.1.1.7/expn_confirms_lists_only"},
    also={"rfc5321/3.5.3/250-only-when-verified", "rfc5321/7.3/no-pretended-verification"},
)
def expn_confirms_everything(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 250 to EXPN also where there is no list."""
    given = clean(argument)
    return answer(250, b"<%b>" % argument) if given and given.code == 550 and session.extended else given


@defect(
    ServerSession.expn,
    proves={"rfc5321/4.1.1.7/expn_lists_each_member_on_a_line"},
    also={"rfc6531/3.7.4.2/success-form"},
)
def expn_lists_all_members_on_one_line(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Puts all members of a list on one line."""
    del session
    given = clean(argument)
    return replace(given, texts=(b", ".join(given.texts),)) if given else given


def _out_of_sequence(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    between = session.extended and session.transaction is None
    return clean(argument) if between else answer(503, b"Not now")


@defect(
    ServerSession.expn,
    proves={"rfc5321/4.1.1.7/expn_is_served_at_any_time*"},
    also={"rfc5321/4.1.4/any-time-commands", "rfc5321/4.3.2/expn-replies"},
)
def expn_is_out_of_sequence(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 503 to EXPN before EHLO and within a transaction."""
    return _out_of_sequence(clean, session, argument)


@defect(
    ServerSession.help,
    proves={"rfc5321/4.1.1.8/help_is_served_at_any_time*"},
    also={"rfc5321/4.1.4/any-time-commands", "rfc5321/4.3.2/help-replies"},
)
def help_is_out_of_sequence(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 503 to HELP before EHLO and within a transaction."""
    return _out_of_sequence(clean, session, argument)


@defect(
    ServerSession.noop,
    proves={"rfc5321/4.1.1.9/noop_is_served_at_any_time*"},
    also={
        "rfc5321/4.1.4/any-time-commands",
        "rfc5321/4.1.1.9/noop-250",
        "rfc5321/4.3.2/noop-replies",
        "rfc3207/6/server-discards-cleartext",
    },
)
def noop_is_out_of_sequence(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 503 to NOOP before EHLO and within a transaction."""
    return _out_of_sequence(clean, session, argument)


@defect(ServerSession.render, only={"214"}, proves={"rfc5321/4.1.1.8/help_says_something"}, also={"rfc2034/*"})
def help_says_nothing(clean: Callable[[Answer], bytes], session: ServerSession, given: Answer) -> bytes:
    """Answers HELP without a word."""
    del clean, session, given
    return b"214 \r\n"


@defect(
    ServerSession.rcpt,
    proves={"rfc5321/4.1.1.2/null_reverse_path_begins_a_transaction"},
    also={"rfc5321/4.5.1/postmaster-from-anywhere"},
)
def null_reverse_path_counts_for_none(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Takes MAIL with the null reverse-path, and then says at RCPT that there was no MAIL."""
    if session.transaction is not None and not session.transaction.reverse_path:
        return session.rcpt_without_mail(argument)
    return clean(argument)


def _is_of_a_subdomain(name: bytes | None) -> bool:
    """Whether a client's name has the four labels or more that few of our names have."""
    return name is not None and not name.startswith(b"[") and name.count(b".") >= 3


@defect(ServerSession.hello_text, proves={"rfc5321/4.1.1.1/hello_reply_names_not_the_client[ehlo]"})
def name_of_a_subdomain_is_repeated(clean: Callable[[], bytes], session: ServerSession) -> bytes:
    """Answers EHLO with the client's name in the place of its own, where that is of a subdomain."""
    return session.client_name if session.client_name and _is_of_a_subdomain(session.client_name) else clean()


@defect(ServerSession.helo, proves={"rfc5321/4.1.1.1/hello_reply_names_not_the_client[helo]"})
def name_of_a_subdomain_is_repeated_to_helo(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers HELO with the client's name in the place of its own, where that is of a subdomain."""
    del session
    given = clean(argument)
    repeats = given is not None and given.code == 250 and _is_of_a_subdomain(argument)
    return replace(given, texts=(argument,)) if given is not None and repeats else given
