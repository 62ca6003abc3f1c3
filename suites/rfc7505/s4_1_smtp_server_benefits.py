"""RFC 7505 4.1 - SMTP Server Benefits."""

from __future__ import annotations

from conformance import (
    At,
    Broken,
    Client,
    Exchange,
    Held,
    Hop,
    Names,
    NotReady,
    Observation,
    Reply,
    holds,
    new_token,
    scenario,
    watch,
)

RECIPIENT = b"5.1.10"
SENDER = b"5.7.27"


def _says(exchange: Exchange, status: bytes) -> bool:
    return exchange.reply.severity == 5 and exchange.reply.text.split(b" ")[0] == status


@watch("rfc7505/4.1/556-for-recipients")
def watch_code_for_recipients_with_null_mx(exchange: Exchange) -> Observation | None:
    """A refusal that says 5.1.10, the recipient's null MX, has the code 556."""
    if exchange.verb not in {"RCPT", "DATA"} or not _says(exchange, RECIPIENT):
        return None
    return holds(exchange.reply.code == 556, expected="556", seen=exchange.reply)


@watch("rfc7505/4.1/5.1.10-for-recipients")
def watch_status_for_recipients_with_null_mx(exchange: Exchange) -> Observation | None:
    """A 556 to RCPT says 5.1.10 where enhanced status codes are offered."""
    if exchange.verb != "RCPT" or exchange.reply.code != 556 or "ENHANCEDSTATUSCODES" not in exchange.offers:
        return None
    return holds(_says(exchange, RECIPIENT), expected="5.1.10", seen=exchange.reply)


@watch("rfc7505/4.1/550-for-senders")
def watch_code_for_senders_with_null_mx(exchange: Exchange) -> Observation | None:
    """A refusal that says 5.7.27, the sender's null MX, has the code 550."""
    if exchange.verb not in {"MAIL", "RCPT", "DATA"} or not _says(exchange, SENDER):
        return None
    return holds(exchange.reply.code == 550, expected="550", seen=exchange.reply)


async def _refused(smtp: Client, hop: Hop, names: Names) -> tuple[str, str]:
    """Give the target a message for a domain with a null MX and an address of its own.

    Returns the reply where the target refuses it, else nothing, and the token to whose mailbox notifications go.

    Raises:
        NotReady: it is neither taken nor refused for good.
    """
    names.add(f"{names.name()}. MX 0 .\n{names.name()}. A {names.exchangers[0]}\n")
    sender = new_token()
    outcome = await smtp.mail(hop.path(sender))
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.rcpt(b"<recipient@%b>" % names.name().encode("ascii"))
        if isinstance(outcome, Reply) and outcome.severity == 5:
            return str(outcome), sender
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.data(smtp.message())
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        raise NotReady("the message", outcome)
    return "", sender


@scenario("rfc7505/4.1/fails-at-once", start=At.EHLO)
async def sender_is_told_at_once(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Mail for a domain with a null MX is refused, or comes back as soon as other mail that was refused."""
    refused, sender = await _refused(smtp, hop, dns)
    if refused:
        return Held(f"refused: {refused}")
    seen = await hop.no_notification(sender, after=await hop.refuses(smtp))
    match seen:
        case Broken():
            return Held("a notification came")
        case Held():
            return Broken("a notification: no host takes mail for the domain", "none, though a later one came")
        case _:
            return seen
