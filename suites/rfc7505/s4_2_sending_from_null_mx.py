"""RFC 7505 4.2 - Sending Mail from Domains That Publish Null MX."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, presume, scenario


@scenario("rfc7505/4.2/null-reverse-path-unchanged", start=At.EHLO)
async def null_reverse_path_is_taken(smtp: Client, second: Client) -> Observation:
    """The null reverse-path is no address whose domain could have a null MX: it is accepted."""
    presume(accepted(await second.mail()))
    return accepted(await smtp.mail(b"<>"))
