"""RFC 6409 3.2 - Message Rejection and Bouncing."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, presume, scenario


@scenario("rfc6409/3.2/null-return-path-taken", roles=["submission"], start=At.EHLO)
async def null_reverse_path_is_taken(smtp: Client, second: Client) -> Observation:
    """MAIL with the null reverse-path is accepted where another is."""
    presume(accepted(await second.mail()))
    return accepted(await smtp.mail(b"<>"))


@scenario("rfc6409/3.2/null-return-path-taken", roles=["submission"], start=At.EHLO)
async def message_with_a_null_reverse_path_is_taken(smtp: Client, second: Client) -> Observation:
    """A message with the null reverse-path is accepted to the end where another is."""
    await second.deliver()
    presume(accepted(await smtp.mail(b"<>")))
    presume(accepted(await smtp.rcpt()))
    return accepted(await smtp.data())
