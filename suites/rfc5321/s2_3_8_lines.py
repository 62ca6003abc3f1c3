"""RFC 5321 2.3.8 - Lines."""

from __future__ import annotations

from conformance import (
    Anomaly,
    At,
    Broken,
    Client,
    Exchange,
    Held,
    Observation,
    Reply,
    Unclear,
    one_reply,
    scenario,
    took,
    watch,
)

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


@scenario("rfc5321/2.3.8/may-limit-line-lengths", start=At.EHLO)
async def line_length_may_be_limited(smtp: Client) -> Observation:
    """A command line of 8,192 octets is served, or refused for its length."""
    outcome = await smtp.say(b"NOOP " + b"a" * (8192 - 7))
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("serves it" if outcome.severity == 2 else "has a limit", outcome)
