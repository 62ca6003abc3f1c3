"""RFC 5321 2.1 - Basic Structure: what a server that passes mail on owes to each recipient."""

from __future__ import annotations

from dataclasses import dataclass

from conformance import At, Client, Hop, Observation, Rule, Step, holds, new_token, presume, scenario, visible


@dataclass(frozen=True)
class Refusal:
    """At which step the next hop refuses, and whether that concerns one of two recipients or both."""

    step: Step
    code: int = 550
    both: bool = True


REFUSALS = {
    "nothing": None,
    "mail": Refusal(Step.MAIL),
    "one-recipient": Refusal(Step.RCPT, both=False),
    "both-recipients": Refusal(Step.RCPT),
    "data": Refusal(Step.DATA, 554),
    "end-of-data": Refusal(Step.END_OF_DATA, 554),
}


async def refuse(refusal: Refusal, hop: Hop, sender: str, mailboxes: list[bytes]) -> None:
    """Have the next hop do it."""
    rule = Rule.answer(refusal.step, refusal.code)
    if refusal.step is Step.MAIL:
        hop.script(sender, rule)
    for mailbox in mailboxes if refusal.both else mailboxes[:1]:
        hop.script(mailbox, rule)


@scenario("rfc5321/2.1/client-transfers-or-reports", start=At.EHLO, facts=["delivery_within"], refusal=REFUSALS)
async def each_recipient_is_served_or_reported(refusal: Refusal | None, smtp: Client, hop: Hop) -> Observation:
    """Of two recipients at the next hop each gets the message, or the sender is told that it did not."""
    sender = new_token()
    mailboxes = [hop.mailbox(local=b"first-%b"), hop.mailbox(local=b"second-%b")]
    if refusal is not None:
        await refuse(refusal, hop, sender, mailboxes)
    await smtp.deliver(smtp.message(), *(b"<%b>" % each for each in mailboxes), reverse_path=hop.path(sender))
    answered: set[bytes] = set()
    seen = 0
    while answered < {*mailboxes}:
        found = [
            each
            for each in await hop.transactions(sender, at_least=seen + 1)
            if each.message and each.ended is not None
        ]
        attempts = len(await hop.transactions(sender, at_least=1))
        for each in found:
            assert each.message is not None
            served = {path for path in each.message.forward_paths if each.message.replies[-1:][0].startswith(b"2")}
            told = {mailbox for mailbox in mailboxes if not each.reverse_path and mailbox in each.message.content}
            answered |= (served | told) & {*mailboxes}
        if attempts <= seen:
            break
        seen = attempts
    presume(holds(bool(seen), expected="an attempt", seen="none"))
    missing = [visible(mailbox) for mailbox in mailboxes if mailbox not in answered]
    return holds(not missing, expected="the message, or a word to the sender", seen=f"neither for {missing}")
