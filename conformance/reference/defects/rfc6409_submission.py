"""Defects of submission servers (RFC 6409)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer
from conformance.wire.paths import Mailbox, Path, PathArgument

OfOctets = Callable[[bytes], Answer | None]
Parse = Callable[[bytes, bytes], PathArgument | None]
Extensions = Callable[[], tuple[bytes, ...]]


@defect(
    ServerSession.ehlo,
    profile="submission",
    proves={"rfc6409/3.1/submission_speaks_esmtp"},
    also={"rfc6409/7/*", "rfc5321/4.2/listed-codes", "rfc8314/3.3/rules-of-submission"},
)
def submission_has_no_ehlo(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 502 to EHLO."""
    del clean, session, argument
    return answer(502, b"Not implemented")


@defect(
    ServerSession.open_transaction,
    profile="submission",
    proves={"rfc6409/3.2/null_reverse_path_is_taken"},
)
def submission_refuses_the_null_reverse_path(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Refuses the null reverse-path."""
    del session
    return answer(550, b"Sender required") if argument.upper().startswith(b"FROM:<>") else clean(argument)


@defect(
    ServerSession.begin_data, profile="submission", proves={"rfc6409/3.2/message_with_a_null_reverse_path_is_taken"}
)
def submission_refuses_bounces_at_data(clean: Callable[[], Answer | None], session: ServerSession) -> Answer | None:
    """Refuses DATA after a null reverse-path."""
    null = session.transaction is not None and not session.transaction.reverse_path
    return answer(550, b"Sender required") if null else clean()


@defect(
    ServerSession.lacks_authentication, profile="submission", proves={"rfc6409/4.3/message_without_auth_is_refused"}
)
def submission_takes_mail_from_anybody(clean: Callable[[bytes], bool], session: ServerSession, verb: bytes) -> bool:
    """Takes mail without AUTH."""
    del clean, session, verb
    return False


@defect(
    ServerSession.authentication_required,
    profile="submission",
    proves={"rfc6409/4.3/message_without_auth_gets_530"},
    also={"rfc5321/4.3.2/mail-replies"},
)
def submission_refuses_strangers_with_554(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Answers 554 for want of AUTH."""
    del clean, session, verb
    return answer(554, b"Access denied")


@defect(
    ServerSession.path_and_parameters,
    profile="submission",
    proves={
        "rfc6409/5.1/malformed_sender_is_refused*",
        "rfc6409/5.1/malformed_recipient_is_refused*",
        "rfc6409/5.1/malformed_sender_gets_501*",
        "rfc6409/5.1/malformed_recipient_gets_501*",
    },
)
def submission_takes_any_address(
    clean: Parse, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Takes anything behind the colon for an address."""
    del session
    return clean(keyword, argument) or PathArgument(Path(Mailbox(b"alice", b"example.test")), {})


@defect(
    ServerSession.command,
    profile="submission",
    proves={"rfc6409/5.1/malformed_sender_gets_501*", "rfc6409/5.1/malformed_recipient_gets_501*"},
)
def submission_answers_bad_addresses_with_553(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Answers 553 to malformed addresses."""
    del session
    given = clean(line)
    return replace(given, code=553) if given and given.code == 501 else given


@defect(
    ServerSession.extensions,
    profile="submission",
    proves={"rfc6409/7/keyword_is_listed*"},
    also={"rfc8314/3.3/rules-of-submission", "rfc8314/4.2/external-with-certificate"},
)
def submission_offers_none_of_what_it_should(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists none of PIPELINING, ENHANCEDSTATUSCODES, DSN, 8BITMIME and AUTH."""
    del session
    return tuple(line for line in clean() if line.split(b" ")[0] not in SHOULD)


@defect(ServerSession.extensions, profile="submission", proves={"rfc6409/7/keyword_is_not_listed*"})
def submission_offers_to_turn(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists ETRN and ATRN."""
    del session
    return (*clean(), b"ETRN", b"ATRN")


SHOULD = frozenset({b"PIPELINING", b"ENHANCEDSTATUSCODES", b"DSN", b"8BITMIME", b"AUTH"})
MAY = (
    b"SIZE",
    b"CHECKPOINT",
    b"BINARYMIME",
    b"CHUNKING",
    b"STARTTLS",
    b"NO-SOLICITING",
    b"MTRK",
    b"DELIVERBY",
    b"CONPERM",
    b"CONNEG",
)


@defect(
    ServerSession.extensions,
    profile="submission",
    varies={
        "rfc6409/7/keyword_may_be_listed*",
        "rfc3030/2/chunking_may_be_offered_for_submission",
        "rfc3030/3/binarymime_may_be_offered_for_submission",
    },
    also={"rfc8314/4/tls-access"},
)
def submission_offers_what_others_do_not(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists of the extensions that are left to it those that the clean server does not, and no others."""
    del session
    listed = {line.split(b" ")[0] for line in clean()}
    kept = tuple(line for line in clean() if line.split(b" ")[0] not in MAY)
    return (*kept, *(keyword for keyword in MAY if keyword not in listed))
