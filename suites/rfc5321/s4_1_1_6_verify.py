"""RFC 5321 4.1.1.6 - VERIFY (VRFY)."""

from __future__ import annotations

from conformance import At, Client, Observation, answered, goes_on, presume, scenario


@scenario("rfc5321/4.1.1.6/vrfy-keeps-buffers", start=At.MAIL)
async def vrfy_keeps_the_sender(smtp: Client) -> Observation:
    """After VRFY within a transaction a recipient is still taken."""
    presume(answered(await smtp.say(b"VRFY postmaster")))
    return goes_on(await smtp.rcpt())


@scenario("rfc5321/4.1.1.6/vrfy-keeps-buffers", start=At.RCPT)
async def vrfy_keeps_the_recipients(smtp: Client) -> Observation:
    """After VRFY within a transaction DATA is still taken."""
    presume(answered(await smtp.say(b"VRFY postmaster")))
    return goes_on(await smtp.say(b"DATA"))
