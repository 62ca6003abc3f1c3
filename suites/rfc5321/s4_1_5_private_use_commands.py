"""RFC 5321 4.1.5 - Private-Use Commands."""

from __future__ import annotations

from conformance import At, Client, Observation, answered, scenario


@scenario("rfc5321/4.1.5/unknown-x-command", start=At.EHLO)
async def unknown_private_command_gets_500(smtp: Client) -> Observation:
    """A command beginning with X that nobody agreed on is answered with 500."""
    return answered(await smtp.say(b"XCONFORMANCE"), {500})
