"""RFC 6710 3 - Definition of the Priority SMTP Extension: longer command lines."""

from __future__ import annotations

from conformance import At, Client, Observation, read_at_length, scenario

LENGTH = 512 + 15


@scenario("rfc6710/3/longer-mail", start=At.EHLO, offers=["MT-PRIORITY"])
async def mail_line_is_longer_with_mt_priority(smtp: Client, second: Client) -> Observation:
    """MAIL with MT-PRIORITY in a line of 527 octets is read."""
    begun = b"MAIL FROM:" + smtp.reverse_path + b" MT-PRIORITY=0"
    return await read_at_length(begun, LENGTH, smtp, second)
