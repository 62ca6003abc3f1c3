"""Defects of AUTH (RFC 4954): names, the codes of refusals, and what the Received field says."""

from __future__ import annotations

import base64
from collections.abc import Callable

from conformance.reference._answer import Answer, answer
from conformance.reference._authentication import Authentication
from conformance.reference._decision import defect
from conformance.reference._saslprep import is_prohibited, mapped
from conformance.reference._session import ServerSession
from conformance.reference._site import TOO_WEAK
from conformance.reference._trace import Accepted, Trace

OfNothing = Callable[[], Answer | None]
OfOctets = Callable[[bytes], Answer | None]
Prepare = Callable[[bytes], bytes | None]
Names = Callable[[], tuple[bytes, ...]]


WITHOUT_AUTH = "submission-offers-no-auth"


@defect(
    ServerSession.has,
    name=WITHOUT_AUTH,
    only={"AUTH"},
    profile="submission",
    varies={"rfc4954/3/submission_server_may_offer_auth"},
    also={"rfc6409/7/auth", "rfc8314/3.3/rules-of-submission", "rfc8314/4.2/external-with-certificate"},
)
def submission_offers_no_auth(clean: Callable[[bytes], bool], session: ServerSession, extension: bytes) -> bool:
    """Offers no AUTH on the submission port, as one that knows its clients by their addresses."""
    del clean, session, extension
    return False


@defect(ServerSession.extensions, name=WITHOUT_AUTH, profile="submission")
def submission_lists_no_auth(clean: Names, session: ServerSession) -> tuple[bytes, ...]:
    """Offers no AUTH on the submission port, as one that knows its clients by their addresses."""
    del session
    return tuple(line for line in clean() if not line.startswith(b"AUTH"))


@defect(
    Authentication.auth_challenge,
    proves={"rfc4954/4/challenge_has_the_code_334*"},
    also={"rfc4954/*", "rfc5321/4.2/*", "rfc5321/4.2.1/*"},
)
def challenge_has_the_code_350(clean: OfOctets, session: Authentication, octets: bytes) -> Answer | None:
    """Gives its challenges the code 350."""
    del clean, session
    return answer(350, base64.b64encode(octets))


@defect(
    Authentication.auth_challenge,
    proves={"rfc4954/4/second_challenge_has_the_code_334"},
    also={"rfc4954/*", "rfc5321/4.2/*", "rfc5321/4.2.1/*"},
)
def password_is_asked_for_with_350(clean: OfOctets, session: Authentication, octets: bytes) -> Answer | None:
    """Asks for the password of LOGIN with the code 350."""
    del session
    return answer(350, base64.b64encode(octets)) if octets == b"Password:" else clean(octets)


@defect(
    Authentication.auth_challenge,
    proves={"rfc4954/4/challenge_says_what_the_mechanism_says"},
    also={"rfc4954/4/supported-mechanism-runs"},
)
def challenge_is_encoded_twice(clean: OfOctets, session: Authentication, octets: bytes) -> Answer | None:
    """Encodes the challenge of CRAM-MD5 twice."""
    return clean(base64.b64encode(octets) if session.mechanism == b"CRAM-MD5" else octets)


@defect(Authentication.auth_final_challenge, proves={"rfc4954/4/proof_of_the_server_comes_in_a_challenge*"})
def success_comes_before_the_proof(clean: Callable[[], bool], session: Authentication) -> bool:
    """Answers 235 to the client's last word in SCRAM, and says nothing of its own before."""
    del clean, session
    return False


@defect(Authentication.auth_line_limit, varies={"rfc4954/4/server_may_take_no_longer_lines*"})
def responses_of_64_kib_are_read(clean: Callable[[], int], session: Authentication) -> int:
    """Reads responses of more than 12288 octets."""
    del clean, session
    return 100_000


@defect(Authentication.auth_mechanisms, varies={"rfc4954/4/server_may_have_cram_md5"})
def no_cram_md5(clean: Names, session: Authentication) -> tuple[bytes, ...]:
    """Does not offer CRAM-MD5."""
    del session
    return tuple(name for name in clean() if name != b"CRAM-MD5")


# Names.


@defect(
    Authentication.auth_prepared,
    proves={"rfc4954/4/authorization_identity_is_prepared*", "rfc4954/4/name_of_the_user_is_prepared*"},
)
def names_are_compared_as_they_came(clean: Prepare, session: Authentication, name: bytes) -> bytes | None:
    """Compares names octet for octet."""
    del clean, session
    return name


@defect(
    Authentication.auth_prepared,
    proves={
        "rfc4954/4/authorization_identity_that_is_no_name_fails*",
        "rfc4954/4/user_that_is_no_name_fails*",
    },
)
def what_no_name_may_hold_is_dropped(clean: Prepare, session: Authentication, name: bytes) -> bytes | None:
    """Drops from a name what can't be in one."""
    del session
    kept = "".join(each for each in mapped(name.decode("utf-8", "ignore")) if not is_prohibited(each))
    return clean(kept.encode("utf-8")) if kept else clean(name)


@defect(
    Authentication.auth_prepared,
    proves={"rfc4954/4/authorization_identity_of_which_nothing_is_left_fails*"},
)
def name_of_which_nothing_is_left_is_none(clean: Prepare, session: Authentication, name: bytes) -> bytes | None:
    """Takes a name of which preparation leaves nothing for one that was left out."""
    del session
    try:
        nothing_left = not mapped(name.decode("utf-8"))
    except UnicodeDecodeError:
        nothing_left = False
    return b"" if nothing_left else clean(name)


# Codes, and how often one may try.


@defect(
    Authentication.auth_too_weak,
    proves={
        "rfc4954/6/mechanism_too_weak_for_the_user_gets_534[plain]",
        "rfc4954/6/mechanism_too_weak_for_the_user_gets_534[login]",
    },
)
def mechanism_too_weak_gets_535(clean: OfNothing, session: Authentication) -> Answer | None:
    """Answers 535 where the mechanism is too weak for the user, as if the password were wrong."""
    del clean
    return session.auth_failed()


@defect(
    Authentication.auth_succeeded,
    proves={"rfc4954/6/mechanism_too_weak_for_the_user_gets_534[cram-md5]"},
)
def every_mechanism_is_too_weak_for_some(clean: OfOctets, session: Authentication, identity: bytes) -> Answer | None:
    """Calls every mechanism too weak for a user for whom some are."""
    return session.auth_too_weak() if identity in TOO_WEAK else clean(identity)


@defect(
    Authentication.auth_too_weak,
    proves={"rfc4954/6/mechanism_too_weak_for_the_user_gets_5_7_9"},
    also={"rfc4954/6/suggested-codes"},
)
def mechanism_too_weak_gets_5_7_0(clean: OfNothing, session: Authentication) -> Answer | None:
    """Answers 534 with 5.7.0."""
    del clean, session
    return answer(534, b"Take a stronger mechanism", status=b"5.7.0")


@defect(Authentication.auth_failed, varies={"rfc4954/9/many_failures_may_end_the_connection"})
def fourth_failure_closes(clean: OfNothing, session: Authentication) -> Answer | None:
    """Closes the connection at the fourth failure."""
    return answer(421, b"Too many failures", close=True, status=b"4.7.0") if session.failures >= 4 else clean()


# Received.


@defect(
    Trace.with_trace,
    proves={"rfc4954/7/message_of_an_authenticated_client_is_stamped*"},
    also={"rfc4954/7/esmtpa"},
)
def message_of_an_authenticated_client_has_no_stamp(
    clean: Callable[[Accepted, bytes], bytes], session: Trace, accepted: Accepted, content: bytes
) -> bytes:
    """Puts no Received field before what an authenticated client sent."""
    del session
    return content if accepted.authenticated else clean(accepted, content)


@defect(Trace.with_clause, proves={"rfc4954/7/received_says_that_the_client_authenticated*"})
def received_does_not_say_that_the_client_authenticated(
    clean: Callable[[Accepted], bytes], session: Trace, accepted: Accepted
) -> bytes:
    """Says ESMTP or ESMTPS in the Received field after AUTH, too."""
    del session
    said = clean(accepted)
    return said.removesuffix(b"A") if accepted.authenticated else said
