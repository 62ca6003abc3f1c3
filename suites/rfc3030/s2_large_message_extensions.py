"""RFC 3030 2 - Framework for the Large Message Extensions: chunks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from conformance import (
    CRLF,
    At,
    Broken,
    Client,
    Closed,
    Held,
    Hop,
    Observation,
    Outcome,
    Reply,
    Segmentation,
    Silence,
    Store,
    Unclear,
    accepted,
    answered,
    holds,
    new_token,
    not_refused_as,
    one_message,
    one_reply,
    presume,
    refused,
    same_body,
    scenario,
    silent,
    succeeds_with,
    took,
    visible,
)

Cut = Callable[[bytes], Sequence[bytes]]


async def _bdat_works(second: Client) -> None:
    """A control: a plain message in one chunk is taken."""
    second.connection.segmentation = Segmentation.WHOLE  # only what is looked at is cut
    await second.transaction()
    presume(accepted(await second.bdat(second.message(), last=True)))


async def _data_works(second: Client) -> None:
    """A control: a plain message with DATA is taken."""
    second.connection.segmentation = Segmentation.WHOLE
    await second.deliver()


async def _chunks(smtp: Client, chunks: Sequence[bytes]) -> Outcome:
    """Send the chunks one by one, the last as LAST; the first outcome that is not 250, or the last."""
    outcome: Outcome = Silence(0)
    for number, chunk in enumerate(chunks, 1):
        outcome = await smtp.bdat(chunk, last=number == len(chunks))
        if not (isinstance(outcome, Reply) and outcome.code == 250):
            break
    return outcome


def _seen(outcomes: Sequence[Outcome]) -> str:
    return " | ".join(str(outcome) for outcome in outcomes)


# The keyword.


@scenario("rfc3030/2/ehlo-keyword", start=At.RCPT)
async def working_bdat_is_listed(smtp: Client) -> Observation:
    """BDAT that takes a message is listed in the reply to EHLO, as CHUNKING."""
    if not smtp.extended:
        return Unclear("EHLO is not taken")
    if "CHUNKING" in smtp.offers:
        return Held("listed")
    outcome = await smtp.say(b"BDAT 0 LAST")
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    return holds(outcome.severity != 2, expected="CHUNKING listed, or not working", seen=outcome)


@scenario("rfc3030/2/data-still-works", start=At.EHLO, offers=["CHUNKING"])
async def message_with_data_is_taken(smtp: Client, second: Client) -> Observation:
    """A message that is taken in a chunk is taken with DATA too."""
    await _bdat_works(second)
    await smtp.transaction()
    return accepted(await smtp.data())


@scenario("rfc3030/2/keyword-means-support", start=At.RCPT, offers=["CHUNKING"], segments=["octets", "line-ends"])
async def message_in_one_chunk_is_taken(smtp: Client, second: Client) -> Observation:
    """A message that is taken with DATA is taken in one chunk too."""
    await _data_works(second)
    return accepted(await smtp.bdat(smtp.message(), last=True))


@scenario(
    "rfc3030/2/keyword-means-support",
    start=At.RCPT,
    offers=["CHUNKING"],
    cut={
        "two": lambda octets: [octets[:100], octets[100:]],
        "three": lambda octets: [octets[:10], octets[10:200], octets[200:]],
        "twenty": lambda octets: [octets[at : at + 20] for at in range(0, 400, 20) if octets[at : at + 20]],
        "in-a-line-end": lambda octets: [
            octets[: octets.index(CRLF) + 1],
            octets[octets.index(CRLF) + 1 : -1],
            octets[-1:],
        ],
        "header-and-body": lambda octets: list(octets.partition(CRLF + CRLF)),
    },
)
async def message_in_chunks_is_taken(cut: Cut, smtp: Client, second: Client) -> Observation:
    """A message that is taken with DATA is taken in chunks, however it is cut."""
    await _data_works(second)
    content = smtp.message()
    chunks = cut(content)
    assert b"".join(chunks) == content
    return accepted(await _chunks(smtp, chunks))


@scenario("rfc3030/2/any-message", start=At.EHLO, offers=["CHUNKING", "8BITMIME"])
async def eight_bit_message_in_a_chunk_is_taken(smtp: Client, second: Client) -> Observation:
    """An 8-bit message that is declared as such is taken in a chunk, as it is with DATA."""
    body = "Grüße\r\n".encode()
    presume(accepted(await second.mail(parameters=b" BODY=8BITMIME")))
    presume(accepted(await second.rcpt()))
    presume(accepted(await second.data(second.message(body))))
    presume(accepted(await smtp.mail(parameters=b" BODY=8BITMIME")))
    presume(accepted(await smtp.rcpt()))
    return accepted(await smtp.bdat(smtp.message(body), last=True))


# The form of the command.


@scenario(
    "rfc3030/2/bdat-syntax",
    start=At.RCPT,
    offers=["CHUNKING"],
    form={
        "lower-case": b"bdat %d last\r\n",
        "mixed-case": b"Bdat %d Last\r\n",
        "leading-zeros": b"BDAT 0000%d LAST\r\n",
    },
)
async def form_of_bdat_is_free_in_case_and_zeros(form: bytes, smtp: Client, second: Client) -> Observation:
    """BDAT and LAST are known in any case, and zeros before the size count for nothing."""
    await _bdat_works(second)
    content = smtp.message()
    await smtp.raw(form % len(content) + content)
    return accepted(await smtp.reply())


BAD_FORMS = {
    "no-size": b"BDAT",
    "only-last": b"BDAT LAST",
    "letters": b"BDAT five",
    "negative": b"BDAT -5 LAST",
    "hexadecimal": b"BDAT 0x0 LAST",
    "decimal": b"BDAT 0.0 LAST",
    "other-mark": b"BDAT 0 FIRST",
    "more-behind-last": b"BDAT 0 LAST now",
    "no-space": b"BDAT 0LAST",
}


@scenario("rfc3030/2/bdat-bad-syntax", start=At.RCPT, offers=["CHUNKING"], line=BAD_FORMS)
async def bdat_of_another_form_may_be_refused(line: bytes, smtp: Client) -> Observation:
    """BDAT without a size, or with more behind it, is refused, or taken."""
    outcome = await smtp.say(line)
    match outcome:
        case Reply(severity=5):
            return took("refuses", outcome)
        case Reply(severity=2):
            return took("takes", outcome)
        case Silence():
            await smtp.drop()
            return took("waits for octets")
        case _:
            return Unclear(str(outcome))


@scenario(
    "rfc5321/4.2.1/5yz-not-done",
    start=At.RCPT,
    offers=["CHUNKING"],
    line={name: BAD_FORMS[name] for name in ("no-size", "only-last", "letters")},
)
async def refused_form_of_bdat_takes_no_octets(line: bytes, smtp: Client) -> Observation:
    """After a BDAT that was refused for its form, the next line is a command, or there is no session to take it."""
    presume(refused(await smtp.say(line)))
    outcome = await smtp.say(b"RSET")
    if isinstance(outcome, Closed):  # nobody knows how many octets follow, so that some servers end it here
        return Held(f"refused by closing: {outcome}", confirm=True)
    return answered(outcome, {250})


# Octets are counted.


@scenario(
    "rfc3030/2/250-for-each-chunk",
    start=At.RCPT,
    offers=["CHUNKING"],
    size={"one": 1, "two": 2, "header": 150, "many": 100_000},
)
async def chunk_gets_250(size: int, smtp: Client, second: Client) -> Observation:
    """A chunk that is taken and is not the last is answered with 250, whatever its size."""
    await _data_works(second)
    return succeeds_with(await smtp.bdat(smtp.message_of(100_000)[:size]), {250})


@scenario("rfc3030/2/empty-chunk-that-is-not-the-last", start=At.RCPT, offers=["CHUNKING"])
async def empty_chunk_may_be_refused(smtp: Client) -> Observation:
    """A chunk without octets that is not the last is taken, or refused."""
    outcome = await smtp.bdat(b"")
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else "refuses it", outcome)


@scenario("rfc3030/2/250-for-each-chunk", start=At.RCPT, offers=["CHUNKING"])
async def chunks_get_250_each(smtp: Client, second: Client) -> Observation:
    """Ten chunks bring ten times 250 and no more."""
    await _data_works(second)
    content = smtp.message_of(1000)
    for at in range(0, 1000, 100):
        outcome = await smtp.bdat(content[at : at + 100], last=at == 900)
        if not (isinstance(outcome, Reply) and outcome.code == 250):
            return succeeds_with(outcome, {250})
    end = await smtp.quit()
    return holds(len(end) <= 2, expected="221 and the close", seen=_seen(end))


LOOK_ALIKES = {
    "crlf-dot-crlf": b"\r\n.\r\n",
    "lf-dot-lf": b"\n.\n",
    "lf-dot-crlf": b"\n.\r\n",
    "cr-dot-cr": b"\r.\r",
    "nul-dot": b"\r\n\x00.\r\n",
    "stuffed": b"\r\n..\r\n",
    "bdat": b"\r\nBDAT 4 LAST\r\nRSET\r\n",
}


@scenario(
    "rfc3030/2/250-when-complete",
    start=At.RCPT,
    offers=["CHUNKING"],
    octets=LOOK_ALIKES,
    segments=["line-ends"],
    tags=["smuggling"],
)
async def nothing_inside_a_chunk_ends_it(octets: bytes, smtp: Client) -> Observation:
    """What would end mail data, or is a command, is content inside a chunk: one chunk in, one reply out."""
    await smtp.send_chunk(smtp.message(b"first" + octets + b"RSET\r\nRSET\r\nlast\r\n"), last=True)
    return one_message(await smtp.replies_until_quit())


@scenario(
    "rfc3030/2/250-when-complete",
    start=At.RCPT,
    offers=["CHUNKING"],
    first={"dot-crlf": b".\r\n", "dot": b".", "crlf": b"\r\n", "command": b"RSET\r\n", "lf": b"\n", "nul": b"\x00"},
)
async def chunk_may_begin_with_anything(first: bytes, smtp: Client) -> Observation:
    """The first octets of a second chunk are content, whatever they are."""
    presume(accepted(await smtp.bdat(smtp.message())))
    await smtp.send_chunk(first + b"RSET\r\nlast\r\n", last=True)
    return one_message(await smtp.replies_until_quit())


@scenario(
    "rfc3030/2/250-when-complete",
    start=At.RCPT,
    offers=["CHUNKING"],
    end={"no-line-end": b"last", "cr": b"last\r", "lf": b"last\n", "dot": b"last\r\n.", "dot-crlf": b"last\r\n.\r\n"},
)
async def message_may_end_with_anything(end: bytes, smtp: Client, second: Client) -> Observation:
    """A message whose last chunk does not end in CRLF is answered when its octets are there."""
    await _bdat_works(second)
    await smtp.send_chunk(smtp.message(end), last=True)
    outcome = await smtp.reply()
    return answered(outcome) if isinstance(outcome, Silence) else one_message([outcome, *await smtp.quit()])


@scenario("rfc3030/2/250-when-complete", start=At.RCPT, offers=["CHUNKING"], short={"one": 1, "two": 2, "half": 150})
async def chunk_is_not_answered_before_its_last_octet(short: int, smtp: Client) -> Observation:
    """While octets of a chunk are missing nothing is said; then the 250 comes."""
    content = smtp.message_of(300)
    await smtp.send_chunk(content[:-short], size=300)
    early = await smtp.replies()
    if early:
        return silent(early)
    await smtp.raw(content[-short:])
    presume(accepted(await smtp.reply()))
    return silent(early)


@scenario(
    "rfc3030/2/count-what-was-said",
    start=At.RCPT,
    offers=["CHUNKING"],
    behind={"noop": b"NOOP\r\n", "rset": b"RSET\r\n", "two": b"NOOP\r\nNOOP\r\n"},
)
async def commands_within_the_count_are_content(behind: bytes, smtp: Client) -> Observation:
    """Where the size is too large, the commands that follow are content up to it."""
    await smtp.send_chunk(smtp.message() + behind, last=True)  # as if the size had been meant for the message alone
    return one_message(await smtp.replies_until_quit())


@scenario(
    "rfc3030/2/rest-is-commands",
    start=At.RCPT,
    offers=["CHUNKING", "PIPELINING"],
    rest={"noop": [b"NOOP"], "rset-noop": [b"RSET", b"NOOP"], "rset-mail": [b"RSET", b"MAIL FROM:<>"]},
    segments=["octets", "line-ends"],
)
async def commands_behind_a_chunk_are_commands(rest: Sequence[bytes], smtp: Client, second: Client) -> Observation:
    """What comes in one piece with a chunk and behind its last octet is read as commands."""
    await _bdat_works(second)
    for line in rest:
        presume(accepted(await second.say(line)))
    content = smtp.message()
    await smtp.raw(b"BDAT %d LAST\r\n" % len(content) + content + b"".join(line + CRLF for line in rest))
    outcomes = await smtp.outcomes(1 + len(rest))
    if isinstance(outcomes[-1], Silence):
        return Broken(f"{1 + len(rest)} replies", _seen(outcomes))
    if len(outcomes) <= len(rest):
        return Unclear(_seen(outcomes))
    return accepted(outcomes[-1])


@scenario(
    "rfc3030/2/reject-arbitrary-octets",
    start=At.EHLO,
    offers=["CHUNKING"],
    line={
        "high": bytes(range(0x80, 0x100)),
        "controls": bytes(octet for octet in range(0x20) if octet not in b"\r\n"),
        "nuls": b"\x00" * 10,
        "long": b"\xfe" * 1500,
        "text": b"This is the rest of a message.",
    },
)
async def line_of_any_octets_is_refused(line: bytes, smtp: Client) -> Observation:
    """A line that is no command, of any octets, is refused."""
    return refused(await smtp.say(line))


# The last chunk.


@scenario("rfc3030/2/empty-last-is-served", start=At.RCPT, offers=["CHUNKING"], chunks={"one": 1, "three": 3})
async def empty_last_chunk_ends_the_message(chunks: int, smtp: Client, second: Client) -> Observation:
    """A last chunk without octets ends a message that came before it."""
    await _data_works(second)
    content = smtp.message_of(300)
    size = 300 // chunks
    return accepted(await _chunks(smtp, [*(content[at : at + size] for at in range(0, 300, size)), b""]))


@scenario("rfc3030/2/empty-last-is-served", start=At.RCPT, offers=["CHUNKING"])
async def message_without_octets_is_answered(smtp: Client) -> Observation:
    """A last chunk without octets that is the first too is answered once."""
    await smtp.send_chunk(b"", last=True)
    outcome = await smtp.reply()
    return answered(outcome) if isinstance(outcome, Silence) else one_message([outcome, *await smtp.quit()])


@scenario(
    "rfc3030/2/503-after-last",
    start=At.RCPT,
    offers=["CHUNKING"],
    last={"chunk": (b"NOOP\r\n", False), "last": (b"NOOP\r\n", True), "empty-last": (b"", True)},
)
async def chunk_behind_the_last_gets_503(last: tuple[bytes, bool], smtp: Client) -> Observation:
    """BDAT behind the last chunk is answered with 503."""
    presume(accepted(await smtp.bdat(smtp.message(), last=True)))
    octets, is_last = last
    return answered(await smtp.bdat(octets, last=is_last), {503})


@scenario("rfc5321/4.3.1/code-meanings-kept", start=At.RCPT, offers=["CHUNKING"])
async def last_chunk_ends_the_transaction(smtp: Client) -> Observation:
    """After the 250 to the last chunk a recipient has no transaction to go to."""
    presume(accepted(await smtp.bdat(smtp.message(), last=True)))
    return refused(await smtp.rcpt())


@scenario(
    "rfc3030/2/both-in-one-session",
    start=At.EHLO,
    offers=["CHUNKING"],
    order={"bdat-data": "bd", "data-bdat": "db", "bdat-bdat": "bb", "bdat-data-bdat": "bdb"},
)
async def data_and_bdat_take_turns(order: str, smtp: Client, second: Client) -> Observation:
    """One message with BDAT and another with DATA are both taken in one session, without RSET between them."""
    for _ in order:
        await _data_works(second)
    outcome: Outcome = Silence(0)
    for way in order:
        presume(accepted(await smtp.mail()))
        presume(accepted(await smtp.rcpt()))
        outcome = await (smtp.bdat(smtp.message(), last=True) if way == "b" else smtp.data())
        if not (isinstance(outcome, Reply) and outcome.severity == 2):
            break
    return accepted(outcome)


# Refused chunks.


async def _nothing(smtp: Client) -> None:
    del smtp


async def _mail(smtp: Client) -> None:
    presume(accepted(await smtp.mail()))


async def _refused_rcpt(smtp: Client) -> None:
    presume(accepted(await smtp.mail()))
    presume(refused(await smtp.rcpt(b"<nobody@>")))


async def _refused_chunk(smtp: Client) -> None:
    presume(accepted(await smtp.mail()))
    presume(refused(await smtp.bdat(b"octets")))


async def _after_the_last(smtp: Client) -> None:
    await smtp.transaction()
    presume(accepted(await smtp.bdat(smtp.message(), last=True)))


async def _after_reset(smtp: Client) -> None:
    await smtp.transaction()
    presume(accepted(await smtp.bdat(b"Subject: given up\r\n")))
    presume(accepted(await smtp.say(b"RSET")))


WAYS = {
    "ehlo": _nothing,
    "mail": _mail,
    "refused-rcpt": _refused_rcpt,
    "refused-chunk": _refused_chunk,
    "after-the-last": _after_the_last,
    "after-rset": _after_reset,
}
Way = Callable[[Client], Awaitable[None]]


@scenario(
    "rfc3030/2/read-before-refusing",
    start=At.EHLO,
    offers=["CHUNKING"],
    way=WAYS,
    segments=["octets", "line-ends"],
    tags=["smuggling"],
)
async def refused_chunk_is_not_read_as_commands(way: Way, smtp: Client) -> Observation:
    """The octets of a chunk that is refused are no commands: one BDAT in, one reply out."""
    await way(smtp)
    await smtp.send_chunk(b"NOOP\r\nRSET\r\nVRFY postmaster\r\n")
    return one_reply(await smtp.replies_until_quit())


@scenario(
    "rfc3030/2/read-before-refusing",
    start=At.EHLO,
    offers=["CHUNKING"],
    octets={
        "cut-command": b"NOO",
        "line-end": b"\r\n",
        "quit": b"QUIT\r\n",
        "nothing": b"",
        "many": b"RSET\r\n" * 2000,
    },
    tags=["smuggling"],
)
async def refused_last_chunk_is_read_to_its_end(octets: bytes, smtp: Client) -> Observation:
    """A last chunk without a transaction is read to its end, whatever it holds: one BDAT in, one reply out."""
    await smtp.send_chunk(octets, last=True)
    return one_reply(await smtp.replies_until_quit())


@scenario("rfc3030/2/error-after-the-octets", start=At.EHLO, offers=["CHUNKING"], way={"ehlo": _nothing, "mail": _mail})
async def refusal_waits_for_the_octets(way: Way, smtp: Client) -> Observation:
    """A chunk that can't be taken is answered when its octets are there, and not before."""
    await way(smtp)
    await smtp.send_chunk(b"", size=20)
    early = await smtp.replies()
    if early:
        return silent(early)
    await smtp.raw(b"x" * 20)
    presume(answered(await smtp.reply()))
    return silent(early)


async def _refused_rcpt_and_chunk(smtp: Client) -> None:
    await _refused_rcpt(smtp)
    presume(refused(await smtp.bdat(b"Subject: lost\r\n\r\n")))


@scenario(
    "rfc3030/2/failed-transaction",
    start=At.EHLO,
    offers=["CHUNKING"],
    way={"refused-rcpt": _refused_rcpt_and_chunk, "refused-chunk": _refused_chunk},
)
async def last_chunk_of_a_failed_transaction_is_refused(way: Way, smtp: Client) -> Observation:
    """Where a chunk was refused the last chunk is refused too."""
    await way(smtp)
    return refused(await smtp.bdat(b"lost\r\n", last=True))


@scenario(
    "rfc3030/2/pipelined-chunks-after-a-failure",
    start=At.EHLO,
    offers=["CHUNKING", "PIPELINING"],
    way={name: WAYS[name] for name in ("ehlo", "mail", "refused-rcpt", "after-the-last")},
    segments=["octets"],
)
async def chunks_behind_a_refused_one_are_read(way: Way, smtp: Client) -> Observation:
    """Chunks in the same piece as one that is refused are refused too, and none of their octets is a command."""
    await way(smtp)
    await smtp.raw(b"BDAT 6\r\nNOOP\r\nBDAT 6\r\nRSET\r\nBDAT 6 LAST\r\nNOOP\r\n")
    outcomes = await smtp.outcomes(3)
    if len(outcomes) < 3 or isinstance(outcomes[-1], Silence):
        missing = isinstance(outcomes[-1], Silence)
        return Broken("three refusals", _seen(outcomes)) if missing else Unclear(_seen(outcomes))
    for outcome in outcomes:
        observation = refused(outcome)
        if not isinstance(observation, Held):
            return observation
    end = await smtp.quit()
    return holds(len(end) <= 2, expected="three refusals, then 221", seen=_seen([*outcomes, *end]))


@scenario(
    "rfc3030/2/read-before-refusing",
    start=At.RCPT,
    offers=["CHUNKING", "SIZE"],
    slow=True,
)
async def chunk_above_the_limit_is_read_to_its_end(smtp: Client) -> Observation:
    """A chunk above the size limit is read to its end: one BDAT in, one reply out."""
    given = smtp.offers["SIZE"].strip()
    known = given.isdigit() and 0 < int(given) <= 64 * 1024 * 1024
    presume(holds(known, expected="a limit that can be reached", seen=given))
    await smtp.send_chunk(smtp.message_of(int(given) + int(given) // 8, b"RSET" + CRLF), last=True)
    return one_message(await smtp.replies_until_quit())


@scenario(
    "rfc3030/2/keyword-means-support",
    start=At.RCPT,
    offers=["CHUNKING", "PIPELINING"],
    chunks={"two": 2, "ten": 10},
    segments=["octets", "line-ends"],
)
async def pipelined_chunks_are_taken(chunks: int, smtp: Client, second: Client) -> Observation:
    """Chunks that come in one piece are answered one by one, and the message is taken."""
    await _data_works(second)
    content = smtp.message_of(300)
    size = 300 // chunks
    pieces = [content[at : at + size] for at in range(0, 300, size)]
    await smtp.raw(b"".join(b"BDAT %d\r\n" % len(piece) + piece for piece in pieces) + b"BDAT 0 LAST\r\n")
    outcomes = await smtp.outcomes(len(pieces) + 1)
    if isinstance(outcomes[-1], Silence):
        return Broken(f"{len(pieces) + 1} times 250", _seen(outcomes))
    return accepted(outcomes[-1]) if len(outcomes) > len(pieces) else Unclear(_seen(outcomes))


# RSET, and DATA beside BDAT.


@scenario(
    "rfc3030/2/rset-clears-chunks",
    start=At.RCPT,
    offers=["CHUNKING"],
    reset={"rset": b"RSET", "ehlo": b"EHLO client.example.test"},
)
async def transaction_is_gone_after_rset_between_chunks(reset: bytes, smtp: Client) -> Observation:
    """RSET between chunks ends the transaction: a recipient has none to go to."""
    presume(accepted(await smtp.bdat(b"Subject: given up\r\n")))
    presume(accepted(await smtp.say(reset)))
    return refused(await smtp.rcpt())


@scenario(
    "rfc3030/2/rset-clears-chunks",
    start=At.RCPT,
    offers=["CHUNKING"],
    reset={"rset": b"RSET", "ehlo": b"EHLO client.example.test"},
)
async def data_is_taken_after_rset_between_chunks(reset: bytes, smtp: Client, second: Client) -> Observation:
    """Chunks that RSET threw away do not stand in the way of DATA in the next transaction."""
    await _data_works(second)
    presume(accepted(await smtp.bdat(b"Subject: given up\r\n")))
    presume(accepted(await smtp.say(reset)))
    await smtp.transaction()
    return accepted(await smtp.data())


@scenario("rfc3030/2/rset-clears-chunks", start=At.RCPT, offers=["CHUNKING"], chunks={"one": 1, "three": 3})
async def chunks_are_taken_after_rset_between_chunks(chunks: int, smtp: Client, second: Client) -> Observation:
    """Chunks that RSET threw away do not count in the next transaction."""
    await _bdat_works(second)
    for _ in range(chunks):
        presume(accepted(await smtp.bdat(b"Subject: given up\r\n")))
    presume(accepted(await smtp.say(b"RSET")))
    await smtp.transaction()
    return accepted(await smtp.bdat(smtp.message(), last=True))


@scenario(
    "rfc3030/2/503-to-data-after-bdat",
    start=At.RCPT,
    offers=["CHUNKING"],
    chunks={
        "one": [b"Subject: mixed\r\n"],
        "two": [b"Subject: ", b"mixed\r\n"],
        "whole-header": [b"Subject: mixed\r\n\r\n"],
    },
)
async def data_behind_a_chunk_gets_503(chunks: Sequence[bytes], smtp: Client) -> Observation:
    """DATA behind a chunk of the same transaction is answered with 503."""
    for chunk in chunks:
        presume(accepted(await smtp.bdat(chunk)))
    return answered(await smtp.say(b"DATA"), {503})


@scenario("rfc5321/4.1.1.5/rset-discards", start=At.RCPT, offers=["CHUNKING"])
async def rset_mends_what_data_behind_a_chunk_broke(smtp: Client, second: Client) -> Observation:
    """After DATA was refused behind a chunk, RSET makes room for a new transaction."""
    await _data_works(second)
    presume(accepted(await smtp.bdat(b"Subject: mixed\r\n")))
    presume(refused(await smtp.say(b"DATA")))
    presume(accepted(await smtp.say(b"RSET")))
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.rcpt()))
    return accepted(await smtp.bdat(smtp.message(), last=True))


@scenario(
    "rfc5321/4.1.1.9/noop-keeps-buffers",
    start=At.RCPT,
    offers=["CHUNKING"],
    line={"noop": b"NOOP", "noop-with-argument": b"NOOP between"},
)
async def noop_keeps_the_chunks(line: bytes, smtp: Client, second: Client) -> Observation:
    """After NOOP between chunks the last chunk is still in sequence."""
    await _bdat_works(second)
    content = smtp.message()
    presume(accepted(await smtp.bdat(content[:50])))
    presume(accepted(await smtp.say(line)))
    return not_refused_as(await smtp.bdat(content[50:], last=True), {503})


# What becomes of the octets.

LINES = b"..two\r\n.one\r\n.\r\nBDAT 4 LAST\r\nRSET\r\nend\r\n"


@scenario(
    "rfc3030/2/data-follow-at-once",
    start=At.EHLO,
    offers=["CHUNKING"],
    size={"one-chunk": 1000, "tens": 10, "octets": 1},
)
async def relayed_chunks_are_what_was_sent(size: int, smtp: Client, hop: Hop) -> Observation:
    """The body that a next hop gets is made of the octets of the chunks, with every dot and nothing else."""
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.rcpt(hop.path())))
    presume(accepted(await smtp.bdat(smtp.message(body=b""))))
    presume(accepted(await _chunks(smtp, [LINES[at : at + size] for at in range(0, len(LINES), size)])))
    content = (await hop.message()).content
    return holds(content.endswith(CRLF + LINES), expected=visible(LINES), seen=visible(content[-len(LINES) - 20 :]))


@scenario(
    "rfc3030/2/data-follow-at-once",
    start=At.RCPT,
    offers=["CHUNKING"],
    size={"one-chunk": 1000, "tens": 10, "octets": 1},
)
async def delivered_chunks_are_what_was_sent(size: int, smtp: Client, store: Store) -> Observation:
    """The body in the mailbox is made of the octets of the chunks, with every dot and nothing else."""
    twin, header = new_token(), smtp.message(body=b"")
    presume(accepted(await smtp.bdat(header)))
    presume(accepted(await _chunks(smtp, [LINES[at : at + size] for at in range(0, len(LINES), size)])))
    delivered = await store.message()
    await smtp.deliver(smtp.message(body=LINES, token=twin))
    if not same_body(await store.message(twin), header + LINES):
        return Unclear("it does not come unchanged with DATA either")
    same = same_body(delivered, header + LINES)
    return holds(bool(same), expected=visible(LINES), seen=visible(delivered.content[-len(LINES) - 20 :]))


@scenario("rfc3030/2/rset-clears-chunks", start=At.EHLO, offers=["CHUNKING"])
async def chunks_before_rset_reach_no_mailbox(smtp: Client, store: Store) -> Observation:
    """A message behind RSET has nothing of the chunks before it in the mailbox."""
    await smtp.transaction()
    presume(accepted(await smtp.bdat(b"X-Given-Up: yes\r\n")))
    presume(accepted(await smtp.say(b"RSET")))
    await smtp.transaction()
    presume(accepted(await smtp.bdat(smtp.message(), last=True)))
    content = (await store.message()).content
    return holds(b"X-Given-Up" not in content, expected="nothing of the chunks before RSET", seen=visible(content, 300))


@scenario("rfc3030/2/rset-clears-chunks", start=At.EHLO, offers=["CHUNKING"])
async def chunks_before_rset_reach_nobody(smtp: Client, hop: Hop) -> Observation:
    """A message behind RSET has nothing of the chunks before it."""
    for _ in range(2):
        presume(accepted(await smtp.mail()))
        presume(accepted(await smtp.rcpt(hop.path())))
        presume(accepted(await smtp.bdat(b"X-Given-Up: yes\r\n")))
        presume(accepted(await smtp.say(b"RSET")))
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.rcpt(hop.path())))
    presume(accepted(await smtp.bdat(smtp.message(), last=True)))
    content = (await hop.message()).content
    return holds(b"X-Given-Up" not in content, expected="nothing of the chunks before RSET", seen=visible(content, 300))
