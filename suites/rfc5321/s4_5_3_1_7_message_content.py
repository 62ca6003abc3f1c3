"""RFC 5321 4.5.3.1.7 - Message Content."""

from __future__ import annotations

from conformance import (
    CRLF,
    At,
    Client,
    Held,
    Observation,
    Reply,
    Unclear,
    accepted,
    holds,
    not_refused_as,
    presume,
    scenario,
    stuff,
    taken_like_any_other,
)

LINE = b"x" * 70 + CRLF
MEBIBYTE = 1024 * 1024


def _content(smtp: Client, size: int) -> bytes:
    """A message of this many octets, header section and body together."""
    room = size - len(smtp.message(body=b""))
    lines = LINE * (room // len(LINE) - 1)
    rest = room - len(lines)
    return smtp.message(body=lines + b"x" * (rest - len(CRLF)) + CRLF)


@scenario("rfc5321/4.5.3.1.7/message-64k", start=At.DATA, size={"under": 65535, "at": 65536})
async def message_of_64k_is_taken(size: int, smtp: Client, second: Client) -> Observation:
    """A message of 64K octets, and of one less, is taken."""
    return await taken_like_any_other(_content(smtp, size), smtp, second)


@scenario("rfc5321/4.5.3.1.7/message-64k", start=At.EHLO, offers=["SIZE"], size={"under": 65535, "at": 65536})
async def message_of_64k_may_be_announced(size: int, smtp: Client) -> Observation:
    """MAIL that announces 64K octets is not refused for the size."""
    return not_refused_as(await smtp.mail(parameters=b" SIZE=%d" % size), {552})


@scenario("rfc5321/4.5.3.1.7/size-extension", start=At.RCPT)
async def server_that_restricts_messages_offers_size(smtp: Client) -> Observation:
    """A server that does not offer SIZE does not refuse a mebibyte for its size."""
    if "SIZE" in smtp.offers:
        return Held("SIZE is offered")
    presume(accepted(await smtp.say(b"DATA"), {354}))
    await smtp.raw(stuff(_content(smtp, MEBIBYTE)) + b"." + CRLF)
    outcome = await smtp.reply()
    if isinstance(outcome, Reply) and outcome.code == 552:
        return holds(False, expected="SIZE in the EHLO reply", seen=outcome)
    return Unclear(f"SIZE is not offered, and no restriction was seen: {outcome}")
