"""RFC 5321 4.2.5 - Reply Codes after DATA and the Subsequent <CRLF>.<CRLF>."""

from __future__ import annotations

from conformance import At, Client, Hop, NotReady, Observation, Reply, Store, new_token, scenario

FACTS = ["delivery_within", "temporarily_refused_content"]


async def refused_for_now(smtp: Client, forward_path: bytes) -> None:
    """Give the target a message that it refuses after its end with a 4yz, and don't come again."""
    await smtp.transaction(forward_path)
    outcome = await smtp.data(smtp.message_with(smtp.target.temporarily_refused_content))
    if not (isinstance(outcome, Reply) and outcome.severity == 4):
        raise NotReady("end of data", f"not refused for now: {outcome}")


@scenario("rfc5321/4.2.5/4yz-not-delivered", start=At.EHLO, facts=FACTS)
async def message_refused_for_now_is_not_delivered(smtp: Client, second: Client, store: Store) -> Observation:
    """A message that was refused after its end for now reaches no mailbox: its client has it still."""
    await refused_for_now(smtp, smtp.forward_path)
    later = new_token()
    await second.deliver(second.message(token=later))
    return await store.none(after=later)


@scenario("rfc5321/4.2.5/4yz-not-delivered", start=At.EHLO, facts=FACTS)
async def message_refused_for_now_is_not_relayed(smtp: Client, second: Client, hop: Hop) -> Observation:
    """A message that was refused after its end for now goes to nobody: its client has it still."""
    await refused_for_now(smtp, hop.path())
    later = new_token()
    await second.deliver(second.message(token=later), hop.path(later))
    return await hop.none(after=later)
