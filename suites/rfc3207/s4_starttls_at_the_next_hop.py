"""RFC 3207 4 - The STARTTLS Command, for a relay that gives it at its next hop."""

from __future__ import annotations

from collections.abc import Callable

from conformance import At, Client, Hop, HopConnection, NotReady, Observation, Unclear, holds, row, scenario, visible

SECURED = ["account_domain", "account_next_hop", "account_authority"]
HANDSHAKE = b"\x16"
"""The type of a TLS record that begins a handshake (RFC 8446 §5.1)."""

Check = Callable[[HopConnection], Observation]


def has_no_parameters(connection: HopConnection) -> Observation:
    """STARTTLS stands alone on its line."""
    lines = [command.octets for command in connection.commands if command.verb == b"STARTTLS"]
    good = all(line.upper() == b"STARTTLS\r\n" for line in lines)
    return holds(good, expected="STARTTLS alone", seen=" | ".join(visible(line, 80) for line in lines))


def begins_the_handshake(connection: HopConnection) -> Observation:
    """What follows the 220 is a TLS handshake."""
    if not connection.handshake:
        return Unclear("nothing followed the 220")
    good = connection.handshake.startswith(HANDSHAKE)
    return holds(good, expected="a TLS handshake", seen=visible(connection.handshake[:40]))


def is_the_last_of_a_group(connection: HopConnection) -> Observation:
    """Nothing goes out together with STARTTLS."""
    return holds(not connection.leftover, expected="nothing behind STARTTLS", seen=visible(connection.leftover, 80))


@scenario(
    "rfc3207/4/handshake-follows-220",
    start=At.EHLO,
    facts=SECURED,
    check={
        "alone": row(has_no_parameters, "rfc3207/4/command-no-parameters"),
        "handshake": row(begins_the_handshake),
        "last-of-a-group": row(is_the_last_of_a_group, "rfc3207/4/last-in-pipelined-group"),
    },
)
async def starttls_at_the_next_hop_is_in_order(check: Check, smtp: Client, hop: Hop) -> Observation:
    """STARTTLS at the next hop stands alone, is the last of its group, and is followed by the handshake."""
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account())
    for session in await hop.account_sessions():
        if any(command.verb == b"STARTTLS" and command.reply.startswith(b"220") for command in session.commands):
            return check(session)
    raise NotReady("next hop", "the target did not say STARTTLS")
