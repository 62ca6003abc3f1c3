"""RFC 3885 2 - SMTP Extension Overview: longer command lines."""

from __future__ import annotations

from conformance import At, Client, Observation, read_at_length, scenario

LENGTH = 512 + 40


@scenario("rfc3885/2/longer-mail", start=At.EHLO, offers=["MTRK"])
async def mail_line_is_longer_with_mtrk(smtp: Client, second: Client) -> Observation:
    """MAIL with MTRK in a line of 552 octets is read."""
    begun = b"MAIL FROM:" + smtp.reverse_path + b" MTRK=AAAAAAAAAAAAAAAAAAAAAAAAAAA+3D:3600"
    return await read_at_length(begun, LENGTH, smtp, second)
