"""RFC 3030 2 - Framework for the Large Message Extensions: how a relay sends chunks to the next hop."""

from __future__ import annotations

import re

from conformance import (
    At,
    Broken,
    Client,
    Command,
    Held,
    Hop,
    NotReady,
    Observation,
    Received,
    Rule,
    Step,
    Transaction,
    holds,
    new_token,
    row,
    scenario,
    took,
    visible,
)

LARGE = 100_000
"""Octets of a message that is worth several chunks, and less than any server's limit."""

BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
KNOWN = frozenset(
    {b"EHLO", b"HELO", b"MAIL", b"RCPT", b"DATA", b"BDAT", b"RSET", b"NOOP", b"QUIT", b"STARTTLS", b"AUTH"}
)


def _shown(transaction: Transaction, upto: Command | None = None) -> str:
    """The commands of the connection and the replies to them; those behind ``upto`` are left out."""
    commands = transaction.connection.commands
    if upto is not None:
        commands = commands[: commands.index(upto) + 1]
    return ", ".join(
        f"{'*' * each.early}{visible(each.octets.strip(), 40)}: {visible(each.reply, 12)}" for each in commands
    )


async def _sent(smtp: Client, hop: Hop, size: int = LARGE) -> Received:
    """A message of so many octets at the next hop with all extensions."""
    await smtp.deliver(smtp.message_of(size), b"<%b>" % hop.extended(), reverse_path=hop.path(new_token()))
    return await hop.message()


SIZES = {"small": 1000, "large": LARGE, "odd": LARGE + 1}


@scenario("rfc3030/2/exact-length", start=At.EHLO, facts=["extended_next_hop"], size=SIZES)
async def chunks_have_the_size_that_they_say(size: int, smtp: Client, hop: Hop) -> Observation:
    """What stands behind the octets that BDAT announces is a command."""
    await smtp.deliver(smtp.message_of(size), b"<%b>" % hop.extended(), reverse_path=hop.path(new_token()))
    seen = await hop.transactions()
    if not seen:
        raise NotReady("next hop", "nothing came")
    unknown = [each.octets for each in (await hop.ended(seen[0])).commands if each.verb not in KNOWN]
    if unknown and any(each.verb == b"BDAT" for each in seen[0].connection.commands):
        return Broken("a command behind each chunk", visible(unknown[0], 100))
    received = seen[0].message
    if received is None:
        raise NotReady("next hop", "the message did not come")
    if not received.chunked:
        return Held("sent with DATA")
    return Held(_shown(received.transaction))


@scenario("rfc3030/2/canonical-lines", start=At.EHLO, facts=["extended_next_hop"], size=SIZES)
async def text_in_chunks_has_crlf(size: int, smtp: Client, hop: Hop) -> Observation:
    """Each line of a text that is sent in chunks ends with CRLF."""
    received = await _sent(smtp, hop, size)
    if not received.chunked:
        return Held("sent with DATA")
    found = BARE.search(received.data)
    near = received.data[max(0, found.start() - 40) : found.end() + 40] if found else received.data[-80:]
    return holds(found is None, expected="CRLF alone", seen=near)


@scenario("rfc3030/2/recipients-first", start=At.EHLO, facts=["extended_next_hop"])
async def chunks_come_after_the_replies_to_recipients(smtp: Client, hop: Hop) -> Observation:
    """The first chunk comes after the last reply to MAIL and RCPT."""
    hop.script(hop.token, Rule.late(Step.RCPT, 0.5))
    received = await _sent(smtp, hop)
    chunks = [each for each in received.transaction.commands if each.verb == b"BDAT"]
    if not chunks:
        return Held("sent with DATA")
    seen = _shown(received.transaction, upto=chunks[0])
    return holds(not chunks[0].early, expected="BDAT after the replies", seen=seen)


@scenario("rfc3030/2/last-may-be-empty", start=At.EHLO, facts=["extended_next_hop"])
async def last_chunk_may_be_empty(smtp: Client, hop: Hop) -> Observation:
    """The last chunk of a large message has octets, or none."""
    received = await _sent(smtp, hop)
    if not received.chunked:
        return took("sends no chunks")
    last = [each.argument for each in received.transaction.commands if each.verb == b"BDAT"][-1]
    return took("an empty last chunk" if last.startswith(b"0 ") else "a last chunk with octets", visible(last))


@scenario(
    "rfc3030/2/only-where-listed",
    start=At.EHLO,
    facts=["bare_next_hop"],
    where={"usual": "usual", "bare": "bare"},
)
async def no_chunks_where_chunking_is_not_listed(where: str, smtp: Client, hop: Hop) -> Observation:
    """A next hop that does not list CHUNKING gets the message with DATA."""
    path = b"<%b>" % hop.bare() if where == "bare" else hop.path()
    content = smtp.message_of(20_000 if where == "bare" else LARGE)
    await smtp.deliver(content, path, reverse_path=hop.path(new_token()))
    received = await hop.message()
    verbs = [each.verb for each in received.transaction.connection.commands]
    return holds(b"BDAT" not in verbs, expected="DATA", seen=_shown(received.transaction))


AFTER = {
    "first-chunk": Rule.answer(Step.BDAT, 552, times=1),
    "first-chunk-for-now": Rule.answer(Step.BDAT, 451, times=1),
    "last-chunk": Rule.answer(Step.END_OF_DATA, 552, times=1),
}


async def _refused(rule: Rule, smtp: Client, hop: Hop) -> Transaction | None:
    """The transaction one of whose chunks the next hop refused, or ``None`` where it was sent none."""
    hop.script(hop.token, rule)
    await smtp.deliver(smtp.message_of(LARGE), b"<%b>" % hop.extended(), reverse_path=hop.path(new_token()))
    seen = await hop.transactions()
    if not seen:
        raise NotReady("next hop", "nothing came")
    first = seen[0]
    await hop.ended(first)
    sent = [each for each in first.commands if each.verb == b"BDAT"]
    return first if any(not each.reply.startswith(b"2") for each in sent) else None


def _behind(transaction: Transaction) -> list[bytes]:
    """The verbs behind the chunk that was refused, less those that were under way before the refusal went out."""
    commands = transaction.connection.commands
    at = next(
        number
        for number, each in enumerate(commands)
        if each.verb == b"BDAT" and each.reply and not each.reply.startswith(b"2")
    )
    return [each.verb for each in commands[at + 1 :] if not each.early]


@scenario("rfc3030/2/no-chunks-after-a-failure", start=At.EHLO, facts=["extended_next_hop"], rule=AFTER)
async def no_chunk_follows_one_that_was_refused(rule: Rule, smtp: Client, hop: Hop) -> Observation:
    """After a chunk was refused no other chunk of the message follows."""
    transaction = await _refused(rule, smtp, hop)
    if transaction is None:
        return Held("no chunk was refused: it was sent none, or one")
    following = _behind(transaction)
    upto = following[: following.index(b"RSET")] if b"RSET" in following else following
    return holds(b"BDAT" not in upto, expected="no BDAT", seen=_shown(transaction))


@scenario(
    "rfc3030/2/rset-after-a-failure",
    start=At.EHLO,
    facts=["extended_next_hop"],
    rule={
        **AFTER,
        "out-of-sequence": row(Rule.answer(Step.END_OF_DATA, 503, times=1), "rfc3030/2/rset-after-503"),
    },
)
async def rset_follows_a_chunk_that_was_refused(rule: Rule, smtp: Client, hop: Hop) -> Observation:
    """After a chunk was refused the transaction is reset before anything else, or the session ends."""
    transaction = await _refused(rule, smtp, hop)
    if transaction is None:
        return Held("no chunk was refused: it was sent none, or one")
    following = _behind(transaction)
    good = not following or following[0] in {b"RSET", b"QUIT"}
    return holds(good, expected="RSET, or the end", seen=_shown(transaction))


@scenario("rfc3030/2/no-mixing", start=At.EHLO, facts=["extended_next_hop"], rule=AFTER)
async def data_does_not_follow_a_chunk_that_was_refused(rule: Rule, smtp: Client, hop: Hop) -> Observation:
    """After a chunk was refused DATA does not take its place in the same transaction."""
    transaction = await _refused(rule, smtp, hop)
    if transaction is None:
        return Held("no chunk was refused: it was sent none, or one")
    following = _behind(transaction)
    upto = following[: following.index(b"RSET")] if b"RSET" in following else following
    return holds(b"DATA" not in upto, expected="no DATA", seen=_shown(transaction))


TEMPTING = {
    "first-chunk": (Rule.answer(Step.BDAT, 502, times=1), Rule.answer(Step.DATA, 503, times=1)),
    "last-chunk": (Rule.answer(Step.END_OF_DATA, 502, times=1),),
}
"""A next hop to which BDAT seems to be unknown once it comes; DATA in its place is out of sequence there."""


@scenario("rfc3030/2/rset-after-mixing", start=At.EHLO, facts=["extended_next_hop"], rules=TEMPTING)
async def rset_follows_data_that_was_out_of_sequence(rules: tuple[Rule, ...], smtp: Client, hop: Hop) -> Observation:
    """Where DATA follows chunks and is answered with 503, the transaction is reset before anything else."""
    hop.script(hop.token, *rules)
    await smtp.deliver(smtp.message_of(LARGE), b"<%b>" % hop.extended(), reverse_path=hop.path(new_token()))
    seen = await hop.transactions()
    if not seen:
        raise NotReady("next hop", "nothing came")
    commands = (await hop.ended(seen[0])).commands
    chunks = [number for number, each in enumerate(commands) if each.verb == b"BDAT"]
    behind = [each for each in commands[chunks[-1] + 1 :] if not each.early] if chunks else []
    if not behind or behind[0].verb != b"DATA":
        return Held(f"DATA did not follow: {_shown(seen[0])}")
    if not behind[0].reply.startswith(b"503"):
        raise NotReady("next hop", f"DATA was not refused: {_shown(seen[0])}")
    good = len(behind) == 1 or behind[1].verb in {b"RSET", b"QUIT"}
    return holds(good, expected="RSET, or the end", seen=_shown(seen[0]))
