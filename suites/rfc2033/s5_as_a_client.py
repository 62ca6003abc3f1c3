"""RFC 2033 5 - Implementation requirements: what an LMTP client does with the replies that it gets."""

from __future__ import annotations

from conformance import At, Client, Hop, Observation, Rule, Step, Unclear, holds, new_token, row, scenario, visible

LONG = 3300.0
"""How long a second attempt is waited for, in seconds; a slow scenario may take an hour."""


@scenario(
    "rfc2033/5/client-keeps-replies-before-a-close",
    start=At.EHLO,
    facts=["lmtp_domain", "lmtp_next_hop"],
    rule={
        "closed": Rule.close(Step.END_OF_DATA, times=1),
        "reset": Rule.reset(Step.END_OF_DATA, times=1),
        "silent": row(Rule.nothing(Step.END_OF_DATA, times=1), "rfc2033/5/client-reads-replies-as-they-come"),
    },
    slow=True,
)
async def reply_before_the_end_counts(rule: Rule, smtp: Client, hop: Hop) -> Observation:
    """What a host took for one of two recipients before it broke off, or fell silent, is sent to the other alone.

    A client that waits for all replies, or forgets those that it has, sends the message to the first once more.
    """
    first, second = hop.lmtp(local=b"first-%b"), hop.lmtp(local=b"second-%b")
    sender = new_token()
    hop.script(second, rule)
    await smtp.deliver(smtp.message(), b"<%b>" % first, b"<%b>" % second, reverse_path=hop.path(sender))
    tried = [
        [recipient.forward_path for recipient in each.recipients]
        for each in await hop.transactions(at_least=2, within=LONG)
        if any(recipient.forward_path in {first, second} for recipient in each.recipients)
    ]
    if not tried or tried[0] != [first, second]:
        return Unclear(f"the two did not go together: {tried}")
    if len(tried) < 2:
        if await hop.notification_arrival(sender) is not None:
            return holds(False, expected="a second attempt", seen="the message was given back after the first")
        return Unclear(f"no second attempt within {LONG:g} s")
    again = [visible(path) for each in tried[1:] for path in each]
    return holds(set(again) == {visible(second)}, expected=f"{visible(second)} alone", seen=", ".join(again))
