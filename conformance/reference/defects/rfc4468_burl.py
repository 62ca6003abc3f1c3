"""Defects of BURL (RFC 4468) and of who lists what belongs to submission only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._conversion import Conversion, Outward
from conformance.reference._decision import defect
from conformance.reference._relay import RelaySession
from conformance.reference._session import Answer, ServerSession, answer

Extensions = Callable[[], tuple[bytes, ...]]


@defect(
    ServerSession.extension_command,
    profile="on-request",
    proves={"rfc4468/3.2/failed_fetch_ends_the_transaction"},
)
def failed_burl_keeps_the_transaction(
    clean: Callable[[bytes, bytes], Answer | None], session: ServerSession, verb: bytes, argument: bytes
) -> Answer | None:
    """Goes on with the transaction after a URL that can't be fetched."""
    kept = session.transaction
    given = clean(verb, argument)
    session.transaction = kept
    return given


@defect(ServerSession.extensions, profile="on-request", proves={"rfc4468/4/eight_bit_mime_is_listed_beside_burl"})
def burl_comes_without_8bitmime(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists BURL and not 8BITMIME."""
    del session
    return tuple(line for line in clean() if line != b"8BITMIME")


@defect(
    ServerSession.extensions,
    proves={"rfc4468/3.1/relay_does_not_list_burl", "rfc4865/4.2/mail_exchanger_does_not_list_it"},
)
def mail_exchanger_lists_what_is_for_submission(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists BURL and FUTURERELEASE on port 25."""
    del session
    return (*clean(), b"BURL imap", b"FUTURERELEASE 86400 2099-12-31T23:59:59Z")


BARE = "burl-takes-imap-urls-unlisted"


@defect(
    ServerSession.extensions,
    name=BARE,
    profile="on-request",
    proves={"rfc4468/3.1/imap_urls_need_the_argument"},
    also={"rfc4468/3.*"},
)
def _lists_burl_alone(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists BURL without an argument, and takes IMAP URLs."""
    del session
    return tuple(b"BURL" if line.startswith(b"BURL") else line for line in clean())


@defect(ServerSession.extension_command, name=BARE, profile="on-request")
def _takes_any_url(
    clean: Callable[[bytes, bytes], Answer | None], session: ServerSession, verb: bytes, argument: bytes
) -> Answer | None:
    """Answers 250 to any BURL."""
    del session
    return answer(250, b"OK") if verb == b"BURL" else clean(verb, argument)


@defect(ServerSession.extensions, profile="on-request", varies={"rfc4468/3.3/trusted_server_may_be_listed"})
def burl_lists_a_trusted_server(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists an IMAP server that it trusts."""
    del session
    return tuple(line + b" imap://mail.example.test" if line.startswith(b"BURL") else line for line in clean())


@defect(
    ServerSession.extensions,
    profile="on-request",
    varies={"rfc4468/3.1/arguments_may_change_with_auth"},
)
def burl_has_no_argument_before_auth(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists BURL without an argument until the client has authenticated."""
    known = session.authentication.identity is not None
    return tuple(b"BURL" if line.startswith(b"BURL") and not known else line for line in clean())


UNCONVERTED = "eight-bit-text-by-burl-goes-on"


@defect(
    Conversion.for_seven_bits,
    name=UNCONVERTED,
    profile="on-request",
    proves={"rfc4468/4/content_by_burl_is_converted"},
)
def _is_not_converted(clean: Callable[[Outward], Outward], _: Conversion, message: Outward) -> Outward:
    """Passes 8-bit text that came by BURL to a next hop that takes ASCII only."""
    del clean
    return message


@defect(RelaySession.takes_eight_bit, name=UNCONVERTED, profile="on-request")
def _is_sent_as_it_is(clean: Callable[[], bool], session: RelaySession) -> bool:
    """Passes 8-bit text that came by BURL to a next hop that takes ASCII only."""
    return session.parameters.of(b"BURL") is not None or clean()


@defect(Conversion.for_seven_bits, profile="on-request", proves={"rfc4468/4/content_by_burl_is_converted"})
def eighth_bit_of_text_by_burl_is_lost(
    clean: Callable[[Outward], Outward], conversion: Conversion, message: Outward
) -> Outward:
    """Makes ASCII of 8-bit text that came by BURL by leaving the eighth bit out."""
    if b"8BITMIME" in conversion.offers:
        return clean(message)
    return replace(message, content=bytes(octet & 0x7F for octet in message.content))
