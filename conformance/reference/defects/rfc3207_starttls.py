"""Defects of STARTTLS (RFC 3207)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._authentication import Authentication
from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer
from conformance.reference._site import HOST, RELAY_DOMAIN
from conformance.reference._trace import Accepted, Trace
from conformance.wire.paths import Mailbox

Extensions = Callable[[], tuple[bytes, ...]]
OfOctets = Callable[[bytes], Answer | None]

HERE = "rfc3207/4/"
RESULT = "rfc3207/4.2/"


@defect(
    ServerSession.extensions,
    proves={"rfc3207/3/keyword_has_no_parameters", "rfc3207/2/keyword_stands_alone"},
)
def starttls_keyword_has_a_parameter(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists STARTTLS with a parameter."""
    del session
    return tuple(b"STARTTLS required" if keyword == b"STARTTLS" else keyword for keyword in clean())


@defect(
    ServerSession.extensions,
    proves={"rfc3207/4.2/starttls_is_not_offered_under_tls", "rfc8314/3.3/starttls_is_not_listed_on_a_port_with_tls"},
)
def starttls_is_offered_under_tls(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists STARTTLS under TLS."""
    return (*clean(), b"STARTTLS") if session.secured else clean()


@defect(
    ServerSession.starttls,
    proves={"rfc3207/4/argument_is_refused_with_501", "rfc3207/4/any_argument_is_refused_with_501*"},
)
def starttls_ignores_its_argument(
    clean: Callable[[bytes], Answer | None], session: ServerSession, argument: bytes
) -> Answer | None:
    """Goes over to TLS whatever stands behind STARTTLS."""
    del session, argument
    return clean(b"")


@defect(ServerSession.forget_at_tls, proves={"rfc3207/4.2/starttls_forgets_*"})
def tls_keeps_what_was_said_in_clear(clean: Callable[[], None], session: ServerSession) -> None:
    """Keeps EHLO, sender and recipients over the handshake."""
    del clean, session


@defect(
    ServerSession.kept_across_tls,
    proves={
        "rfc3207/4.2/injected_command_is_never_acted_on*",
        "rfc3207/4.2/injected_half_command_is_dropped",
        "rfc3207/4.2/injected_quit_is_never_acted_on",
    },
    also={"rfc5321/4.3.2/noop-replies"},
)
def clear_octets_are_read_under_tls(clean: Callable[[bytes], bytes], session: ServerSession, buffer: bytes) -> bytes:
    """Reads what came in clear behind STARTTLS as if it had come under TLS."""
    del clean, session
    return buffer


@defect(
    ServerSession.greeting_under_tls,
    proves={"rfc3207/4.2/no_greeting_after_the_handshake"},
    also={
        "rfc5321/4.3.2/data-replies",
        "rfc5321/4.3.2/ehlo-helo-replies",
        "rfc5321/4.3.2/mail-replies",
        "rfc5321/4.3.2/noop-replies",
        "rfc5321/4.3.2/quit-replies",
        "rfc5321/4.3.2/rcpt-replies",
        "rfc5321/4.3.2/rset-replies",
        "rfc5321/4.3.2/vrfy-replies",
    },
)
def tls_begins_with_a_greeting(clean: Callable[[], Answer | None], session: ServerSession) -> Answer | None:
    """Greets a second time after the handshake."""
    del clean, session
    return answer(220, HOST + b" ESMTP under TLS")


@defect(
    ServerSession.extensions,
    proves={"rfc3207/2/working_starttls_is_listed"},
    also={"rfc5321/4.2/listed-codes"},
)
def starttls_is_not_listed(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Speaks STARTTLS and does not list it."""
    del session
    return tuple(keyword for keyword in clean() if keyword != b"STARTTLS")


@defect(
    ServerSession.starttls,
    proves={"rfc3207/3/listed_starttls_gets_220"},
    also={"rfc3207/4/530-spares-four-commands"},
)
def listed_starttls_is_not_available(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Lists STARTTLS and answers it with 554."""
    return clean(argument) if argument or session.secured else answer(554, b"No TLS here")


@defect(
    ServerSession.starttls,
    proves={HERE + "starttls_is_answered_with_a_code_of_its_own*"},
    also={"rfc3207/3/keyword-means-able", "rfc5321/4.2.4/no-500-for-listed", "rfc3207/4/501-with-parameters"},
)
def starttls_is_answered_with_250(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers STARTTLS with 250, and then expects a handshake."""
    given = clean(argument)
    del session
    return replace(given, code=250) if given is not None and given.starts_tls else given


@defect(
    ServerSession.starttls,
    proves={HERE + "refused_starttls_leaves_the_session_in_clear"},
)
def refused_starttls_waits_for_a_handshake(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Refuses STARTTLS with an argument and expects a handshake all the same."""
    given = clean(argument)
    return replace(given, starts_tls=True) if given is not None and argument and not session.secured else given


@defect(
    ServerSession.command,
    only={"STARTTLS"},
    proves={HERE + "starttls_in_any_case_is_the_same*"},
    also={"rfc2034/4/required-on-replies"},
)
def starttls_is_known_in_capitals_only(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Knows STARTTLS in capitals only."""
    return clean(line) if line.partition(b" ")[0].isupper() else session.unknown(line)


@defect(
    ServerSession.starttls,
    proves={HERE + "handshake_follows_the_220*"},
)
def handshake_is_answered_in_clear(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Agrees to STARTTLS and goes on in clear."""
    given = clean(argument)
    del session
    return replace(given, starts_tls=False) if given is not None and given.starts_tls else given


@defect(
    ServerSession.failed_handshake,
    name="failed-handshake-ends-the-server",
    proves={HERE + "failed_handshake_ends_no_other_session*"},
)
def failed_handshake_ends_the_server(clean: Callable[[], None], session: ServerSession) -> None:
    """Falls over when a handshake fails, and takes all sessions with it."""
    clean()
    session.site.down = True


@defect(ServerSession.noop, name="failed-handshake-ends-the-server")
def sessions_end_with_the_server(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Falls over when a handshake fails, and takes all sessions with it."""
    return answer(421, b"Going down", close=True) if session.site.down else clean(argument)


def _wants_tls(session: ServerSession) -> Answer | None:
    """The 530 of a server that wants TLS, or nothing under TLS."""
    return None if session.secured or session.rejects else answer(530, b"Must issue a STARTTLS command first")


PUBLIC = HERE + "public_server_takes_mail_in_clear"
EVERYTHING = {"rfc5321/*", "rfc2920/*", "rfc1870/*", "rfc6152/*", "rfc3030/*"}
"""A server that takes no mail in clear looks broken to whoever sends some."""


@defect(ServerSession.mail, proves={PUBLIC + "[mail]"}, also=EVERYTHING)
def public_server_wants_tls_before_mail(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 530 to MAIL in clear."""
    return _wants_tls(session) or clean(argument)


@defect(ServerSession.rcpt, proves={PUBLIC + "[rcpt]"}, also=EVERYTHING)
def public_server_wants_tls_before_rcpt(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 530 to RCPT in clear."""
    return _wants_tls(session) or clean(argument)


@defect(ServerSession.end_of_data, proves={PUBLIC + "[data]"}, also=EVERYTHING)
def public_server_wants_tls_before_data(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Answers 530 to mail data in clear."""
    session.clear("end of data") if _wants_tls(session) else None
    return _wants_tls(session) or clean(content)


BeforeTls = Callable[[bytes], Answer | None]


@defect(
    ServerSession.before_tls,
    proves={HERE + "command_in_clear_gets_530*", HERE + "optional_command_in_clear_gets_530*"},
    also={"rfc5321/4.3.2/*"},
)
def tls_is_wanted_with_554(clean: BeforeTls, session: ServerSession, verb: bytes) -> Answer | None:
    """Answers 554 where TLS is required, which does not tell a client what to do."""
    del session
    given = clean(verb)
    return replace(given, code=554) if given else None


@defect(
    ServerSession.before_tls,
    only={"NOOP", "QUIT"},
    proves={HERE + "command_for_the_clear_is_served[noop]", HERE + "command_for_the_clear_is_served[quit]"},
    also={"rfc5321/4.3.2/noop-replies", "rfc5321/4.3.2/quit-replies"},
)
def noop_and_quit_need_tls(clean: BeforeTls, session: ServerSession, verb: bytes) -> Answer | None:
    """Answers 530 to NOOP and QUIT too, where TLS is required."""
    del clean, session, verb
    return answer(530, b"Must issue a STARTTLS command first")


@defect(
    ServerSession.before_tls,
    only={"EHLO"},
    proves={HERE + "ehlo_in_clear_is_served"},
    also={"rfc5321/4.2/listed-codes"},
)
def ehlo_needs_tls(clean: BeforeTls, session: ServerSession, verb: bytes) -> Answer | None:
    """Answers 530 to EHLO too, where TLS is required."""
    del clean, session, verb
    return answer(530, b"Must issue a STARTTLS command first")


@defect(ServerSession.before_tls, only={"STARTTLS"}, proves={HERE + "command_for_the_clear_is_served[starttls]"})
def starttls_is_not_served_where_tls_is_required(
    clean: BeforeTls, session: ServerSession, verb: bytes
) -> Answer | None:
    """Answers 530 to STARTTLS itself, where TLS is required."""
    del clean, session, verb
    return answer(530, b"Must issue a STARTTLS command first")


@defect(
    ServerSession.before_tls,
    only={"MAIL", "RCPT", "DATA"},
    proves={
        "rfc3207/6/no_mail_is_taken_in_clear",
        "rfc3207/6/no_mail_is_taken_in_clear_after_helo",
        HERE + "command_in_clear_gets_530[mail]",
    },
    varies={HERE + "private_server_may_require_tls"},
)
def tls_is_required_and_not_asked_for(clean: BeforeTls, session: ServerSession, verb: bytes) -> Answer | None:
    """Takes mail in clear though it is set to require TLS."""
    del clean, session, verb
    return None


@defect(
    ServerSession.mail,
    varies={"rfc3207/4.1/server_may_go_on_without_a_client_certificate"},
    also={"rfc3207/4.2/reset-to-initial-state", "rfc5321/4.3.2/mail-replies"},
)
def clients_need_a_certificate(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 554 to MAIL under TLS, since the client has shown no certificate."""
    return answer(554, b"Command refused due to lack of security") if session.secured else clean(argument)


@defect(
    ServerSession.pause_before_tls,
    name="clear-octets-in-segments-of-their-own-are-read-under-tls",
    proves={RESULT + "command_injected_in_a_second_segment_is_never_acted_on*"},
)
def pauses_before_the_220(clean: Callable[[], float], session: ServerSession) -> float:
    """Answers STARTTLS late, and reads under TLS what has come in clear meanwhile."""
    del clean, session
    return 0.05


@defect(
    ServerSession.kept_across_tls,
    name="clear-octets-in-segments-of-their-own-are-read-under-tls",
    proves={
        RESULT + "injected_command_is_never_acted_on*",
        RESULT + "injected_half_command_is_dropped",
        RESULT + "injected_quit_is_never_acted_on",
    },
    also={"rfc5321/4.3.2/*"},
)
def keeps_what_came_meanwhile(clean: Callable[[bytes], bytes], session: ServerSession, buffer: bytes) -> bytes:
    """Answers STARTTLS late, and reads under TLS what has come in clear meanwhile."""
    del clean, session
    return buffer


@defect(
    ServerSession.kept_across_tls,
    name="clear-commands-are-obeyed-before-the-handshake",
    proves={RESULT + "injected_transaction_is_not_there_under_tls"},
    also={"rfc3207/4.2/discard-client-knowledge"},
)
def obeys_clear_commands(clean: Callable[[bytes], bytes], session: ServerSession, buffer: bytes) -> bytes:
    """Obeys without a word what came in clear behind STARTTLS, and keeps its effect."""
    while (line := session.find_command_line(buffer)) is not None:
        octets, buffer = line
        session.command(octets)
    return clean(buffer)


@defect(ServerSession.forget_at_tls, name="clear-commands-are-obeyed-before-the-handshake")
def keeps_their_effect(clean: Callable[[], None], session: ServerSession) -> None:
    """Obeys without a word what came in clear behind STARTTLS, and keeps its effect."""
    if session.transaction is None or not session.transaction.forward_paths:
        clean()


@defect(
    ServerSession.ehlo,
    proves={RESULT + "ehlo_is_taken_under_tls*"},
    also={"rfc8314/3.3/smtp-inside-tls"},
)
def ehlo_is_for_the_clear(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 503 to EHLO under TLS."""
    return answer(503, b"You have said it before") if session.secured else clean(argument)


@defect(
    ServerSession.mail,
    proves={RESULT + "mail_is_taken_under_tls*"},
)
def mail_is_for_the_clear(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 503 to MAIL under TLS."""
    return answer(503, b"Not under TLS") if session.secured else clean(argument)


@defect(ServerSession.extensions, varies={RESULT + "extensions_may_differ_under_tls"})
def extensions_differ_under_tls(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists no DSN under TLS."""
    return tuple(keyword for keyword in clean() if keyword != b"DSN") if session.secured else clean()


@defect(
    ServerSession.starttls,
    proves={RESULT + "second_starttls_is_refused", "rfc8314/3.3/starttls_is_refused_on_a_port_with_tls"},
)
def starttls_is_taken_under_tls(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Agrees to STARTTLS under TLS."""
    return answer(220, b"Ready to start TLS once more") if session.secured else clean(argument)


@defect(ServerSession.starttls, proves={RESULT + "refused_second_starttls_changes_nothing"})
def second_starttls_resets(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Forgets the transaction at a STARTTLS that it refuses."""
    if session.secured:
        session.forget_at_tls()
    return clean(argument)


@defect(
    ServerSession.with_status,
    only={"530"},
    proves={"rfc3207/4/refusal_in_clear_has_a_status*"},
    also={"rfc4954/*"},
)
def want_of_tls_is_called_bad_order(clean: Callable[[Answer], Answer], session: ServerSession, given: Answer) -> Answer:
    """Says 5.5.1 with the 530 that asks for TLS."""
    return clean(replace(given, status=b"5.5.1")) if session.requires_tls else clean(given)


# Who the client is in the TLS negotiation.


@defect(
    ServerSession.too_weak,
    proves={"rfc3207/4.1/command_gets_554_where_tls_is_too_weak*"},
    varies={"rfc3207/4.1/server_may_serve_no_more_where_tls_is_too_weak"},
    also={"rfc5321/*", "rfc3207/4.1/*"},
)
def commands_are_served_where_tls_is_too_weak(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Asks for a certificate and serves the first command without one."""
    if verb == b"QUIT":
        return clean(verb)
    session.client_name = session.client_name or b"unknown"
    return answer(250, b"OK")


@defect(ServerSession.too_weak, proves={"rfc3207/4.1/later_commands_get_554_too"}, also={"rfc3207/4.1/*"})
def only_ehlo_is_refused_where_tls_is_too_weak(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Refuses EHLO without a certificate, and serves NOOP."""
    return session.noop(b"") if verb == b"NOOP" else clean(verb)


@defect(
    ServerSession.too_weak,
    proves={"rfc3207/4.1/quit_is_served_where_tls_is_too_weak*"},
    also={"rfc5321/*"},
)
def quit_is_refused_where_tls_is_too_weak(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Refuses QUIT, too, where TLS is too weak."""
    del session
    return clean(b"NOOP") if verb == b"QUIT" else clean(verb)


@defect(ServerSession.serves, varies={"rfc3207/4/relaying_may_need_a_certificate*"})
def relaying_needs_a_certificate(clean: Callable[[Mailbox], bool], session: ServerSession, mailbox: Mailbox) -> bool:
    """Relays under TLS for clients with a certificate only."""
    stranger = session.secured and not session.authentication.certified
    return clean(mailbox) and not (stranger and mailbox.domain.lower() == RELAY_DOMAIN)


@defect(
    ServerSession.open_transaction,
    profile="submission",
    varies={"rfc3207/4/submission_may_need_a_certificate"},
)
def submission_needs_a_certificate(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Takes mail under TLS on the submission port from clients with a certificate only."""
    stranger = session.secured and not session.authentication.certified
    return answer(550, b"Show a certificate") if stranger else clean(argument)


@defect(
    ServerSession.extensions,
    profile="submission",
    varies={"rfc3207/4.3/submission_server_may_offer_starttls"},
    also={"rfc8314/4/tls-access"},
)
def submission_offers_no_starttls(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Offers no STARTTLS on the submission port."""
    del session
    return tuple(keyword for keyword in clean() if keyword != b"STARTTLS")


@defect(ServerSession.open_transaction, varies={"rfc3207/4.1/certificate_of_the_client_may_be_taken"})
def clients_with_a_certificate_are_refused(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Takes no mail from clients that show a certificate."""
    return answer(550, b"Not with this certificate") if session.authentication.certified else clean(argument)


@defect(Trace.from_clause, varies={"rfc3207/4.1/received_may_name_the_certificate"})
def received_names_the_certificate(clean: Callable[[Accepted], bytes], session: Trace, accepted: Accepted) -> bytes:
    """Puts the name of the client's certificate into the Received field."""
    del session
    said = clean(accepted)
    return said + b" (certificate of %b)" % accepted.certified.encode() if accepted.certified else said


@defect(Authentication.auth_mechanisms, varies={"rfc3207/6/certificate_may_serve_for_external"})
def no_external(clean: Callable[[], tuple[bytes, ...]], session: Authentication) -> tuple[bytes, ...]:
    """Does not offer EXTERNAL, whoever shows a certificate."""
    del session
    return tuple(name for name in clean() if name != b"EXTERNAL")
