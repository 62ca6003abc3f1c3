"""RFC 5321 3.5.4 - Semantics and Applications of EXPN, for a server that passes mail on."""

from __future__ import annotations

from conformance import CRLF, At, Client, Hop, Observation, Rule, Step, holds, scenario, visible


@scenario("rfc5321/3.5.4/no-source-expansion", start=At.EHLO)
async def list_is_not_expanded_by_who_sends(smtp: Client, hop: Hop) -> Observation:
    """Mail for a list at the next hop and for one of its members goes to both, though the next hop would expand it."""
    members = hop.mailbox(local=b"list-%b"), hop.mailbox(local=b"member-%b")
    hop.script(hop.token, Rule(Step.OTHER, b"250 <%b>" % members[1] + CRLF))
    await smtp.deliver(smtp.message(), *(b"<%b>" % mailbox for mailbox in members))
    received = await hop.message()
    paths = [path.lower() for each in await hop.transactions() for path in [r.forward_path for r in each.recipients]]
    asked = [command.verb for command in received.transaction.connection.commands if command.verb == b"EXPN"]
    good = members[0].lower() in paths or not asked
    return holds(good, expected=visible(members[0]), seen=[visible(path) for path in paths])
