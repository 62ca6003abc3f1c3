"""RFC 5321 3.4 - Forwarding for Address Correction or Updating: where the mail goes."""

from __future__ import annotations

from conformance import At, Client, Hop, NotReady, Observation, Reply, Store, Unclear, scenario, took, visible


@scenario("rfc5321/3.4/may-forward", start=At.MAIL, facts=["moved", "delivery_within"])
async def mail_for_who_moved_may_be_forwarded(smtp: Client, hop: Hop, store: Store) -> Observation:
    """Mail for an address that moved goes on to the new one, stays here, or is refused.

    We see it go on where the new address is one whose mail comes to our next hop.
    """
    moved = (smtp.target.moved or "").encode("ascii")
    outcome = await smtp.rcpt(b"<%b>" % moved)
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return took("does not forward", outcome)
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        raise NotReady("RCPT", outcome)
    ended = await smtp.data()
    if not (isinstance(ended, Reply) and ended.severity == 2):
        raise NotReady("end of data", ended)
    for received in await hop.messages(at_least=1):
        others = [path for path in received.forward_paths if path.lower() != moved.lower()]
        if others and received.reverse_path:
            return took("forwards", visible(others[0]))
    if await store.arrival() is not None:
        return took("keeps it here", outcome)
    return Unclear("it came neither to us nor to a mailbox here")
