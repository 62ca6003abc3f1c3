"""Defects in the names of hosts and in the extension model (RFC 5321 §2.2, §2.3)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer

OfOctets = Callable[[bytes], Answer | None]
Decide = Callable[[], Answer | None]


@defect(
    ServerSession.refuse_mail_parameters,
    proves={
        "rfc5321/2.2.1/parameter_of_an_offer_is_known*",
        "rfc5321/4.1.2/parameters_of_mail_are_read[*",
    },
    also={
        "rfc1870/*",
        "rfc3030/3/body-value",
        "rfc3461/*",
        "rfc6531/3.1/paths-extended",
        "rfc4954/*",
        "rfc6152/*",
        "rfc5321/4.1.4/bad-mail-keeps-state",
        "rfc5321/4.1.1.1/keywords-have-no-case",
    },
)
def parameters_of_mail_are_offered_and_unknown(
    clean: Callable[[dict[bytes, bytes]], Answer | None], session: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Offers SIZE, 8BITMIME and DSN and knows no parameter of MAIL."""
    del clean, session
    return answer(555, b"Parameter not recognized") if parameters else None


@defect(ServerSession.hello_text, proves={"rfc5321/2.3.4/host_with_a_name_goes_by_it"})
def reply_to_ehlo_gives_the_address(clean: Callable[[], bytes], session: ServerSession) -> bytes:
    """Greets with its name and answers EHLO with its address."""
    del clean, session
    return b"[192.0.2.1] greets you"


@defect(
    ServerSession.greeting,
    proves={"rfc5321/2.3.5/watch_labels_of_the_servers_name"},
    also={"rfc5321/4.1.1.1/greeting-names-server", "rfc5321/4.2/greeting-syntax", "rfc5321/4.3.1/name-in-greeting"},
)
def greeting_has_an_underscore_in_the_name(clean: Decide, session: ServerSession) -> Answer | None:
    """Greets with a name that has an underscore in it."""
    del clean, session
    return answer(220, b"mail_host.example.test ESMTP")


@defect(ServerSession.hello_text, proves={"rfc5321/2.3.5/watch_name_of_the_server_is_full"})
def server_calls_itself_localhost(clean: Callable[[], bytes], session: ServerSession) -> bytes:
    """Answers EHLO as localhost."""
    del clean, session
    return b"localhost greets you"


@defect(
    ServerSession.command, varies={"rfc5321/2.3.8/line_length_may_be_limited"}, also={"rfc2034/4/required-on-replies"}
)
def long_lines_are_refused(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Refuses command lines of more than 2,048 octets, as it may."""
    del session
    return answer(500, b"Line too long") if len(line) > 2048 else clean(line)
