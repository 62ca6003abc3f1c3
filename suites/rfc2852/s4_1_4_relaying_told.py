"""RFC 2852 4.1.4 - Relaying to another SMTP server: what the sender is told of it."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Hop,
    Observation,
    arrived,
    new_token,
    row,
    scenario,
)

SECONDS = 3600


async def sent(smtp: Client, hop: Hop, by: bytes, mailbox: bytes, notify: bytes = b"") -> str:
    """A message with this BY and this NOTIFY; the sender's token."""
    sender, parameter = new_token(), b" BY=%d;%b" % (SECONDS, by)
    await smtp.deliver(smtp.message(), b"<%b>" % mailbox + notify, reverse_path=hop.path(sender), parameters=parameter)
    return sender


async def relayed(hop: Hop, sender: str) -> Observation:
    """Whether the sender was told that the message was relayed."""
    told = await hop.notification_saying(sender, "relayed")
    return arrived(told, expected="a notification that says relayed", seen="none")


@scenario(
    "rfc2852/4.1.4/relayed-dsn-for-trace",
    start=At.EHLO,
    offers=["DELIVERBY"],
    facts=["delivery_within", "extended_next_hop"],
    case={
        "return": row((b"RT", b"")),
        "notify": row((b"NT", b"")),
        "any-case": row((b"nt", b"")),
        "failure": row((b"NT", b" NOTIFY=FAILURE"), offers=["DSN"]),
        "delay": row((b"RT", b" NOTIFY=DELAY"), offers=["DSN"]),
        "success": row((b"NT", b" NOTIFY=SUCCESS"), offers=["DSN"]),
    },
)
async def trace_tells_of_each_step(case: tuple[bytes, bytes], smtp: Client, hop: Hop) -> Observation:
    """With T the sender is told that the message was relayed to a next hop that has all extensions."""
    by, notify = case
    return await relayed(hop, await sent(smtp, hop, by, hop.extended(), notify))


NEVER = "rfc3461/5.2.2/never-means-none"
UNASKED = {
    "no-notify": row(b""),
    "failure": row(b" NOTIFY=FAILURE", offers=["DSN"]),
    "delay": row(b" NOTIFY=DELAY", offers=["DSN"]),
    "success": row(b" NOTIFY=SUCCESS", offers=["DSN"]),
    "all-three": row(b" NOTIFY=SUCCESS,FAILURE,DELAY", offers=["DSN"]),
}


@scenario(
    "rfc2852/4.1.4.2/n-relayed-dsn", start=At.EHLO, offers=["DELIVERBY"], facts=["delivery_within"], notify=UNASKED
)
async def relaying_where_the_time_is_not_known_is_told(notify: bytes, smtp: Client, hop: Hop) -> Observation:
    """The sender of a message with N is told that it was relayed to a next hop without DELIVERBY."""
    return await relayed(hop, await sent(smtp, hop, b"N", hop.mailbox(), notify))


@scenario(
    "rfc2852/4.1.4.2/n-relayed-dsn",
    start=At.EHLO,
    offers=["DELIVERBY"],
    facts=["delivery_within", "bare_next_hop"],
)
async def relaying_where_nothing_is_known_is_told(smtp: Client, hop: Hop) -> Observation:
    """The sender of a message with N is told that it was relayed to a next hop without any such extension."""
    return await relayed(hop, await sent(smtp, hop, b"N", hop.bare()))


@scenario(
    NEVER,
    start=At.EHLO,
    offers=["DELIVERBY", "DSN"],
    facts=["delivery_within"],
    by={"notify": b"N", "trace": b"NT"},
)
async def relaying_is_not_told_under_never(by: bytes, smtp: Client, hop: Hop) -> Observation:
    """Under NEVER nobody is told of relaying, whatever BY says."""
    sender = await sent(smtp, hop, by, hop.mailbox(), b" NOTIFY=NEVER")
    await hop.message()
    twin = await hop.refuses(smtp)
    return await hop.no_notification(sender, after=twin)
