"""Defects in the opening, the mail transaction and the end of a session (RFC 5321 §3.1, §3.2, §3.3, §3.8)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer
from conformance.reference._site import HOST

Decide = Callable[[], Answer | None]
OfOctets = Callable[[bytes], Answer | None]


@defect(ServerSession.greeting, proves={"rfc5321/3.1/server_speaks_first"}, also={"rfc5321/4.3.1/220-on-connection"})
def server_waits_to_be_spoken_to(clean: Decide, session: ServerSession) -> Answer | None:
    """Sends no greeting."""
    del clean, session
    return None


@defect(ServerSession.greeting, varies={"rfc5321/3.1/greeting_may_name_the_software"})
def greeting_is_the_name_alone(clean: Decide, session: ServerSession) -> Answer | None:
    """Greets with its name and nothing more, as it may."""
    del clean, session
    return answer(220, HOST + b" ESMTP")


@defect(ServerSession.greeting, varies={"rfc5321/3.1/session_may_be_rejected"})
def session_is_rejected(clean: Decide, session: ServerSession) -> Answer | None:
    """Opens with 554, as it may."""
    del clean, session
    return answer(554, HOST + b" takes no mail")


@defect(
    ServerSession.greeting,
    proves={"rfc5321/4.3.1/greeting_begins_with_the_name"},
    also={"rfc5321/4.1.1.1/greeting-names-server", "rfc5321/4.2/greeting-syntax"},
)
def greeting_has_no_name(clean: Decide, session: ServerSession) -> Answer | None:
    """Greets with asterisks in the place of its name."""
    del clean, session
    return answer(220, b"***** ready")


@defect(ServerSession.command_after_554, proves={"rfc5321/3.1/rejected_session_stays_open"})
def rejected_session_is_closed(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Closes at the first command after a 554 greeting."""
    del clean, session, verb
    return answer(503, b"Go away", close=True)


@defect(ServerSession.command_after_554, proves={"rfc5321/3.1/rejected_session_answers_503*"})
def rejected_session_answers_550(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Answers 550 after a 554 greeting."""
    del clean, session, verb
    return answer(550, b"No mail here")


@defect(ServerSession.helo, proves={"rfc5321/3.2/helo_lists_no_extensions"})
def helo_is_answered_like_ehlo(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Lists its extensions in the reply to HELO."""
    given = clean(argument)
    if given is None or given.code != 250:
        return given
    return answer(250, HOST, *session.extensions())


@defect(
    ServerSession.open_transaction, proves={"rfc5321/3.3/accepted_mail_gets_250*"}, also={"rfc5321/4.3.2/mail-replies"}
)
def mail_gets_252(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Accepts MAIL with 252."""
    del session
    given = clean(argument)
    return replace(given, code=252) if given and given.code == 250 else given


@defect(
    ServerSession.take_recipient, proves={"rfc5321/3.3/accepted_rcpt_gets_250*"}, also={"rfc5321/4.3.2/rcpt-replies"}
)
def rcpt_gets_252(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Accepts RCPT with 252."""
    del session
    given = clean(forward_path)
    return replace(given, code=252) if given else given


@defect(
    ServerSession.open_transaction,
    proves={
        "rfc5321/3.3/refused_reverse_path_gets_4yz_or_5yz",
        "rfc5321/4.1.4/bad_argument_of_mail_is_refused*",
    },
    also={
        "rfc5321/4.3.2/mail-replies",
        "rfc5321/4.1.2/bad-characters-in-domain",
        "rfc3461/4.3/ret-value",
        "rfc3461/4.4/envid-value",
        "rfc3461/4.5/mail-twice-501",
        "rfc3461/5.1/mail-invalid-501",
        "rfc4954/5/value-is-xtext",
        "rfc6531/3.4/no-value",
    },
)
def bad_mail_gets_354(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 354 to a MAIL that it can't read."""
    del session
    given = clean(argument)
    return replace(given, code=354) if given and given.code == 501 else given


@defect(
    ServerSession.take_recipient,
    proves={"rfc5321/3.3/second_recipient_is_taken"},
    also={
        "rfc5321/4.1.4/transaction-order",
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
def second_recipient_is_refused(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Takes one recipient in a transaction and refuses more."""
    if session.transaction is not None and session.transaction.forward_paths:
        return answer(503, b"One recipient only")
    return clean(forward_path)


@defect(
    ServerSession.refuse_recipient,
    proves={"rfc5321/3.3/undeliverable_recipient_is_refused"},
    also={"rfc2920/3.2/354-only-with-recipients"},
)
def any_recipient_is_taken(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Takes a recipient that it can't deliver to."""
    del clean
    return session.take_recipient(forward_path)


@defect(
    ServerSession.rcpt_without_mail,
    proves={"rfc5321/3.3/rcpt_without_mail_gets_503*", "rfc5321/4.1.4/rcpt_after_a_new_hello_gets_503*"},
)
def rcpt_without_mail_gets_550(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 550 to RCPT without MAIL."""
    del clean, session, argument
    return answer(550, b"No sender")


@defect(
    ServerSession.rcpt,
    proves={
        "rfc5321/3.3/source_route_does_not_end_the_session*",
        "rfc5321/4.1.2/source_route_leaves_the_recipients*",
    },
)
def source_route_ends_the_session(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Hangs up on a source route."""
    del session
    if re.match(rb"TO:<@[^>]+:", argument):
        return answer(501, b"No routes", close=True)
    return clean(argument)


@defect(
    ServerSession.begin_data,
    proves={"rfc5321/3.3/accepted_data_gets_354*"},
    also={
        "rfc5321/4.5.3.1/client-prepared-for-rejection",
        "rfc6531/3.2/else-reject",
        "rfc5321/4.3.1/listed-replies",
        "rfc1870/4/larger-gets-552",
        "rfc2920/3.2/354-only-with-recipients",
    },
)
def data_gets_250(clean: Decide, session: ServerSession) -> Answer | None:
    """Answers 250 to DATA and then waits for the data."""
    del session
    given = clean()
    return replace(given, code=250) if given else given


@defect(
    ServerSession.end_of_data,
    proves={"rfc5321/3.3/accepted_message_gets_250"},
    also={"rfc5321/4.3.1/listed-replies", "rfc5321/4.3.2/data-replies", "rfc3030/2/250-for-each-chunk"},
)
def message_gets_252(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Takes a message with 252."""
    del session
    given = clean(content)
    return replace(given, code=252) if given and given.code == 250 else given


@defect(ServerSession.data_without_recipients, varies={"rfc5321/3.3/data_without_recipients_may_fail_at_two_points"})
def data_without_recipients_gets_554(clean: Decide, session: ServerSession) -> Answer | None:
    """Answers 554 to DATA without recipients, as it may."""
    del clean, session
    return answer(554, b"No valid recipients")


NOBODY = {"rfc5321/3.3/no_message_without_recipients*"}


@defect(
    ServerSession.data_without_mail,
    name="message-for-nobody-is-taken",
    proves=NOBODY,
    also={
        "rfc5321/4.1.4/out-of-order-503",
        "rfc5321/4.2.1/4yz-not-done",
        "rfc5321/4.2.1/5yz-not-done",
        "rfc2920/3.2/354-only-with-recipients",
    },
)
def message_from_nobody_is_begun(clean: Decide, session: ServerSession) -> Answer | None:
    """Takes a message that has no sender or no recipient."""
    del clean
    return session.begin_data()


@defect(ServerSession.data_without_recipients, name="message-for-nobody-is-taken", proves=NOBODY)
def message_for_nobody_is_begun(clean: Decide, session: ServerSession) -> Answer | None:
    """Takes a message that has no sender or no recipient."""
    del clean
    return session.begin_data()


@defect(ServerSession.end_of_data, name="message-for-nobody-is-taken", proves=NOBODY)
def message_for_nobody_is_accepted(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Takes a message that has no sender or no recipient."""
    del session
    given = clean(content)
    return replace(given, code=250) if given and given.code == 503 else given


def _fields(content: bytes) -> list[bytes]:
    header = content.partition(b"\r\n\r\n")[0]
    return [line.partition(b":")[0].lower() for line in header.split(b"\r\n")]


@defect(
    ServerSession.end_of_data,
    proves={"rfc5321/3.3/header_defect_is_no_reason_to_refuse*"},
    also={
        "rfc5321/4.4/relay-does-not-inspect",
        "rfc5321/4.5.3.1.8/relay-no-header-tests",
        "rfc5321/4.5.3.1.6/text-line-1000",
        "rfc5321/4.5.3.1.8/recipients-in-header",
        "rfc5321/4.5.3.1/lengths-in-octets",
        "rfc5321/6.3/100-received",
    },
)
def header_defects_are_refused(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses a message unless it has exactly the usual header fields, each once."""
    usual = sorted([b"from", b"to", b"date", b"message-id", b"subject"])
    if sorted(_fields(content)) != usual or b"Date: yesterday" in content:
        session.clear("end of data")
        return answer(554, b"Bad header")
    return clean(content)


@defect(
    ServerSession.unknown,
    proves={
        f"rfc5321/3.8/unknown_command_does_not_end_the_session[{row}]*"
        for row in ("unknown", "unknown-x", "with-argument", "empty")
    },
)
def unknown_command_ends_the_session(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Hangs up on a command that it does not know."""
    del clean, session, verb
    return answer(500, b"Go away", close=True)
