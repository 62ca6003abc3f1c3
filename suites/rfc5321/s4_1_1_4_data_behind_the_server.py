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
    new_token,
    scenario,
)


@scenario("rfc5321/4.1.1.4/failure-when-not-processed", start=At.EHLO, facts=["delivery_within", "refused_content"])
async def data_that_are_not_processed_get_a_failure_reply(smtp: Client, hop: Hop, store: Store) -> Observation:
    """Mail data that the site does not take get a 4yz or 5yz, and neither a 2yz nor silence."""
    sender = new_token()
    content = (smtp.target.refused_content or "").encode("ascii")
    await smtp.transaction(reverse_path=hop.path(sender))
    outcome = await smtp.data(smtp.message(body=content + CRLF))
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
