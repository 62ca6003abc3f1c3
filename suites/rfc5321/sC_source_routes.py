"""RFC 5321 Appendix C - Source Routes."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Reply,
    holds,
    new_token,
    scenario,
    took,
    visible,
)

NEXT = b"@b.client.example.test"
OLD = b"@a.client.example.test"
"""The host by which the message is said to have come."""


@scenario("rfc5321/C/rest-of-route-removed", start=At.EHLO, facts=["domains"])
async def rest_of_the_route_may_be_removed(smtp: Client, hop: Hop) -> Observation:
    """A relay that a source route names first takes the rest of the route out too, or leaves it."""
    own = b"@" + smtp.target.domains[0].encode("ascii")
    await smtp.deliver(smtp.message(), b"<" + own + b"," + NEXT + b":" + hop.mailbox() + b">")
    path = (await hop.message()).forward_paths[0]
    return took("leaves the rest" if path.startswith(b"@") else "takes all of it out", visible(path))


@scenario("rfc5321/C/name-of-the-next-network", start=At.EHLO)
async def name_in_the_reverse_route_is_that_of_the_next_network(smtp: Client, hop: Hop) -> Observation:
    """A relay adds itself to the reverse-path not at all, or with a name that we know it by."""
    sender = new_token()
    path = b"<" + OLD + b":" + hop.mailbox(sender) + b">"
    await smtp.deliver(smtp.message(), hop.path(), reverse_path=path)
    received = await hop.message()
    there = received.reverse_path
    first = there.partition(b":")[0].partition(b",")[0].lower() if there.startswith(b"@") else b""
    if first in {b"", OLD}:
        return Held(f"no name is added: {visible(there)}")
    greeting = smtp.greeting
    if not isinstance(greeting, Reply):
        raise NotReady("greeting", greeting)
    said = {(received.transaction.connection.client_name or b"").lower(), greeting.text.split(b" ")[0].lower()}
    known = said | {name.encode("ascii").lower() for name in smtp.target.domains}
    wanted = " or ".join(sorted(visible(name) for name in known if name))
    return holds(first[1:] in known, expected=f"one of its names here: {wanted}", seen=visible(there))
