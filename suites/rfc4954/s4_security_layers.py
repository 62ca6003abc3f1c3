"""RFC 4954 4 - The AUTH Command: the security layer that an exchange can bring, as one by DIGEST-MD5 does."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Callable

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
    Unprotected,
    accepted,
    answered,
    presume,
    refused,
    scenario,
    took,
    visible,
)

LAYER = ["credentials", "security_layer"]
DIGEST = ["AUTH DIGEST-MD5"]
COVERED = re.compile(rb".{4}\d{3}[ -]", re.DOTALL)
"""A reply behind four octets of length."""
CLEAR = re.compile(rb"\d{3}[ -]")
QUALITIES = re.compile(rb'qop\s*=\s*"?([^"]*)"?', re.IGNORECASE)

Another = Callable[[], Awaitable[Client]]
Way = Callable[[Client], Awaitable[Outcome]]


async def _protected(smtp: Client) -> Outcome:
    """What ends an exchange that is to bring an integrity layer."""
    return await smtp.try_authenticate("DIGEST-MD5", quality=b"auth-int")


def _under_the_layer(outcome: Outcome) -> Observation:
    """Broken by a reply in clear where it has to come under the layer."""
    if isinstance(outcome, Unprotected) and CLEAR.match(outcome.octets):
        return Broken("a reply under the security layer", f"in clear: {visible(outcome.octets, 80)}")
    return Held(str(outcome)) if isinstance(outcome, Reply) else Unclear(str(outcome))


@scenario("rfc4954/4/optional-security-layer", start=At.UNAUTHENTICATED, offers=DIGEST)
async def server_may_offer_a_security_layer(smtp: Client) -> Observation:
    """DIGEST-MD5 offers integrity or confidentiality behind the exchange, or authentication alone."""
    outcome = await smtp.say(b"AUTH DIGEST-MD5")
    presume(answered(outcome, {334}))
    assert isinstance(outcome, Reply)
    try:
        found = QUALITIES.search(base64.b64decode(outcome.text, validate=True))
    except binascii.Error:
        return Unclear(str(outcome))
    offered = found[1].decode("ascii", "replace").lower() if found else "auth"
    layers = {word.strip() for word in offered.split(",")} & {"auth-int", "auth-conf"}
    return took("offers a security layer" if layers else "offers none", offered)


@scenario("rfc4954/4/layer-begins", start=At.UNAUTHENTICATED, offers=DIGEST, facts=LAYER)
async def success_comes_before_the_layer(smtp: Client) -> Observation:
    """The success reply itself is in clear, as the server's side of the layer begins behind it."""
    outcome = await _protected(smtp)
    if isinstance(outcome, Reply) and outcome.code != 235 and COVERED.match(outcome.lines[0].content):
        return Broken("235 in clear", f"a message of the layer: {outcome}")
    presume(accepted(outcome, {235}))
    return Held(str(outcome))


async def _ehlo(smtp: Client) -> Outcome:
    return await smtp.ehlo()


async def _message(smtp: Client) -> Outcome:
    """A whole message, up to the first outcome that is not as usual."""
    steps = (smtp.ehlo, smtp.mail, smtp.rcpt, smtp.data, smtp.ehlo)
    outcome: Outcome = await smtp.say(b"NOOP")
    for step in steps:
        if not isinstance(outcome, Reply) or outcome.severity != 2:
            break
        outcome = await step()
    return outcome


@scenario(
    "rfc4954/4/layer-begins",
    start=At.UNAUTHENTICATED,
    offers=DIGEST,
    facts=LAYER,
    way={"ehlo": _ehlo, "message": _message},
)
async def what_follows_success_is_under_the_layer(way: Way, smtp: Client, second: Client) -> Observation:
    """Directly behind the CRLF of the success reply the server reads and writes under the layer."""
    presume(accepted(await second.try_authenticate("DIGEST-MD5"), {235}))
    presume(accepted(await way(second)))
    presume(accepted(await _protected(smtp), {235}))
    return _under_the_layer(await way(smtp))


@scenario("rfc4954/4/layer-resets", start=At.UNAUTHENTICATED, offers=DIGEST, facts=LAYER)
async def session_begins_again_with_the_layer(smtp: Client) -> Observation:
    """Under a new layer EHLO is taken as behind the greeting."""
    presume(accepted(await _protected(smtp), {235}))
    return accepted(await smtp.ehlo())


@scenario("rfc4954/4/layer-server-forgets", start=At.UNAUTHENTICATED, offers=DIGEST, facts=LAYER)
async def layer_forgets_the_ehlo(smtp: Client, another: Another) -> Observation:
    """The EHLO given before the exchange is gone under the layer: MAIL is refused as it is behind the greeting."""
    fresh = await another()
    await fresh.climb(At.GREETING)
    presume(answered(await fresh.mail(), {503}))
    presume(accepted(await _protected(smtp), {235}))
    return refused(await smtp.mail())


async def _with_tls_first(smtp: Client) -> Outcome | HandshakeFailed:
    """The layer is agreed on under TLS."""
    await smtp.starttls()
    presume(accepted(await smtp.ehlo()))
    presume(accepted(await _protected(smtp), {235}))
    return await smtp.ehlo()


async def _with_the_layer_first(smtp: Client) -> Outcome | HandshakeFailed:
    """TLS begins under the layer."""
    presume(accepted(await _protected(smtp), {235}))
    presume(accepted(await smtp.ehlo()))
    if "STARTTLS" not in smtp.offers:
        raise NotReady("STARTTLS", "it is not offered under the layer")
    secured = await smtp.try_starttls()
    if isinstance(secured, Reply):
        raise NotReady("STARTTLS", secured)
    return await smtp.ehlo() if isinstance(secured, Secured) else secured


Order = Callable[[Client], Awaitable[Outcome | HandshakeFailed]]
ORDERS: dict[str, Order] = {"tls-first": _with_tls_first, "layer-first": _with_the_layer_first}


@scenario(
    "rfc4954/4/tls-outside-sasl",
    start=At.UNAUTHENTICATED,
    offers=["AUTH DIGEST-MD5", "STARTTLS"],
    facts=LAYER,
    order=ORDERS,
)
async def tls_is_outside_the_layer(order: Order, smtp: Client, another: Another) -> Observation:
    """With both TLS and a layer, the network sees TLS, whichever came first: a server of the other order is found."""
    outcome = await order(smtp)
    if isinstance(outcome, Reply):
        return Held(str(outcome))
    other = await another()
    await other.climb(At.UNAUTHENTICATED)
    other.connection.layer_outermost = True
    instead = await order(other)
    if isinstance(accepted(instead), Held):
        return Broken("TLS outside the layer", f"{outcome}; with the layer outside TLS: {instead}")
    return Unclear(str(outcome))
