"""RFC 5321 4.5.3.1 - Size Limits and Minimums, for a server that passes mail on: what it sends, and what is refused.

Each limit is reached by what the target is given and not passed, so that what comes out need not pass it either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance import (
    CRLF,
    At,
    Broken,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Received,
    Reply,
    Rule,
    Step,
    holds,
    new_token,
    presume,
    reply_octets,
    row,
    scenario,
    took,
    visible,
)

Check = Callable[[Received], Observation]

LOCAL_PART, DOMAIN, PATH, COMMAND_LINE, TEXT_LINE = 64, 255, 256, 512, 1000
"""The most octets of each, line ends included, the dot apart that is doubled."""


def longest(octets: list[bytes], most: int, what: str) -> Observation:
    """None of these is longer than that."""
    found = max(octets, key=len, default=b"")
    seen = f"{len(found)}: {visible(found, 60)}"
    return holds(len(found) <= most, expected=f"{what} of {most} octets at most", seen=seen)


def mailboxes(received: Received) -> list[bytes]:
    """All that stand in MAIL and RCPT."""
    return [received.reverse_path, *(recipient.forward_path for recipient in received.transaction.recipients)]


def has_short_local_parts(received: Received) -> Observation:
    """The local-parts that are sent."""
    return longest([mailbox.rpartition(b"@")[0] for mailbox in mailboxes(received)], LOCAL_PART, "a local-part")


def has_short_domains(received: Received) -> Observation:
    """The domains that are sent, in EHLO too."""
    said = received.transaction.connection.client_name or b""
    return longest([said, *(mailbox.rpartition(b"@")[2] for mailbox in mailboxes(received))], DOMAIN, "a domain")


def has_short_paths(received: Received) -> Observation:
    """The paths that are sent, with their brackets."""
    return longest([b"<%b>" % mailbox for mailbox in mailboxes(received)], PATH, "a path")


def has_short_commands(received: Received) -> Observation:
    """The command lines."""
    connection = received.transaction.connection
    return longest([command.octets for command in connection.commands], COMMAND_LINE, "a command line")


def has_short_lines(received: Received) -> Observation:
    """The lines of the mail data, with the CRLF that each has and without a doubled dot."""
    return longest([line + CRLF for line in received.content.split(CRLF)], TEXT_LINE, "a text line")


def has_short_objects(received: Received) -> Observation:
    """All of these."""
    checks = (has_short_local_parts, has_short_domains, has_short_paths, has_short_commands, has_short_lines)
    seen = [check(received) for check in checks]
    return next((each for each in seen if isinstance(each, Broken)), seen[-1])


CHECKS = {
    "local-part": row(has_short_local_parts, "rfc5321/4.5.3.1.1/client-local-part"),
    "domain": row(has_short_domains, "rfc5321/4.5.3.1.2/client-domain"),
    "path": row(has_short_paths, "rfc5321/4.5.3.1.3/client-path"),
    "command-line": row(has_short_commands, "rfc5321/4.5.3.1.4/client-command-line"),
    "text-line": row(has_short_lines, "rfc5321/4.5.3.1.6/client-text-line"),
    "objects": has_short_objects,
}

LONG_PATH = 250
LONG_LABEL = b"a" * 61
FULL_LINE = b"x" * (TEXT_LINE - 2) + CRLF
DOTTED_LINE = b"." * (TEXT_LINE - 2) + CRLF


def long_sender(mark: str) -> bytes:
    """A reverse-path of 250 octets, its local-part of 60, below a name that is nobody's.

    Some servers count brackets, or an octet that ends the text, and refuse a path of 256.
    """
    local = b"%b-" % mark.encode("ascii")
    local += b"s" * (60 - len(local))
    domain = b".".join([LONG_LABEL] * 2 + [b"client.example.test"])
    missing = LONG_PATH - 2 - len(local) - 1 - len(domain)
    return b"<" + local + b"@" + b"b" * (missing - 1) + b"." + domain + b">"


@scenario("rfc5321/4.5.3.1/larger-objects-avoided", start=At.EHLO, check=CHECKS)
async def relay_stays_within_the_limits(check: Check, smtp: Client, hop: Hop) -> Observation:
    """What came in within a limit goes out within it: local-parts, domains, paths, command lines and text lines."""
    local = b"%b-" + b"r" * (LOCAL_PART - len(smtp.token) - 1)
    body = FULL_LINE + DOTTED_LINE + FULL_LINE
    await smtp.deliver(smtp.message(body=body), hop.path(local=local), reverse_path=long_sender(new_token()))
    return check(await hop.message())


LONG_REPLY = reply_octets(550, *(f"{number:02d} " + "No such mailbox here. " * 8 for number in range(20)))


@scenario(
    "rfc5321/4.5.3.1/larger-objects-avoided",
    start=At.EHLO,
    check={name: CHECKS[name] for name in ("text-line", "objects")},
)
async def notifier_stays_within_the_limits(check: Check, smtp: Client, hop: Hop) -> Observation:
    """A notification has lines of a bearable length, though the next hop has refused the message at great length."""
    sender, recipient = new_token(), hop.mailbox()
    hop.script(recipient, Rule(Step.RCPT, LONG_REPLY))
    await smtp.deliver(smtp.message(), b"<%b>" % recipient, reverse_path=hop.path(sender))
    return check(await hop.notification(sender))


LONGER = b"y" * 1500 + CRLF


@scenario("rfc5321/4.5.3.1/client-may-try-larger", start=At.EHLO)
async def longer_line_may_be_sent_on(smtp: Client, hop: Hop) -> Observation:
    """A text line of 1502 octets goes on as it is, or in pieces, or is refused."""
    await smtp.transaction(hop.path())
    outcome = await smtp.data(smtp.message(body=LONGER))
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return took("refuses it", outcome)
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        raise NotReady("end of data", outcome)
    return took("sends it as it is" if LONGER in (await hop.message()).content else "sends it otherwise")


@dataclass(frozen=True)
class TooLarge:
    """An object above its limit, and how the next hop refuses it."""

    step: Step
    code: int
    local: bytes = b"%b"
    body: bytes = b"A message of the conformance suite.\r\n"


LARGER = {
    "local-part": TooLarge(Step.RCPT, 501, local=b"%b-" + b"r" * 70),
    "text-line": TooLarge(Step.END_OF_DATA, 500, body=LONGER),
    "message": TooLarge(Step.END_OF_DATA, 552, body=FULL_LINE * 100),
}


@scenario("rfc5321/4.5.3.1/client-prepared-for-rejection", start=At.EHLO, facts=["delivery_within"], too_large=LARGER)
async def larger_object_that_is_refused_is_reported(too_large: TooLarge, smtp: Client, hop: Hop) -> Observation:
    """Where the next hop refuses what is above a limit the sender is told, if the target has taken it at all."""
    sender = new_token()
    recipient = hop.mailbox(local=too_large.local)
    hop.script(recipient, Rule.answer(too_large.step, too_large.code, "Too long for this host"))
    outcomes = [await smtp.mail(hop.path(sender)), await smtp.rcpt(b"<%b>" % recipient)]
    if isinstance(outcomes[-1], Reply) and outcomes[-1].severity == 2:
        outcomes.append(await smtp.data(smtp.message(body=too_large.body)))
    last = outcomes[-1]
    if isinstance(last, Reply) and last.severity == 5:
        return Held(f"it is not sent, as it is refused here: {last}")
    if not (isinstance(last, Reply) and last.severity == 2):
        raise NotReady("a larger object", last)
    told = await hop.notification_arrival(sender)
    return holds(told is not None, expected="a notification of the refusal", seen="none came")


LARGE = 200_000
"""Octets of a message that everybody would call large, and that every server has to take that takes mail at all."""


@scenario("rfc5321/4.5.3.1.7/client-uses-size", start=At.EHLO, offers=["SIZE"])
async def size_of_a_large_message_is_declared(smtp: Client, hop: Hop) -> Observation:
    """MAIL for a large message says its size to a next hop that offers SIZE."""
    limit = smtp.offers["SIZE"].strip()
    if limit.isdigit() and 0 < int(limit) < LARGE + 1000:
        raise NotReady("SIZE", f"{LARGE} octets are too many here: {visible(limit)}")
    await smtp.deliver(smtp.message_of(LARGE), hop.path())
    received = await hop.message()
    words = [word.partition(b"=")[0].upper() for word in received.parameters.split()]
    return holds(b"SIZE" in words, expected="MAIL with SIZE", seen=visible(received.parameters) or "no parameters")


# More recipients than the next hop has room for.

ROOM = 100
RECIPIENTS = 110
LONG = 3300.0
"""How long the rest is waited for, in seconds; a slow scenario may take an hour."""

MANY = ["many-recipients"]


async def to_more_than_there_is_room_for(code: int, smtp: Client, hop: Hop) -> tuple[str, list[bytes]]:
    """A message for 110 recipients, of whom the next hop takes 100 at a time: the token of its sender, and them.

    Raises:
        NotReady: the target has no room for so many itself.
    """
    sender = new_token()
    hop.script(smtp.token, Rule.answer(Step.RCPT, code, "Too many recipients", beyond=ROOM))
    recipients = [hop.mailbox(local=b"r%d-%%b" % number) for number in range(RECIPIENTS)]
    await smtp.deliver(smtp.message(), *(b"<%b>" % each for each in recipients), reverse_path=hop.path(sender))
    return sender, recipients


async def served(hop: Hop, recipients: list[bytes], at_least: int) -> list[bytes]:
    """Who has got the message, as often as they did, once it is so many or no more come."""
    came: tuple[Received, ...] = ()
    paths: list[bytes] = []
    while len({*paths}) < at_least:
        more = await hop.messages(at_least=len(came) + 1)
        if len(more) <= len(came):
            break
        came = more
        paths = [path for each in came if each.replies[-1:] != [b""] for path in each.forward_paths]
    return [path for path in paths if path in {*recipients}]


@scenario("rfc5321/4.5.3.1.8/client-sends-chunks", start=At.EHLO, facts=["delivery_within"], tags=MANY)
async def first_hundred_recipients_are_served(smtp: Client, hop: Hop) -> Observation:
    """Of 110 recipients the hundred for whom the next hop has room get the message at once."""
    _, recipients = await to_more_than_there_is_room_for(452, smtp, hop)
    there = {*await served(hop, recipients, ROOM)}
    return holds(len(there) >= ROOM, expected=f"the message for {ROOM} recipients", seen=f"for {len(there)}")


async def most_at_once(hop: Hop) -> int:
    """The most recipients that the target has given in one transaction."""
    return max((len(each.recipients) for each in await hop.transactions()), default=0)


@scenario("rfc5321/4.5.3.1.10/client-takes-552-as-temporary", start=At.EHLO, facts=["delivery_within"], tags=MANY)
async def too_many_recipients_is_no_failure_for_good(smtp: Client, hop: Hop) -> Observation:
    """The recipients for whom the next hop has no room, as it says with 552 behind a hundred, are not given back."""
    sender, recipients = await to_more_than_there_is_room_for(552, smtp, hop)
    await served(hop, recipients, ROOM)
    most = await most_at_once(hop)
    if most <= ROOM:
        return Held(f"no transaction has more than {most}, so that none was refused")
    return await hop.no_notification(sender, after=await hop.refuses(smtp))


@scenario("rfc5321/4.5.3.1.10/client-sends-the-rest", start=At.EHLO, slow=True, tags=MANY)
async def rest_of_the_recipients_is_served_once(smtp: Client, hop: Hop) -> Observation:
    """The recipients that got 452 are served later, and those that had their copy get no second one."""
    await to_more_than_there_is_room_for(452, smtp, hop)
    got: dict[bytes, int] = {}
    seen = 0
    while len(got) < RECIPIENTS and max(got.values(), default=0) <= 1:
        tried = await hop.transactions(at_least=seen + 1, within=LONG)
        if len(tried) <= seen:
            break
        seen = len(tried)
        messages = [each.message for each in tried if each.message is not None]
        paths = [path for message in messages for path in message.forward_paths]
        got = {path: paths.count(path) for path in paths}
    presume(holds(bool(got), expected="a message", seen="none"))
    twice = [visible(path) for path, times in got.items() if times > 1]
    if twice:
        return Broken("one copy for each", f"more for {len(twice)}: {twice[0]}")
    return holds(len(got) == RECIPIENTS, expected=f"a copy for {RECIPIENTS}", seen=f"for {len(got)}")
