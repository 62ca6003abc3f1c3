"""RFC 5321 4.2 - SMTP Replies, for a server that passes mail on: what it makes of those of its next hop."""

from __future__ import annotations

from dataclasses import dataclass

from conformance import (
    At,
    Client,
    Command,
    Held,
    Hop,
    Names,
    Observation,
    Rule,
    Step,
    Unclear,
    holds,
    new_token,
    presume,
    reply_octets,
    row,
    scenario,
    took,
    visible,
)


@dataclass(frozen=True)
class Said:
    """What the next hop says at a step, and what that means: success, failure, or failure for now."""

    step: Step
    reply: bytes
    means: str = "success"


def odd(step: Step, code: int, means: str = "success") -> Said:
    """A code that nobody expects at this step."""
    return Said(step, reply_octets(code, "An answer with a code of its own"), means)


SUCCESS, FAILURE, FOR_NOW = "success", "failure", "failure for now"

BARE = {
    "mail": Said(Step.MAIL, b"250\r\n"),
    "rcpt": Said(Step.RCPT, b"250\r\n"),
    "rcpt-and-space": Said(Step.RCPT, b"250 \r\n"),
    "data": Said(Step.DATA, b"354\r\n"),
    "data-and-space": Said(Step.DATA, b"354 \r\n"),
    "end-of-data": Said(Step.END_OF_DATA, b"250\r\n"),
    "refused-rcpt": Said(Step.RCPT, b"550\r\n", FAILURE),
    "refused-rcpt-and-space": Said(Step.RCPT, b"550 \r\n", FAILURE),
    "refused-end-of-data": Said(Step.END_OF_DATA, b"554\r\n", FAILURE),
}
FIRST_DIGIT = "rfc5321/4.2/client-tests-first-digit"
NEW = {
    "2yz-mail": odd(Step.MAIL, 299),
    "2yz-rcpt": odd(Step.RCPT, 299),
    "2yz-end-of-data": odd(Step.END_OF_DATA, 299),
    "4yz-rcpt": odd(Step.RCPT, 499, FOR_NOW),
    "5yz-mail": odd(Step.MAIL, 599, FAILURE),
    "5yz-rcpt": odd(Step.RCPT, 599, FAILURE),
    "5yz-end-of-data": odd(Step.END_OF_DATA, 577, FAILURE),
    "listed-2yz-mail": row(odd(Step.MAIL, 211), FIRST_DIGIT),
    "listed-2yz-rcpt": row(odd(Step.RCPT, 214), FIRST_DIGIT),
    "listed-4yz-rcpt": row(odd(Step.RCPT, 454, FOR_NOW), FIRST_DIGIT),
    "listed-5yz-rcpt": row(odd(Step.RCPT, 502, FAILURE), FIRST_DIGIT),
    "listed-5yz-data": row(odd(Step.DATA, 535, FAILURE), FIRST_DIGIT),
}


async def send(said: Said, smtp: Client, hop: Hop, recipient: bytes) -> str:
    """Give the target a message for a mailbox of ours that answers so; returns the token of its sender."""
    sender = new_token()
    key = sender if said.step is Step.MAIL else recipient
    hop.script(key, Rule(said.step, said.reply))
    await smtp.deliver(smtp.message(), b"<%b>" % recipient, reverse_path=hop.path(sender))
    return sender


async def is_read_as_meant(said: Said, smtp: Client, hop: Hop) -> Observation:
    """Held where what becomes of a message is what the reply means."""
    sender = await send(said, smtp, hop, hop.mailbox())
    answer = f"{visible(said.reply, 60)} to {said.step}"
    if said.means == FOR_NOW or (said.means == SUCCESS and said.step is Step.END_OF_DATA):
        presume(holds(bool(await hop.transactions(sender)), expected="an attempt", seen="none"))
        return await hop.no_notification(sender, after=await hop.refuses(smtp))
    came = await hop.arrival() if said.means == SUCCESS else await hop.notification_arrival(sender)
    if came is not None:
        return Held(f"a {said.means}: {answer}")
    presume(holds(bool(await hop.transactions(sender)), expected="an attempt", seen="none"))
    expected = "the message" if said.means == SUCCESS else "a notification of failure"
    return holds(False, expected=f"{expected} behind {answer}", seen="none came")


@scenario("rfc5321/4.2/client-takes-bare-code", start=At.EHLO, facts=["delivery_within"], said=BARE)
async def code_alone_is_enough(said: Said, smtp: Client, hop: Hop) -> Observation:
    """A reply that is a code alone, or a code and a space, means what the code means."""
    return await is_read_as_meant(said, smtp, hop)


@scenario("rfc5321/4.2/client-prepared-for-new-codes", start=At.EHLO, facts=["delivery_within"], said=NEW)
async def code_is_read_by_its_first_digit(said: Said, smtp: Client, hop: Hop) -> Observation:
    """A code that no list has, or not for this command, means what its first digit means."""
    return await is_read_as_meant(said, smtp, hop)


@dataclass(frozen=True)
class Place:
    """An exchanger of ours where the target waits for each reply, and what it says there.

    What it says could bring it a bad name with the target, so that each row has its own.
    """

    number: int
    rule: Rule


def odd_at(number: int, step: Step, code: int) -> Place:
    """A code that no reply can have."""
    return Place(number, Rule.answer(step, code, "An answer with a code of its own"))


OUT_OF_RANGE = {
    "650-to-mail": odd_at(19, Step.MAIL, 650),
    "199-to-mail": odd_at(20, Step.MAIL, 199),
    "650-to-rcpt": odd_at(21, Step.RCPT, 650),
    "199-to-rcpt": odd_at(22, Step.RCPT, 199),
    "999-to-rcpt": odd_at(23, Step.RCPT, 999),
}


async def first_transaction(place: Place, smtp: Client, hop: Hop, dns: Names) -> list[Command]:
    """The commands of the first attempt at a message for this exchanger, from MAIL to the next MAIL.

    Raises:
        NotReady: no attempt came to its end.
    """
    address = dns.own_exchanger(place.number)
    dns.add(f"{dns.name()}. MX 10 {dns.name('host')}.\n{dns.name('host')}. A {address}\n")
    before = {each.number for each in hop.server.connections()}
    hop.server.script(address, Rule.offer(b"SIZE"), place.rule)
    try:
        await smtp.deliver(smtp.message(), b"<recipient@%b>" % dns.name().encode("ascii"))
        over = [each for each in await hop.connections_at(address, but=before) if each.over.is_set()]
    finally:
        hop.server.unscript(address)
    commands = over[0].commands if over else []
    verbs = [command.verb for command in commands]
    presume(holds(b"MAIL" in verbs, expected="an attempt", seen=verbs))
    at = verbs.index(b"MAIL")
    end = verbs.index(b"MAIL", at + 1) if verbs.count(b"MAIL") > 1 else len(verbs)
    return commands[at:end]


@scenario("rfc5321/4.2/client-ends-on-out-of-range-code", start=At.EHLO, place=OUT_OF_RANGE)
async def transaction_ends_at_a_code_that_is_none(place: Place, smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Behind a code whose first digit is none that a reply can have the transaction does not go on."""
    verbs = [command.verb for command in await first_transaction(place, smtp, hop, dns)]
    goes_on = {b"RCPT", b"DATA", b"BDAT"} if place.rule.at is Step.MAIL else {b"DATA", b"BDAT"}
    return holds(not goes_on & {*verbs}, expected="the end of the transaction", seen=[visible(each) for each in verbs])


GO_AHEAD = {
    "lines": b"354-Start mail input\r\n354-and end it\r\n354 with a dot\r\n",
    "odd-text": b"354 250 is not what this is\r\n",
}


@scenario("rfc5321/4.2.1/client-continues-after-3yz", start=At.EHLO, facts=["delivery_within"], reply=GO_AHEAD)
async def message_follows_the_354(reply: bytes, smtp: Client, hop: Hop) -> Observation:
    """Behind a 354, of whatever form, the message is sent."""
    return await is_read_as_meant(Said(Step.DATA, reply), smtp, hop)


# Where a reply ends.

HOLDS_BACK = 3.0
"""Seconds for which the rest of a line is held back: whoever takes what has come for a reply has spoken by then."""


def held_back(number: int, reply: bytes) -> Place:
    """A reply to RCPT whose line does not end with what has come of it."""
    return Place(number, Rule.in_two(Step.RCPT, reply, b"and more of the line\r\n", pause=HOLDS_BACK))


LINE_ENDS = {"lf": held_back(24, b"250 OK\n"), "cr": held_back(25, b"250 OK\r"), "lf-cr": held_back(26, b"250 OK\n\r")}


@scenario("rfc5321/2.3.8/client-recognizes-only-crlf", start=At.EHLO, place=LINE_ENDS, tags=["smuggling"])
async def reply_ends_with_crlf_only(place: Place, smtp: Client, hop: Hop, dns: Names) -> Observation:
    """The message does not go on to DATA before CRLF has ended the reply to RCPT, whatever stood in the line."""
    commands = await first_transaction(place, smtp, hop, dns)
    early = [each for each in commands if each.verb == b"DATA" and each.early]
    seen = f"DATA behind {visible(place.rule.reply or b'')}"
    return holds(not early, expected="nothing before CRLF", seen=seen if early else "nothing")


# What a client may do.


@scenario("rfc5321/4.2.1/client-may-use-any-line", start=At.EHLO, facts=["bare_next_hop"])
async def lines_of_a_reply_may_be_read_alike(smtp: Client, hop: Hop) -> Observation:
    """Of a reply whose lines have two codes one decides: that of the first line, or of the last."""
    said = Said(Step.RCPT, b"250-This line says yes\r\n550 This line says no\r\n")
    sender = await send(said, smtp, hop, hop.bare())
    if await hop.arrival() is not None:
        return took("goes by the first line")
    told = await hop.notification_arrival(sender)
    return took("goes by the last line") if told is not None else Unclear("it was neither sent nor given back")


REASON = "Reason-4711 of the next hop"


@scenario("rfc5321/4.2/text-may-be-ignored", start=At.EHLO)
async def text_of_a_reply_may_be_passed_on(smtp: Client, hop: Hop) -> Observation:
    """The text with which the next hop refuses a recipient reaches the sender, or is left out."""
    said = Said(Step.RCPT, reply_octets(550, REASON), FAILURE)
    sender = await send(said, smtp, hop, hop.mailbox())
    told = await hop.notification(sender)
    there = REASON.encode("ascii") in told.content.replace(b"\r\n ", b" ")
    return took("passes the text on" if there else "leaves the text out")
