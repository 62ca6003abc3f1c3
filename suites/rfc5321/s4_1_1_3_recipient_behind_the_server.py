"""RFC 5321 4.1.1.3 - RECIPIENT (RCPT): where mail for a mailbox ends."""

from __future__ import annotations

from conformance import At, Client, NotReady, Observation, Store, holds, new_token, scenario


@scenario("rfc5321/4.1.1.3/final-delivery", start=At.EHLO, facts=["mailboxes", "delivery_within"])
async def message_goes_into_the_mailboxes_that_it_names(smtp: Client, store: Store) -> Observation:
    """A message to two mailboxes is put where messages to each of them alone are put."""
    paths = smtp.forward_path, smtp.other_forward_path
    alone: list[str] = []
    for path in paths:
        token = new_token()
        await smtp.deliver(smtp.message(token=token), path)
        alone.append((await store.message(token)).mailbox)
    if alone[0] == alone[1] or any(where.startswith("connection ") for where in alone):
        raise NotReady("store", "it does not tell the mailboxes apart")
    await smtp.deliver(smtp.message(), *paths)
    together = sorted(each.mailbox for each in await store.messages(at_least=2))
    return holds(together == sorted(alone), expected=" and ".join(sorted(alone)), seen=" and ".join(together))
