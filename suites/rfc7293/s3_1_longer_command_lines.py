"""RFC 7293 3.1 - The RRVS SMTP Extension: longer command lines."""

from __future__ import annotations

from conformance import At, Client, Observation, read_at_length, scenario

LENGTH = 512 + 33


@scenario("rfc7293/3.1/longer-rcpt", start=At.MAIL, offers=["RRVS"])
async def rcpt_line_is_longer_with_rrvs(smtp: Client, second: Client) -> Observation:
    """RCPT with RRVS in a line of 545 octets is read."""
    begun = b"RCPT TO:" + smtp.forward_path + b" RRVS=2014-01-01T00:00:00Z;C"
    return await read_at_length(begun, LENGTH, smtp, second)
