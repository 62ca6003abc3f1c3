"""RFC 1870 5 - Definitions."""

from __future__ import annotations

from conformance import CRLF, At, Client, Observation, holds, not_refused_as, presume, scenario

BIGGEST = 64 * 1024 * 1024
"""Octets that we are ready to send for one scenario."""


@scenario(
    "rfc1870/5/what-counts",
    start=At.RCPT,
    offers=["SIZE"],
    line={"plain": b"x" * 70 + CRLF, "dots": b"." * 70 + CRLF, "short-lines": b"x" + CRLF},
    slow=True,
)
async def message_of_the_limit_is_not_too_big(line: bytes, smtp: Client) -> Observation:
    """A message of just the limit is not refused with 552; neither doubled dots nor the last one count."""
    given = smtp.offers["SIZE"].strip()
    known = given.isdigit() and 0 < int(given) <= BIGGEST
    presume(holds(known, expected="a limit that can be reached", seen=f"SIZE {given.decode('ascii', 'replace')}"))
    return not_refused_as(await smtp.data(smtp.message_of(int(given), line)), {552})
