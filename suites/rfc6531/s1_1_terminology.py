"""RFC 6531 1.1 - Terminology."""

from __future__ import annotations

from conformance import At, Client, Exchange, Hop, Observation, holds, row, scenario, split_message, visible, watch

LOCALS = {
    "latin": "grüße",
    "chinese": "用户",
    "beyond-16-bit": "\U00010348",
    "combining": "gru\u0308sse",
}


def _is_utf_8(octets: bytes) -> bool:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@watch("rfc6531/1.1/strings-are-utf-8")
def watch_addresses_in_replies_are_utf_8(exchange: Exchange) -> Observation | None:
    """Where a reply of a server that lists SMTPUTF8 can hold an address outside ASCII, it is UTF-8."""
    can = exchange.verb in {"VRFY", "EXPN"} or exchange.reply.code in {251, 551}
    if "SMTPUTF8" not in exchange.offers or not can:
        return None
    return holds(_is_utf_8(exchange.reply.octets), expected="UTF-8", seen=exchange.reply)


@scenario(
    "rfc6531/1.1/strings-are-utf-8",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    facts=["extended_next_hop"],
    local={name: row(local) for name, local in LOCALS.items()},
)
async def strings_go_on_in_utf_8(local: str, smtp: Client, hop: Hop) -> Observation:
    """The envelope and the header of a message that came in UTF-8 go on in UTF-8."""
    path = b"<%b>" % hop.extended(local=local.encode() + b"-%b")
    await smtp.deliver(smtp.message(before=f"X-Name: {local}\r\n".encode()), path, parameters=b" SMTPUTF8")
    received = await hop.message()
    paths = [each for each in received.transaction.commands if each.verb in {b"MAIL", b"RCPT"}]
    commands = b"".join(command.octets for command in paths)
    header = b"".join(field.octets for field in split_message(received.content)[0])
    good = _is_utf_8(commands) and _is_utf_8(header)
    return holds(good, expected="UTF-8", seen=visible(commands + header, 400))
