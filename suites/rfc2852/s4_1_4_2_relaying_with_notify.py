"""RFC 2852 4.1.4.2 - Relaying a message with a by-mode of "N": what is asked of the next hop instead."""

from __future__ import annotations

from conformance import At, Client, Hop, Names, NotReady, Observation, Rule, holds, row, scenario

SECONDS = 3600
OFFERED = b"PIPELINING", b"8BITMIME", b"SIZE", b"DSN"
"""What the next hop has: DSN, and no DELIVERBY."""


@scenario(
    "rfc2852/4.1.4.2/n-adds-delay",
    start=At.EHLO,
    offers=["DELIVERBY", "DSN"],
    alone=True,
    case={
        "no-notify": row((b"", {b"FAILURE", b"DELAY"}), "rfc2852/4.1.4.2/n-asks-for-dsn"),
        "failure": (b" NOTIFY=FAILURE", {b"FAILURE", b"DELAY"}),
        "success": (b" NOTIFY=SUCCESS", {b"SUCCESS", b"DELAY"}),
        "success-failure": (b" NOTIFY=SUCCESS,FAILURE", {b"SUCCESS", b"FAILURE", b"DELAY"}),
        "delay": (b" NOTIFY=DELAY", {b"DELAY"}),
        "never": row((b" NOTIFY=NEVER", {b"NEVER"}), "rfc3461/5.2.1/notify-relayed"),
    },
)
async def next_hop_is_asked_to_tell_of_delays(
    case: tuple[bytes, set[bytes]], smtp: Client, hop: Hop, dns: Names
) -> Observation:
    """A next hop with DSN and without DELIVERBY is asked for delays too, of failures where nothing was asked for.

    It is not where NOTIFY says NEVER.
    """
    notify, wanted = case
    address, host = dns.exchangers[0], dns.name("host")
    dns.add(f"{dns.name()}. MX 10 {host}.\n{host}. A {address}\n")
    hop.server.script(address, Rule.offer(*OFFERED))
    try:
        path = b"<recipient@%b>" % dns.name().encode("ascii")
        await smtp.deliver(smtp.message(), path + notify, parameters=b" BY=%d;N" % SECONDS)
        received = await hop.message()
    finally:
        hop.server.unscript(address)
    if not received.transaction.connection.extended:
        raise NotReady("next hop", "it was not asked with EHLO what it offers")
    given = received.transaction.recipients[0].parameters.upper().split()
    asked = [word.partition(b"=")[2] for word in given if word.startswith(b"NOTIFY=")]
    seen = set(asked[0].split(b",")) if asked else set()
    expected = "NOTIFY=" + ",".join(sorted(word.decode() for word in wanted))
    return holds(seen == wanted, expected=expected, seen=b" ".join(given) or "no NOTIFY")
