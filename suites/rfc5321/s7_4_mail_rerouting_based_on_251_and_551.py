"""RFC 5321 7.4 - Mail Rerouting Based on the 251 and 551 Response Codes, for a server that passes mail on."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Hop,
    Observation,
    Rule,
    Step,
    holds,
    new_token,
    presume,
    reply_octets,
    scenario,
    visible,
)


@scenario("rfc5321/7.4/certain-of-the-server", start=At.EHLO, code={"251": 251, "551": 551})
async def new_address_from_a_stranger_is_not_remembered(code: int, smtp: Client, hop: Hop) -> Observation:
    """After a next hop that nobody has authenticated has named a new address, mail still goes to the old one."""
    old, new = hop.mailbox(local=b"old-%b"), hop.mailbox(local=b"new-%b")
    words = b"User not local; will forward to <%b>" if code == 251 else b"User not local; please try <%b>"
    hop.script(old, Rule(Step.RCPT, reply_octets(code, words % new), times=1))
    tokens = new_token(), new_token()
    for token in tokens:
        await smtp.deliver(smtp.message(token=token), b"<%b>" % old, reverse_path=hop.path(token))
        presume(holds(bool(await hop.transactions(token)), expected="an attempt", seen="none"))
    later = (await hop.transactions(tokens[1]))[0]
    paths = [recipient.forward_path.lower() for recipient in later.recipients]
    return holds(old.lower() in paths, expected=visible(old), seen=[visible(path) for path in paths])
