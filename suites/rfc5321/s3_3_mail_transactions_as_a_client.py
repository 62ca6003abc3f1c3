"""RFC 5321 3.3 - Mail Transactions, for a server that passes mail on: how it writes MAIL and RCPT."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance import (
    CRLF,
    At,
    Client,
    Hop,
    Observation,
    Received,
    holds,
    new_token,
    presume,
    row,
    scenario,
    took,
    visible,
)

Check = Callable[[Received], Observation]

IN_BRACKETS = re.compile(rb"TO:[ \t]*<[^<>]+>(?: .*)?", re.IGNORECASE | re.DOTALL)
COLON = re.compile(rb"(?:MAIL FROM|RCPT TO):[^ \t].*", re.IGNORECASE | re.DOTALL)


def lines(received: Received, *verbs: bytes) -> list[bytes]:
    """The commands of the transaction with these verbs, without their line ends."""
    return [command.octets.removesuffix(CRLF) for command in received.transaction.commands if command.verb in verbs]


def shown(given: list[bytes]) -> list[str]:
    """The lines, safe to print."""
    return [visible(line, 120) for line in given]


def puts_paths_in_brackets(received: Received) -> Observation:
    """Each RCPT has one path, in brackets."""
    wrong = [line for line in lines(received, b"RCPT") if IN_BRACKETS.fullmatch(line.partition(b" ")[2]) is None]
    return holds(not wrong, expected="RCPT with one path in brackets", seen=shown(wrong))


def puts_no_space_at_the_colon(received: Received) -> Observation:
    """No space stands before or behind the colon."""
    wrong = [line for line in lines(received, b"MAIL", b"RCPT") if COLON.fullmatch(line) is None]
    return holds(not wrong, expected="no space on either side of the colon", seen=shown(wrong))


def routes_no_recipient(received: Received) -> Observation:
    """No forward-path has a source route."""
    paths = [recipient.forward_path for recipient in received.transaction.recipients]
    return holds(not any(path.startswith(b"@") for path in paths), expected="mailboxes alone", seen=shown(paths))


def routes_no_sender(received: Received) -> Observation:
    """The reverse-path has no source route."""
    path = received.reverse_path
    return holds(not path.startswith(b"@"), expected="a mailbox alone", seen=visible(path))


def routes_nothing(received: Received) -> Observation:
    """Neither has one."""
    paths = [received.reverse_path, *(recipient.forward_path for recipient in received.transaction.recipients)]
    return holds(not any(path.startswith(b"@") for path in paths), expected="no source route", seen=shown(paths))


def is_from_somebody(received: Received) -> Observation:
    """The reverse-path is not null."""
    return holds(received.reverse_path != b"", expected="a reverse-path that is not null", seen="MAIL FROM:<>")


def is_all_lines(received: Received) -> Observation:
    """Commands and mail data are lines, one behind the other, and nothing else was sent."""
    connection = received.transaction.connection
    inner = [command.octets.removesuffix(CRLF) for command in connection.commands]
    data = b"" if received.chunked else received.data
    wrong = [each for each in (*inner, *data.split(CRLF)) if b"\r" in each or b"\n" in each]
    good = not wrong and not connection.rest and (not data or data.endswith(CRLF))
    return holds(good, expected="lines, each with a CRLF", seen=shown([*wrong[:3], connection.rest]))


CHECKS = {
    "brackets": row(puts_paths_in_brackets, "rfc5321/3.3/path-in-brackets"),
    "colon": row(puts_no_space_at_the_colon, "rfc5321/3.3/no-space-around-colon"),
    "forward-route": row(routes_no_recipient, "rfc5321/4.1.1.3/no-source-routes-sent"),
    "reverse-route": row(routes_no_sender, "rfc5321/4.1.1.2/no-source-route-in-reverse-path"),
    "routes": row(routes_nothing, "rfc5321/4.1.2/generate-no-source-routes"),
    "null": row(is_from_somebody, "rfc5321/4.5.5/other-mail-not-null"),
    "lines": row(is_all_lines, "rfc5321/2.3.7/commands-and-data-in-lines"),
}


@scenario("rfc5321/3.3/path-in-brackets", start=At.EHLO, check=CHECKS)
async def relay_writes_the_envelope(check: Check, smtp: Client, hop: Hop) -> Observation:
    """A relay hands a message for two on with plain paths in brackets, right behind the colon, and in lines."""
    sender = hop.path(new_token())
    await smtp.deliver(smtp.message(), hop.path(), hop.path(local=b"other-%b"), reverse_path=sender)
    return check(await hop.message())


@scenario(
    "rfc5321/3.3/path-in-brackets",
    start=At.EHLO,
    form={"brackets": row(IN_BRACKETS), "colon": row(COLON, "rfc5321/3.3/no-space-around-colon")},
)
async def notifier_writes_its_recipient(form: re.Pattern[bytes], smtp: Client, hop: Hop) -> Observation:
    """A notification has its recipient in brackets, right behind the colon of RCPT."""
    sender = await hop.refuses(smtp)
    mark = sender.encode("ascii")
    said = [
        command.octets.removesuffix(CRLF)
        for transaction in await hop.transactions(sender, at_least=2)
        for command in transaction.commands
        if command.verb == b"RCPT" and mark in command.octets
    ]
    presume(holds(bool(said), expected="a notification", seen="no RCPT with the sender's mailbox"))
    wrong = [line for line in said if form.fullmatch(line if form is COLON else line.partition(b" ")[2]) is None]
    return holds(not wrong, expected="a path in brackets right behind the colon", seen=shown(wrong))


GREETS_FIRST = {b"NOOP", b"HELP", b"EXPN", b"VRFY", b"RSET"}


@scenario("rfc5321/4.1.4/client-greets-first", start=At.EHLO)
async def relay_greets_before_it_says_anything_else(smtp: Client, hop: Hop) -> Observation:
    """A relay says EHLO before NOOP, HELP, EXPN, VRFY or RSET."""
    await smtp.deliver(smtp.message(), hop.path())
    said = [command.verb for command in (await hop.message()).transaction.connection.commands]
    before = said[: next((at for at, verb in enumerate(said) if verb in {b"EHLO", b"HELO"}), len(said))]
    return holds(not GREETS_FIRST & {*before}, expected="EHLO before these", seen=shown(said))


@scenario("rfc5321/2.4/may-send-verbs-in-upper-case", start=At.EHLO)
async def verbs_may_be_in_capitals(smtp: Client, hop: Hop) -> Observation:
    """A relay writes its verbs in capitals, in small letters, or mixed."""
    await smtp.deliver(smtp.message(), hop.path())
    said = [command.octets[:4] for command in (await hop.message()).transaction.connection.commands]
    presume(holds(bool(said), expected="commands", seen="none"))
    capitals, small = (all(verb == change(verb) for verb in said) for change in (bytes.upper, bytes.lower))
    return took("in capitals" if capitals else "in small letters" if small else "mixed", shown(said))
