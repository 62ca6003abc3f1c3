"""RFC 5321 4.1.1.4 - DATA (DATA): what becomes of the mail data, and what the reply to them says of it."""

from __future__ import annotations

from conformance import (
    CRLF,
    At,
    Broken,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Reply,
    Silence,
    Store,
    Unclear,
    accepted,
    new_token,
    presume,
    scenario,
    took,
)


@scenario("rfc5321/4.1.1.4/failure-when-not-processed", start=At.EHLO, facts=["delivery_within", "refused_content"])
async def data_that_are_not_processed_get_a_failure_reply(smtp: Client, hop: Hop, store: Store) -> Observation:
    """Mail data that the site does not take get a 4yz or 5yz, and neither a 2yz nor silence."""
    sender = new_token()
    await smtp.transaction(reverse_path=hop.path(sender))
    presume(accepted(await smtp.say(b"DATA"), {354}))
    await smtp.raw(smtp.message_with(smtp.target.refused_content) + b"." + CRLF)
    outcome = await smtp.reply()
    match outcome:
        case Reply() if outcome.code == 421:
            return Unclear(str(outcome))
        case Reply() if outcome.severity in {4, 5}:
            return Held(str(outcome))
        case Silence():
            return Broken("a failure reply", str(outcome))
        case Reply() if outcome.severity == 2:
            if await store.arrival() is not None:
                raise NotReady("refused-content", f"it was taken and delivered: {outcome}")
            if await hop.notification_arrival(sender) is not None:
                return Unclear(f"it was taken, and given back by mail: {outcome}")
            return Broken("a failure reply", f"{outcome}, and the message was neither delivered nor given back")
        case _:
            return Unclear(str(outcome))


ASCII = bytes(octet for octet in range(128) if octet not in CRLF)
"""All characters of US-ASCII but the two that end a line."""


@scenario("rfc5321/4.1.1.4/all-ascii-allowed", start=At.EHLO)
async def any_ascii_character_may_be_sent(smtp: Client, hop: Hop) -> Observation:
    """A message whose body has every character of US-ASCII goes on as it is, or changed, or is refused."""
    await smtp.transaction(hop.path())
    outcome = await smtp.data(smtp.message(body=ASCII + CRLF))
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return took("refuses it", outcome)
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        raise NotReady("end of data", outcome)
    return took("passes it on as it is" if ASCII in (await hop.message()).content else "passes it on changed")
