"""RFC 1870 6.3 - Messages larger than the declared size."""

from __future__ import annotations

from conformance import CRLF, At, Client, Observation, accepted, holds, not_refused_as, presume, scenario

BIGGEST = 64 * 1024 * 1024
"""Octets that we are ready to send for one scenario."""


@scenario(
    "rfc1870/6.3/no-552-within-the-declared",
    start=At.EHLO,
    offers=["SIZE"],
    line={"plain": b"x" * 70 + CRLF, "dots": b"." * 70 + CRLF},
)
async def message_of_the_declared_size_is_not_too_big(line: bytes, smtp: Client) -> Observation:
    """A message of just the size that was agreed to is not refused with 552, dots or not."""
    presume(accepted(await smtp.mail(parameters=b" SIZE=20000")))
    presume(accepted(await smtp.rcpt()))
    return not_refused_as(await smtp.data(smtp.message_of(20000, line)), {552})


@scenario("rfc1870/6.3/no-552-within-the-declared", start=At.EHLO, offers=["SIZE"], slow=True)
async def message_of_the_declared_limit_is_not_too_big(smtp: Client) -> Observation:
    """A message of just the limit that was declared and agreed to is not refused with 552."""
    given = smtp.offers["SIZE"].strip()
    known = given.isdigit() and 0 < int(given) <= BIGGEST
    presume(holds(known, expected="a limit that can be reached", seen=f"SIZE {given.decode('ascii', 'replace')}"))
    presume(accepted(await smtp.mail(parameters=b" SIZE=" + given)))
    presume(accepted(await smtp.rcpt()))
    return not_refused_as(await smtp.data(smtp.message_of(int(given))), {552})
