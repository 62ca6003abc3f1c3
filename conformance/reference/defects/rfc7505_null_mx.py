"""Defects in what becomes of mail for a domain with a null MX (RFC 7505)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._routing import Exchanger, Routing, UnroutableError
from conformance.reference._session import Answer, ServerSession


@defect(
    Routing.mx_records,
    proves={
        "rfc7505/1/host_of_a_domain_with_null_mx_gets_nothing",
        "rfc7505/4.1/sender_is_told_at_once",
    },
)
def null_mx_is_no_mx(clean: Callable[[str], list[Exchanger]], routing: Routing, domain: str) -> list[Exchanger]:
    """Passes over a null MX as a record that it can't use, and sends to the domain's own address."""
    del routing
    return [each for each in clean(domain) if each.host]


@defect(Routing.in_order, proves={"rfc7505/4.1/sender_is_told_at_once"})
def null_mx_is_tried_again_later(
    clean: Callable[[list[Exchanger]], list[Exchanger]], routing: Routing, exchangers: list[Exchanger]
) -> list[Exchanger]:
    """Takes a null MX for a host that can't be found for now, and keeps the mail."""
    del routing
    if any(not each.host for each in exchangers):
        raise UnroutableError(b"450 Host not found", lasting=False)
    return clean(exchangers)


@defect(ServerSession.null_mx, name="null-mx-is-tried-again-later")
def _null_mx_is_taken_for_now(
    clean: Callable[[str], Answer | None], session: ServerSession, domain: str
) -> Answer | None:
    """Takes a null MX for a host that can't be found for now, and keeps the mail."""
    del clean, session, domain
    return None
