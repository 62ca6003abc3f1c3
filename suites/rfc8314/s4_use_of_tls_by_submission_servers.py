"""RFC 8314 4 - Use of TLS by Mail Access Servers and Message Submission Servers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ssl import TLSVersion

from conformance import (
    At,
    Broken,
    Client,
    HandshakeFailed,
    Held,
    NotReady,
    Observation,
    Outcome,
    Reply,
    Secured,
    Unclear,
    accepted,
    presume,
    scenario,
)

SUBMISSION = ["submission"]
TRIES = 3
"""How often STARTTLS fails before it is likely to."""

OLD_VERSIONS = (TLSVersion.TLSv1_1, TLSVersion.TLSv1)

Handshake = Secured | HandshakeFailed | Outcome


@scenario(
    "rfc8314/4/tls-access", start=At.GREETING, facts=["starttls_required"], roles=SUBMISSION, tags=["tls", "starttls"]
)
async def tls_can_be_had_where_it_is_required(smtp: Client) -> Observation:
    """A submission server that is to be used under TLS lists STARTTLS, and takes EHLO behind its handshake."""
    presume(accepted(await smtp.ehlo()))
    if "STARTTLS" not in smtp.offers:
        return Broken("STARTTLS in the list", str(smtp.hello))
    outcome = await smtp.try_starttls()
    if not isinstance(outcome, Secured):
        return Unclear(f"listed, and {outcome}")
    return accepted(await smtp.ehlo())


@scenario(
    "rfc8314/4/no-starttls-that-fails",
    start=At.UNAUTHENTICATED,
    offers=["STARTTLS"],
    facts=["not verify_certificate"],
    roles=SUBMISSION,
    tags=["starttls"],
)
async def listed_starttls_does_not_fail(smtp: Client, another: Callable[[], Awaitable[Client]]) -> Observation:
    """Where STARTTLS is listed it succeeds, at one of three attempts at least."""
    seen: list[str] = []
    for number in range(TRIES):
        client = smtp
        if number:
            client = await another()
            await client.climb(At.UNAUTHENTICATED)
        outcome = await client.try_starttls()
        if isinstance(outcome, Secured):
            return Held(f"{outcome} at attempt {number + 1}")
        if not isinstance(outcome, HandshakeFailed | Reply) or (isinstance(outcome, Reply) and outcome.code == 421):
            raise NotReady("STARTTLS", outcome)
        seen.append(str(outcome))
    return Broken("a TLS handshake where STARTTLS is listed", " | ".join(seen))


async def speaks_tls_1_2(outcome: Handshake, old: Callable[[TLSVersion], Awaitable[Handshake]]) -> Observation:
    """Held by a handshake of ours, which offers TLS 1.2 and 1.3; broken where it fails and one of an old version not.

    ``old`` tries one version on a connection of its own.
    """
    if isinstance(outcome, Secured):
        return Held(str(outcome))
    for version in OLD_VERSIONS if isinstance(outcome, HandshakeFailed) else ():
        if isinstance(await old(version), Secured):
            return Broken("TLS 1.2 or later", f"{outcome}, where {version.name} succeeds")
    return Unclear(str(outcome))


@scenario(
    "rfc8314/4/tls-1.2", start=At.UNAUTHENTICATED, offers=["STARTTLS"], roles=SUBMISSION, tags=["tls", "starttls"]
)
async def starttls_leads_to_tls_1_2(smtp: Client, another: Callable[[], Awaitable[Client]]) -> Observation:
    """A client that speaks TLS 1.2 and 1.3 and nothing older completes the handshake of STARTTLS."""

    async def old(version: TLSVersion) -> Handshake:
        client = await another()
        await client.climb(At.UNAUTHENTICATED)
        return await client.try_starttls(only=version)

    return await speaks_tls_1_2(await smtp.try_starttls(), old)


@scenario("rfc8314/4/tls-1.2", start=At.CLEAR, facts=["implicit_tls"], roles=SUBMISSION, tags=["tls"])
async def port_with_tls_speaks_tls_1_2(smtp: Client, another: Callable[..., Awaitable[Client]]) -> Observation:
    """It does so on a port that begins with TLS, too."""

    async def old(version: TLSVersion) -> Handshake:
        return await (await another(in_clear=True)).try_implicit_tls(version)

    return await speaks_tls_1_2(await smtp.try_implicit_tls(), old)
