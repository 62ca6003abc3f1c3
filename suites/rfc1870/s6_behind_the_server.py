"""RFC 1870 6 - The extended MAIL command, as a relay gives it to its next hop."""

from __future__ import annotations

from conformance import (
    CRLF,
    At,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Received,
    Rule,
    Step,
    Unclear,
    arrived,
    holds,
    new_token,
    row,
    scenario,
    stuff,
)

DOTS = b"." * 10 + CRLF
LINES = 500
LONG = 3300.0
"""How long a second attempt is waited for, in seconds; a slow scenario may take an hour."""


def sizes(received: Received) -> list[bytes]:
    """The values of SIZE behind the reverse-path."""
    words = received.parameters.upper().split()
    return [word.removeprefix(b"SIZE=") for word in words if word.startswith(b"SIZE=")]


async def declared(smtp: Client, hop: Hop) -> tuple[Received, int]:
    """A message of many dots at a next hop that offers SIZE, and the size that MAIL declared.

    Raises:
        NotReady: the client declares no size.
    """
    await smtp.deliver(smtp.message(body=DOTS * LINES), hop.path())
    received = await hop.message()
    found = [size for size in sizes(received) if size.isdigit()]
    if not found:
        raise NotReady("next hop", f"no SIZE: {received.transaction.commands[0].octets!r}")
    return received, int(found[0])


@scenario(
    "rfc1870/6/size-behind-the-address",
    start=At.EHLO,
    looks={
        "behind-the-address": "behind",
        "digits": row("digits", "rfc1870/3/size-value"),
        "once": row("once", "rfc1870/6/one-size"),
    },
)
async def relay_declares_a_size(looks: str, smtp: Client, hop: Hop) -> Observation:
    """Where a relay declares a size, SIZE stands once behind the reverse-path and has 1 to 20 digits."""
    await smtp.deliver(smtp.message(), hop.path())
    received = await hop.message()
    mail = received.transaction.commands[0].octets.strip()
    found = sizes(received)
    if looks == "behind":
        return holds(len(found) == mail.upper().count(b"SIZE="), expected="SIZE behind the address", seen=mail)
    if looks == "once":
        return holds(len(found) <= 1, expected="one SIZE at most", seen=mail)
    return holds(all(size.isdigit() and len(size) <= 20 for size in found), expected="1 to 20 digits", seen=mail)


@scenario("rfc1870/6/what-the-client-counts", start=At.EHLO)
async def doubled_dots_are_not_counted(smtp: Client, hop: Hop) -> Observation:
    """The size that a relay declares for a message of dots is not that of what goes over the wire."""
    received, size = await declared(smtp, hop)
    wire = len(stuff(received.content))
    return holds(size != wire, expected=f"{len(received.content)}, or an estimate", seen=size)


@scenario("rfc1870/6/estimate-high", start=At.EHLO)
async def declared_size_is_not_too_small(smtp: Client, hop: Hop) -> Observation:
    """The size that a relay declares is not less than that of the message."""
    received, size = await declared(smtp, hop)
    return holds(size >= len(received.content), expected=f"{len(received.content)} or more", seen=size)


async def refused(smtp: Client, hop: Hop, at: Step, code: int, *, times: int | None = None) -> str:
    """A message that the next hop without pipelining refuses for its size; the sender's token."""
    sender = new_token()
    # MAIL names the sender alone, and a notification has another.
    hop.script(sender if at is Step.MAIL else hop.bare(), Rule.answer(at, code, "For its size", times=times))
    await smtp.deliver(smtp.message(), b"<%b>" % hop.bare(), reverse_path=hop.path(sender))
    return sender


@scenario(
    "rfc1870/6.2/rset-or-quit-after-552",
    start=At.EHLO,
    facts=["bare_next_hop"],
    code={"552": 552, "452": row(452, "rfc1870/6.2/rset-or-quit-after-452")},
)
async def refused_size_ends_the_transaction(code: int, smtp: Client, hop: Hop) -> Observation:
    """After 452 or 552 to MAIL the relay says RSET or QUIT, or closes."""
    sender = await refused(smtp, hop, Step.MAIL, code, times=1)
    await hop.transactions(sender, at_least=2, within=smtp.target.delivery_within)
    tried = [each for each in await hop.transactions(sender) if each.reverse_path]
    if not tried:
        raise NotReady("next hop", "no attempt")
    commands = tried[0].connection.commands
    at = commands.index(tried[0].commands[0])
    behind = [command.verb for command in commands[at + 1 : at + 2]]
    return holds(behind in ([], [b"QUIT"], [b"RSET"]), expected="RSET or QUIT", seen=behind or "the close")


@scenario(
    "rfc1870/6.2/return-after-552",
    start=At.EHLO,
    facts=["bare_next_hop", "delivery_within"],
    at={
        "mail": row(Step.MAIL),
        "recipient": row(Step.RCPT, "rfc1870/6.4/no-queue-after-552"),
        "data": row(Step.DATA, "rfc1870/6.2/250-is-no-promise"),
        "end-of-data": row(Step.END_OF_DATA, "rfc1870/6.2/250-is-no-promise"),
    },
)
async def message_too_big_goes_back(at: Step, smtp: Client, hop: Hop) -> Observation:
    """A message that is refused with 552, wherever that is said, goes back to its sender."""
    sender = await refused(smtp, hop, at, 552)
    told = await hop.notification_arrival(sender)
    return arrived(told, expected="a notification", seen="none")


@scenario("rfc1870/6.2/again-after-452", start=At.EHLO, facts=["bare_next_hop"], slow=True)
async def message_without_room_is_tried_again(smtp: Client, hop: Hop) -> Observation:
    """A message whose MAIL is answered with 452 comes again later."""
    sender = await refused(smtp, hop, Step.MAIL, 452, times=1)
    tried = [each for each in await hop.transactions(sender, at_least=2, within=LONG) if each.reverse_path]
    if len(tried) > 1:
        return Held(f"again after {tried[1].began - tried[0].began:.0f} s")
    if await hop.notification_arrival(sender) is not None:
        return holds(False, expected="a second attempt", seen="the message was given back")
    return Unclear(f"no second attempt within {LONG:g} s, and no notification")
