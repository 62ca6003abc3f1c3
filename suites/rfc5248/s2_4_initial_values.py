"""RFC 5248 2.4 - Registration of the codes that were there, and of new ones."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    NotReady,
    Observation,
    accepted,
    carries_none_of,
    presume,
    refused,
    scenario,
)

NEEDS_ENCRYPTION = {"7.10", "7.11"}
"""That the mechanism needs a layer of encryption: the first is registered by RFC 5248, the second by RFC 4954."""


async def under_tls(smtp: Client) -> None:
    """Go over to TLS and say EHLO again.

    Raises:
        NotReady: that failed, or AUTH is not offered there.
    """
    await smtp.starttls()
    presume(accepted(await smtp.ehlo()))
    if not smtp.mechanisms:
        raise NotReady("AUTH", "is not offered under TLS")


OFFERS = ["STARTTLS", "ENHANCEDSTATUSCODES"]


@scenario("rfc5248/2.4/x-7-10", start=At.UNAUTHENTICATED, offers=OFFERS, mechanism={"plain": "PLAIN", "login": "LOGIN"})
async def wrong_credentials_need_no_encryption_under_tls(mechanism: str, smtp: Client) -> Observation:
    """Under TLS the code for wrong credentials does not say that the mechanism needs encryption."""
    await under_tls(smtp)
    if mechanism not in smtp.mechanisms:
        raise NotReady("AUTH", f"{mechanism} is not offered: {' '.join(smtp.mechanisms)}")
    outcome = await smtp.try_authenticate(mechanism, user=b"nobody", password=b"wrong")
    presume(refused(outcome))
    return carries_none_of(outcome, NEEDS_ENCRYPTION)


@scenario("rfc5248/2.4/x-7-10", start=At.UNAUTHENTICATED, offers=OFFERS)
async def unknown_mechanism_needs_no_encryption_under_tls(smtp: Client) -> Observation:
    """Under TLS the code for a mechanism that nobody knows does not say that it needs encryption."""
    await under_tls(smtp)
    outcome = await smtp.say(b"AUTH XBOGUS")
    presume(refused(outcome))
    return carries_none_of(outcome, NEEDS_ENCRYPTION)
