"""RFC 7505 4.1 - SMTP Server Benefits."""

from __future__ import annotations

from conformance import Exchange, Observation, holds, watch

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
