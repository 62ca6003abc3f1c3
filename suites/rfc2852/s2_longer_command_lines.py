"""RFC 2852 2 - Framework for the Deliver By SMTP service extension: longer command lines."""

from __future__ import annotations

from conformance import At, Client, Observation, read_at_length, scenario

LENGTH = 512 + 17


@scenario("rfc2852/2/longer-mail", start=At.EHLO, offers=["DELIVERBY"])
async def mail_line_is_longer_with_by(smtp: Client, second: Client) -> Observation:
    """MAIL with BY in a line of 529 octets is read."""
    begun = b"MAIL FROM:" + smtp.reverse_path + b" BY=3600;N"
    return await read_at_length(begun, LENGTH, smtp, second)
