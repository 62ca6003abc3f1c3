"""RFC 6531 3.7.1 - The Initial SMTP Exchange."""

from __future__ import annotations

from conformance import Exchange, Observation, holds, watch


@watch("rfc6531/3.7.1/server-ascii-in-ehlo-reply")
def watch_ehlo_reply_is_ascii(exchange: Exchange) -> Observation | None:
    """The reply to EHLO of a server that lists SMTPUTF8 is ASCII, the domain in it an A-label."""
    lists = any(line.text.upper().startswith(b"SMTPUTF8") for line in exchange.reply.lines)
    if exchange.verb != "EHLO" or not lists:
        return None
    return holds(exchange.reply.octets.isascii(), expected="ASCII", seen=exchange.reply)
