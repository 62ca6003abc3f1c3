"""RFC 5321 A - TCP Transport Service."""

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
    accepted,
    presume,
    scenario,
    stuff,
    took,
    watch,
)


@watch("rfc5321/A/high-bit-zero")
def watch_high_bits(exchange: Exchange) -> Observation | None:
    """No octet of a reply has its high bit set, where the server offers no extension for that."""
    if "SMTPUTF8" in exchange.offers:
        return None
    if Anomaly.NON_ASCII in exchange.reply.anomalies:
        return Broken("octets whose high bit is zero", str(exchange.reply))
    return Held()


@scenario("rfc5321/A/extensions-for-8-bit", start=At.EHLO, offers=["8BITMIME"])
async def body_with_full_octets_is_taken_or_refused(smtp: Client) -> Observation:
    """A message whose body has full octets, and is announced and labelled so, is taken, or refused."""
    presume(accepted(await smtp.mail(parameters=b" BODY=8BITMIME")))
    presume(accepted(await smtp.rcpt()))
    presume(accepted(await smtp.say(b"DATA"), {354}))
    label = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    await smtp.raw(stuff(label + smtp.message(body="Grüße\r\n".encode())) + b".\r\n")
    outcome = await smtp.reply()
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else f"answers {outcome.code}", outcome)
