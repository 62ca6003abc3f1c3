"""RFC 8689 4.2.1 - Sending with TLS required."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Held,
    Hop,
    Observation,
    Unclear,
    arrived,
    holds,
    new_token,
    row,
    scenario,
    value_of,
)

UNDER_TLS = ["starttls_required"]
MARK = b"The line that only the whole message has."
TLS_NO = b"TLS-Required: No\r\n"


async def sent(smtp: Client, hop: Hop, parameters: bytes = b" REQUIRETLS", before: bytes = b"") -> str:
    """A message that needs TLS for the next hop without TLS; the sender's token."""
    sender = new_token()
    content = smtp.message(body=MARK + b"\r\n", before=before)
    await smtp.deliver(content, hop.path(), reverse_path=hop.path(sender), parameters=parameters)
    return sender


async def kept_back(hop: Hop, sender: str) -> Observation:
    """Broken where the next hop is told of the message; held where its sender is told instead."""
    tried = [each for each in await hop.transactions() if each.reverse_path.startswith(sender.encode("ascii"))]
    if tried:
        return holds(False, expected="no MAIL", seen=tried[0].commands[0].octets)
    told = await hop.notification_arrival(sender)
    return Held("the sender was told") if told is not None else Unclear("neither the message nor a notification came")


@scenario(
    "rfc8689/4.2.1/not-sent-without",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=UNDER_TLS,
    tags=["starttls"],
    before={
        "plain": row(b""),
        "requirements": row(b"", "rfc8689/4.2.1/requirements"),
        "tagged": row(b"", "rfc8689/4.1/tags-the-message"),
        "parameter-wins": row(TLS_NO, "rfc8689/4.1/parameter-wins"),
    },
)
async def message_does_not_go_without_tls(before: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message with REQUIRETLS does not go to a next hop without TLS, whatever its header says."""
    return await kept_back(hop, await sent(smtp, hop, before=before))


@scenario(
    "rfc8689/4.2.1/bounces",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=[*UNDER_TLS, "delivery_within"],
    tags=["starttls"],
    reading={"told": row(""), "kept": row("", "rfc8689/5/bounce-not-discarded")},
)
async def sender_of_a_message_kept_back_is_told(reading: str, smtp: Client, hop: Hop) -> Observation:
    """The sender of a message with REQUIRETLS that can't be sent on is told, though by a next hop without TLS."""
    del reading
    told = await hop.notification_arrival(await sent(smtp, hop))
    return arrived(told, expected="a notification", seen="none")


@scenario("rfc8689/4.2.1/status-codes", start=At.EHLO, offers=["REQUIRETLS"], facts=UNDER_TLS, tags=["starttls"])
async def notification_says_why(smtp: Client, hop: Hop) -> Observation:
    """The notification has the status 5.7.30 or 5.7.10."""
    found = await hop.report(await sent(smtp, hop))
    seen = value_of(found.recipients[0] if found.recipients else (), "Status")
    return holds(seen in {b"5.7.30", b"5.7.10"}, expected="5.7.30 or 5.7.10", seen=seen)


@scenario(
    "rfc8689/5/ret-hdrs",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=UNDER_TLS,
    tags=["starttls"],
    ret={"none": row(b""), "full": row(b" RET=FULL", "rfc8689/5/ret-full-disregarded", offers=["DSN"])},
)
async def notification_holds_the_header_only(ret: bytes, smtp: Client, hop: Hop) -> Observation:
    """A notification about a message with REQUIRETLS holds no more than the header, whatever RET says."""
    sender = await sent(smtp, hop, b" REQUIRETLS" + ret)
    told = await hop.notification(sender)
    return holds(MARK not in told.content, expected="the header only", seen=told.content[-200:])
