"""RFC 8689 2 - The REQUIRETLS Service Extension: longer command lines."""

from __future__ import annotations

from conformance import At, Client, Observation, read_at_length, scenario

LENGTH = 512 + 11


@scenario("rfc8689/2/longer-mail", start=At.EHLO, offers=["REQUIRETLS"], facts=["starttls_required"], tags=["starttls"])
async def mail_line_is_longer_with_requiretls(smtp: Client, second: Client) -> Observation:
    """MAIL with REQUIRETLS in a line of 523 octets is read."""
    begun = b"MAIL FROM:" + smtp.reverse_path + b" REQUIRETLS"
    return await read_at_length(begun, LENGTH, smtp, second)
