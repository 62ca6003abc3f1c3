"""RFC 8689 2 - The REQUIRETLS Service Extension: the sessions in which a relay says it."""

from __future__ import annotations

from typing import Any

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    Names,
    Observation,
    Received,
    Rule,
    Step,
    Unclear,
    holds,
    new_token,
    row,
    scenario,
    visible,
)

FACTS = ["starttls_required", "account_authority", "extended_next_hop"]
REQUIRETLS = b"REQUIRETLS"


async def sent(smtp: Client, hop: Hop, forward_path: bytes) -> str:
    """A message that needs TLS, for this mailbox; the sender's token, to whose mailbox notifications go."""
    sender = new_token()
    await smtp.deliver(
        smtp.message(), b"<%b>" % forward_path, reverse_path=hop.path(sender), parameters=b" " + REQUIRETLS
    )
    return sender


async def not_sent(hop: Hop, sender: str) -> Observation:
    """Broken where a next hop hears of the message in MAIL; held where its sender is told instead."""
    seen = await hop.transactions(sender)
    tried = [each for each in seen if each.reverse_path.startswith(sender.encode("ascii"))]
    if tried:
        return Broken("no MAIL for the message", visible(tried[0].commands[0].octets))
    return Held("the sender was told") if seen else Unclear("neither the message nor a notification came")


def under_tls(received: Received) -> Observation:
    """Whether the message came under TLS."""
    how = received.transaction.connection.tls_version or "in clear"
    return holds(received.transaction.connection.secured, expected="a session under TLS", seen=how)


def with_requiretls(received: Received) -> Observation:
    """Whether MAIL said REQUIRETLS."""
    words = received.parameters.upper().split()
    return holds(REQUIRETLS in words, expected="REQUIRETLS at MAIL", seen=visible(received.parameters) or "nothing")


@scenario(
    "rfc8689/2/session-under-tls",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=FACTS,
    look={"session": under_tls, "parameter": row(with_requiretls, "rfc8689/4.2.1/option-issued")},
    alone=True,
    tags=["starttls"],
)
async def message_goes_on_with_requiretls_under_tls(look: Any, smtp: Client, hop: Hop) -> Observation:
    """A message with REQUIRETLS goes to a next hop that has all it takes under TLS, and with REQUIRETLS."""
    place, domain = smtp.target.extended_next_hop or "", smtp.target.extended_domain or ""
    with hop.speaks_tls(place, domain, under_tls=[REQUIRETLS]):
        await sent(smtp, hop, hop.extended())
        received = await hop.arrival()
    return Unclear("it did not come") if received is None else look(received)


NO_SECURE_SESSION: dict[str, Any] = {
    "requiretls-in-clear": {"offers": [REQUIRETLS], "refuses": True},
    "starttls-refused": row({"refuses": True, "under_tls": [REQUIRETLS]}, "rfc8689/2/session-under-tls"),
    "unknown-authority": row({"known": False, "under_tls": [REQUIRETLS]}, "rfc8689/2/certificate-verified"),
    "expired": row({"expired": True, "under_tls": [REQUIRETLS]}, "rfc8689/2/certificate-verified"),
    "another-name": row({"name": "other.example.test", "under_tls": [REQUIRETLS]}, "rfc8689/4.2.1/name-matches"),
    "name-above": row({"name": "example.test", "under_tls": [REQUIRETLS]}, "rfc8689/4.2.1/name-matches"),
    "not-offered": row({}, "rfc8689/4.2.1/requirements"),
    "offered-in-clear-only": row({"offers": [REQUIRETLS]}, "rfc8689/4.2.1/requirements"),
}


@scenario(
    "rfc8689/2/only-in-a-secure-session",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=FACTS,
    lack=NO_SECURE_SESSION,
    alone=True,
    tags=["starttls"],
)
async def message_does_not_go_where_something_is_missing(lack: dict[str, Any], smtp: Client, hop: Hop) -> Observation:
    """A message with REQUIRETLS does not go to a next hop whose TLS, certificate or extension is not as it must be."""
    place, domain = smtp.target.extended_next_hop or "", smtp.target.extended_domain or ""
    lacks = dict(lack)
    name, refuses = lacks.pop("name", domain), lacks.pop("refuses", False)
    if refuses:
        hop.server.script(place, Rule.answer(Step.STARTTLS, 454, "TLS not available"))
    try:
        with hop.speaks_tls(place, name, **lacks):
            return await not_sent(hop, await sent(smtp, hop, hop.extended()))
    finally:
        hop.server.unscript(place)


@scenario(
    "rfc8689/2/mx-validated",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=["starttls_required", "account_authority"],
    reading={"session": row(""), "lookup": row("", "rfc8689/4.2.1/name-validated")},
    alone=True,
    tags=["starttls"],
)
async def exchanger_that_nobody_vouches_for_gets_nothing(
    reading: str, smtp: Client, hop: Hop, dns: Names
) -> Observation:
    """A message with REQUIRETLS does not go to an exchanger of a domain without DNSSEC and without MTA-STS."""
    del reading
    place = dns.place()
    host = dns.name("host")
    dns.add(f"{dns.name()}. MX 0 {host}.\n{host}. A {dns.exchangers[0]}\n")
    with hop.speaks_tls(place, host, under_tls=[REQUIRETLS]):
        return await not_sent(hop, await sent(smtp, hop, b"recipient@" + dns.name().encode("ascii")))
