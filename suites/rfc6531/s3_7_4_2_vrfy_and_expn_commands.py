"""RFC 6531 3.7.4.2 - VRFY and EXPN Commands and the SMTPUTF8 Parameter."""

from __future__ import annotations

from conformance import At, Client, Exchange, Observation, Reply, Unclear, holds, row, scenario, watch


@scenario(
    "rfc6531/3.7.4.2/no-utf-8-unasked",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    verb={"vrfy": b"VRFY", "expn": row(b"EXPN", offers=["EXPN"])},
)
async def reply_without_the_parameter_is_ascii(verb: bytes, smtp: Client) -> Observation:
    """VRFY and EXPN without SMTPUTF8 are answered in ASCII."""
    listed = smtp.target.mailing_list
    name = listed.address if verb == b"EXPN" and listed else smtp.target.mailbox
    outcome = await smtp.say(verb + b" " + name.encode("ascii"))
    if not isinstance(outcome, Reply):
        return Unclear(str(outcome))
    return holds(outcome.octets.isascii(), expected="ASCII", seen=outcome)


@watch("rfc6531/3.7.4.2/no-other-utf-8")
def watch_replies_are_ascii(exchange: Exchange) -> Observation | None:
    """Replies of a server that lists SMTPUTF8 are ASCII, but where an address stands in them."""
    exempt = exchange.verb in {None, "VRFY", "EXPN"} or exchange.reply.code in {251, 551}
    if "SMTPUTF8" not in exchange.offers or exempt:
        return None
    return holds(exchange.reply.octets.isascii(), expected="ASCII", seen=exchange.reply)
