"""RFC 8314 3.3 - Implicit TLS for SMTP Submission."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, Unclear, accepted, holds, not_refused_as, presume, scenario


@scenario("rfc8314/3.3/smtp-inside-tls", start=At.GREETING, facts=["implicit_tls"], tags=["tls"])
async def hello_is_taken_inside_tls(smtp: Client) -> Observation:
    """After the handshake and the greeting inside it, EHLO is taken."""
    return not_refused_as(await smtp.ehlo(), {530})


@scenario("rfc3207/4.2/starttls-not-listed-under-tls", start=At.GREETING, facts=["implicit_tls"], tags=["tls"])
async def starttls_is_not_listed_on_a_port_with_tls(smtp: Client) -> Observation:
    """Where TLS began with the first octet, the reply to EHLO does not list STARTTLS."""
    outcome = await smtp.ehlo()
    presume(accepted(outcome))
    return holds("STARTTLS" not in smtp.offers, expected="no STARTTLS in the list", seen=outcome)


@scenario("rfc3207/4.2/second-starttls-refused", start=At.EHLO, facts=["implicit_tls"], tags=["tls"])
async def starttls_is_refused_on_a_port_with_tls(smtp: Client) -> Observation:
    """Where TLS began with the first octet, STARTTLS is refused, with a 4yz or a 5yz."""
    outcome = await smtp.say(b"STARTTLS")
    if not isinstance(outcome, Reply) or outcome.code == 421:
        return Unclear(str(outcome))
    return holds(outcome.severity in {4, 5}, expected="a refusal", seen=outcome)
