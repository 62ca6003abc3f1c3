"""RFC 5321 4.3.2 - Command-Reply Sequences."""

from __future__ import annotations

from conformance import (
    Anomaly,
    At,
    Broken,
    Client,
    Exchange,
    Held,
    Observation,
    answered,
    presume,
    recognised,
    row,
    scenario,
    watch,
)


@watch("rfc5321/4.3.2/three-digits-2-to-5")
def watch_three_digits(exchange: Exchange) -> Observation | None:
    """Every line of every reply begins with three digits."""
    if Anomaly.BAD_CODE in exchange.reply.anomalies:
        return Broken("three digits at the beginning of each line", str(exchange.reply))
    return Held()


@scenario(
    "rfc5321/4.3.2/501-for-arguments",
    start=At.EHLO,
    line={"rset": b"RSET now", "quit": b"QUIT now", "data": row(b"DATA now", start=At.RCPT)},
)
async def argument_where_none_may_be_gets_501(line: bytes, smtp: Client, second: Client) -> Observation:
    """RSET, QUIT and DATA with an argument are answered with 501."""
    presume(recognised(await second.say(line.split()[0])))
    return answered(await smtp.say(line), {501})
