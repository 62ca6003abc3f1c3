"""RFC 5321 2.3.8 - Lines."""

from __future__ import annotations

from conformance import Anomaly, At, Broken, Client, Exchange, Held, Observation, one_reply, scenario, watch

NOT_LINE_ENDS = {
    "lf": b"\n",
    "cr": b"\r",
    "lf-cr": b"\n\r",
}


@scenario("rfc5321/2.3.8/only-crlf", start=At.EHLO, end=NOT_LINE_ENDS, segments=["octets"])
async def bare_line_end_does_not_end_a_command(end: bytes, smtp: Client) -> Observation:
    """Two commands with a bare CR or LF between them are one line, and bring one reply."""
    await smtp.raw(b"NOOP one" + end + b"NOOP two\r\n")
    return one_reply(await smtp.replies_until_quit())


@watch("rfc5321/2.3.8/send-only-crlf")
def watch_reply_lines_end_with_crlf(exchange: Exchange) -> Observation | None:
    """Every line of every reply ends with CRLF."""
    if Anomaly.BARE_LF in exchange.reply.anomalies:
        return Broken("lines that end with CRLF", str(exchange.reply))
    return Held()
