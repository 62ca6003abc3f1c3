"""RFC 2033 4.2 - The DATA command: what becomes of a message behind a positive reply."""

from __future__ import annotations

from collections.abc import Sequence

from conformance import (
    CRLF,
    At,
    Client,
    Observation,
    Process,
    Reply,
    Store,
    Unclear,
    accepted,
    answered,
    holds,
    new_token,
    presume,
    row,
    scenario,
    stuff,
)

IN_AN_HOUR = 3300.0
"""Seconds within which a server that was down has looked into what it had."""


@scenario(
    "rfc2033/4.2/positive-reply-takes-responsibility",
    roles=["lmtp"],
    start=At.MAIL,
    facts=["delivery_within", "fails_after_acceptance"],
    names={"first": ("failing", "first"), "last": ("first", "failing"), "between": ("first", "failing", "other")},
)
async def failure_of_one_takes_nothing_from_the_others(
    names: Sequence[str], smtp: Client, second: Client, store: Store
) -> Observation:
    """As many mailboxes have the message as recipients got a positive reply, though it failed for another."""
    known = {
        "first": smtp.forward_path,
        "other": smtp.other_forward_path,
        "failing": b"<%b>" % (smtp.target.fails_after_acceptance or "").encode("ascii"),
    }
    for name in names:
        if name != "failing":
            await _shown(known[name], second, store)
    for name in names:
        presume(accepted(await smtp.rcpt(known[name])))
    return await _delivered(len(names), smtp, store)


@scenario("rfc2033/4.2/positive-reply-takes-responsibility", roles=["lmtp"], start=At.MAIL, facts=["delivery_within"])
async def each_positive_reply_is_a_delivery(smtp: Client, second: Client, store: Store) -> Observation:
    """As many mailboxes have the message as recipients got a positive reply."""
    presume(holds(smtp.other_forward_path != smtp.forward_path, expected="two mailboxes", seen="one"))
    for path in (smtp.forward_path, smtp.other_forward_path):
        await _shown(path, second, store)
    presume(accepted(await smtp.rcpt()))
    presume(accepted(await smtp.rcpt(smtp.other_forward_path)))
    return await _delivered(2, smtp, store)


async def _shown(path: bytes, smtp: Client, store: Store) -> None:
    """The store shows what is delivered to this mailbox: it may be the store of another one alone."""
    token = new_token()
    presume(accepted(await smtp.say(b"RSET")))
    await smtp.deliver(smtp.message(token=token), path)
    await store.message(token)


async def _delivered(recipients: int, smtp: Client, store: Store) -> Observation:
    presume(answered(await smtp.say(b"DATA"), {354}))
    await smtp.raw(stuff(smtp.message()) + b"." + CRLF)
    outcomes = await smtp.outcomes(recipients)
    positive = sum(isinstance(outcome, Reply) and outcome.severity == 2 for outcome in outcomes)
    seen = " | ".join(map(str, outcomes))
    if not positive or len(outcomes) < recipients:
        return Unclear(f"no positive reply to look at: {seen}")
    found = await store.messages(at_least=positive)
    return holds(len(found) >= positive, expected=f"{positive} copies: {seen}", seen=f"{len(found)} copies")


@scenario(
    "rfc2033/4.2/message-not-lost",
    roles=["lmtp"],
    start=At.EHLO,
    facts=["process.kill", "delivery_within"],
    way={"data": "DATA", "bdat": row("BDAT", "rfc2033/4.3/bdat-message-not-lost", offers=["CHUNKING"])},
    alone=True,
    slow=True,
)
async def message_with_a_positive_reply_survives_a_crash(
    way: str, smtp: Client, store: Store, process: Process
) -> Observation:
    """A message whose server is killed right after the positive reply is in the mailbox when that is up again."""
    twin = new_token()
    await smtp.deliver(smtp.message(token=twin))
    await store.message(twin)
    await smtp.transaction()
    sent = smtp.message()
    presume(accepted(await smtp.data(sent) if way == "DATA" else await smtp.bdat(sent, last=True)))
    await process.kill()
    presume(holds(not await process.listens(), expected="nobody who listens", seen="a server"))
    await process.start()
    came = await store.arrival(within=IN_AN_HOUR)
    seen = f"none within {IN_AN_HOUR:g} s" if came is None else "it is there"
    return holds(came is not None, expected="the message in the mailbox", seen=seen)
