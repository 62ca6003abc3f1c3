"""Defects of submission servers in their use of TLS (RFC 8314)."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace

from conformance.reference._authentication import Authentication
from conformance.reference._certificate import server_tls
from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer
from conformance.reference._trace import Accepted, Trace
from conformance.wire.tls import CIPHER_SUITES

Nothing = Callable[[], Answer | None]
OfOctets = Callable[[bytes], Answer | None]
Lines = Callable[[], tuple[bytes, ...]]
OfContext = Callable[[ssl.SSLContext], ssl.SSLContext]
Clause = Callable[[Accepted], bytes]


@defect(
    ServerSession.before_handshake,
    proves={"rfc8314/3.3/client_that_begins_in_clear_is_not_served*"},
)
def greeting_comes_before_tls(clean: Nothing, session: ServerSession) -> Answer | None:
    """Greets in clear on a port that begins with TLS."""
    del clean
    return session.greeting()


@defect(
    ServerSession.serves_in_clear,
    proves={
        "rfc8314/3.3/client_that_begins_in_clear_is_not_served[ehlo]",
        "rfc8314/3.3/client_that_begins_in_clear_is_not_served[quit]",
    },
)
def tls_may_be_left_out(clean: Callable[[], bool], session: ServerSession) -> bool:
    """Goes on in clear where the handshake of a port that begins with TLS fails."""
    del clean, session
    return True


@defect(
    ServerSession.extensions,
    profile="submission",
    proves={"rfc8314/3.3/auth_is_listed_on_a_submissions_port"},
    also={"rfc8314/4.2/external-with-certificate"},
)
def auth_is_not_listed_under_tls(clean: Lines, session: ServerSession) -> tuple[bytes, ...]:
    """Does not list AUTH under TLS."""
    return tuple(line for line in clean() if not (session.secured and line.startswith(b"AUTH")))


@defect(
    ServerSession.auth,
    profile="submission",
    proves={"rfc8314/3.3/auth_is_taken_on_a_submissions_port"},
    also={"rfc8314/4.2/external-with-certificate"},
)
def auth_is_not_known_under_tls(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 502 to AUTH under TLS, though it lists it."""
    return answer(502, b"Not implemented") if session.secured else clean(argument)


@defect(ServerSession.extensions, profile="submission", proves={"rfc8314/4/tls_can_be_had_where_it_is_required"})
def required_starttls_is_not_listed(clean: Lines, session: ServerSession) -> tuple[bytes, ...]:
    """Does not list STARTTLS, though it takes hardly anything without."""
    return tuple(line for line in clean() if not (session.requires_tls and line == b"STARTTLS"))


@defect(ServerSession.starttls, profile="submission", proves={"rfc8314/4/listed_starttls_does_not_fail"})
def submission_lists_starttls_that_fails(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Lists STARTTLS and answers 454 to it, as a server without a certificate."""
    del clean, session, argument
    return answer(454, b"TLS not available for now")


@defect(
    ServerSession.tls_side,
    profile="submission",
    proves={
        "rfc8314/4/starttls_leads_to_tls_1_2",
        "rfc8314/4/port_with_tls_speaks_tls_1_2",
        "rfc8314/4/listed_starttls_does_not_fail",
    },
)
def tls_1_1_is_the_latest(clean: OfContext, session: ServerSession, tls: ssl.SSLContext) -> ssl.SSLContext:
    """Speaks no version of TLS after 1.1."""
    del clean, session, tls
    return server_tls(at_most=ssl.TLSVersion.TLSv1_1)


@defect(
    ServerSession.before_tls,
    profile="submission",
    only={"AUTH"},
    proves={"rfc8314/4.1/refusal_in_clear_tells_nothing_of_credentials*"},
)
def credentials_are_looked_at_in_clear(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Looks at credentials in clear, and asks for TLS only where they are right."""
    del clean, session, verb
    return None


@defect(Authentication.auth_succeeded, name="credentials-are-looked-at-in-clear", profile="submission")
def _right_credentials_want_tls(clean: OfOctets, authentication: Authentication, identity: bytes) -> Answer | None:
    """Looks at credentials in clear, and asks for TLS only where they are right."""
    given = clean(identity)
    authentication.identity = None
    return replace(given, code=538, texts=(b"Encryption required",), status=b"5.7.11") if given else None


@defect(
    ServerSession.tls_side,
    profile="submission",
    varies={"rfc8314/4.2/handshake_may_ask_for_a_certificate"},
    also={"rfc8314/4.2/external-with-certificate"},
)
def no_certificate_is_asked_for(clean: OfContext, session: ServerSession, tls: ssl.SSLContext) -> ssl.SSLContext:
    """Asks no client for its certificate."""
    del clean, session, tls
    return server_tls(asks=False)


@defect(
    Authentication.auth_mechanisms,
    profile="submission",
    proves={"rfc8314/4.2/external_is_listed_for_a_known_certificate"},
)
def external_is_not_listed(clean: Lines, authentication: Authentication) -> tuple[bytes, ...]:
    """Does not list EXTERNAL, whatever certificate the client has."""
    del authentication
    return tuple(name for name in clean() if name != b"EXTERNAL")


@defect(
    Authentication.auth_mechanism,
    profile="submission",
    proves={"rfc8314/4.2/external_takes_a_known_certificate*"},
)
def external_is_listed_and_not_known(
    clean: Callable[[bytes], bytes | None], authentication: Authentication, word: bytes
) -> bytes | None:
    """Lists EXTERNAL for a client with a certificate, and refuses it as unknown."""
    del authentication
    return clean(word) if word.upper() != b"EXTERNAL" else None


@defect(
    Trace.tls_clause,
    profile="submission",
    proves={"rfc8314/4.3/received_field_*[clause*", "rfc8314/4.3/received_field_*[suite*"},
)
def cipher_suite_is_not_noted(clean: Clause, trace: Trace, accepted: Accepted) -> bytes:
    """Notes no cipher suite in Received."""
    del clean, trace, accepted
    return b""


@defect(
    Trace.tls_clause,
    profile="submission",
    proves={"rfc8314/4.3/received_field_*[clause*"},
)
def cipher_suite_is_in_a_comment(clean: Clause, trace: Trace, accepted: Accepted) -> bytes:
    """Notes the cipher suite in a comment, and in no clause."""
    del clean, trace
    return b"(using cipher %b)" % accepted.suite if accepted.suite else b""


@defect(
    Trace.tls_clause,
    profile="submission",
    proves={"rfc8314/4.3/received_field_*[name]", "rfc8314/4.3/received_field_*[name-of-1.2]"},
    also={"rfc8314/4/cipher-in-received"},
)
def cipher_suite_has_a_name_of_its_own(clean: Clause, trace: Trace, accepted: Accepted) -> bytes:
    """Notes how strong the cipher suite is, and not which."""
    del clean, trace
    return b"tls strong" if accepted.suite else b""


@defect(Trace.tls_clause, profile="submission", varies={"rfc8314/4.3/received_field_*[name-or-number]"})
def cipher_suite_is_a_number(clean: Clause, trace: Trace, accepted: Accepted) -> bytes:
    """Notes the number of the cipher suite."""
    del clean, trace
    numbers = {suite.name: suite.hexadecimal for suite in CIPHER_SUITES.values()}
    return b"tls " + numbers[accepted.suite] if accepted.suite else b""


@defect(Trace.tls_clause, profile="submission", varies={"rfc8314/4.3/received_field_*[group]"})
def group_is_noted(clean: Clause, trace: Trace, accepted: Accepted) -> bytes:
    """Notes a group of the key exchange behind the cipher suite."""
    del trace
    clause = clean(accepted)
    return clause + b" group x25519" if clause else b""
