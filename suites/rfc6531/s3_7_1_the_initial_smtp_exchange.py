"""RFC 6531 3.7.1 - The Initial SMTP Exchange."""

from __future__ import annotations

from conformance import At, Client, Exchange, Hop, Observation, holds, scenario, watch


@watch("rfc6531/3.7.1/server-ascii-in-ehlo-reply")
def watch_ehlo_reply_is_ascii(exchange: Exchange) -> Observation | None:
    """The reply to EHLO of a server that lists SMTPUTF8 is ASCII, the domain in it an A-label."""
    lists = any(line.text.upper().startswith(b"SMTPUTF8") for line in exchange.reply.lines)
    if exchange.verb != "EHLO" or not lists:
        return None
    return holds(exchange.reply.octets.isascii(), expected="ASCII", seen=exchange.reply)


@scenario("rfc6531/3.7.1/client-ascii-in-ehlo", start=At.EHLO, offers=["SMTPUTF8"], facts=["extended_next_hop"])
async def relay_says_its_name_in_ascii(smtp: Client, hop: Hop) -> Observation:
    """The EHLO before an internationalized message has a name in ASCII."""
    message = smtp.message(before="X-Gruss: Grüße\r\n".encode())
    await smtp.deliver(message, b"<%b>" % hop.extended(), parameters=b" SMTPUTF8")
    commands = (await hop.message()).transaction.connection.commands
    said = b"".join(command.octets for command in commands if command.verb in {b"EHLO", b"HELO"})
    return holds(said.isascii(), expected="a name in ASCII", seen=said)
