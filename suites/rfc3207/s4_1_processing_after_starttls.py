"""RFC 3207 4.1 - Processing After the STARTTLS Command."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, Unclear, scenario, took


@scenario("rfc3207/4.1/may-continue-unprotected", start=At.EHLO, offers=["STARTTLS"], tags=["starttls"])
async def server_may_go_on_without_a_client_certificate(smtp: Client) -> Observation:
    """Under TLS a client that has shown no certificate may send mail, or may not."""
    await smtp.starttls()
    await smtp.introduce()
    outcome = await smtp.mail()
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    return took("goes on" if outcome.severity == 2 else "asks for more", outcome)
