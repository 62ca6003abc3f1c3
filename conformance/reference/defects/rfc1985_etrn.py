"""Defects of ETRN (RFC 1985)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer

Command = Callable[[bytes, bytes], Answer | None]


@defect(
    ServerSession.extension_command,
    profile="on-request",
    proves={"rfc1985/2/listed_command_is_known*", "rfc4468/3.5/listed_command_is_known"},
    also={"rfc1985/5.1/*"},
    varies={"rfc1985/6/any_name_may_get_250", "rfc1985/5.3/queue_can_be_named"},
)
def listed_commands_are_not_implemented(
    clean: Command, session: ServerSession, verb: bytes, argument: bytes
) -> Answer | None:
    """Answers 502 to commands of extensions that it lists."""
    del clean, session, verb, argument
    return answer(502, b"Not implemented")


@defect(
    ServerSession.extension_command,
    profile="on-request",
    proves={
        "rfc1985/5.1/malformed_argument_gets_500_or_501*",
        "rfc4468/3.1/burl_without_a_recipient_fails*",
        "rfc4468/3.2/burl_after_a_refused_recipient_fails",
        "rfc4468/3.2/url_that_leads_nowhere_is_refused*",
        "rfc4468/3.3/url_of_another_user_is_refused*",
        "rfc4468/3.5/malformed_burl_is_refused*",
    },
    varies={"rfc1985/5/etrn_within_a_transaction_may_be_served*", "rfc1985/6/any_name_may_get_250"},
)
def listed_commands_always_succeed(
    clean: Command, session: ServerSession, verb: bytes, argument: bytes
) -> Answer | None:
    """Answers 250 to ETRN and BURL at any time and with any argument."""
    del clean, session, verb, argument
    return answer(250, b"OK")


@defect(
    ServerSession.extension_command,
    profile="on-request",
    proves={"rfc1985/5/etrn_outside_a_transaction_is_in_order*", "rfc1985/5/etrn_after_a_message_is_in_order"},
    also={"rfc1985/5.1/*"},
)
def etrn_is_out_of_sequence(clean: Command, session: ServerSession, verb: bytes, argument: bytes) -> Answer | None:
    """Answers 503 to ETRN at any time."""
    del session
    return answer(503, b"Bad sequence of commands") if verb == b"ETRN" else clean(verb, argument)


@defect(
    ServerSession.extension_command,
    profile="on-request",
    proves={"rfc1985/5.1/etrn_is_answered_with*"},
)
def etrn_is_refused_by_policy(clean: Command, session: ServerSession, verb: bytes, argument: bytes) -> Answer | None:
    """Answers 554 to any ETRN, for which 459 is there."""
    del session
    return answer(554, b"Access denied") if verb == b"ETRN" else clean(verb, argument)


@defect(ServerSession.extension_command, profile="on-request", proves={"rfc1985/5/session_goes_on_after_etrn"})
def etrn_forgets_the_client(clean: Command, session: ServerSession, verb: bytes, argument: bytes) -> Answer | None:
    """Wants EHLO again after ETRN."""
    session.client_name = None
    return clean(verb, argument)


@defect(
    ServerSession.render,
    profile="on-request",
    proves={"rfc1985/5.1/waiting_mail_comes_by_another_connection*"},
    also={"rfc1985/*", "rfc5321/4.2*", "rfc5321/4.3.2/three-digits-2-to-5"},
)
def etrn_turns_the_connection_round(clean: Callable[[Answer], bytes], session: ServerSession, given: Answer) -> bytes:
    """Becomes the client of the connection that ETRN came by."""
    turned = b"EHLO mail.example.test\r\n" if session.answers == b"ETRN" and given.code // 100 == 2 else b""
    return clean(given) + turned


@defect(
    ServerSession.extension_command,
    profile="on-request",
    varies={"rfc1985/5.1/connection_may_follow"},
)
def etrn_is_answered_and_nothing_is_sent(
    clean: Command, session: ServerSession, verb: bytes, argument: bytes
) -> Answer | None:
    """Answers 250 to ETRN and leaves its queue alone."""
    del session
    in_order = verb == b"ETRN" and argument.replace(b"@", b"").replace(b".", b"").isalpha()
    return answer(250, b"OK, queuing started") if in_order else clean(verb, argument)


@defect(
    ServerSession.extension_command,
    profile="on-request",
    proves={"rfc1985/5.1/reply_does_not_wait_for_the_queue"},
)
def etrn_is_answered_when_the_queue_is_done(
    clean: Command, session: ServerSession, verb: bytes, argument: bytes
) -> Answer | None:
    """Answers ETRN when all that waited has been tried."""
    del session
    given = clean(verb, argument)
    return replace(given, pause=25.0) if given is not None and verb == b"ETRN" and given.code == 253 else given


@defect(
    ServerSession.extension_command,
    profile="on-request",
    proves={"rfc1985/5.3/at_sign_releases_what_waits_below_a_domain"},
)
def etrn_knows_no_at_sign(clean: Command, session: ServerSession, verb: bytes, argument: bytes) -> Answer | None:
    """Answers 501 to ETRN with an @ before the name."""
    del session
    at = verb == b"ETRN" and argument.startswith(b"@")
    return answer(501, b"Syntax error in parameters") if at else clean(verb, argument)
