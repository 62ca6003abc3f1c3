"""Defects of AUTH (RFC 4954)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

from conformance.reference._answer import Answer, answer
from conformance.reference._authentication import MECHANISMS, Authentication
from conformance.reference._decision import defect
from conformance.reference._session import ServerSession
from conformance.wire.paths import PathArgument

OfOctets = Callable[[bytes], Answer | None]
OfNothing = Callable[[], Answer | None]
Extensions = Callable[[], tuple[bytes, ...]]
Response = Callable[[bytes], bytes | None]
Identity = Callable[[bytes | None], bytes | None]
Fits = Callable[[bytes], bool]
Path = Callable[[bytes, bytes], PathArgument | None]


# What is listed.


@defect(ServerSession.extensions, proves={"rfc4954/3/watch_auth_lists_mechanisms"})
def auth_lists_mechanisms_with_commas(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Puts commas between the mechanisms of AUTH."""
    del session
    return tuple(b"AUTH " + line[5:].replace(b" ", b",") if line.startswith(b"AUTH ") else line for line in clean())


@defect(ServerSession.extensions, proves={"rfc4954/3/every_listed_mechanism_is_known"})
def auth_is_listed_without_mechanisms(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists AUTH with nothing behind it."""
    del session
    return tuple(b"AUTH" if line.startswith(b"AUTH ") else line for line in clean())


@defect(ServerSession.auth, proves={"rfc4954/3/auth_is_recognised_where_it_is_listed"}, also={"rfc4954/*"})
def auth_is_listed_and_unknown(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Lists AUTH and answers 502 to it."""
    del clean, session, argument
    return answer(502, b"Command not implemented")


@defect(
    Authentication.auth_mechanisms,
    proves={"rfc4954/3/every_listed_mechanism_is_known"},
)
def mechanism_is_listed_and_unknown(
    clean: Callable[[], tuple[bytes, ...]], session: Authentication
) -> tuple[bytes, ...]:
    """Lists GSSAPI and does not have it."""
    del session
    return (*clean(), b"GSSAPI")


@defect(ServerSession.extensions, varies={"rfc4954/3/mechanisms_in_clear_and_under_tls"})
def plaintext_mechanisms_are_listed_under_tls_only(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists PLAIN and LOGIN under TLS only, as many sites want it."""
    if session.secured:
        return clean()
    return tuple(b"AUTH CRAM-MD5 SCRAM-SHA-256" if line.startswith(b"AUTH ") else line for line in clean())


@defect(
    ServerSession.has,
    only={"AUTH"},
    proves={
        "rfc4954/3/auth_is_refused_where_it_is_not_listed*",
        "rfc4954/3/auth_that_works_is_listed*",
    },
    also={"rfc5321/4.2/listed-codes"},
    varies={"rfc4954/3/auth_parameter_where_auth_is_not_listed*"},
)
def auth_is_served_and_not_listed(clean: Fits, session: ServerSession, extension: bytes) -> bool:
    """Serves AUTH and its parameter where EHLO does not list it."""
    del clean, session, extension
    return True


# The AUTH command.


@defect(
    Authentication.auth_unknown_mechanism,
    proves={
        "rfc4954/4/unknown_mechanism_gets_504*",
    },
)
def unknown_mechanism_gets_535(clean: OfOctets, session: Authentication, name: bytes) -> Answer | None:
    """Answers 535 to a mechanism that it does not have, as if the password were wrong."""
    del clean, session, name
    return answer(535, b"Authentication failed", status=b"5.7.8")


@defect(Authentication.auth_unknown_mechanism, proves={"rfc4954/4/unknown_mechanism_gets_5_5_4"})
def unknown_mechanism_gets_5_7_4(clean: OfOctets, session: Authentication, name: bytes) -> Answer | None:
    """Answers 504 with 5.7.4 to a mechanism that it does not have."""
    del clean, session, name
    return answer(504, b"No such mechanism", status=b"5.7.4")


@defect(
    Authentication.auth_unknown_mechanism,
    proves={"rfc4954/6/unlisted_mechanism_is_not_refused_with_538"},
    also={"rfc4954/4/invalid-mechanism-504", "rfc5248/2.4/x-7-10"},
)
def unknown_mechanism_gets_538(clean: OfOctets, session: Authentication, name: bytes) -> Answer | None:
    """Answers 538 to a mechanism that it does not have."""
    del clean, session, name
    return answer(538, b"Encryption required", status=b"5.7.11")


@defect(
    Authentication.auth_mechanism,
    proves={
        "rfc4954/8/malformed_auth_is_refused[exclamation-mark]",
        "rfc4954/8/malformed_auth_is_refused[slash]",
        "rfc4954/4/unknown_mechanism_gets_504[begins-like-plain]",
    },
)
def mechanism_is_known_by_its_beginning(clean: Response, session: Authentication, word: bytes) -> bytes | None:
    """Takes whatever begins like a mechanism for that mechanism."""
    del session
    found = [name for name in MECHANISMS if word.upper().startswith(name)]
    return found[0] if found else clean(word)


@defect(Authentication.auth_mechanism, varies={"rfc4954/8/mechanism_in_small_letters"})
def mechanism_in_small_letters_is_unknown(clean: Response, session: Authentication, word: bytes) -> bytes | None:
    """Knows mechanisms in capitals only."""
    del session
    return clean(word) if word == word.upper() else None


@defect(
    ServerSession.verb_of,
    proves={"rfc4954/8/auth_has_no_case*"},
)
def auth_in_small_letters_is_unknown(clean: Callable[[bytes], bytes], session: ServerSession, line: bytes) -> bytes:
    """Knows AUTH in capitals only."""
    verb = clean(line)
    del session
    return line.partition(b" ")[0] if verb == b"AUTH" else verb


@defect(
    Authentication.auth_begins,
    proves={
        "rfc4954/8/malformed_auth_is_refused[missing]",
        "rfc4954/8/malformed_auth_is_refused[blank]",
        "rfc4954/8/malformed_auth_is_refused[three-arguments]",
    },
)
def malformed_auth_begins_plain(clean: OfOctets, session: Authentication, argument: bytes) -> Answer | None:
    """Begins an exchange by PLAIN where the arguments of AUTH are not in order."""
    del session
    return clean(argument) if 1 <= len(argument.split()) <= 2 else clean(b"PLAIN")


@defect(
    Authentication.auth_again,
    proves={"rfc4954/4/authentication_lasts*", "rfc4954/4/second_auth_gets_503*"},
)
def second_auth_is_taken(clean: OfOctets, session: Authentication, argument: bytes) -> Answer | None:
    """Lets the client authenticate again, as somebody else."""
    del clean
    session.identity = None
    return session.auth_begins(argument)


@defect(Authentication.auth_again, proves={"rfc4954/4/third_auth_gets_503_too"})
def refused_auth_undoes_the_first(clean: OfOctets, session: Authentication, argument: bytes) -> Answer | None:
    """Forgets who the client is when it refuses a second AUTH."""
    session.identity = None
    return clean(argument)


@defect(
    ServerSession.clear,
    name="rset-forgets-the-authentication",
    only={"RSET"},
    proves={"rfc4954/4/authentication_lasts[after-rset]"},
)
def rset_forgets_the_authentication(clean: Callable[[str], None], session: ServerSession, why: str) -> None:
    """Forgets at RSET who the client is."""
    session.authentication.forget()
    clean(why)


@defect(
    ServerSession.clear,
    name="message-forgets-the-authentication",
    only={"end of data"},
    proves={"rfc4954/4/authentication_lasts[after-message]"},
    also={"rfc4954/7/esmtpa", "rfc4954/5/*"},
)
def message_forgets_the_authentication(clean: Callable[[str], None], session: ServerSession, why: str) -> None:
    """Forgets with each message who the client is."""
    session.authentication.forget()
    clean(why)


@defect(
    ServerSession.clear,
    name="ehlo-forgets-the-authentication",
    only={"EHLO"},
    proves={"rfc4954/4/authentication_lasts[after-ehlo]"},
)
def ehlo_forgets_the_authentication(clean: Callable[[str], None], session: ServerSession, why: str) -> None:
    """Forgets at EHLO who the client is."""
    session.authentication.forget()
    clean(why)


@defect(ServerSession.noop, proves={"rfc4954/4/authentication_lasts[after-noop]"})
def noop_forgets_the_authentication(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Forgets at NOOP who the client is."""
    session.authentication.forget()
    return clean(argument)


@defect(ServerSession.forget_at_tls, proves={"rfc4954/4/starttls_forgets_the_authentication"})
def tls_keeps_the_authentication(clean: Callable[[], None], session: ServerSession) -> None:
    """Keeps the authentication given in clear over the handshake."""
    identity = session.authentication.identity
    clean()
    session.authentication.identity = identity


@defect(Authentication.auth_in_transaction, proves={"rfc4954/4/auth_in_a_transaction_gets_503*"})
def auth_in_a_transaction_is_taken(clean: OfOctets, session: Authentication, argument: bytes) -> Answer | None:
    """Begins an exchange in the midst of a transaction."""
    del clean
    return session.auth_begins(argument)


@defect(
    ServerSession.auth,
    proves={"rfc4954/4/refused_auth_keeps_the_transaction"},
    also={"rfc4954/4/auth-in-transaction-503"},
)
def auth_ends_the_transaction(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Drops the transaction when it refuses AUTH in it."""
    answered = clean(argument)
    session.clear("AUTH")
    return answered


@defect(Authentication.auth_before_ehlo, proves={"rfc4954/4/auth_where_it_was_not_offered_brings_one_reply*"})
def auth_before_ehlo_is_answered_twice(clean: OfOctets, session: Authentication, argument: bytes) -> Answer | None:
    """Answers AUTH before EHLO twice."""
    del session, clean, argument
    return Answer(503, (b"Say EHLO first",), times=2)


@defect(
    ServerSession.noop,
    varies={"rfc4954/4/command_behind_a_whole_exchange"},
    also={"rfc5321/4.3.2/noop-replies"},
)
def noop_waits_after_a_failure(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Refuses NOOP once an AUTH has failed."""
    return answer(503, b"Authenticate") if "auth_failed" in session.decisions.consulted else clean(argument)


# The exchange.


@defect(
    Authentication.auth_is_cancelled,
    proves={
        "rfc4954/4/cancelled_exchange_gets_501[login]",
        "rfc4954/4/exchange_can_be_cancelled_at_the_second_challenge",
    },
)
def asterisk_is_a_response(clean: Fits, session: Authentication, line: bytes) -> bool:
    """Takes the asterisk for an empty response of the client."""
    del clean, session, line
    return False


@defect(
    Authentication.auth_response,
    name="asterisk-is-a-response",
    proves=(),
)
def asterisk_is_an_empty_response(clean: Response, session: Authentication, line: bytes) -> bytes | None:
    """Takes the asterisk for an empty response of the client."""
    del session
    return b"" if line == b"*" else clean(line)


@defect(
    Authentication.auth_cancelled,
    proves={"rfc4954/4/cancelled_exchange_gets_501*", "rfc4954/4/exchange_can_be_cancelled_at_the_second_challenge"},
)
def cancelled_exchange_is_a_failure(clean: OfNothing, session: Authentication) -> Answer | None:
    """Answers 535 to the asterisk."""
    del clean, session
    return answer(535, b"Authentication failed")


@defect(
    Authentication.auth_line,
    proves={"rfc4954/4/cancelled_exchange_is_over*"},
    also={"rfc5321/4.3.2/noop-replies", "rfc5321/4.3.2/quit-replies"},
)
def exchange_goes_on_after_the_asterisk(clean: OfOctets, session: Authentication, line: bytes) -> Answer | None:
    """Refuses the exchange at the asterisk and still takes the next line for a response."""
    exchange = session.exchange
    answered = clean(line)
    if line == b"*":
        session.exchange = exchange
    return answered


@defect(
    Authentication.auth_begins,
    proves={"rfc4954/4/missing_initial_response_is_asked_for*"},
    also={"rfc4954/*"},
)
def missing_initial_response_is_a_failure(clean: OfOctets, session: Authentication, argument: bytes) -> Answer | None:
    """Answers 535 to a mechanism that came without an initial response."""
    if argument.upper() in {b"PLAIN", b"SCRAM-SHA-256"}:
        return session.auth_failed()
    return clean(argument)


@defect(
    Authentication.auth_begins,
    name="missing-initial-response-is-no-matter",
    proves={"rfc4954/4/missing_initial_response_is_asked_for[plain]"},
    also={"rfc4954/*"},
)
def plain_without_response_succeeds(clean: OfOctets, session: Authentication, argument: bytes) -> Answer | None:
    """Answers 235 to PLAIN as soon as it comes."""
    return session.auth_succeeded(b"anybody") if argument.upper() == b"PLAIN" else clean(argument)


@defect(
    Authentication.auth_challenge,
    proves={"rfc4954/4/challenge_is_base64*", "rfc4954/4/second_challenge_is_base64"},
    also={"rfc4954/4/empty-challenge-form", "rfc4954/*"},
)
def challenge_is_in_clear(clean: OfOctets, session: Authentication, octets: bytes) -> Answer | None:
    """Says what it asks for in words."""
    del clean, session
    return answer(334, octets or b"Go on, please")


@defect(
    ServerSession.render,
    only={"334"},
    proves={"rfc4954/4/empty_challenge_has_its_form*"},
    also={"rfc5321/4.2/*", "rfc5321/4.2.1/*"},
)
def empty_challenge_is_334_alone(clean: Callable[[Answer], bytes], session: ServerSession, given: Answer) -> bytes:
    """Leaves the space out of an empty challenge."""
    del session
    return clean(given).replace(b"334 \r\n", b"334\r\n")


def _without_foreign_characters(line: bytes) -> bytes | None:
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", line)
    try:
        return base64.b64decode(kept + b"=" * (-len(kept) % 4))
    except binascii.Error:
        return None


@defect(
    Authentication.auth_response,
    proves={
        "rfc4954/4/*response_that_is_not_base64_gets_501[foreign-*]",
        "rfc4954/4/*response_that_is_not_base64_gets_501[pad-*]",
        "rfc4954/4/right_credentials_in_bad_base64_are_refused*",
        "rfc4954/4/second_response_that_is_not_base64_gets_501",
    },
)
def foreign_characters_are_skipped(clean: Response, session: Authentication, line: bytes) -> bytes | None:
    """Skips what is not base64 and takes the rest."""
    del session
    return _without_foreign_characters(line) if clean(line) is None else clean(line)


@defect(
    Authentication.auth_bad_base64,
    proves={"rfc4954/4/*response_that_is_not_base64_gets_501*"},
)
def bad_base64_is_a_failure(clean: OfOctets, session: Authentication, line: bytes) -> Answer | None:
    """Answers 535 to what is not base64."""
    del clean, session, line
    return answer(535, b"Authentication failed")


@defect(Authentication.auth_bad_base64, proves={"rfc4954/4/response_that_is_not_base64_gets_5_5_2"})
def bad_base64_gets_5_5_4(clean: OfOctets, session: Authentication, line: bytes) -> Answer | None:
    """Answers 501 with 5.5.4 to what is not base64."""
    del clean, session, line
    return answer(501, b"Not base64", status=b"5.5.4")


@defect(
    Authentication.auth_line,
    proves={"rfc4954/4/exchange_is_over_after_bad_base64"},
    also={"rfc5321/4.3.2/noop-replies", "rfc5321/4.3.2/quit-replies"},
)
def exchange_goes_on_after_bad_base64(clean: OfOctets, session: Authentication, line: bytes) -> Answer | None:
    """Refuses what is not base64 and takes the next line for a response again."""
    exchange = session.exchange
    answered = clean(line)
    if answered is not None and answered.status == b"5.5.2":
        session.exchange = exchange
    return answered


@defect(
    Authentication.auth_initial_for_server_first,
    proves={"rfc4954/4/initial_response_where_the_server_speaks_first_gets_501"},
)
def initial_response_for_cram_md5_is_ignored(clean: OfOctets, session: Authentication, name: bytes) -> Answer | None:
    """Begins CRAM-MD5 as if there were no initial response."""
    del clean
    return session.auth_begins(name)


@defect(
    Authentication.auth_initial_for_server_first,
    proves={"rfc4954/4/initial_response_where_the_server_speaks_first_gets_5_7_0"},
)
def initial_response_for_cram_md5_gets_5_5_4(clean: OfOctets, session: Authentication, name: bytes) -> Answer | None:
    """Answers 501 with 5.5.4 to an initial response that has no place."""
    del clean, session, name
    return answer(501, b"No initial response", status=b"5.5.4")


@defect(Authentication.auth_begins, proves={"rfc4954/4/equals_sign_is_an_empty_response"})
def equals_sign_is_no_response(clean: OfOctets, session: Authentication, argument: bytes) -> Answer | None:
    """Takes an equals sign for no initial response at all."""
    del session
    return clean(argument.removesuffix(b" ="))


@defect(
    Authentication.auth_initial_response,
    proves={
        "rfc4954/4/wrong_credentials_get_535[one-pad]",
        "rfc4954/4/wrong_credentials_get_535[two-pads]",
        "rfc4954/4/wrong_credentials_get_535[plus-and-slash]",
    },
    also={"rfc4954/4/supported-mechanism-runs"},
)
def initial_response_holds_letters_and_digits_only(
    clean: Response, session: Authentication, word: bytes
) -> bytes | None:
    """Can't read an initial response with an equals sign, a plus sign or a slash in it."""
    del session
    return clean(word) if word.isalnum() or word == b"=" else None


@defect(
    Authentication.auth_failed,
    proves={
        "rfc4954/4/wrong_credentials_get_535*",
        "rfc4954/4/unknown_user_gets_535*",
        "rfc4954/4/wrong_password_gets_535*",
    },
)
def failure_gets_550(clean: OfNothing, session: Authentication) -> Answer | None:
    """Answers 550 to wrong credentials."""
    del clean, session
    return answer(550, b"No", status=b"5.7.8")


@defect(
    Authentication.auth_password_is_right,
    proves={
        "rfc4954/4/wrong_credentials_get_535*",
        "rfc4954/4/unknown_user_gets_535[plain]",
        "rfc4954/4/unknown_user_gets_535[login]",
        "rfc4954/4/wrong_password_gets_535[plain]",
        "rfc4954/4/wrong_password_gets_535[login]",
    },
)
def every_password_is_right(
    clean: Callable[[bytes, bytes], bool], session: Authentication, user: bytes, password: bytes
) -> bool:
    """Takes every password for the right one."""
    del clean, session, user, password
    return True


@defect(
    Authentication.auth_failed,
    proves={"rfc4954/6/wrong_credentials_get_5_7_8*", "rfc4954/6/watch_auth_is_answered_with_the_suggested_status"},
)
def failure_gets_5_7_0(clean: OfNothing, session: Authentication) -> Answer | None:
    """Answers 535 with 5.7.0 to wrong credentials."""
    del clean, session
    return answer(535, b"No", status=b"5.7.0")


@defect(
    Authentication.auth_failed,
    proves={"rfc4954/9/connection_survives_failures*"},
    also={"rfc4954/*"},
)
def first_failure_closes(clean: OfNothing, session: Authentication) -> Answer | None:
    """Closes the connection at the first failure."""
    del clean, session
    return answer(535, b"Go away", close=True, status=b"5.7.8")


@defect(
    Authentication.auth_succeeded,
    proves={"rfc4954/6/success_gets_2_7_0", "rfc4954/6/watch_auth_is_answered_with_the_suggested_status"},
)
def success_gets_2_0_0(clean: OfOctets, session: Authentication, identity: bytes) -> Answer | None:
    """Answers 235 with 2.0.0."""
    clean(identity)
    del session
    return answer(235, b"Welcome", status=b"2.0.0")


@defect(
    Authentication.auth_line_limit,
    proves={
        "rfc4954/4/response_as_long_as_plain_can_be_is_handled[255-255]",
        "rfc4954/4/three_identities_of_255_octets_are_handled",
        "rfc4954/4/response_may_be_longer_than_commands*",
    },
)
def responses_are_limited_like_commands(clean: Callable[[], int], session: Authentication) -> int:
    """Takes responses of 512 octets at most."""
    del clean, session
    return 512


@defect(Authentication.auth_succeeded, proves={"rfc4954/4/success_gets_235"})
def success_gets_250(clean: OfOctets, session: Authentication, identity: bytes) -> Answer | None:
    """Answers 250 to the right credentials."""
    clean(identity)
    del session
    return answer(250, b"Welcome", status=b"2.7.0")


@defect(
    Authentication.auth_identity,
    proves={
        "rfc4954/4/right_credentials_are_taken[plain-challenged]",
        "rfc4954/4/right_credentials_are_taken[login]",
        "rfc4954/4/right_credentials_are_taken[cram-md5]",
        "rfc4954/4/right_credentials_are_taken[scram-*]",
        "rfc4954/4/right_credentials_are_taken[digest-md5]",
    },
)
def exchange_with_a_challenge_fails(clean: Identity, session: Authentication, found: bytes | None) -> bytes | None:
    """Finds everybody's credentials wrong once it had to ask for something."""
    return None if "auth_challenge" in session.decisions.consulted else clean(found)


@defect(
    Authentication.auth_begins,
    proves={"rfc4954/4/right_credentials_are_taken[plain-initial]"},
    also={"rfc4954/*"},
)
def plain_with_initial_response_fails(clean: OfOctets, session: Authentication, argument: bytes) -> Answer | None:
    """Answers 535 to PLAIN with an initial response, whatever it is."""
    return session.auth_failed() if argument.upper().startswith(b"PLAIN ") else clean(argument)


@defect(
    Authentication.auth_identity,
    proves={"rfc4954/4/right_credentials_are_taken_after_a_failure*"},
)
def failure_is_for_good(clean: Identity, session: Authentication, found: bytes | None) -> bytes | None:
    """Lets nobody in after a first AUTH that failed."""
    failures = {"auth_failed", "auth_unknown_mechanism", "auth_bad_base64"}
    return None if failures & session.decisions.consulted else clean(found)


@defect(
    ServerSession.find_command_line,
    proves={"rfc4954/4/over_long_response_brings_one_reply*"},
    also={"rfc4954/4/*"},
)
def long_responses_are_cut(
    clean: Callable[[bytes], tuple[bytes, bytes] | None], session: ServerSession, buffer: bytes
) -> tuple[bytes, bytes] | None:
    """Takes the first 12286 octets of a response for the whole and reads the rest as a command."""
    if session.authentication.exchange and len(buffer) > 12286:
        return buffer[:12284], buffer[12284:]
    return clean(buffer)


@defect(Authentication.auth_too_long, proves={"rfc4954/4/over_long_response_fails"})
def long_response_is_asked_for_again(clean: OfNothing, session: Authentication) -> Answer | None:
    """Asks again for a response that was too long."""
    del clean
    return session.auth_challenge(b"")


@defect(Authentication.auth_too_long, proves={"rfc4954/4/over_long_response_gets_5_5_6"})
def long_response_gets_5_5_2(clean: OfNothing, session: Authentication) -> Answer | None:
    """Answers 500 with 5.5.2 to a response that is too long."""
    del clean, session
    return answer(500, b"Line too long", status=b"5.5.2")


@defect(
    Authentication.auth_line_limit,
    proves={
        "rfc4954/4/response_as_long_as_plain_can_be_is_handled*",
        "rfc4954/4/three_identities_of_255_octets_are_handled",
    },
    also={"rfc4954/*"},
)
def responses_are_limited_to_255_octets(clean: Callable[[], int], session: Authentication) -> int:
    """Takes responses of 255 octets at most."""
    del clean, session
    return 255


# The AUTH parameter of MAIL.


@defect(
    ServerSession.refuse_mail_parameters,
    proves={
        "rfc4954/3/auth_parameter_is_known_where_auth_is_listed",
        "rfc4954/5/valid_parameter_is_taken*",
        "rfc4954/5/parameter_is_taken_from_the_unauthenticated*",
        "rfc4954/5/parameter_is_taken_with_the_null_reverse_path",
    },
)
def auth_parameter_is_unknown(
    clean: Callable[[dict[bytes, bytes]], Answer | None], session: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Lists AUTH and answers 555 to its parameter."""
    del session
    return answer(555, b"Parameter not recognized") if b"AUTH" in parameters else clean(parameters)


@defect(
    Authentication.auth_parameter_fits,
    proves={"rfc4954/5/parameter_is_taken_from_the_unauthenticated*"},
    also={"rfc4954/*"},
)
def auth_parameter_needs_authentication(clean: Fits, session: Authentication, value: bytes) -> bool:
    """Takes the AUTH parameter from authenticated clients only."""
    return session.identity is not None and clean(value)


@defect(
    Authentication.auth_parameter_fits,
    proves={
        "rfc4954/5/valid_parameter_is_taken[empty]",
        "rfc4954/5/parameter_is_taken_from_the_unauthenticated[empty]",
        "rfc4954/5/parameter_is_taken_with_the_null_reverse_path",
    },
    also={"rfc4954/*"},
)
def empty_auth_parameter_is_refused(clean: Fits, session: Authentication, value: bytes) -> bool:
    """Refuses AUTH=<>, which is no mailbox."""
    del session
    return value != b"<>" and clean(value)


@defect(
    Authentication.auth_parameter_fits,
    proves={
        "rfc4954/5/valid_parameter_is_taken[equals-sign]",
        "rfc4954/5/valid_parameter_is_taken[plus-sign]",
        "rfc4954/5/valid_parameter_is_taken[every-octet-encoded]",
        "rfc4954/5/valid_parameter_is_taken[encoded-brackets]",
        "rfc4954/5/valid_parameter_is_taken[quoted-local-part]",
        "rfc4954/5/parameter_is_taken_from_the_unauthenticated[encoded]",
    },
    also={"rfc4954/3/mail-line-limit"},
)
def auth_parameter_is_not_decoded(clean: Fits, session: Authentication, value: bytes) -> bool:
    """Refuses an AUTH parameter in which anything is written in hexadecimal."""
    del session
    return b"+" not in value and clean(value)


@defect(
    Authentication.auth_parameter_fits,
    varies={
        "rfc4954/5/parameter_that_is_not_valid_is_refused[no-value]",
        "rfc4954/5/parameter_that_is_not_valid_is_refused[*-hexadecimal]",
        "rfc4954/5/parameter_that_is_not_valid_is_refused[no-mailbox]",
        "rfc4954/5/parameter_that_is_not_valid_is_refused[no-local-part]",
    },
)
def auth_parameter_is_never_read(clean: Fits, session: Authentication, value: bytes) -> bool:
    """Takes any value of the AUTH parameter, as it may."""
    del clean, session, value
    return True


@defect(
    ServerSession.path_and_parameters,
    varies={
        "rfc4954/5/parameter_that_is_not_valid_is_refused[no-octets]",
        "rfc4954/5/parameter_that_is_not_valid_is_refused[bare-equals-sign]",
    },
    also={"rfc5321/4.1.1.11/555-for-unknown-parameter", "rfc4954/5/*"},
)
def auth_parameter_is_skipped(
    clean: Path, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Skips the AUTH parameter, however it looks and however often it comes."""
    del session
    return clean(keyword, re.sub(rb" AUTH=\S*", b"", argument))


@defect(
    ServerSession.path_and_parameters,
    proves={"rfc4954/8/parameter_keyword_has_no_case*"},
)
def auth_parameter_in_small_letters_is_unknown(
    clean: Path, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Knows the AUTH parameter in capitals only."""
    del session
    found = clean(keyword, argument)
    return found if b"AUTH=" in argument or b"AUTH=" not in argument.upper() else None


@defect(ServerSession.data, proves={"rfc4954/5/transaction_with_the_parameter_goes_through"})
def message_with_auth_parameter_is_refused(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Refuses DATA where MAIL had an AUTH parameter."""
    parameter = "mail_parameter_fits:AUTH" in session.decisions.consulted
    return answer(554, b"No such mail") if parameter else clean(argument)


@defect(ServerSession.mail, proves={"rfc4954/3/mail_may_be_500_octets_longer"})
def mail_of_400_octets_is_too_long(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 500 to a MAIL command with an AUTH parameter of 400 octets."""
    del session
    return answer(500, b"Line too long") if len(argument.partition(b" AUTH=")[2]) >= 399 else clean(argument)


# What needs an authentication.


@defect(
    ServerSession.authentication_required,
    proves={"rfc4954/6/unauthenticated_transaction_gets_530"},
    also={"rfc5321/4.3.2/mail-replies"},
)
def unauthenticated_gets_554(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Answers 554 to a transaction that needs an authentication."""
    del clean, session, verb
    return answer(554, b"Access denied", status=b"5.7.1")


@defect(ServerSession.authentication_required, proves={"rfc4954/6/unauthenticated_transaction_gets_5_7_0"})
def unauthenticated_gets_5_7_1(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Answers 530 with 5.7.1 to a transaction that needs an authentication."""
    del clean, session, verb
    return answer(530, b"Access denied", status=b"5.7.1")


@defect(
    ServerSession.lacks_authentication,
    proves={"rfc4954/6/six_commands_need_no_authentication*"},
    also={"rfc5321/4.2/*", "rfc5321/4.3.2/*"},
)
def everything_needs_authentication(clean: Fits, session: ServerSession, verb: bytes) -> bool:
    """Asks for an authentication before any command but AUTH and the first EHLO."""
    return clean(verb) or (session.requires_auth and session.client_name is not None and verb != b"AUTH")


@defect(
    Authentication.auth_begins,
    proves={"rfc4954/6/listed_mechanism_is_not_refused_for_want_of_encryption*"},
    also={"rfc4954/*", "rfc5248/2.4/x-7-10"},
)
def listed_mechanism_needs_encryption(clean: OfOctets, session: Authentication, argument: bytes) -> Answer | None:
    """Lists its mechanisms in clear and answers 538 to each of them."""
    known = session.auth_mechanism(argument.split(b" ")[0])
    return answer(538, b"Encryption required", status=b"5.7.11") if known else clean(argument)
