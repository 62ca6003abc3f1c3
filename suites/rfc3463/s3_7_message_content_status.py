"""RFC 3463 3.7 - Message Content or Message Media Status."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Unclear,
    delivery_report,
    holds,
    new_token,
    scenario,
    value_of,
    visible,
    without_comments,
)

BODY = "Gr\u00fc\u00dfe aus K\u00f6ln\r\n".encode()
FIELDS = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"


@scenario("rfc3463/3.7/x-6-3-conversion", start=At.EHLO, offers=["8BITMIME"], facts=["bare_next_hop"])
async def conversion_is_the_fault(smtp: Client, hop: Hop) -> Observation:
    """8-bit content that a next hop without 8BITMIME can't take comes back, if it does, with a status of content.

    Others that fit say that the next hop lacks a feature, or nothing in particular.
    """
    sender = new_token()
    path = b"<%b>" % hop.bare()
    content = smtp.message(body=BODY, before=FIELDS)
    await smtp.deliver(content, path, reverse_path=hop.path(sender), parameters=b" BODY=8BITMIME")
    for transaction in await hop.transactions():
        ours = any(each.forward_path == hop.bare() for each in transaction.recipients)
        if ours and transaction.message is not None:
            return Held("it was not given back")
    told = await hop.notification_arrival(sender)
    found = delivery_report(told.content) if told is not None else None
    if found is None or not found.recipients:
        raise NotReady("notification", "neither the message nor a report about its recipient came")
    status = without_comments(value_of(found.recipients[0], "Status"))
    if not status:
        return Unclear("the report has no Status")
    fits = status[2:4] in {b"6.", b"0."} or status[1:] in {b".3.3", b".5.0"}
    return holds(fits, expected="5.6.3", seen=visible(status))
