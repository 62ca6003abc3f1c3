"""RFC 6710 5.1 - Expedited Transfer."""

from __future__ import annotations

from conformance import At, Client, Hop, NotReady, Observation, Rule, Step, new_token, scenario, took

LONG = 3300.0
"""How long a second attempt is waited for, in seconds; a slow scenario may take an hour."""
ALIKE = 0.9
"""The part of a pause that is no less than all of it."""


async def sent(smtp: Client, hop: Hop, token: str, priority: bytes) -> None:
    """A message with this priority, whose first attempt we refuse for now."""
    hop.script(hop.mailbox(token), Rule.answer(Step.RCPT, 450, times=1))
    await smtp.deliver(smtp.message(token=token), hop.path(token), parameters=b" MT-PRIORITY=" + priority)


async def pause(hop: Hop, token: str) -> float:
    """Seconds between the two attempts.

    Raises:
        NotReady: there was one only.
    """
    tried = await hop.transactions(token, at_least=2, within=LONG)
    if len(tried) < 2:
        raise NotReady("next hop", f"{len(tried)} attempts within {LONG:g} s")
    return tried[1].began - tried[0].began


@scenario("rfc6710/5.1/retry-may-be-faster", start=At.EHLO, offers=["MT-PRIORITY"], slow=True)
async def higher_priority_may_be_tried_again_sooner(smtp: Client, second: Client, hop: Hop) -> Observation:
    """Whether a message with the usual priority is tried again sooner than one with the lowest."""
    usual, low = new_token(), new_token()
    await sent(smtp, hop, usual, b"0")
    await sent(second, hop, low, b"-9")
    shorter, longer = await pause(hop, usual), await pause(hop, low)
    seen = f"after {shorter:.0f} s, and after {longer:.0f} s with -9"
    return took("tries it sooner" if shorter < ALIKE * longer else "tries both alike", seen)
