"""RFC 1985 5.3 - Use Of ETRN to release mail for a subdomain or queue."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Reply,
    Rule,
    Step,
    Unclear,
    answered,
    not_refused_as,
    presume,
    scenario,
    silent,
    took,
)

STARTED = frozenset({250, 251, 252, 253})
A_MOMENT = 5.0
"""Seconds in which a server has put off again what was refused for now."""
SOON = 60.0
"""Seconds within which mail comes that did not wait for its time."""


@scenario("rfc1985/5.3/number-sign-means-queue", start=At.EHLO, offers=["ETRN"])
async def queue_can_be_named(smtp: Client) -> Observation:
    """ETRN with # and the name of a queue that the server does not have."""
    outcome = await smtp.say(b"ETRN #queue")
    if not isinstance(outcome, Reply) or outcome.code == 421:
        return Unclear(str(outcome))
    return took("takes a queue's name" if outcome.severity == 2 else f"answers {outcome.code}", outcome)


@scenario("rfc1985/5.3/at-sign-means-subdomains", start=At.EHLO, offers=["ETRN"], slow=True)
async def at_sign_releases_what_waits_below_a_domain(smtp: Client, second: Client, hop: Hop) -> Observation:
    """ETRN with an @ and a domain is read as the option, and mail for a domain below it comes.

    Broken where it is called a syntax error though the name alone is not. A server may serve certain names only.
    """
    domain = smtp.target.relay_domains[0].encode("ascii")
    hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 450, times=1))
    await smtp.deliver(smtp.message(), hop.path())
    if not await hop.transactions(at_least=1):
        raise NotReady("next hop", "no attempt was made")
    presume(silent(await smtp.replies(quiet=A_MOMENT)))
    outcome = await smtp.say(b"ETRN @" + domain.partition(b".")[2])
    if not (isinstance(outcome, Reply) and outcome.code in STARTED):
        presume(answered(await second.say(b"ETRN " + domain), STARTED))
        seen = not_refused_as(outcome, {500, 501})
        return Unclear(f"not served: {outcome}") if isinstance(seen, Held) else seen
    if await hop.arrival(within=SOON) is None:
        return Unclear(f"nothing came within {SOON:g} s")
    return Held(f"{outcome}, and the mail came")
