"""RFC 5321 4.5.4.1 - Sending Strategy: mail that can't be sent at once."""

from __future__ import annotations

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    Observation,
    Rule,
    Step,
    Unclear,
    holds,
    new_token,
    row,
    scenario,
)

LONG = 3300.0
"""How long a second attempt is waited for, in seconds; a slow scenario may take an hour."""

RETRY = 1800.0
A_TICK = 30.0
"""Seconds by which a queue that is looked into every half an hour may seem early, as its clock begins first."""
PAUSE = 1.0
"""Seconds between two attempts that nobody would call a delay."""


async def refused_once(smtp: Client, hop: Hop) -> tuple[str, list[float], Observation | None]:
    """Send a message whose first attempt we refuse for now; the times of the first two attempts, or what ends it.

    The sender's notifications come to the mailbox of the token that is returned.
    """
    sender = new_token()
    hop.script(smtp.token, Rule.answer(Step.RCPT, 450, times=1))
    await smtp.deliver(smtp.message(), hop.path(), reverse_path=hop.path(sender))
    tried = [
        each
        for each in await hop.transactions(at_least=2, within=LONG)
        if any(recipient.forward_path == hop.mailbox() for recipient in each.recipients)
    ]
    times = [each.began for each in tried]
    if len(times) >= 2:
        return sender, times, None
    if await hop.notification_arrival(sender) is not None:
        return sender, times, Broken("a second attempt", "the message was given back after the first")
    return sender, times, Unclear(f"{len(times)} attempts within {LONG:g} s, and no notification")


@scenario(
    "rfc5321/4.5.4.1/unsent-mail-queued",
    start=At.EHLO,
    slow=True,
    attempt={
        "queued": "",
        "retried": row("", "rfc5321/4.5.4.1/retried-periodically"),
        "until-sent": row("", "rfc5321/4.5.4.1/retries-until-sent"),
        "2yz": row("", "rfc5321/4.2.5/2yz-retries"),
        "capable": row("", "rfc5321/2.1/fully-capable-queues-and-retries"),
    },
)
async def refused_for_now_is_tried_again(attempt: str, smtp: Client, hop: Hop) -> Observation:
    """Mail that the next hop refuses with a 4yz comes again, and is not given back."""
    del attempt
    _, times, ended = await refused_once(smtp, hop)
    return ended or Held(f"tried again after {times[1] - times[0]:.0f} s")


@scenario("rfc5321/4.5.4.1/envelope-queued", start=At.EHLO, slow=True)
async def second_attempt_has_the_envelope(smtp: Client, hop: Hop) -> Observation:
    """The second attempt has the reverse-path and the forward-path of the first."""
    await refused_once(smtp, hop)
    tried = await hop.transactions(at_least=2, within=PAUSE)
    envelopes = [
        (each.reverse_path, tuple(recipient.forward_path for recipient in each.recipients))
        for each in tried
        if any(recipient.forward_path == hop.mailbox() for recipient in each.recipients)
    ]
    if len(envelopes) < 2:
        return Unclear("there was no second attempt")
    return holds(envelopes[0] == envelopes[1], expected=str(envelopes[0]), seen=envelopes[1])


@scenario("rfc5321/4.5.4.1/delay-before-retry", start=At.EHLO, slow=True)
async def second_attempt_is_not_at_once(smtp: Client, hop: Hop) -> Observation:
    """Between two attempts at the same host is some time."""
    _, times, ended = await refused_once(smtp, hop)
    if len(times) < 2:
        return Unclear(str(ended))
    pause = times[1] - times[0]
    return holds(pause >= PAUSE, expected="a delay before the second attempt", seen=f"{pause:.1f} s")


@scenario(
    "rfc5321/4.5.4.1/30-minutes",
    start=At.EHLO,
    facts=["timers"],
    slow=True,
)
async def second_attempt_is_half_an_hour_later(smtp: Client, hop: Hop) -> Observation:
    """A client that can't reach its next hop tries again after half an hour, and not sooner.

    We close in the place of the reply to RCPT: nobody says why the attempt failed.
    """
    if smtp.target.timers != "default":
        return Unclear("the target's timers are not the defaults")
    hop.script(smtp.token, Rule.close(Step.RCPT, times=1))
    await smtp.deliver(smtp.message(), hop.path())
    tried = await hop.transactions(at_least=2, within=LONG)
    if len(tried) < 2:
        return Unclear(f"{len(tried)} attempts within {LONG:g} s")
    pause = tried[1].began - tried[0].began
    return holds(pause >= RETRY - A_TICK, expected="30 minutes at least", seen=f"{pause:.0f} s")


@scenario("rfc5321/4.5.4.1/two-attempts-in-the-first-hour", start=At.EHLO, facts=["timers"], slow=True)
async def two_attempts_fall_into_the_first_hour(smtp: Client, hop: Hop) -> Observation:
    """A client that was refused for now has tried a second time before the hour is over."""
    if smtp.target.timers != "default":
        return Unclear("the target's timers are not the defaults")
    _, times, ended = await refused_once(smtp, hop)
    if len(times) >= 2:
        return Held(f"the second attempt came after {times[1] - times[0]:.0f} s")
    if len(times) == 1 and isinstance(ended, Unclear):
        return Broken("a second attempt within the hour", f"none within {LONG:g} s")
    return ended or Unclear("nothing came")
