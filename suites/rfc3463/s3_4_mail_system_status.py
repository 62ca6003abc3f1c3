"""RFC 3463 3.4 - Mail System Status."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Process,
    Reply,
    carries_none_of,
    holds,
    presume,
    row,
    scenario,
)

TOO_BIG = "rfc3463/3.4/x-3-4-too-big"
OFFERS = ["SIZE", "ENHANCEDSTATUSCODES"]
BIGGEST = 64 * 1024 * 1024
"""Octets that we are ready to send for one scenario."""


def _limit(smtp: Client) -> int:
    """The fixed limit that the server tells."""
    given = smtp.offers["SIZE"].strip()
    presume(holds(given.isdigit() and int(given) > 0, expected="a limit", seen=given))
    return int(given)


def _is_too_big(outcome: object) -> None:
    presume(holds(isinstance(outcome, Reply) and outcome.code == 552, expected="552", seen=outcome))


@scenario(
    TOO_BIG,
    start=At.EHLO,
    offers=OFFERS,
    meanings={"other-subjects": {"1.", "4.", "6."}, "full": row({"2.2"}, "rfc3463/3.3/x-2-2-full")},
)
async def declared_size_is_the_fault(meanings: set[str], smtp: Client) -> Observation:
    """The code for MAIL with a size above the limit is not about an address, a mailbox, the network or the content.

    No recipient has been named, so no mailbox can be too full.
    """
    outcome = await smtp.mail(parameters=b" SIZE=%d" % (2 * _limit(smtp)))
    _is_too_big(outcome)
    return carries_none_of(outcome, meanings)


@scenario(TOO_BIG, start=At.RCPT, offers=OFFERS, slow=True)
async def size_of_the_message_is_the_fault(smtp: Client) -> Observation:
    """The code for a message above the limit is not about an address, the network or the kind of its content."""
    limit = _limit(smtp)
    presume(holds(limit <= BIGGEST, expected="a limit that can be reached", seen=limit))
    outcome = await smtp.data(smtp.message_of(limit + limit // 8))
    _is_too_big(outcome)
    return carries_none_of(outcome, {"1.", "4.", "6."})


@scenario(
    "rfc3463/3.4/x-3-1-full",
    start=At.EHLO,
    offers=["ENHANCEDSTATUSCODES"],
    facts=["process.fill_queue", "process.make_room"],
    alone=True,
    slow=True,
)
async def full_system_is_the_fault(smtp: Client, hop: Hop, process: Process) -> Observation:
    """The code for a message that finds the queue's disk full is not about anything else, and X.3.1 is so for now.

    Its recipient is at another host, so no mailbox here is too full.
    """
    await smtp.transaction(hop.path())
    await process.fill_queue()
    outcome = await smtp.data(smtp.message_of(100_000))
    await process.make_room()
    if not (isinstance(outcome, Reply) and outcome.severity in {4, 5} and outcome.status):
        raise NotReady("end of data", f"not refused with a status code: {outcome}")
    _, subject, detail = outcome.status.split(".")
    if (subject, detail) == ("3", "1"):
        return holds(outcome.status.startswith("4"), expected="4.3.1", seen=outcome)
    # A 421 counts here: it is what a server says that has no room.
    return holds(subject not in {"1", "2", "4", "6"}, expected="4.3.1, or another code of the system's", seen=outcome)
