"""RFC 5321 4.5.3.2 - Timeouts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from conformance import (
    At,
    Broken,
    Client,
    Closed,
    Held,
    Hop,
    Names,
    Observation,
    Reply,
    Reset,
    Rule,
    Silence,
    Step,
    Unclear,
    accepted,
    holds,
    presume,
    row,
    scenario,
    took,
)

LONG = 3300.0
"""How long something is waited for, in seconds; a slow scenario may take an hour."""

OWN_EXCHANGER = 3
"""The exchanger that greets late, which no other scenario uses."""


@dataclass(frozen=True)
class Late:
    """A reply that comes just in time for the clause, in seconds."""

    step: Step
    seconds: float


def attempts(hop: Hop, token: str) -> int:
    """How often the target has said MAIL for this scenario's sender."""
    mark = token.encode("ascii")
    return sum(
        command.verb == b"MAIL" and mark in command.octets
        for connection in hop.server.connections()
        for command in connection.commands
    )


async def is_waited_for(late: tuple[Late, ...], smtp: Client, hop: Hop) -> Observation:
    """Held where one attempt is enough, broken where the client leaves before a late reply and comes again."""
    hop.script(smtp.token, *(Rule.late(each.step, each.seconds, times=1) for each in late))
    await smtp.deliver(smtp.message(), hop.path(), reverse_path=hop.path())
    total = sum(each.seconds for each in late)
    ended = await hop.transactions(within=LONG) and await hop.transactions(at_least=2, within=total + 30)
    went_on = bool(ended) and ended[0].connection.commands[-1].verb == b"QUIT"
    if ended and not went_on and attempts(hop, smtp.token) == 1:
        await hop.transactions(at_least=2, within=LONG - total)
    seconds = " and ".join(f"{each.seconds:g} s at {each.step}" for each in late)
    number = attempts(hop, smtp.token)
    if not ended or not number:
        return Unclear("nothing came")
    return holds(number == 1, expected=f"one attempt, which waits {seconds}", seen=f"{number} attempts")


@scenario(
    "rfc5321/4.5.3.2/minimum-timeouts",
    start=At.EHLO,
    facts=["timers"],
    slow=True,
    late={
        "mail": row(Late(Step.MAIL, 295), "rfc5321/4.5.3.2.2/mail-5-minutes"),
        "rcpt": row(Late(Step.RCPT, 295), "rfc5321/4.5.3.2.3/rcpt-5-minutes"),
        "data": row(Late(Step.DATA, 115), "rfc5321/4.5.3.2.4/data-2-minutes"),
        "end-of-data": row(Late(Step.END_OF_DATA, 590), "rfc5321/4.5.3.2.6/end-of-data-10-minutes"),
        "any": Late(Step.DATA, 110),
    },
)
async def late_reply_is_waited_for(late: Late, smtp: Client, hop: Hop) -> Observation:
    """A client waits for a reply that is a few seconds short of the recommended minimum."""
    if smtp.target.timers != "default":
        return Unclear("the target's timers are not the defaults")
    return await is_waited_for((late,), smtp, hop)


@scenario(
    "rfc5321/4.5.3.2/per-command",
    start=At.EHLO,
    facts=["timers"],
    slow=True,
)
async def late_replies_do_not_add_up(smtp: Client, hop: Hop) -> Observation:
    """A client waits for each of several late replies that together take longer than any one may."""
    if smtp.target.timers != "default":
        return Unclear("the target's timers are not the defaults")
    late = (Late(Step.MAIL, 200), Late(Step.RCPT, 200), Late(Step.DATA, 100), Late(Step.END_OF_DATA, 200))
    return await is_waited_for(late, smtp, hop)


@dataclass(frozen=True)
class Stalls:
    """How often we read nothing of the mail data, and for how many seconds each time."""

    number: int
    seconds: float


LARGE = 9_000_000
"""Octets of a message that no buffers hold, where the server takes as many."""


@scenario(
    "rfc5321/4.5.3.2/timer-per-block",
    start=At.EHLO,
    offers=["SIZE"],
    facts=["timers"],
    slow=True,
    stalls={
        "block": row(Stalls(1, 175), "rfc5321/4.5.3.2.5/block-3-minutes"),
        "blocks": Stalls(3, 100),
    },
)
async def mail_data_that_are_read_slowly_are_sent(stalls: Stalls, smtp: Client, hop: Hop) -> Observation:
    """A client goes on with a large message of which we read nothing for a while, or for several whiles in all."""
    if smtp.target.timers != "default":
        return Unclear("the target's timers are not the defaults")
    limit = smtp.offers["SIZE"].strip()
    size = min(LARGE, int(limit) * 3 // 4) if limit.isdigit() and int(limit) else LARGE
    hop.script(smtp.token, Rule.stall(stalls.seconds, every=size // (stalls.number + 1), times=stalls.number))
    await smtp.deliver(smtp.message_of(size), hop.path(), reverse_path=hop.path())
    tried = await hop.transactions(within=LONG)
    if tried and tried[0].ended is None:
        await hop.transactions(at_least=2, within=stalls.number * stalls.seconds + 30)  # another attempt was quicker
    if not tried or tried[0].ended is None:
        return Unclear("nothing came, or not to its end")
    first, whole = tried[0], f"the whole message, which takes {stalls.number} times {stalls.seconds:g} s"
    lasted = f"after {first.ended - first.began:.0f} s"
    if first.message is not None:
        return Held(f"{whole}: {lasted}")
    return Broken(whole, f"{first.connection.end} {lasted}")


@scenario(
    "rfc5321/4.5.3.2.1/greeting-5-minutes",
    start=At.EHLO,
    facts=["timers"],
    slow=True,
    seconds={"5-minutes": 295.0, "delay": row(295.0, "rfc5321/4.5.3.2.1/delay-is-no-failure")},
)
async def late_greeting_is_waited_for(seconds: float, smtp: Client, hop: Hop, dns: Names) -> Observation:
    """A client waits for a greeting that is late; the exchanger that is late has an address of its own."""
    if smtp.target.timers != "default":
        return Unclear("the target's timers are not the defaults")
    if len(dns.exchangers) < OWN_EXCHANGER + 1:
        return Unclear("the target file names no fourth exchanger, and the others serve other scenarios")
    address = dns.exchangers[OWN_EXCHANGER]
    dns.add(f"{dns.name()}. MX 10 {dns.name('late')}.\n{dns.name('late')}. A {address}")
    hop.server.script(address, Rule.late(Step.CONNECT, seconds))
    await smtp.deliver(smtp.message(), b"<recipient@%b>" % dns.name().encode("ascii"))
    received = await hop.arrival(within=seconds + 120)
    if received is None:
        left = [each for each in hop.server.connections() if each.local.startswith(f"{address}:")]
        waited = ", ".join(f"{(each.ended or each.began) - each.began:.0f} s" for each in left)
        return Broken(f"the client waits {seconds:g} s for the greeting", f"it left after {waited or 'no time'}")
    return Held(f"the message came behind a greeting that took {seconds:g} s")


@scenario("rfc5321/4.5.3.2/client-timeouts", start=At.EHLO, slow=True)
async def client_gives_up_waiting(smtp: Client, hop: Hop) -> Observation:
    """A client whose RCPT is never answered leaves, by QUIT or without, within ten minutes, after which we close."""
    hop.script(smtp.token, Rule.nothing(Step.RCPT, times=1))
    await smtp.deliver(smtp.message(), hop.path(), reverse_path=hop.path())
    tried = await hop.transactions(within=LONG)
    if not tried or tried[0].ended is None:
        return Unclear("nothing came, or the client was still waiting")
    if tried[0].connection.end.startswith("closed by us after"):  # of silence; after QUIT it is "closed by us"
        return Unclear("the client was still waiting when we closed")
    return Held(f"it left after {tried[0].ended - tried[0].began:.0f} s")


@scenario("rfc5321/4.5.3.2.7/server-5-minutes", start=At.EHLO, facts=["timers"], slow=True)
async def server_waits_five_minutes(smtp: Client) -> Observation:
    """A session in which nothing is said for five minutes is still served."""
    if smtp.target.timers != "default":
        return Unclear("the target's timers are not the defaults")
    came = await smtp.replies(quiet=298)
    if came:
        return Broken("nothing for five minutes", " | ".join(str(each) for each in came))
    outcome = await smtp.say(b"NOOP")
    if isinstance(outcome, Closed | Reset):
        return Broken("a reply after five minutes", str(outcome))
    alive = isinstance(outcome, Reply) and outcome.code != 421
    return holds(alive, expected="a reply after five minutes", seen=outcome)


EVERY = 60.0
"""Seconds from one message of a busy session to the next."""

MESSAGES = 11
"""Messages of a busy session, which so lasts for longer than the usual limits of five and ten minutes."""


async def ended_at(smtp: Client) -> int | None:
    """The message of a busy session before which, or in which, the server ends it, or ``None``.

    Raises:
        NotReady: a message is refused, which says nothing about the session.
    """
    for number in range(MESSAGES):
        outcome = await smtp.reply(within=EVERY)
        if isinstance(outcome, Silence):
            outcome = await smtp.mail()
        for step in (smtp.rcpt, smtp.data):
            if isinstance(accepted(outcome), Held):
                outcome = await step()
        if isinstance(outcome, Closed | Reset) or (isinstance(outcome, Reply) and outcome.code == 421):
            return number
        presume(accepted(outcome))
    return None


@scenario("rfc5321/4.5.3.2.7/server-5-minutes", start=At.EHLO, facts=["timers"], slow=True)
async def busy_session_is_not_timed_as_a_whole(
    smtp: Client, second: Client, another: Callable[[], Awaitable[Client]]
) -> Observation:
    """A session that brings a message every minute goes on: the time-out is for the wait for a command (3668-3669).

    As many messages at once are no reason to end it, and what ends it has to do so in the same minute once more. One
    message a minute is no attack either (7.8).
    """
    if smtp.target.timers != "default":
        return Unclear("the target's timers are not the defaults")
    for _ in range(MESSAGES):
        await second.deliver(second.message())
    first = await ended_at(smtp)
    if first is None:
        return Held(f"it lasted for {MESSAGES * EVERY:g} s")
    third = await another()
    await third.climb(At.EHLO)
    again = await ended_at(third)
    if first != again:
        return Unclear(f"one session ended at message {first + 1}, and another did not end there")
    return Broken(
        "a session that lasts while it is used",
        f"two sessions ended after {first * EVERY:g} to {(first + 1) * EVERY:g} s, each soon after its last message",
    )


@scenario("rfc5321/3.8/may-close-after-timeout", start=At.EHLO, slow=True)
async def server_may_close_a_silent_session(smtp: Client) -> Observation:
    """After a quarter of an hour in which nothing is said the server has closed, or still waits."""
    came = await smtp.replies(quiet=900)
    closed = any(isinstance(each, Closed | Reset) for each in came)
    return took("closes" if closed else "still waits", " | ".join(str(each) for each in came))


@scenario("rfc5321/6.1/quick-reply-to-data", start=At.DATA, slow=True)
async def reply_to_the_mail_data_comes_soon(smtp: Client) -> Observation:
    """The reply to the mail data comes within the ten minutes that clients wait for it."""
    await smtp.raw(smtp.message() + b".\r\n")
    outcome = await smtp.reply(within=600)
    if isinstance(outcome, Reply):
        return Held(str(outcome))
    if isinstance(outcome, Closed | Reset):
        return Unclear(str(outcome))
    return Broken("a reply within ten minutes", str(outcome))
