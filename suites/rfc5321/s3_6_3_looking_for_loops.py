"""RFC 5321 3.6.3 - Message Submission Servers as Relays: what of a message a relay may look into."""

from __future__ import annotations

from conformance import At, Client, Hop, NotReady, Observation, Reply, scenario, took

HOPS = 150


@scenario("rfc5321/3.6.3/may-detect-loops", start=At.EHLO, facts=["delivery_within"])
async def message_of_many_hops_may_be_stopped(smtp: Client, hop: Hop) -> Observation:
    """A message with 150 Received fields goes on, or is taken for one in a loop."""
    fields = b"".join(
        b"Received: from h%d.client.example.test by h%d.client.example.test; Thu, 26 Nov 2026 10:00:00 +0000\r\n"
        % (number, number + 1)
        for number in range(HOPS, 0, -1)
    )
    await smtp.transaction(hop.path())
    outcome = await smtp.data(fields + smtp.message())
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return took("looks for loops", outcome)
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        raise NotReady("end of data", outcome)
    return took("looks for loops" if await hop.arrival() is None else f"passes {HOPS} Received fields on", outcome)
