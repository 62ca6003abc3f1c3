"""RFC 4865 4.2 - MSA: mail on hold, and the reports about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Rule,
    Step,
    Store,
    Unclear,
    holds,
    new_token,
    row,
    scenario,
    value_of,
)

HOLD = 60
"""Seconds on hold, where the server lets us ask for so many."""
PATIENCE = 300.0
"""How long a message is waited for after its hold is over, in seconds."""
A_MOMENT = 1.0
"""Seconds that are lost where times are written in whole ones."""
CLOCKS = 5.0
"""Seconds by which two clocks may differ that are both set right."""
SHORT = 5
UNTIL = "rfc4865/4.2/held-until"
KINDS = {"for": "HOLDFOR", "until": row("HOLDUNTIL", UNTIL)}
NO_FIELD = b"no such field"


def longest(smtp: Client) -> int:
    """The longest interval that EHLO lists.

    Raises:
        NotReady: it can't be read; a clause of its own says so.
    """
    seconds = smtp.offers["FUTURERELEASE"].split()[:1]
    if not (seconds and seconds[0].isdigit()):
        raise NotReady("EHLO", "FUTURERELEASE is not in its form")
    return int(seconds[0])


def hold(kind: str, seconds: int) -> bytes:
    """A hold of so many seconds, as an interval or as the time at which it ends."""
    if kind == "HOLDFOR":
        return b"%d" % seconds
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ").encode("ascii")


def parameter(kind: str, value: bytes) -> bytes:
    """The parameter of MAIL."""
    return b" " + kind.encode("ascii") + b"=" + value


async def held(kind: str, smtp: Client, path: bytes) -> float:
    """A message on hold; how many seconds it has to wait at least, from just before it was sent.

    What its transaction takes is no part of them, where the end of the hold is a time of day.
    """
    seconds = min(HOLD, longest(smtp))
    began = datetime.now(UTC)
    await smtp.deliver(smtp.message(), path, parameters=parameter(kind, hold(kind, seconds)))
    on_its_way = (datetime.now(UTC) - began).total_seconds()
    return seconds - on_its_way - A_MOMENT - CLOCKS if kind == "HOLDUNTIL" else seconds - A_MOMENT


@scenario(
    "rfc4865/4.2/held-for",
    roles=["submission"],
    start=At.EHLO,
    offers=["FUTURERELEASE"],
    slow=True,
    kind=KINDS,
)
async def message_on_hold_does_not_go_out(kind: str, smtp: Client, second: Client, hop: Hop) -> Observation:
    """A message with a hold does not reach the next hop before the hold is over."""
    control = new_token()
    await second.deliver(second.message(token=control), hop.path(control))
    began = (await hop.message(control)).ended
    least = await held(kind, smtp, hop.path())
    received = await hop.arrival(within=HOLD + PATIENCE)
    if received is None:
        return Unclear(f"it did not come within {HOLD + PATIENCE:g} s")
    waited = received.began - began
    return holds(waited >= least, expected=f"{least:.0f} s or more", seen=f"{waited:.1f} s")


@scenario(
    "rfc4865/4.2/held-for",
    roles=["submission"],
    start=At.EHLO,
    offers=["FUTURERELEASE"],
    slow=True,
    kind=KINDS,
)
async def message_on_hold_is_in_no_mailbox(kind: str, smtp: Client, second: Client, store: Store) -> Observation:
    """A message with a hold is in no mailbox here before the hold is over."""
    control = new_token()
    await second.deliver(second.message(token=control))
    began = (await store.message(control)).seen
    least = await held(kind, smtp, smtp.forward_path)
    delivered = await store.arrival(within=HOLD + PATIENCE)
    if delivered is None:
        return Unclear(f"it did not come within {HOLD + PATIENCE:g} s")
    waited = delivered.seen - began
    return holds(waited >= least, expected=f"{least:.0f} s or more", seen=f"{waited:.1f} s")


# Reports.


async def refused_later(kind: str, value: bytes, smtp: Client, hop: Hop) -> str:
    """A message on hold that the next hop then refuses for good; the token of the sender."""
    sender = new_token()
    hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 550))
    await smtp.deliver(smtp.message(), hop.path(), reverse_path=hop.path(sender), parameters=parameter(kind, value))
    if await hop.notification_arrival(sender, within=SHORT + PATIENCE) is None:
        raise NotReady("notification", "none came")
    return sender


@scenario(
    "rfc4865/5.1.2/arrival-date",
    roles=["submission"],
    start=At.EHLO,
    offers=["FUTURERELEASE"],
    kind={"for": "HOLDFOR", "until": "HOLDUNTIL"},
)
async def report_about_a_held_message_says_when_it_came(kind: str, smtp: Client, hop: Hop) -> Observation:
    """A report about a message that was on hold has an Arrival-Date."""
    sender = await refused_later(kind, hold(kind, min(SHORT, longest(smtp))), smtp, hop)
    seen = value_of((await hop.report(sender)).message, "Arrival-Date")
    return holds(bool(seen), expected="Arrival-Date", seen=seen or NO_FIELD)


@scenario(
    "rfc4865/5.1.2/future-release-request",
    roles=["submission"],
    start=At.EHLO,
    offers=["FUTURERELEASE"],
    kind={"for": "HOLDFOR", "until": "HOLDUNTIL"},
)
async def report_about_a_held_message_says_the_hold(kind: str, smtp: Client, hop: Hop) -> Observation:
    """A report about a message that was on hold says for how long, or until when, it was to be so."""
    value = hold(kind, min(SHORT, longest(smtp)))
    sender = await refused_later(kind, value, smtp, hop)
    seen = value_of((await hop.report(sender)).message, "Future-Release-Request")
    wanted = (b"for;" if kind == "HOLDFOR" else b"until;") + value
    good = b"".join(seen.lower().split()) == wanted.lower()
    return holds(good, expected=wanted.decode("ascii"), seen=seen or NO_FIELD)


# The server as a client.


@scenario(
    "rfc4865/4.1/client-looks-first",
    roles=["submission"],
    start=At.EHLO,
    offers=["FUTURERELEASE"],
    kind={"for": "HOLDFOR", "until": "HOLDUNTIL"},
)
async def hold_is_not_passed_on(kind: str, smtp: Client, hop: Hop) -> Observation:
    """A next hop that does not offer FUTURERELEASE is asked for no hold."""
    value = hold(kind, min(SHORT, longest(smtp)))
    await smtp.deliver(smtp.message(), hop.path(), parameters=parameter(kind, value))
    received = await hop.arrival(within=SHORT + PATIENCE)
    if received is None:
        raise NotReady("next hop", "no message came")
    return holds(b"HOLD" not in received.parameters.upper(), expected="no hold", seen=received.parameters or b"none")


@scenario("rfc4865/5.1.1/no-hold-for-dsn", roles=["submission"], start=At.EHLO, offers=["FUTURERELEASE"])
async def report_is_not_put_on_hold(smtp: Client, hop: Hop) -> Observation:
    """A report about a message that was on hold goes out without one."""
    sender = await refused_later("HOLDFOR", hold("HOLDFOR", min(SHORT, longest(smtp))), smtp, hop)
    seen = (await hop.notification(sender)).parameters
    return holds(b"HOLD" not in seen.upper(), expected="no hold", seen=seen or b"none")
