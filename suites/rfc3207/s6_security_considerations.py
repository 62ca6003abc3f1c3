"""RFC 3207 6 - Security Considerations."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, presume, refused, scenario


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
