"""RFC 4954 4 - The AUTH Command: the security layer of a relay that authenticates at its next hop."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance import (
    At,
    Client,
    Hop,
    HopConnection,
    NotReady,
    Observation,
    Unclear,
    holds,
    new_token,
    presume,
    row,
    scenario,
    visible,
)

ACCOUNT = ["account_domain", "account_next_hop", "account_credentials"]
DIGEST = b"AUTH DIGEST-MD5"
OFFERS = (b"SIZE", b"8BITMIME", b"DSN")
"""What is offered before the layer and not under it; most clients say the size where they can."""
OFFERED = re.compile(rb"(?:SIZE|BODY|RET|ENVID)=", re.IGNORECASE)
"""The parameters of MAIL that go with it."""

CLEAR = re.compile(rb"[A-Za-z]{4,8}(?:[ \r]|$)")
"""How a command begins."""

Check = Callable[[HopConnection], Observation]


async def _protected(smtp: Client, hop: Hop) -> HopConnection:
    """The first session in which the target agreed on an integrity layer, once a message of ours goes there.

    Raises:
        NotReady: it agreed on none.
    """
    before = len(await hop.account_sessions(0))
    hop.protect_account(DIGEST)
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account())
    for session in await hop.account_sessions(before + 1):
        if session.protected:
            return session
    raise NotReady("next hop", "the target agreed on no security layer there")


def _came(connection: HopConnection) -> str:
    """What came under the layer, and what came outside it."""
    verbs = b" ".join(command.verb for command in connection.commands if command.protected)
    outside = f", outside it {visible(connection.outside, 40)}" if connection.outside else ""
    return f"{visible(verbs) or 'nothing'} under the layer{outside}, {connection.end}"


def goes_on_under_the_layer(connection: HopConnection) -> Observation:
    """What follows the last response is under the layer."""
    under = any(command.protected for command in connection.commands)
    if not under and not CLEAR.match(connection.outside):
        return Unclear(_came(connection))
    return holds(under, expected="commands under the layer", seen=_came(connection))


def begins_with_ehlo(connection: HopConnection) -> Observation:
    """The first command under the layer is EHLO."""
    verbs = [command.verb for command in connection.commands if command.protected]
    if not verbs or verbs == [b"QUIT"]:
        return Unclear(_came(connection))
    return holds(verbs[0] == b"EHLO", expected="EHLO", seen=_came(connection))


CHECKS: dict[str, tuple[Check, str]] = {
    "begins": (goes_on_under_the_layer, "rfc4954/4/layer-begins"),
    "ehlo": (begins_with_ehlo, "rfc4954/4/ehlo-after-layer"),
}


@scenario(
    "rfc4954/4/layer-begins",
    start=At.EHLO,
    facts=ACCOUNT,
    alone=True,
    check={name: row(check, clause) for name, (check, clause) in CHECKS.items()},
)
async def layer_at_the_next_hop_is_in_order(check: Check, smtp: Client, hop: Hop) -> Observation:
    """At a next hop where DIGEST-MD5 brings an integrity layer the relay keeps to it, and begins with EHLO."""
    hop.offer_account(DIGEST)
    return check(await _protected(smtp, hop))


@scenario("rfc4954/4/tls-outside-sasl", start=At.EHLO, facts=[*ACCOUNT, "account_authority"], alone=True)
async def tls_is_outside_the_layer_at_the_next_hop(smtp: Client, hop: Hop) -> Observation:
    """With both TLS and a layer the relay sends TLS, and the layer inside it."""
    hop.offer_account(DIGEST)
    connection = await _protected(smtp, hop)
    under = any(command.protected for command in connection.commands)
    reversed_ = connection.outside.startswith(b"\0") and connection.outside[4:6] == b"\x17\x03"
    if not connection.secured or not (under or reversed_):
        return Unclear(_came(connection))
    return holds(under, expected="records of TLS", seen=_came(connection))


async def _parameters(smtp: Client, hop: Hop, *offers: bytes) -> bytes:
    """The parameters of such extensions in the MAIL of a session without a layer where these keywords are offered."""
    hop.offer_account(*offers)
    twin = new_token()
    await smtp.deliver(smtp.message(token=twin), b"<%b>" % hop.account(twin))
    transaction = (await hop.message(twin)).transaction
    await hop.ended(transaction)
    return transaction.parameters if OFFERED.search(transaction.parameters) else b""


@scenario("rfc4954/4/layer-client-forgets", start=At.EHLO, facts=ACCOUNT, alone=True)
async def relay_forgets_the_extensions_at_the_layer(smtp: Client, hop: Hop) -> Observation:
    """What was offered before the layer and not under it is used no more: MAIL has none of its parameters."""
    used_unoffered = await _parameters(smtp, hop, DIGEST)
    presume(holds(not used_unoffered, expected="nothing used that is not offered", seen=used_unoffered))
    used_offered = await _parameters(smtp, hop, DIGEST, *OFFERS)
    if not used_offered:
        return Unclear("nothing is used where it is offered")
    connection = await _protected(smtp, hop)
    mails = [command.argument for command in connection.commands if command.protected and command.verb == b"MAIL"]
    if not mails:
        return Unclear(f"no MAIL: {_came(connection)}")
    used = OFFERED.search(mails[0].partition(b">")[2])
    return holds(not used, expected="no parameter of an extension that is not offered", seen=visible(mails[0]))
