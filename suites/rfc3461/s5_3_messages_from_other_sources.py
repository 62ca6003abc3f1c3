"""RFC 3461 5.3 - Handling of messages from other sources: what its own users ask for in the message itself."""

from __future__ import annotations

from conformance import (
    CRLF,
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Received,
    fields_named,
    holds,
    new_token,
    scenario,
    split_message,
    visible,
)

FACTS = ["request_field", "extended_next_hop"]


async def _at_the_hop(smtp: Client, hop: Hop, before: bytes) -> Received:
    """A message with this field, without any parameter, at a next hop with DSN."""
    token = new_token()
    content = smtp.message(token=token, before=before)
    await smtp.deliver(content, b"<%b>" % hop.extended(token), reverse_path=hop.path(new_token()))
    return await hop.message(token)


def _asks(received: Received) -> bool:
    """Whether RCPT asks for a notification of success."""
    words = (word for each in received.transaction.recipients for word in each.parameters.upper().split())
    return any(word.startswith(b"NOTIFY=") and b"SUCCESS" in word for word in words)


@scenario("rfc3461/5.3/requests-removed", start=At.EHLO, facts=FACTS)
async def request_in_the_message_goes_on_with_rcpt_alone(smtp: Client, hop: Hop) -> Observation:
    """A request in a field, which goes on as NOTIFY, is no longer in the message."""
    name = smtp.target.request_field or ""
    if _asks(await _at_the_hop(smtp, hop, b"")):
        raise NotReady("control", "the target asks to be told of success without any request")
    received = await _at_the_hop(smtp, hop, b"%b: <%b>" % (name.encode("ascii"), hop.mailbox(new_token())) + CRLF)
    if not _asks(received):
        raise NotReady("control", f"the target takes {name} for no request")
    left = fields_named(split_message(received.content)[0], name.lower())
    return holds(not left, expected=f"no {name}", seen=visible(b"".join(each.octets for each in left)) or "none")
