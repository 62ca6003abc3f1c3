"""Defects of BURL (RFC 4468) and of who lists what belongs to submission only."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession

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
