"""RFC 5321 4.2.2 - Reply Codes by Function Groups."""

from __future__ import annotations

import re

from conformance import (
    At,
    Broken,
    Client,
    Exchange,
    Held,
    Observation,
    Reply,
    Unclear,
    accepted,
    holds,
    scenario,
    took,
    watch,
)

DOMAIN = re.compile(rb"(?=[^ ]*[A-Za-z])[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+\.?(?: |$)|\[[^ \]]+\](?: |$)")
PATH = re.compile(rb"<[^<> ]+@[^<> ]+>|[^<> ]+@[^<> ]+")


@scenario("rfc5321/4.2.2/domain-in-221-and-421", start=At.EHLO)
async def reply_to_quit_may_name_the_server(smtp: Client) -> Observation:
    """The text of 221 begins with a domain, behind its enhanced status code if it has one, or does not."""
    outcome = await smtp.say(b"QUIT")
    if not isinstance(outcome, Reply) or outcome.code != 221:
        return Unclear(str(outcome))
    named = DOMAIN.match(outcome.lines[0].words) is not None
    return took("begins with a domain" if named else "another text", outcome)


@scenario("rfc5321/4.3.1/code-meanings-kept", start=At.MAIL, facts=["refused"])
async def unknown_recipient_gets_no_421_that_means_nothing(smtp: Client) -> Observation:
    """Where an unknown recipient gets 421, the service ends as that code says: the session takes no message after it.

    A server may close a little later, or answer 421 to all that comes: only a message that it takes shows that it never
    meant to end.
    """
    outcome = await smtp.rcpt(b"<%b>" % (smtp.target.refused or "").encode("ascii"))
    if not isinstance(outcome, Reply):
        return Unclear(str(outcome))
    if outcome.code != 421:
        return Held(f"no 421: {outcome}")
    for line in (b"RSET", b"MAIL FROM:" + smtp.reverse_path, b"RCPT TO:" + smtp.forward_path):
        later = await smtp.say(line)
        if not isinstance(accepted(later), Held):
            return Held(f"{outcome}, then {later}", confirm=True)
    later = await smtp.data()
    if not isinstance(accepted(later), Held):
        return Held(f"{outcome}, then {later}", confirm=True)
    return Broken("the end of the service behind 421 (2811-2813)", f"{outcome}, then a message is taken: {later}")


@watch("rfc5321/4.2.2/forward-path-in-251-and-551")
def watch_forward_path_in_251_and_551(exchange: Exchange) -> Observation | None:
    """The text of 251 and 551 holds a forward-path."""
    if exchange.reply.code not in {251, 551} or exchange.verb not in {"RCPT", "VRFY"}:  # the replies of section 3.4
        return None
    return holds(PATH.search(exchange.reply.text) is not None, expected="a forward-path", seen=exchange.reply)
