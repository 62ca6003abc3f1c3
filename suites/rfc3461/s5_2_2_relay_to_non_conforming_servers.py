"""RFC 3461 5.2.2 - Relay of messages to non-conforming SMTP servers."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Received,
    Rule,
    Step,
    Store,
    Unclear,
    delivery_report,
    holds,
    new_token,
    row,
    scenario,
    took,
)

FACTS = ["delivery_within"]
KEYWORDS = (b"ENVID", b"RET", b"NOTIFY", b"ORCPT")


async def sent(smtp: Client, hop: Hop, notify: bytes, *, refused: bool = False) -> str:
    """A message to the next hop without DSN, which takes or refuses its recipient; the sender's token."""
    sender = new_token()
    if refused:
        hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 550))
    await smtp.deliver(smtp.message(), hop.path() + notify, reverse_path=hop.path(sender))
    tried = await hop.transactions()
    if not any(each.recipients for each in tried):
        raise NotReady("next hop", "nothing was offered to it")
    return sender


def says(told: Received | None, action: str) -> Observation:
    """Whether a notification came whose action is this."""
    if told is None:
        return holds(False, expected=f"a notification that says {action}", seen="none")
    found = delivery_report(told.content)
    if found is None or not found.actions:
        return Unclear("the notification tells programs no action")
    return holds(action in found.actions, expected=action, seen=", ".join(found.actions))


@scenario(
    "rfc3461/5.2.2/no-parameters",
    start=At.EHLO,
    offers=["DSN"],
    asked={
        "all": (b" RET=HDRS ENVID=QQ314159", b" NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;someone@example.com"),
        "mail": (b" RET=FULL ENVID=QQ314159", b""),
        "rcpt": (b"", b" NOTIFY=NEVER ORCPT=rfc822;someone@example.com"),
    },
)
async def no_request_without_the_extension(asked: tuple[bytes, bytes], smtp: Client, hop: Hop) -> Observation:
    """A next hop that does not offer DSN is given none of its parameters."""
    mail, rcpt = asked
    await smtp.deliver(smtp.message(), hop.path() + rcpt, parameters=mail)
    received = await hop.message()
    given = b" ".join([received.parameters, *(each.parameters for each in received.transaction.recipients)]).upper()
    found = [keyword for keyword in KEYWORDS if any(word.startswith(keyword) for word in given.split())]
    return holds(not found, expected="none of the four", seen=given)


SUCCESS = {"success": b" NOTIFY=SUCCESS", "with-failure": b" NOTIFY=FAILURE,SUCCESS", "any-case": b" NOTIFY=success"}


@scenario("rfc3461/5.2.2/relayed-on-success", start=At.EHLO, offers=["DSN"], facts=FACTS, notify=SUCCESS)
async def relaying_is_told_where_success_was_asked_for(notify: bytes, smtp: Client, hop: Hop) -> Observation:
    """SUCCESS and a next hop without DSN that takes the message make a notification that says relayed."""
    sender = await sent(smtp, hop, notify)
    return says(await hop.notification_arrival(sender), "relayed")


FAILURE = {
    "failure": row(b" NOTIFY=FAILURE"),
    "with-others": row(b" NOTIFY=SUCCESS,FAILURE,DELAY"),
    "no-notify": row(b"", "rfc3461/5.2.2/failed-without-notify"),
}


@scenario("rfc3461/5.2.2/failed-on-failure", start=At.EHLO, offers=["DSN"], facts=FACTS, notify=FAILURE)
async def refusal_is_told_where_failure_was_asked_for(notify: bytes, smtp: Client, hop: Hop) -> Observation:
    """FAILURE, or no NOTIFY, and a next hop without DSN that refuses make a notification that says failed."""
    sender = await sent(smtp, hop, notify, refused=True)
    return says(await hop.notification_arrival(sender), "failed")


NONE = {
    "never-refused": row((b" NOTIFY=NEVER", True)),
    "never-taken": row((b" NOTIFY=NEVER", False)),
    "no-notify-taken": row((b"", False), "rfc3461/5.2.2/none-without-notify"),
}


@scenario("rfc3461/5.2.2/never-means-none", start=At.EHLO, offers=["DSN"], facts=FACTS, case=NONE)
async def nobody_is_told_who_did_not_ask(case: tuple[bytes, bool], smtp: Client, hop: Hop) -> Observation:
    """NEVER makes no notification, and neither does a message without NOTIFY that the next hop takes."""
    notify, refused = case
    sender = await sent(smtp, hop, notify, refused=refused)
    twin = await hop.refuses(smtp)
    return await hop.no_notification(sender, after=twin)


@scenario("rfc3461/5.2.2/may-tell-postmaster", start=At.EHLO, offers=["DSN"], facts=FACTS)
async def postmaster_may_learn_of_it(smtp: Client, hop: Hop, store: Store) -> Observation:
    """The postmaster gets mail about a refused message under NEVER, or does not."""
    await sent(smtp, hop, b" NOTIFY=NEVER", refused=True)
    later = new_token()
    await smtp.deliver(smtp.message(token=later))
    await store.message(later)
    came = await store.messages(at_least=1)
    return took("tells the postmaster" if came else "does not tell the postmaster")


@scenario("rfc3461/5.2.2/may-part-never", start=At.EHLO, offers=["DSN"])
async def recipients_under_never_may_go_apart(smtp: Client, hop: Hop) -> Observation:
    """A recipient under NEVER goes on in a transaction with the null reverse-path, or with the others."""
    sender = new_token()
    never, other = hop.path(local=b"never-%b"), hop.path(local=b"other-%b")
    await smtp.deliver(smtp.message(), never + b" NOTIFY=NEVER", other, reverse_path=hop.path(sender))
    received = await hop.message()
    tried = [received.transaction, *await hop.transactions(at_least=2, within=smtp.target.delivery_within or 5.0)]
    for transaction in tried:
        if any(each.forward_path.startswith(b"never-") for each in transaction.recipients):
            return took("with the null reverse-path" if not transaction.reverse_path else "with the sender's")
    return Unclear("the recipient under NEVER did not come")
