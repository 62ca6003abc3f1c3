"""RFC 1870 3 - Framework for the Size Declaration Extension: longer command lines."""

from __future__ import annotations

from conformance import At, Client, Observation, read_at_length, scenario

LENGTH = 512 + 26


# Alone: aiosmtpd has one limit for all its sessions, and each new one sets it back.
@scenario("rfc1870/3/mail-line-grows", start=At.EHLO, offers=["SIZE"], alone=True)
async def mail_line_is_longer_with_size(smtp: Client, second: Client) -> Observation:
    """MAIL with SIZE in a line of 538 octets is read."""
    begun = b"MAIL FROM:" + smtp.reverse_path + b" SIZE=00000000000000001000"
    return await read_at_length(begun, LENGTH, smtp, second)
