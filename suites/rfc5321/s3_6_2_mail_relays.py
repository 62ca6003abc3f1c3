"""RFC 5321 3.6.2 - Mail eXchange Records and Relaying."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, presume, refused_with, scenario


@scenario("rfc5321/3.6.2/550-for-refused-relaying", start=At.MAIL)
async def refused_relaying_gets_550(smtp: Client) -> Observation:
    """A recipient at another host who is refused is refused with 550."""
    presume(accepted(await smtp.rcpt()))
    return refused_with(await smtp.rcpt(b"<someone@elsewhere.example.org>"), {550})
