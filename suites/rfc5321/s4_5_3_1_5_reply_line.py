"""RFC 5321 4.5.3.1.5 - Reply Line."""

from __future__ import annotations

from conformance import Anomaly, At, Broken, Client, Exchange, Held, Observation, Reply, Unclear, scenario, took, watch


@watch("rfc5321/4.5.3.1.5/reply-line")
def watch_reply_lines_are_short(exchange: Exchange) -> Observation | None:
    """No reply line is longer than 512 octets, but for the challenges of AUTH."""
    if exchange.reply.code == 334:
        return None
    if Anomaly.LONG_LINE in exchange.reply.anomalies:
        return Broken("lines of at most 512 octets", str(exchange.reply))
    return Held()


@scenario("rfc5321/4.5.3.1.5/multiline-for-more", start=At.EHLO, offers=["HELP"])
async def help_has_one_line_or_several(smtp: Client) -> Observation:
    """The reply to HELP has several lines, or one."""
    outcome = await smtp.say(b"HELP")
    if not isinstance(outcome, Reply) or outcome.severity != 2:
        return Unclear(str(outcome))
    return took("several lines" if len(outcome.lines) > 1 else "one line", outcome)
