"""RFC 1985 5.1 - Server action on receipt of the extended ETRN command: what comes to the next hop."""

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
    Outcome,
    Reply,
    Rule,
    Silence,
    Step,
    Unclear,
    accepted,
    holds,
    presume,
    row,
    scenario,
    silent,
    took,
)

SOON = 60.0
"""Seconds within which mail comes that did not wait for its time."""
A_MOMENT = 5.0
"""Seconds in which a server has put off again what was refused for now."""
HELD_UP = 20.0
"""Seconds that the next hop lets a server wait that works through its queue."""
AT_ONCE = 10.0
"""Seconds within which a reply comes that does not wait for the next hop."""
STARTED = frozenset({250, 251, 252, 253})


async def keep_waiting(smtp: Client, hop: Hop, *rules: Rule) -> None:
    """Let a message wait in the server's queue: its first attempt is refused for now; rules are for the next.

    Raises:
        NotReady: no attempt was made.
    """
    hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 450, times=1), *rules)
    await smtp.deliver(smtp.message(), hop.path())
    if not await hop.transactions(at_least=1):
        raise NotReady("next hop", "no attempt was made")
    presume(silent(await smtp.replies(quiet=A_MOMENT)))


async def etrn(smtp: Client) -> Outcome:
    """Ask for the mail of the relayed domain."""
    return await smtp.say(b"ETRN " + smtp.target.relay_domains[0].encode("ascii"))


def started(outcome: Outcome) -> None:
    """Go on only where the server says that it has done something.

    Raises:
        NotReady: it refused, which is its own decision.
    """
    presume(holds(isinstance(outcome, Reply) and outcome.code in STARTED, expected="250 to 253", seen=outcome))


@scenario(
    "rfc1985/5.1/queue-is-run",
    start=At.EHLO,
    offers=["ETRN"],
    way={"queue": "", "connection": row("", "rfc1985/1/connects-anew")},
    slow=True,
)
async def waiting_mail_comes_by_another_connection(way: str, smtp: Client, hop: Hop) -> Observation:
    """After ETRN what waits comes to the next hop, and nothing of it goes over the connection that asked.

    That none comes within a minute is no finding: lines 183-185 ask for no connection within a given time.
    """
    del way
    await keep_waiting(smtp, hop)
    outcome = await etrn(smtp)
    started(outcome)
    received = await hop.arrival(within=SOON)
    seen = await smtp.quit()
    said = [each for each in seen if isinstance(each, Reply)]
    alone = len(said) == 1 and said[0].code == 221
    if received is None and alone:
        return Unclear(f"nothing came within {SOON:g} s")
    expected = "the mail at the next hop, and 221 alone on this connection"
    return holds(alone, expected=expected, seen=" | ".join(str(each) for each in (outcome, *seen)))


@scenario("rfc1985/5.1/no-connection-is-due", start=At.EHLO, offers=["ETRN"], slow=True)
async def connection_may_follow(smtp: Client, hop: Hop) -> Observation:
    """After a positive reply to ETRN what waits comes within a minute, or it does not."""
    await keep_waiting(smtp, hop)
    outcome = await etrn(smtp)
    started(outcome)
    received = await hop.arrival(within=SOON)
    return took("sends within a minute" if received is not None else "sends nothing within a minute", outcome)


@scenario("rfc1985/5.1/reply-at-once", start=At.EHLO, offers=["ETRN"], slow=True)
async def reply_does_not_wait_for_the_queue(smtp: Client, hop: Hop) -> Observation:
    """ETRN is answered while the next hop still lets the server wait that sends what waited."""
    await keep_waiting(smtp, hop, Rule.late(Step.RCPT, HELD_UP, times=1))
    presume(accepted(await smtp.say(b"NOOP")))
    await smtp.raw(b"ETRN " + smtp.target.relay_domains[0].encode("ascii") + CRLF)
    outcome = await smtp.reply(within=AT_ONCE)
    if isinstance(outcome, Silence):
        late = await smtp.reply()
        started(late)
        return Broken("a reply at once", f"{late}, after {AT_ONCE:g} s at least")
    started(outcome)
    return Held(str(outcome))
