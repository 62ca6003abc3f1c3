"""Defects in what reply codes stand for: codes that belong elsewhere, and effects that they rule out (§4.2, §4.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from conformance.reference._decision import defect
from conformance.reference._session import Answer, Line, ServerSession, Transaction, answer
from conformance.reference._site import BUSY, HOST

Decide = Callable[[], Answer | None]
OfMessage = Callable[[Transaction, bytes], Answer | None]
OfOctets = Callable[[bytes], Answer | None]
OfParameters = Callable[[dict[bytes, bytes]], Answer | None]


class OnLine(Protocol):
    """An override of ``ServerSession.command``."""

    __name__: str

    def __call__(self, clean: OfOctets, session: ServerSession, /, line: bytes) -> Answer | None:
        """Decide about one command line."""


@dataclass(frozen=True)
class Success:
    """The code of success that a command gets in place of its own, and who sees it."""

    own: int
    given: int
    proves: set[str]
    also: set[str] = field(default_factory=set)


def _table(row: str) -> str:
    return f"rfc5321/4.3.1/success_has_the_code_of_the_table[{row}]*"


def _watch(verb: str) -> str:
    return f"rfc5321/4.3.2/watch_replies_to_{verb}"


SUCCESSES = {
    "HELO": Success(250, 220, {_table("helo"), _watch("ehlo_and_helo")}),
    "MAIL": Success(
        250, 251, {_watch("mail")}, {"rfc5321/3.3/mail-accepted-250", "rfc5321/4.2.2/forward-path-in-251-and-551"}
    ),
    "RCPT": Success(250, 252, {_watch("rcpt")}, {"rfc5321/3.3/rcpt-accepted-250"}),
    "DATA": Success(
        354,
        334,
        {_table("data"), _watch("data")},
        {"rfc5321/3.3/data-354", "rfc5321/4.2/listed-codes"}
        | {f"rfc{number}/*" for number in (1870, 2920, 3030, 3207, 3461, 4954, 6531)},
    ),
    "RSET": Success(250, 252, {_watch("rset")}, {"rfc5321/4.1.1.5/rset-250", "rfc5321/4.2.1/5yz-not-done"}),
    "NOOP": Success(250, 214, {_watch("noop")}, {"rfc5321/4.1.1.9/noop-250", "rfc5321/4.1.1.9/noop-ignores-argument"}),
    "VRFY": Success(250, 214, {_table("vrfy"), _watch("vrfy")}, {"rfc5321/3.5.1/vrfy-of-list-error"}),
    "EXPN": Success(250, 214, {_table("expn"), _watch("expn")}),
    "HELP": Success(214, 250, {_table("help"), _watch("help")}),
    "QUIT": Success(
        221,
        250,
        {_watch("quit")},
        {
            "rfc2920/3.2/no-assumptions",
            "rfc3207/4.1/quit-served-when-too-weak",
            "rfc5321/4.1.1.10/close-after-quit",
            "rfc5321/4.1.1.10/quit-221",
            "rfc5321/4.1.1.10/quit-at-any-time",
        },
    ),
}


def _succeeds_otherwise(success: Success) -> OnLine:
    def succeeds_otherwise(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
        del session
        given = clean(line)
        return replace(given, code=success.given) if given and given.code == success.own else given

    return succeeds_otherwise


def _declare_successes() -> None:
    for verb, success in SUCCESSES.items():
        override = _succeeds_otherwise(success)
        override.__name__ = f"{verb.lower()}_succeeds_with_{success.given}"
        override.__doc__ = f"Answers {verb} with {success.given} where {success.own} is the code of success."
        defect(ServerSession.command, proves=success.proves, also=success.also, only={verb})(override)


_declare_successes()


@defect(
    ServerSession.end_of_data,
    proves={"rfc5321/4.3.1/end_of_data_has_the_code_of_the_table*", _watch("data")},
    also={"rfc5321/3.3/end-of-data-250", "rfc3030/2/250-for-each-chunk"},
)
def message_is_taken_with_252(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Answers 252 to mail data that it takes."""
    del session
    given = clean(content)
    return replace(given, code=252) if given and given.code == 250 else given


@defect(
    ServerSession.greeting,
    proves={"rfc5321/4.3.1/connection_is_greeted_with_220", "rfc5321/4.3.2/watch_replies_to_a_connection"},
)
def greeting_is_250(clean: Decide, session: ServerSession) -> Answer | None:
    """Greets with 250."""
    return clean() if session.rejects else answer(250, HOST + b" ready")


@defect(ServerSession.find_end_of_data, proves={"rfc5321/4.2.1/lines_behind_a_354_are_data*"})
def commands_in_mail_data_are_taken(
    clean: Callable[[bytes], Line | None], session: ServerSession, buffer: bytes
) -> Line | None:
    """Leaves the mail data at a line that reads NOOP, and acts on it."""
    del session
    lines, found, rest = buffer.partition(b"\r\nNOOP\r\n")
    return (lines + b"\r\n", found[2:] + rest) if found else clean(buffer)


@defect(
    ServerSession.refuse_recipient,
    proves={"rfc5321/4.2.1/temporarily_refused_recipient_does_not_count"},
    also={"rfc2920/3.2/354-only-with-recipients"},
)
def recipient_with_a_450_counts(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Answers 450 to a recipient and notes it all the same."""
    if session.transaction is not None and forward_path.partition(b"@")[0] == BUSY:
        session.transaction.forward_paths.append(forward_path)
    return clean(forward_path)


@defect(
    ServerSession.refuse_recipient,
    proves={"rfc5321/4.2.1/refused_recipient_does_not_count"},
    also={"rfc2920/3.2/354-only-with-recipients"},
)
def recipient_with_a_550_counts(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Answers 550 to a recipient and notes it all the same."""
    if session.transaction is not None and forward_path.partition(b"@")[0] != BUSY:
        session.transaction.forward_paths.append(forward_path)
    return clean(forward_path)


@defect(ServerSession.help, proves={"rfc5321/4.2.1/help_topic_is_no_reason_for_502"})
def unknown_help_topic_gets_502(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 502 to HELP about a command that it does not know."""
    del session
    return answer(502, b"No help on that") if argument == b"BOGUS" else clean(argument)


UNKNOWN_PARAMETER = {
    "rfc5321/4.2.1/mail_parameter_is_no_reason_for_502",
    "rfc5321/4.2.1/rcpt_parameter_is_no_reason_for_502",
}


def _not_implemented(given: Answer | None) -> Answer | None:
    return replace(given, code=502) if given and given.code == 555 else given


@defect(
    ServerSession.refuse_mail_parameters,
    name="unknown-parameter-gets-502",
    proves=UNKNOWN_PARAMETER,
    also={"rfc5321/4.1.1.11/555-for-unknown-parameter"},
)
def unknown_mail_parameter_gets_502(
    clean: OfParameters, session: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Answers 502 to a parameter that it does not know."""
    del session
    return _not_implemented(clean(parameters))


@defect(ServerSession.refuse_rcpt_parameters, name="unknown-parameter-gets-502", proves=UNKNOWN_PARAMETER)
def unknown_rcpt_parameter_gets_502(
    clean: OfParameters, session: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Answers 502 to a parameter that it does not know."""
    del session
    return _not_implemented(clean(parameters))


@defect(
    ServerSession.command,
    only={"SEND", "SOML", "SAML", "TURN"},
    proves={"rfc5321/4.2.4/command_of_old_is_not_blamed_on_its_argument*"},
    also={"rfc2034/4/required-on-replies", "rfc3207/4/530-before-tls"},
)
def commands_of_old_get_501(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Answers SEND, SOML, SAML and TURN with 501."""
    del clean, session, line
    return answer(501, b"Bad argument")


@defect(
    ServerSession.command,
    only={"EHLO", "HELO", "RCPT", "VRFY", "EXPN"},
    varies={"rfc5321/4.3.2/syntax_error_gets*"},
    also={"rfc3461/4.5/rcpt-twice-501", "rfc3461/5.1/rcpt-invalid-501"},
)
def syntax_errors_get_504(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Answers 504 where an argument is missing or cut off."""
    del session
    given = clean(line)
    return replace(given, code=504) if given and given.code == 501 else given


@defect(ServerSession.starttls, varies={"rfc5321/4.3.2/starttls_changes_the_sequence"})
def starttls_is_not_available_now(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers STARTTLS with 454."""
    del clean, session, argument
    return answer(454, b"TLS not available now")


@defect(ServerSession.rcpt, varies={"rfc5321/4.3.2/syntax_error_gets[rcpt-without-brackets]"})
def postmaster_needs_no_brackets(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Takes RCPT for the postmaster without the brackets, as it may."""
    del session
    bare = argument.upper() == b"TO:POSTMASTER"
    return clean(b"TO:<postmaster>") if bare else clean(argument)


@defect(ServerSession.refuse_content, proves={"rfc5321/4.3.2/refused_content_is_no_bad_sequence"})
def refused_content_is_out_of_sequence(
    clean: OfMessage, session: ServerSession, transaction: Transaction, content: bytes
) -> Answer | None:
    """Answers 503 to content that it refuses."""
    del clean, session, transaction, content
    return answer(503, b"This content is not taken")


@defect(ServerSession.refuse_recipient, proves={"rfc5321/4.2.2/unknown_recipient_gets_no_421_that_means_nothing"})
def unknown_recipient_gets_421_and_all_goes_on(
    clean: OfOctets, session: ServerSession, forward_path: bytes
) -> Answer | None:
    """Answers 421 to an unknown recipient, and the session goes on."""
    del session
    given = clean(forward_path)
    return answer(421, HOST + b" does not know this mailbox") if given and given.code == 550 else given
