"""RFC 3030 3 - Framework for the Binary Service Extension: longer command lines."""

from __future__ import annotations

from conformance import At, Client, Observation, read_at_length, scenario

LENGTH = 512 + 16


@scenario("rfc3030/3/mail-line-grows", start=At.EHLO, offers=["BINARYMIME"])
async def mail_line_is_longer_with_body(smtp: Client, second: Client) -> Observation:
    """MAIL with BODY in a line of 528 octets is read."""
    begun = b"MAIL FROM:" + smtp.reverse_path + b" BODY=BINARYMIME"
    return await read_at_length(begun, LENGTH, smtp, second)
