"""RFC 3207 6 - Security Considerations."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, Unclear, accepted, presume, refused, scenario, took


@scenario("rfc3207/6/server-can-require-tls", start=At.GREETING, facts=["starttls_required"])
async def no_mail_is_taken_in_clear(smtp: Client) -> Observation:
    """A server that is set to require TLS opens no transaction in clear."""
    presume(accepted(await smtp.ehlo()))
    return refused(await smtp.mail())


@scenario("rfc3207/6/server-can-require-tls", start=At.GREETING, facts=["starttls_required"])
async def no_mail_is_taken_in_clear_after_helo(smtp: Client) -> Observation:
    """A server that is set to require TLS opens no transaction in clear for a client that says HELO either."""
    presume(accepted(await smtp.ehlo()))
    await smtp.say(b"HELO " + smtp.helo_name)
    return refused(await smtp.mail())


@scenario(
    "rfc3207/6/sasl-external",
    start=At.EHLO,
    offers=["STARTTLS"],
    facts=["client_certificate"],
    tags=["starttls"],
)
async def certificate_may_serve_for_external(smtp: Client) -> Observation:
    """A client with a certificate is let in by EXTERNAL, or EXTERNAL is not offered to it or refuses it."""
    await smtp.starttls(certified=True)
    presume(accepted(await smtp.ehlo()))
    if "EXTERNAL" not in smtp.mechanisms:
        return took("does not offer EXTERNAL", " ".join(smtp.mechanisms))
    outcome = await smtp.say(b"AUTH EXTERNAL =")
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("lets the client in" if outcome.code == 235 else "refuses the client", outcome)
