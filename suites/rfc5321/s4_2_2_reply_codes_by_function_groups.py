"""RFC 5321 4.2.2 - Reply Codes by Function Groups."""

from __future__ import annotations

import re

from conformance import At, Client, Exchange, Observation, Reply, Unclear, holds, scenario, took, watch

DOMAIN = re.compile(rb"(?=[^ ]*[A-Za-z])[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+\.?(?: |$)|\[[^ \]]+\](?: |$)")
PATH = re.compile(rb"<[^<> ]+@[^<> ]+>|[^<> ]+@[^<> ]+")


@scenario("rfc5321/4.2.2/domain-in-221-and-421", start=At.EHLO)
async def reply_to_quit_may_name_the_server(smtp: Client) -> Observation:
    """The text of 221 begins with a domain, or does not."""
    outcome = await smtp.say(b"QUIT")
    if not isinstance(outcome, Reply) or outcome.code != 221:
        return Unclear(str(outcome))
    named = DOMAIN.match(outcome.lines[0].text) is not None
    return took("begins with a domain" if named else "another text", outcome)


@watch("rfc5321/4.2.2/forward-path-in-251-and-551")
def watch_forward_path_in_251_and_551(exchange: Exchange) -> Observation | None:
    """The text of 251 and 551 holds a forward-path."""
    if exchange.reply.code not in {251, 551} or exchange.verb not in {"RCPT", "VRFY"}:  # the replies of section 3.4
        return None
    return holds(PATH.search(exchange.reply.text) is not None, expected="a forward-path", seen=exchange.reply)
