"""RFC 6531 3.1 - Framework for the Internationalization Extension: longer command lines."""

from __future__ import annotations

from conformance import At, Client, Observation, read_at_length, scenario

LENGTH = 512 + 10


# Alone: aiosmtpd has one limit for all its sessions, and each new one sets it back.
@scenario("rfc6531/3.1/mail-line-length", start=At.EHLO, offers=["SMTPUTF8"], alone=True)
async def mail_line_is_longer_with_smtputf8(smtp: Client, second: Client) -> Observation:
    """MAIL with SMTPUTF8 in a line of 522 octets is read."""
    begun = b"MAIL FROM:" + smtp.reverse_path + b" SMTPUTF8"
    return await read_at_length(begun, LENGTH, smtp, second)
