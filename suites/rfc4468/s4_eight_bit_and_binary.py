"""RFC 4468 4 - 8-Bit and Binary."""

from __future__ import annotations

from conformance import At, Client, Observation, holds, scenario


@scenario("rfc4468/4/advertises-8bitmime", roles=["submission"], start=At.EHLO, offers=["BURL"])
async def eight_bit_mime_is_listed_beside_burl(smtp: Client) -> Observation:
    """EHLO lists 8BITMIME where it lists BURL."""
    return holds("8BITMIME" in smtp.offers, expected="8BITMIME in the list", seen=smtp.hello)
