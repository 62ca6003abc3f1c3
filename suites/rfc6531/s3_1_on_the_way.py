"""RFC 6531 3.1 - Framework for the Internationalization Extension: what a relay does as a client."""

from __future__ import annotations

from conformance import At, Broken, Client, Held, Hop, NotReady, Observation, Rule, Unclear, new_token, scenario, took

FIELD = "X-Gruss: Grüße aus Köln\r\n".encode()
DECLARED = b" SMTPUTF8"


@scenario("rfc6531/3.1/mail-parameter", start=At.EHLO, offers=["SMTPUTF8"], facts=["extended_next_hop"])
async def parameter_may_be_given_for_what_came_with_it(smtp: Client, hop: Hop) -> Observation:
    """A message all in ASCII that came with the parameter goes on with it, or without."""
    await smtp.deliver(smtp.message(), b"<%b>" % hop.extended(), parameters=DECLARED)
    received = await hop.message()
    words = received.parameters.upper().split()
    return took("with the parameter" if b"SMTPUTF8" in words else "without it", received.parameters)


# Alone: what is offered changes for all that goes to this next hop meanwhile.
@scenario(
    "rfc6531/3.1/client-ignores-parameters",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    facts=["extended_next_hop"],
    alone=True,
    words={"one": b"VERSION=2", "several": b"1 ASCII=NO", "odd": b"*"},
)
async def words_behind_the_keyword_change_nothing(words: bytes, smtp: Client, hop: Hop) -> Observation:
    """A next hop that lists words behind SMTPUTF8 is given what is internationalized as one that lists none."""
    place = (smtp.target.extended_next_hop or "").rpartition(":")[0].strip("[]")
    before, sender = new_token(), new_token()
    path, reverse_path = b"<%b>" % hop.extended(), b"<%b>" % hop.extended(sender)
    plain = smtp.message(token=before, before=FIELD)
    await smtp.deliver(plain, b"<%b>" % hop.extended(before), reverse_path=reverse_path, parameters=DECLARED)
    first = await hop.message(before)
    if FIELD.strip() not in first.content or b"SMTPUTF8" not in first.parameters.upper().split():
        raise NotReady("next hop", "the message was changed, or came without the parameter")
    hop.server.script(place, Rule.offer(b"PIPELINING", b"8BITMIME", b"SIZE", b"DSN", b"SMTPUTF8 " + words))
    try:
        await smtp.deliver(smtp.message(before=FIELD), path, reverse_path=reverse_path, parameters=DECLARED)
        received = await hop.arrival()
    finally:
        hop.server.unscript(place)
    if received is not None:
        given = b"SMTPUTF8" in received.parameters.upper().split() and FIELD.strip() in received.content
        seen = received.parameters + b", " + received.content[:200]
        return (
            Held("it went on")
            if given
            else Broken("SMTPUTF8, and the message as it is", seen.decode("utf-8", "replace"))
        )
    returned = await hop.notification_arrival(sender)
    return Broken("the message", "a notification") if returned is not None else Unclear("nothing came")
