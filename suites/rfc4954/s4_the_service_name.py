"""RFC 4954 4 - The AUTH Command: what the service is called in SASL, which DIGEST-MD5 says (RFC 2831 2.1.2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Unclear,
    accepted,
    holds,
    scenario,
    visible,
)

OTHER_NAMES = (b"submission", b"mail", b"host", b"imap")
"""What a server could call the service by mistake; ``host`` is what many mechanisms of others have."""

Another = Callable[[], Awaitable[Client]]


async def _called_smtp(smtp: Client, another: Another) -> Observation:
    """Broken where right credentials are refused for smtp and let in for a service of another name."""
    outcome = await smtp.try_authenticate("DIGEST-MD5")
    taken = accepted(outcome, {235})
    if not isinstance(taken, Broken):
        return taken
    for name in OTHER_NAMES:
        other = await another()
        await other.climb(At.UNAUTHENTICATED)
        instead = accepted(await other.try_authenticate("DIGEST-MD5", service=name), {235})
        if isinstance(instead, Held):
            return Broken("a service called smtp", f"{outcome}; let in for one called {name.decode()}")
    return Unclear(f"let in for no service: {outcome}")


@scenario("rfc4954/4/service-name", start=At.UNAUTHENTICATED, offers=["AUTH DIGEST-MD5"], facts=["credentials"])
async def service_is_called_smtp(smtp: Client, another: Another) -> Observation:
    """Right credentials are let in for smtp, and not for a service of another name alone."""
    return await _called_smtp(smtp, another)


@scenario(
    "rfc4954/4/service-name",
    roles=["submission"],
    start=At.UNAUTHENTICATED,
    offers=["AUTH DIGEST-MD5"],
    facts=["credentials"],
)
async def service_is_called_smtp_on_the_submission_port(smtp: Client, another: Another) -> Observation:
    """On the submission port the service is called smtp too."""
    return await _called_smtp(smtp, another)


@scenario("rfc4954/4/service-name", start=At.EHLO, facts=["account_domain", "account_next_hop"], alone=True)
async def relay_asks_its_next_hop_for_smtp(smtp: Client, hop: Hop) -> Observation:
    """A relay that authenticates by DIGEST-MD5 wants a service called smtp."""
    hop.offer_account(b"AUTH DIGEST-MD5")
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account())
    given = [each.service for session in await hop.account_sessions() for each in session.authentications]
    names = [name for name in given if name]
    if not names:
        raise NotReady("next hop", "the target named no service there")
    return holds(names[0].lower() == b"smtp", expected="smtp", seen=visible(names[0]))
