"""Defects of the parameters that ask for delivery status notifications (RFC 3461)."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance.reference._answer import Answer, answer
from conformance.reference._decision import defect
from conformance.reference._session import ServerSession
from conformance.wire.paths import PathArgument

Fits = Callable[[bytes, bytes], bool]
Path = Callable[[bytes, bytes], PathArgument | None]
Refuse = Callable[[dict[bytes, bytes]], Answer | None]


@defect(ServerSession.extensions, proves={"rfc3461/2/keyword_has_no_parameters"})
def dsn_keyword_has_a_parameter(clean: Callable[[], tuple[bytes, ...]], session: ServerSession) -> tuple[bytes, ...]:
    """Lists DSN with a parameter."""
    del session
    return tuple(b"DSN RET" if line == b"DSN" else line for line in clean())


@defect(
    ServerSession.refuse_mail_parameters,
    name="dsn-is-listed-and-unknown",
    proves={
        "rfc3461/2/parameter_is_known_where_dsn_is_listed*",
        "rfc3461/4/return_is_taken*",
        "rfc3461/4/envelope_id_is_taken*",
        "rfc3461/4/parameters_are_taken_together*",
        "rfc3461/5.1/mail_gets_the_same_code_with_parameters*",
        "rfc3461/5.1/null_reverse_path_takes_parameters*",
    },
    also={"rfc3461/*", "rfc5321/4.1.2/parameter-syntax"},
)
def mail_parameters_of_dsn_are_unknown(
    clean: Refuse, session: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Lists DSN and answers 555 to its parameters."""
    del session
    return answer(555, b"Parameter not recognized") if {b"RET", b"ENVID"} & parameters.keys() else clean(parameters)


@defect(
    ServerSession.refuse_rcpt_parameters,
    name="dsn-is-listed-and-unknown",
    proves={
        "rfc3461/4/notify_is_taken*",
        "rfc3461/4/original_recipient_is_taken*",
        "rfc3461/5.1/refused_recipient_gets_the_same_code_with_parameters*",
    },
)
def rcpt_parameters_of_dsn_are_unknown(
    clean: Refuse, session: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Lists DSN and answers 555 to its parameters."""
    del clean, session
    return answer(555, b"Parameter not recognized") if parameters else None


@defect(
    ServerSession.has,
    only={"DSN"},
    varies={"rfc3461/2/parameter_where_dsn_is_not_listed*"},
)
def dsn_is_known_and_not_listed(clean: Callable[[bytes], bool], session: ServerSession, extension: bytes) -> bool:
    """Knows the parameters of DSN where EHLO does not list it."""
    del clean, session, extension
    return True


@defect(
    ServerSession.mail_parameter_fits,
    only={"RET", "ENVID"},
    proves={
        "rfc3461/4/parameter_without_a_value_is_refused[ret]",
        "rfc3461/4/parameter_without_a_value_is_refused[envid]",
        "rfc3461/5.1/invalid_parameter_of_mail_gets_501[ret-other-word]",
        "rfc3461/5.1/invalid_parameter_of_mail_gets_501[ret-both]",
        "rfc3461/5.1/invalid_parameter_of_mail_gets_501[envid-*-hexadecimal]",
        "rfc3461/5.1/invalid_parameter_of_mail_gets_501[envid-bare-plus]",
    },
)
def ret_and_envid_are_never_read(clean: Fits, session: ServerSession, keyword: bytes, value: bytes) -> bool:
    """Takes any value of RET and ENVID."""
    del clean, session, keyword, value
    return True


@defect(
    ServerSession.rcpt_parameter_fits,
    proves={
        "rfc3461/4/never_beside_other_words_is_refused*",
        "rfc3461/4/parameter_without_a_value_is_refused[notify]",
        "rfc3461/4/parameter_without_a_value_is_refused[orcpt]",
        "rfc3461/5.1/invalid_parameter_of_rcpt_gets_501[notify-other-word]",
        "rfc3461/5.1/invalid_parameter_of_rcpt_gets_501[notify-never-and-more]",
        "rfc3461/5.1/invalid_parameter_of_rcpt_gets_501[notify-more-and-never]",
        "rfc3461/5.1/invalid_parameter_of_rcpt_gets_501[notify-known-and-unknown]",
        "rfc3461/5.1/invalid_parameter_of_rcpt_gets_501[notify-semicolon]",
        "rfc3461/5.1/invalid_parameter_of_rcpt_gets_501[orcpt-no-type]",
        "rfc3461/5.1/invalid_parameter_of_rcpt_gets_501[orcpt-empty-type]",
        "rfc3461/5.1/invalid_parameter_of_rcpt_gets_501[orcpt-*-hexadecimal]",
    },
)
def notify_and_orcpt_are_never_read(clean: Fits, session: ServerSession, keyword: bytes, value: bytes) -> bool:
    """Takes any value of NOTIFY and ORCPT."""
    del clean, session, keyword, value
    return True


@defect(
    ServerSession.path_and_parameters,
    proves={
        "rfc3461/4.5/parameter_of_mail_twice_gets_501*",
        "rfc3461/4.5/parameter_of_rcpt_twice_gets_501*",
        "rfc3461/5.1/invalid_parameter_of_mail_gets_501[ret-no-octets]",
        "rfc3461/5.1/invalid_parameter_of_mail_gets_501[envid-equals-sign]",
        "rfc3461/5.1/invalid_parameter_of_rcpt_gets_501[notify-no-octets]",
        "rfc3461/5.1/invalid_parameter_of_rcpt_gets_501[orcpt-equals-sign]",
    },
    also={"rfc3461/*", "rfc3464/*"},
)
def dsn_parameters_are_skipped(
    clean: Path, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Skips the parameters of DSN, however they look and however often they come."""
    del session
    return clean(keyword, re.sub(rb" (?:RET|ENVID|NOTIFY|ORCPT)(?:=\S*)?", b"", argument))


@defect(
    ServerSession.mail_parameter_fits,
    name="words-of-dsn-have-a-case",
    only={"RET"},
    proves={"rfc3461/4/return_is_taken[*-letters]"},
)
def ret_has_a_case(clean: Fits, session: ServerSession, keyword: bytes, value: bytes) -> bool:
    """Knows the words of RET and NOTIFY in capitals only."""
    del session
    return value == value.upper() and clean(keyword, value)


@defect(
    ServerSession.rcpt_parameter_fits,
    name="words-of-dsn-have-a-case",
    only={"NOTIFY"},
    proves={"rfc3461/4/notify_is_taken[*-letters]"},
)
def notify_has_a_case(clean: Fits, session: ServerSession, keyword: bytes, value: bytes) -> bool:
    """Knows the words of RET and NOTIFY in capitals only."""
    del session
    return value == value.upper() and clean(keyword, value)


@defect(
    ServerSession.data,
    proves={"rfc3461/5.1/message_with_all_parameters_goes_through"},
)
def message_with_notify_is_refused(
    clean: Callable[[bytes], Answer | None], session: ServerSession, argument: bytes
) -> Answer | None:
    """Refuses DATA where RCPT had NOTIFY."""
    asked = "rcpt_parameter_fits:NOTIFY" in session.decisions.consulted
    return answer(554, b"No such mail") if asked else clean(argument)


@defect(
    ServerSession.refuse_rcpt_parameters,
    proves={"rfc3461/5.1/recipients_differ_in_their_parameters"},
    also={"rfc3461/*"},
)
def second_notify_is_refused(clean: Refuse, session: ServerSession, parameters: dict[bytes, bytes]) -> Answer | None:
    """Refuses NOTIFY for a recipient after the second."""
    assert session.transaction is not None
    if parameters and len(session.transaction.forward_paths) > 2:
        return answer(501, b"NOTIFY must be the same for all")
    return clean(parameters)


@defect(
    ServerSession.rcpt_parameter_fits,
    only={"ORCPT"},
    proves={"rfc3461/5.4/parameter_of_the_least_size_is_taken[orcpt-490*]", "rfc3461/5.4/rcpt_with_both_parameters*"},
)
def long_orcpt_is_refused(clean: Fits, session: ServerSession, keyword: bytes, value: bytes) -> bool:
    """Takes ORCPT of 200 characters at most."""
    del session
    return len(value) <= 200 and clean(keyword, value)


@defect(
    ServerSession.mail_parameter_fits,
    name="values-of-dsn-are-short",
    only={"ENVID"},
    proves={"rfc3461/5.4/parameter_of_the_least_size_is_taken[envid-*]"},
    also={"rfc5321/4.1.2/parameter-syntax"},
)
def long_envid_is_refused(clean: Fits, session: ServerSession, keyword: bytes, value: bytes) -> bool:
    """Takes values that are shorter than every server takes."""
    del session
    return len(value) < 38 and clean(keyword, value)


@defect(
    ServerSession.rcpt_parameter_fits,
    name="values-of-dsn-are-short",
    only={"NOTIFY", "ORCPT"},
    proves={
        "rfc3461/5.4/parameter_of_the_least_size_is_taken[notify-*]",
        "rfc3461/5.4/parameter_of_the_least_size_is_taken[orcpt-*]",
        "rfc3461/5.4/rcpt_with_both_parameters*",
    },
    also={"rfc3461/4.1/notify-value", "rfc3461/4/xtext"},
)
def long_notify_and_orcpt_are_refused(clean: Fits, session: ServerSession, keyword: bytes, value: bytes) -> bool:
    """Takes values that are shorter than every server takes."""
    del session
    return len(value) < (21 if keyword == b"NOTIFY" else 100) and clean(keyword, value)
