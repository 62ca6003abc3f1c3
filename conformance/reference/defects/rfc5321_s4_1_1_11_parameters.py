"""Defects in the answers to parameters, and in what is put up with in commands (RFC 5321 §4.1.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer
from conformance.wire.paths import Path

Parameters = dict[bytes, bytes]
OfParameters = Callable[[Parameters], Answer | None]


@defect(
    ServerSession.refuse_mail_parameters,
    name="unknown-parameters-get-501",
    proves={"rfc5321/4.1.1.11/unknown_parameter_of_mail_gets_555*"},
)
def unknown_parameters_of_mail_get_501(
    clean: OfParameters, session: ServerSession, parameters: Parameters
) -> Answer | None:
    """Answers 501 to a parameter that it does not know."""
    del session
    given = clean(parameters)
    return replace(given, code=501) if given and given.code == 555 else given


@defect(
    ServerSession.refuse_rcpt_parameters,
    name="unknown-parameters-get-501",
    proves={"rfc5321/4.1.1.11/unknown_parameter_of_rcpt_gets_555*"},
)
def unknown_parameters_of_rcpt_get_501(
    clean: OfParameters, session: ServerSession, parameters: Parameters
) -> Answer | None:
    """Answers 501 to a parameter that it does not know."""
    del session
    given = clean(parameters)
    return replace(given, code=501) if given and given.code == 555 else given


@defect(
    ServerSession.refuse_mail_parameters,
    proves={"rfc5321/4.1.1.11/unknown_parameter_of_mail_gets_555*"},
)
def unknown_parameters_of_mail_are_ignored(
    clean: OfParameters, session: ServerSession, parameters: Parameters
) -> Answer | None:
    """Takes MAIL with a parameter that it does not know."""
    del session
    given = clean(parameters)
    return None if given and given.code == 555 else given


@defect(
    ServerSession.refuse_mail_parameters,
    proves={"rfc5321/4.1.1.11/too_great_a_size_gets_552"},
    also={"rfc1870/6.1/552-for-good"},
)
def too_great_a_size_gets_550(clean: OfParameters, session: ServerSession, parameters: Parameters) -> Answer | None:
    """Answers 550 to a declared size above its limit."""
    del session
    given = clean(parameters)
    return replace(given, code=550) if given and given.code == 552 else given


@defect(
    ServerSession.refuse_rcpt_parameters,
    proves={
        "rfc5321/4.1.2/parameters_of_rcpt_are_read[one]*",
        "rfc5321/4.1.2/parameters_of_rcpt_are_read[two]*",
        "rfc5321/4.1.2/parameters_of_rcpt_are_read[list-in-the-value]*",
    },
    also={
        "rfc3461/2/four-parameters",
        "rfc3461/4.1/notify-case",
        "rfc3461/4.1/notify-value",
        "rfc3461/4.2/address-not-constrained",
        "rfc3461/4.2/orcpt-value",
        "rfc3461/4/xtext",
        "rfc3461/5.1/rcpt-invalid-501",
        "rfc3461/5.1/rcpt-same-code",
    },
)
def parameters_of_rcpt_are_offered_and_unknown(
    clean: OfParameters, session: ServerSession, parameters: Parameters
) -> Answer | None:
    """Offers DSN and knows no parameter of RCPT."""
    del clean, session
    return answer(555, b"Parameter not recognized") if parameters else None


@defect(
    ServerSession.acceptable_client_name,
    only={"ipv4", "ipv6"},
    varies={"rfc5321/4.1.1.1/text_behind_the_literal_may_be_put_up_with"},
)
def text_behind_a_literal_is_put_up_with(clean: Callable[[bytes], bool], session: ServerSession, name: bytes) -> bool:
    """Takes words behind an address literal in EHLO, as it may."""
    del session
    return clean(name.partition(b" ")[0])


@defect(
    ServerSession.acceptable_path,
    only={"route"},
    varies={"rfc5321/4.1.1.3/source_route_to_elsewhere_may_be_refused"},
)
def source_routes_are_refused(clean: Callable[[Path], bool], session: ServerSession, path: Path) -> bool:
    """Refuses paths with a source route, as it may."""
    del clean, session, path
    return False
