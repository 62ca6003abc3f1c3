"""Defects of the extensions that the reference server has on request only, each of all of them alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer
from conformance.wire.paths import PathArgument, path

Parameter = Callable[[bytes, bytes, bytes], Answer | None]
Together = Callable[[dict[bytes, bytes]], Answer | None]
Parse = Callable[[bytes, bytes], PathArgument | None]
Extensions = Callable[[], tuple[bytes, ...]]


@defect(
    ServerSession.extension_parameter,
    profile="on-request",
    proves={
        "rfc2852/3/listed_parameter_is_taken*",
        "rfc2852/3/time_below_the_minimum_is_refused*",
        "rfc2852/4/end_of_the_range_is_taken*",
        "rfc2852/4/time_that_is_not_met_gets_455_or_555*",
        "rfc2852/4/past_time_is_taken_for_notification*",
        "rfc3865/2.3/class_keywords_are_taken*",
        "rfc3885/3.1/certifier_is_taken*",
        "rfc4865/4.2/interval_within_the_limit_is_accepted*",
        "rfc4865/4.2/date_within_the_limit_is_accepted*",
        "rfc6710/3/priority_in_range_is_taken*",
        "rfc7293/3.1/date_and_time_are_taken*",
        "rfc7293/5.1/postmaster_is_exempt*",
        "rfc8689/2/listed_parameter_is_taken*",
    },
    varies={"rfc6710/4.1/lower_priority_may_be_taken*", "rfc6710/4.1/priority_may_be_a_reason_to_refuse*"},
    also={"rfc3865/2.4/*", "rfc3865/2.3/rejection-echoes-classes", "rfc7293/3.1/longer-rcpt"},
)
def listed_parameters_are_syntax_errors(
    clean: Parameter, session: ServerSession, verb: bytes, keyword: bytes, value: bytes
) -> Answer | None:
    """Answers 501 to every parameter of an extension that it lists."""
    del clean, session, verb, keyword, value
    return answer(501, b"Syntax error in parameters")


TAKEN = "any-value-of-a-listed-parameter-is-taken"


@defect(
    ServerSession.extension_parameter,
    name=TAKEN,
    profile="on-request",
    proves={
        "rfc2852/3/time_below_the_minimum_is_refused*",
        "rfc2852/4/malformed_by_is_refused*",
        "rfc2852/4/past_time_with_return_gets_501*",
        "rfc3865/2.3/malformed_class_keywords_are_refused*",
        "rfc3885/3.1/malformed_certifier_is_refused*",
        "rfc4865/4.2/invalid_hold_is_refused*",
        "rfc4865/4.2/invalid_hold_gets_501*",
        "rfc4865/5.2.2/hold_past_the_delivery_time_is_refused*",
        "rfc4865/5.2.2/hold_past_the_delivery_time_gets_501*",
        "rfc6710/4.1/invalid_priority_is_refused*",
        "rfc7293/3.1/malformed_date_and_time_are_refused*",
        "rfc8689/2/parameter_with_a_value_is_refused*",
    },
)
def _takes_any_value(
    clean: Parameter, session: ServerSession, verb: bytes, keyword: bytes, value: bytes
) -> Answer | None:
    """Takes a parameter of a listed extension whatever its value is, none included, and however often it comes."""
    del clean, session, verb, keyword, value
    return None


@defect(ServerSession.parameters_together, name=TAKEN, profile="on-request")
def _takes_any_together(clean: Together, session: ServerSession, parameters: dict[bytes, bytes]) -> Answer | None:
    """Takes parameters that do not go together."""
    del clean, session, parameters
    return None


@defect(ServerSession.path_and_parameters, name=TAKEN, profile="on-request")
def _reads_parameters_loosely(
    clean: Parse, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Reads words behind the path as parameters whatever they look like."""
    del session
    found = clean(keyword, argument)
    at = argument.find(b">") + 1
    opened = path(argument[len(keyword) : at]) if at else None
    if found is not None or opened is None:
        return found
    words = (word.partition(b"=") for word in argument[at:].split())
    return PathArgument(opened, {name.upper(): value for name, _, value in words})


@defect(
    ServerSession.extension_parameter,
    name="bad-values-get-553",
    profile="on-request",
    proves={
        "rfc2852/4/past_time_with_return_gets_501*",
        "rfc4865/4.2/invalid_hold_gets_501*",
        "rfc4865/5.2.2/hold_past_the_delivery_time_gets_501*",
    },
    also={"rfc2852/4/cannot-honour-codes", "rfc3865/2.3/rejection-echoes-classes", "rfc3865/2.4/*"},
)
def _gives_553_for_values(
    clean: Parameter, session: ServerSession, verb: bytes, keyword: bytes, value: bytes
) -> Answer | None:
    """Answers 553 to a value that it does not take."""
    del session
    return answer(553, b"Not like that") if clean(verb, keyword, value) else None


@defect(ServerSession.parameters_together, name="bad-values-get-553", profile="on-request")
def _gives_553_for_parameters_together(
    clean: Together, session: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Answers 553 to parameters that do not go together."""
    del session
    return answer(553, b"Not like that") if clean(parameters) else None


ODD = {
    b"BURL": b"BURL imap:/mail",
    b"DELIVERBY": b"DELIVERBY soon",
    b"ETRN": b"ETRN now",
    b"FUTURERELEASE": b"FUTURERELEASE 0 tomorrow",
    b"LIMITS": b"LIMITS RCPTMAX=0 MAILMAX=03 RCPTDOMAINMAX=1000000 =5",
    b"MT-PRIORITY": b"MT-PRIORITY MIXER NSEP",
    b"MTRK": b"MTRK 1",
    b"NO-SOLICITING": b"NO-SOLICITING 1st,,2nd",
    b"REQUIRETLS": b"REQUIRETLS now",
    b"RRVS": b"RRVS 1",
}


def _keyword(line: bytes) -> bytes:
    return line.split(b" ")[0]


@defect(
    ServerSession.extensions,
    profile="on-request",
    proves={
        "rfc1985/2/keyword_has_no_parameters",
        "rfc2852/2/keyword_has_its_form",
        "rfc3865/2/keyword_has_its_form",
        "rfc3885/2/keyword_has_no_parameters",
        "rfc4468/3.5/keyword_has_its_form",
        "rfc4865/3/keyword_has_its_form",
        "rfc6710/3/keyword_has_its_form",
        "rfc7293/3.1/keyword_has_no_parameters",
        "rfc8689/2/keyword_has_no_parameters",
        "rfc9422/3/limits_have_their_form",
        "rfc9422/4.1/mailmax_is_a_number",
        "rfc9422/4.2/rcptmax_is_a_number",
        "rfc9422/4.3/rcptdomainmax_is_a_number",
    },
)
def keywords_have_odd_parameters(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists extensions with parameters that do not fit their syntax."""
    del session
    return tuple(ODD.get(_keyword(line), line) for line in clean())


@defect(
    ServerSession.extensions,
    profile="on-request",
    proves={
        "rfc4865/3/keyword_has_its_form",
        "rfc4865/4.2/both_limits_are_listed",
        "rfc9422/3/keyword_has_a_limit",
    },
    varies={"rfc6710/3/policy_may_be_named"},
)
def keywords_have_no_parameters(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists extensions without the parameters that belong to them."""
    del session
    return tuple(_keyword(line) if _keyword(line) in ODD else line for line in clean())


@defect(
    ServerSession.extension_parameter,
    proves={
        "rfc2852/2/unlisted_parameter_is_refused*",
        "rfc3865/2/unlisted_parameter_is_refused*",
        "rfc3885/2/unlisted_parameter_is_refused*",
        "rfc4865/3/unlisted_parameter_is_refused*",
        "rfc6710/3/unlisted_parameter_is_refused*",
        "rfc7293/3.1/unlisted_parameter_is_refused*",
        "rfc8689/2/unlisted_parameter_is_refused*",
    },
)
def unlisted_parameters_are_taken(
    clean: Parameter, session: ServerSession, verb: bytes, keyword: bytes, value: bytes
) -> Answer | None:
    """Takes parameters of extensions that it does not list, as if they were not there."""
    del clean, session, verb, keyword, value
    return None


@defect(
    ServerSession.unknown,
    proves={"rfc1985/2/unlisted_command_does_not_work*", "rfc4468/3.1/unlisted_command_does_not_work*"},
)
def unlisted_commands_work(
    clean: Callable[[bytes], Answer | None], session: ServerSession, verb: bytes
) -> Answer | None:
    """Takes ETRN and BURL, which it does not list."""
    del session
    return answer(250, b"OK") if verb in {b"ETRN", b"BURL"} else clean(verb)


@defect(
    ServerSession.with_status,
    profile="on-request",
    proves={
        "rfc2852/4/past_time_with_return_says_5_5_4*",
        "rfc3865/2.4/refusal_for_a_class_says_5_7_1",
        "rfc4865/4.2/invalid_hold_says_5_5_4*",
        "rfc4865/5.2.2/hold_past_the_delivery_time_says_5_5_4*",
        "rfc4865/6/hold_beyond_the_quota_has_its_status",
        "rfc6710/4.1/refusal_for_a_priority_says_x_7_15*",
        "rfc7293/5.2/refusal_for_a_new_owner_says_so",
    },
)
def refused_parameters_have_a_general_status(
    clean: Callable[[Answer], Answer], session: ServerSession, given: Answer
) -> Answer:
    """Gives every refusal the status 5.0.0."""
    del session
    return clean(replace(given, status=b"5.0.0") if given.code // 100 == 5 else given)
