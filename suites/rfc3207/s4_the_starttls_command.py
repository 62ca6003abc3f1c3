"""RFC 3207 4 - The STARTTLS Command."""

from __future__ import annotations

from conformance import At, Client, Observation, answered, scenario


@scenario("rfc3207/4/501-with-parameters", start=At.EHLO, offers=["STARTTLS"])
async def argument_is_refused_with_501(smtp: Client) -> Observation:
    """STARTTLS with an argument is answered with 501."""
    return answered(await smtp.say(b"STARTTLS now"), {501})
