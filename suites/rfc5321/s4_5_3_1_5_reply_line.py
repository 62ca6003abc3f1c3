"""RFC 5321 4.5.3.1.5 - Reply Line."""

from __future__ import annotations

from conformance import Anomaly, Broken, Exchange, Held, Observation, watch


@watch("rfc5321/4.5.3.1.5/reply-line")
def watch_reply_lines_are_short(exchange: Exchange) -> Observation | None:
    """No reply line is longer than 512 octets, but for the challenges of AUTH."""
    if exchange.reply.code == 334:
        return None
    if Anomaly.LONG_LINE in exchange.reply.anomalies:
        return Broken("lines of at most 512 octets", str(exchange.reply))
    return Held()
