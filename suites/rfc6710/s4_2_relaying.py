"""RFC 6710 4.2 - Relay of priorities."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Reply,
    Rule,
    Step,
    Store,
    Unclear,
    added,
    fields_named,
    holds,
    row,
    scenario,
    took,
)

PRIORITY = re.compile(rb"MT-PRIORITY=(-?\d)", re.IGNORECASE)
CLAUSE = re.compile(rb"\bPRIORITY\s+(-?\d)\b", re.IGNORECASE)
LOW = b"-3"
"""A priority that anybody may ask for."""


def passed_on(parameters: bytes) -> bytes:
    """The priority that the next hop was given, or nothing."""
    found = PRIORITY.search(parameters)
    return found[1] if found else b""


async def changed(smtp: Client, mailbox: bytes, value: bytes) -> str:
    """Send a message with this priority; the reply that says that another one was set, or nothing.

    Raises:
        NotReady: it was not taken.
    """
    told = ""
    for say in (
        lambda: smtp.mail(parameters=b" MT-PRIORITY=" + value),
        lambda: smtp.rcpt(b"<%b>" % mailbox),
        lambda: smtp.data(smtp.message()),
    ):
        outcome = await say()
        if not (isinstance(outcome, Reply) and outcome.severity == 2):
            raise NotReady("mail", str(outcome))
        if (outcome.status or "").endswith(".3.6"):
            told = str(outcome)
    return told


@scenario(
    "rfc6710/4.2/relays-the-priority",
    start=At.EHLO,
    offers=["MT-PRIORITY"],
    facts=["extended_next_hop"],
    value={
        "low": row(LOW),
        "odd": row(b"-5", "rfc6710/5/communicates-the-value"),
        "usual": row(b"0"),
    },
)
async def priority_is_passed_on(value: bytes, smtp: Client, hop: Hop) -> Observation:
    """A next hop that offers MT-PRIORITY is given the value that came."""
    told = await changed(smtp, hop.extended(), value)
    received = await hop.message()
    seen = passed_on(received.parameters)
    if seen != value and told:
        return Unclear(f"the server says that it set another priority: {told}")
    return holds(seen == value, expected=f"MT-PRIORITY={value.decode()}", seen=received.parameters)


@scenario("rfc6710/4.3/leaves-it-out", start=At.EHLO, offers=["MT-PRIORITY"])
async def priority_is_left_out_where_it_is_not_known(smtp: Client, hop: Hop) -> Observation:
    """A next hop that does not offer MT-PRIORITY is not given it."""
    await smtp.deliver(smtp.message(), hop.path(), parameters=b" MT-PRIORITY=" + LOW)
    received = await hop.message()
    return holds(b"MT-PRIORITY" not in received.parameters.upper(), expected="none", seen=received.parameters)


@scenario(
    "rfc6710/4.1/no-upgrade-by-strangers",
    start=At.EHLO,
    offers=["MT-PRIORITY"],
    facts=["extended_next_hop", "client_trusted=no", "not auth_required"],
)
async def stranger_gets_no_high_priority(smtp: Client, hop: Hop) -> Observation:
    """A message from a client that nobody trusts goes on with no priority above 0."""
    await smtp.deliver(smtp.message(), b"<%b>" % hop.extended(), parameters=b" MT-PRIORITY=6")
    received = await hop.message()
    seen = passed_on(received.parameters)
    return holds(not seen or int(seen) <= 0, expected="0 at most", seen=received.parameters)


@scenario(
    "rfc6710/4.1/altered-priority-is-told",
    start=At.EHLO,
    offers=["MT-PRIORITY", "ENHANCEDSTATUSCODES"],
    facts=["extended_next_hop"],
    value={"raised": b"6", "most": b"9"},
)
async def other_priority_is_told(value: bytes, smtp: Client, hop: Hop) -> Observation:
    """Where the next hop is given a lower priority than came, a reply to the client said X.3.6."""
    told = await changed(smtp, hop.extended(), value)
    seen = passed_on((await hop.message()).parameters)
    if not seen:
        return Unclear("no priority came, which another clause is about")
    if seen == value:
        return Held(f"it was granted: MT-PRIORITY={value.decode()}")
    return holds(bool(told), expected="X.3.6 in a reply", seen=told or f"MT-PRIORITY={seen.decode()}")


@scenario("rfc6710/4.1/policy-may-alter", start=At.EHLO, offers=["MT-PRIORITY"], facts=["extended_next_hop"])
async def message_without_a_priority_may_get_one(smtp: Client, hop: Hop) -> Observation:
    """Which priority a message goes on with that came without."""
    await smtp.deliver(smtp.message(), b"<%b>" % hop.extended())
    seen = passed_on((await hop.message()).parameters)
    return took(f"sets {seen.decode()}" if seen else "sets none")


@scenario(
    "rfc6710/4.4/aliases-keep-it",
    start=At.EHLO,
    offers=["MT-PRIORITY"],
    facts=["extended_next_hop", "alias_elsewhere", "alias_of_several_elsewhere", "list_elsewhere"],
    fact={"one": "alias_elsewhere", "several": "alias_of_several_elsewhere", "list": "list_elsewhere"},
)
async def priority_stays_along_aliases_and_lists(fact: str, smtp: Client, hop: Hop) -> Observation:
    """What an address that stands for others, or a list, sends on has the priority of the message."""
    known = getattr(smtp.target, fact)
    await smtp.deliver(smtp.message(), b"<%b>" % known.address.encode("ascii"), parameters=b" MT-PRIORITY=" + LOW)
    came = await hop.messages(at_least=1)
    if len({path for each in came for path in each.forward_paths}) < len(known.members):
        came = await hop.messages(at_least=len(known.members))
    if not came:
        raise NotReady("next hop", "no message came")
    seen = {passed_on(each.parameters) for each in came}
    return holds(seen == {LOW}, expected="MT-PRIORITY=-3", seen=b", ".join(sorted(seen)) or "none")


@scenario("rfc6710/4.6/dsn-has-the-priority", start=At.EHLO, offers=["MT-PRIORITY"], facts=["extended_next_hop"])
async def notification_has_the_priority_of_the_message(smtp: Client, hop: Hop) -> Observation:
    """A notification goes to a next hop that offers MT-PRIORITY with the priority of the message."""
    hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 550))
    sender = b"<%b>" % hop.extended()
    await smtp.deliver(smtp.message(), hop.path(), reverse_path=sender, parameters=b" MT-PRIORITY=" + LOW)
    told = next((each for each in await hop.messages(at_least=1) if not each.reverse_path), None)
    if told is None:
        raise NotReady("notification", "none came")
    return holds(passed_on(told.parameters) == LOW, expected="MT-PRIORITY=-3", seen=told.parameters or "none")


@scenario("rfc6710/4.1/priority-in-received", start=At.EHLO, offers=["MT-PRIORITY"])
async def time_stamp_says_the_priority(smtp: Client, store: Store) -> Observation:
    """The time stamp of a message with MT-PRIORITY has a PRIORITY clause with its value."""
    sent = smtp.message()
    await smtp.deliver(sent, parameters=b" MT-PRIORITY=" + LOW)
    stamps = fields_named(added(await store.message(), sent) or (), "Received")
    if not stamps:
        raise NotReady("store", "no time stamp can be told")
    said = [found[1] for stamp in stamps if (found := CLAUSE.search(stamp.body))]
    return holds(LOW in said, expected="PRIORITY -3", seen=stamps[-1])
