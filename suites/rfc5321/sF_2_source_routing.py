"""RFC 5321 F.2 - Source Routing: where mail goes that has a list of hosts before its mailbox."""

from __future__ import annotations

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    Observation,
    Reply,
    Store,
    Unclear,
    row,
    scenario,
    took,
)

FIRST = b"@first.elsewhere.example.org"
"""A host that is nobody here: a route that begins with it can be declined, ignored, or begun there."""
MIDDLE = b"@middle.elsewhere.example.org"


async def follow(route: bytes, smtp: Client, hop: Hop, store: Store) -> str:
    """What becomes of mail for a mailbox of the target behind this route; nothing where nobody can say."""
    await smtp.mail()
    outcome = await smtp.rcpt(b"<" + route + b":" + smtp.forward_path[1:])
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return f"refused: {outcome}"
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        return ""
    ended = await smtp.data(smtp.message())
    if isinstance(ended, Reply) and ended.severity == 5:
        return f"refused: {ended}"
    if not (isinstance(ended, Reply) and ended.severity == 2):
        return ""
    if await store.arrival() is not None:
        return "delivered"
    mailbox = smtp.forward_path[1:-1].lower()
    relayed = [
        path
        for received in await hop.messages(at_least=1)
        for path in received.forward_paths
        if path.lower().endswith(mailbox)
    ]
    return "relayed" if relayed else ""


@scenario(
    "rfc5321/F.2/no-shortcuts",
    start=At.EHLO,
    facts=["mailboxes"],
    before={"first": row((FIRST,), "rfc5321/F.2/first-host"), "two": (FIRST, MIDDLE)},
)
async def no_host_of_the_route_is_left_out(
    before: tuple[bytes, ...], smtp: Client, hop: Hop, store: Store
) -> Observation:
    """A route that comes by our next hop, but not first, does not take the message there at once.

    The target may refuse it, deliver to the mailbox as if there were no route, or turn to the first host.
    """
    ours = b"@" + hop.target.relay_domains[0].encode("ascii")
    seen = await follow(b",".join((*before, ours)), smtp, hop, store)
    if not seen:
        return Unclear("the message was taken, and came neither to the mailbox nor to us")
    if seen == "relayed":
        return Broken(
            "the first host of the route, or the mailbox at its end", f"the message at host {len(before) + 1}"
        )
    return Held(seen)


@scenario(
    "rfc5321/F.2/may-ignore-routes",
    start=At.EHLO,
    facts=["mailboxes", "domains"],
    reading={"ignored": "", "followed": row("", "rfc5321/4.1.1.3/may-relay-along-the-route")},
)
async def route_is_ignored_or_followed(reading: str, smtp: Client, hop: Hop, store: Store) -> Observation:
    """A route by the target itself and then by our next hop to a mailbox of the target is ignored, or followed."""
    del reading
    own, ours = (name.encode("ascii") for name in (smtp.target.domains[0], hop.target.relay_domains[0]))
    seen = await follow(b"@%b,@%b" % (own, ours), smtp, hop, store)
    branches = {"delivered": "ignores the route", "relayed": "follows the route"}
    if not seen:
        return Unclear("the message was taken, and came neither to the mailbox nor to us")
    return took(branches.get(seen, "declines the route"), seen)
