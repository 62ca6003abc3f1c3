"""RFC 4865 3 - Framework for the Future Message Release Extension: longer command lines."""

from __future__ import annotations

from conformance import At, Client, Observation, read_at_length, scenario

LENGTH = 512 + 34


@scenario("rfc4865/3/longer-mail", start=At.EHLO, offers=["FUTURERELEASE"])
async def mail_line_is_longer_with_holdfor(smtp: Client, second: Client) -> Observation:
    """MAIL with HOLDFOR in a line of 546 octets is read."""
    begun = b"MAIL FROM:" + smtp.reverse_path + b" HOLDFOR=60"
    return await read_at_length(begun, LENGTH, smtp, second)
