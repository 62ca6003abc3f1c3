"""RFC 5321 4.2.1 - Reply Code Severities and Theory."""

from __future__ import annotations

from conformance import Anomaly, Broken, Exchange, Held, Observation, watch


@watch("rfc5321/4.2.1/same-code-on-every-line")
def watch_same_code_on_every_line(exchange: Exchange) -> Observation | None:
    """All lines of a reply carry one code."""
    if len(exchange.reply.lines) == 1:
        return None
    if Anomaly.INCONSISTENT_CODES in exchange.reply.anomalies:
        return Broken("the same code on every line", str(exchange.reply))
    return Held()


@watch("rfc5321/4.2.1/hyphen-on-all-but-the-last")
def watch_separators(exchange: Exchange) -> Observation | None:
    """A hyphen follows the code on every line but the last, and a space on the last."""
    if len(exchange.reply.lines) == 1 and Anomaly.NO_SEPARATOR not in exchange.reply.anomalies:
        return None
    if Anomaly.NO_SEPARATOR in exchange.reply.anomalies:
        return Broken("a hyphen or a space behind the code", str(exchange.reply))
    return Held()
