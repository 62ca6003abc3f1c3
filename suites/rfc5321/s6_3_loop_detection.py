"""RFC 5321 6.3 - Loop Detection."""

from __future__ import annotations

from conformance import (
    CRLF,
    At,
    Client,
    Field,
    Held,
    Hop,
    NotReady,
    Observation,
    Reply,
    fields_named,
    holds,
    new_token,
    scenario,
    split_message,
    taken_like_any_other,
)

ROUNDS = (150, 300)
"""How many Received fields of its own a message brings back: who counts stops the first, anybody stops the last."""


def own_fields(content: bytes) -> tuple[Field, ...]:
    """The Received fields of a message."""
    return fields_named(split_message(content)[0], "Received")


@scenario("rfc5321/6.3/stops-loops", start=At.EHLO, facts=["delivery_within"])
async def message_in_a_loop_is_stopped(smtp: Client, hop: Hop) -> Observation:
    """A message that comes back with hundreds of the server's own Received fields does not go on any more."""
    sent = smtp.message()
    await smtp.deliver(sent, hop.path())
    stamps = own_fields((await hop.message()).content)
    if not stamps:
        raise NotReady("next hop", "no Received field to loop with")
    for number in ROUNDS:
        token = new_token()
        await smtp.transaction(hop.path(token))
        outcome = await smtp.data(stamps[0].octets * number + smtp.message(token=token))
        if not (isinstance(outcome, Reply) and outcome.severity == 2):
            return Held(f"refused with {number} Received fields: {outcome}")
        if await hop.arrival(token) is None:
            return Held(f"accepted with {number} Received fields, and stopped")
    return holds(False, expected="the message stopped", seen=f"it went on with {ROUNDS[-1]} Received fields")


def foreign(number: int) -> bytes:
    """A Received field of another host."""
    return (
        b"Received: from h%d.client.example.test ([192.0.2.%d])" % (number, number)
        + CRLF
        + b"\tby h%d.client.example.test with ESMTP id %d; Thu, 26 Nov 2026 10:00:00 +0000" % (number + 1, number)
        + CRLF
    )


@scenario("rfc5321/6.3/100-received", start=At.EHLO, fields={"50": 50, "98": 98})
async def long_way_is_no_loop(fields: int, smtp: Client, hop: Hop) -> Observation:
    """A message with fewer than 100 Received fields of as many hosts is no loop, and goes on."""
    sender = new_token()
    before = b"".join(foreign(number) for number in range(fields, 0, -1))
    await smtp.transaction(hop.path(), reverse_path=hop.path(sender))
    begun = await smtp.say(b"DATA")
    if not (isinstance(begun, Reply) and begun.code == 354):
        raise NotReady("DATA", begun)
    await smtp.raw(smtp.message(before=before) + b"." + CRLF)
    outcome = await smtp.reply()
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return holds(False, expected="a message that goes on", seen=outcome)
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        raise NotReady("end of data", outcome)
    if await hop.arrival() is not None:
        return Held("it went on")
    told = await hop.notification(sender)
    return holds(False, expected="a message that goes on", seen=f"returned to the sender: {len(told.content)} octets")


@scenario("rfc5321/6.3/100-received", start=At.DATA, count={"25": 25, "50": 50, "99": 99})
async def message_that_came_by_many_hosts_is_taken(count: int, smtp: Client, second: Client) -> Observation:
    """A message with fewer than 100 Received fields is taken."""
    return await taken_like_any_other(
        b"".join(foreign(number) for number in range(count, 0, -1)) + smtp.message(), smtp, second
    )
