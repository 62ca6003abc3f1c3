"""RFC 3463 1 - Overview: codes that a relay does not know."""

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
    presume,
    scenario,
)


@scenario(
    "rfc3463/1/interpret-unknown",
    start=At.EHLO,
    facts=["delivery_within"],
    reply={
        "refused": (550, "5.2.99 odd", True),
        "refused-unknown-subject": (554, "5.99.1 odd", True),
        "put-off": (450, "4.2.99 odd", False),
        "put-off-unknown-subject": (451, "4.99.1 odd", False),
    },
)
async def unknown_code_is_taken_by_its_class(reply: tuple[int, str, bool], smtp: Client, hop: Hop) -> Observation:
    """What was refused with a code that nobody registered is given back at once, what was put off is not.

    Nor is what was put off with a registered one: else the code is not to blame.
    """
    code, text, lasting = reply
    known, told_of_known = new_token(), new_token()
    if not lasting:
        hop.script(hop.mailbox(known), Rule.answer(Step.RCPT, code, "4.2.1 known"))
        await smtp.deliver(smtp.message(token=known), hop.path(known), reverse_path=hop.path(told_of_known))
    sender = new_token()
    hop.script(hop.mailbox(), Rule.answer(Step.RCPT, code, text))
    await smtp.deliver(smtp.message(), hop.path(), reverse_path=hop.path(sender))
    tried = await hop.transactions()
    presume(holds(bool(tried), expected="an attempt at our next hop", seen=len(tried)))
    seen = await hop.no_notification(sender, after=await hop.refuses(smtp))
    if isinstance(seen, Broken) and not lasting and await hop.notification_arrival(told_of_known) is not None:
        return Unclear("what was put off with a registered code is given back too")
    match seen:
        case Broken():
            if lasting:
                return Held("a notification came")
            told = (await hop.report(sender)).actions
            return holds("failed" not in told, expected="no report that says failed", seen=", ".join(told))
        case Held() if lasting:
            return Broken("a notification", "none, though that about another message came")
        case _:
            return seen
