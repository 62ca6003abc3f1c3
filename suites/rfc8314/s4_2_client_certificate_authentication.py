"""RFC 8314 4.2 - Mail Server Use of Client Certificate Authentication."""

from __future__ import annotations

from ssl import TLSVersion

from conformance import At, Client, Observation, Secured, Unclear, accepted, answered, holds, presume, scenario, took

SUBMISSION = ["submission"]


@scenario(
    "rfc8314/4.2/may-ask-for-certificates", start=At.CLEAR, facts=["implicit_tls"], roles=SUBMISSION, tags=["tls"]
)
async def handshake_may_ask_for_a_certificate(smtp: Client) -> Observation:
    """Whether the server asks for the client's certificate in a handshake of TLS 1.2, where that can be seen."""
    outcome = await smtp.try_implicit_tls(TLSVersion.TLSv1_2)
    asked = smtp.connection.asked_for_certificate
    if not isinstance(outcome, Secured) or asked is None:
        return Unclear(f"no handshake of TLS 1.2: {outcome}")
    return took("asks for a certificate" if asked else "asks for none")


async def certified(smtp: Client) -> None:
    """Show our certificate in the handshake, and say EHLO."""
    presume(
        holds(
            isinstance(await smtp.try_implicit_tls(certified=True), Secured),
            expected="a handshake with our certificate",
            seen="none",
        )
    )
    presume(answered(await smtp.reply(), {220}))
    presume(accepted(await smtp.ehlo()))


@scenario(
    "rfc8314/4.2/external-with-certificate",
    start=At.CLEAR,
    facts=["implicit_tls", "client_certificate"],
    roles=SUBMISSION,
    tags=["tls", "auth"],
)
async def external_is_listed_for_a_known_certificate(smtp: Client) -> Observation:
    """A client that showed a certificate by which the server knows it is offered EXTERNAL."""
    await certified(smtp)
    return holds("EXTERNAL" in smtp.mechanisms, expected="EXTERNAL behind AUTH", seen=smtp.hello)


@scenario(
    "rfc8314/4.2/external-with-certificate",
    start=At.CLEAR,
    facts=["implicit_tls", "client_certificate"],
    roles=SUBMISSION,
    line={"initial": b"AUTH EXTERNAL =", "challenge": b"AUTH EXTERNAL"},
    tags=["tls", "auth"],
)
async def external_takes_a_known_certificate(line: bytes, smtp: Client) -> Observation:
    """EXTERNAL, with an empty response or with one when asked, authenticates the client of such a certificate."""
    await certified(smtp)
    outcome = await smtp.say(line)
    if not line.endswith(b"="):
        presume(answered(outcome, {334, 500, 501, 502, 503, 504, 530, 534, 535, 538}))
        outcome = await smtp.say(b"") if getattr(outcome, "code", 0) == 334 else outcome
    return answered(outcome, {235})
