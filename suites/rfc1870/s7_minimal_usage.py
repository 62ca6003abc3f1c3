"""RFC 1870 7 - Minimal usage."""

from __future__ import annotations

from conformance import At, Client, Observation, scenario, took, visible


@scenario("rfc1870/7/parameter-is-optional", start=At.EHLO, offers=["SIZE"])
async def number_may_be_left_out(smtp: Client) -> Observation:
    """A number stands behind SIZE in the reply to EHLO, or none does."""
    given = smtp.offers["SIZE"].strip()
    return took("a number" if given else "none", visible(given))
