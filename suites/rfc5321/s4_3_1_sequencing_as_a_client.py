"""RFC 5321 4.3.1 - Sequencing Overview, for a server that passes mail on: there it is a client, and bound as one."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance import (
    CRLF,
    At,
    Client,
    Held,
    Hop,
    HopConnection,
    Observation,
    Received,
    Rule,
    Step,
    arrived,
    holds,
    new_token,
    presume,
    reply_octets,
    row,
    scenario,
    visible,
)

Check = Callable[[Received, HopConnection], Observation]

OFFERED = {"PIPELINING", "8BITMIME", "SIZE"}
PARAMETERS = {"BODY", "SIZE"}
"""What the extensions that our next hop offers add to MAIL."""

NAME = re.compile(
    rb"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+|\[[^\[\]\s]+\]"
)
VERBS = {b"EHLO", b"HELO", b"MAIL", b"RCPT", b"DATA", b"RSET", b"NOOP", b"QUIT", b"VRFY", b"STARTTLS", b"BDAT"}


def verbs(connection: HopConnection) -> list[str]:
    """The verbs of all commands, in their order."""
    return [visible(command.verb, 40) for command in connection.commands]


def says_hello_before_mail(_: Received, connection: HopConnection) -> Observation:
    """EHLO or HELO comes before the first MAIL."""
    said = verbs(connection)
    before = said[: said.index("MAIL")] if "MAIL" in said else said
    return holds(bool({"EHLO", "HELO"} & {*before}), expected="EHLO or HELO before MAIL", seen=said)


def begins_with_ehlo(_: Received, connection: HopConnection) -> Observation:
    """The first command is EHLO."""
    said = verbs(connection)
    return holds(said[:1] == ["EHLO"], expected="EHLO first", seen=said)


def keeps_the_order(received: Received, _: HopConnection) -> Observation:
    """MAIL, then RCPT, then DATA."""
    said = [visible(command.verb, 40) for command in received.transaction.commands]
    order = [verb for verb in said if verb in {"MAIL", "RCPT", "DATA"}]
    good = order == ["MAIL", *["RCPT"] * (len(order) - 2), "DATA"] and len(order) > 2
    return holds(good, expected="MAIL, RCPT, DATA", seen=said)


def gives_no_arguments(_: Received, connection: HopConnection) -> Observation:
    """DATA, RSET and QUIT have no argument."""
    wrong = [
        visible(command.octets, 80)
        for command in connection.commands
        if command.verb in {b"DATA", b"RSET", b"QUIT"} and command.octets.strip().upper() != command.verb
    ]
    return holds(not wrong, expected="DATA, RSET and QUIT without an argument", seen=wrong)


def gives_offered_parameters_only(received: Received, _: HopConnection) -> Observation:
    """The parameters of MAIL and RCPT belong to what was offered."""
    given = [received.parameters, *(recipient.parameters for recipient in received.transaction.recipients)]
    words = {word.partition(b"=")[0].upper().decode("latin-1") for each in given for word in each.split()}
    expected = f"parameters of {', '.join(sorted(OFFERED))}"
    return holds(words <= PARAMETERS, expected=expected, seen=[visible(each) for each in given])


def says_ascii(_: Received, connection: HopConnection) -> Observation:
    """All commands are ASCII."""
    wrong = [visible(command.octets, 80) for command in connection.commands if not command.octets.isascii()]
    return holds(not wrong, expected="commands in ASCII", seen=wrong)


def ends_lines_with_crlf(_: Received, connection: HopConnection) -> Observation:
    """No command has a CR or an LF but at its end."""
    inner = [command.octets.removesuffix(CRLF) for command in connection.commands]
    wrong = [visible(each, 80) for each in inner if b"\r" in each or b"\n" in each]
    return holds(not wrong and not connection.rest, expected="CRLF at the end of each command", seen=wrong)


def nests_no_mail(_: Received, connection: HopConnection) -> Observation:
    """No MAIL comes while a transaction is open."""
    nested = [command for command in connection.commands if command.verb == b"MAIL" and command.reply[:3] == b"503"]
    return holds(not nested, expected="no MAIL in a transaction", seen=verbs(connection))


def waits_for_the_reply_to_ehlo(_: Received, connection: HopConnection) -> Observation:
    """What follows EHLO comes after its reply: only that says whether commands may be sent together."""
    early = [
        visible(later.octets, 80)
        for command, later in zip(connection.commands, connection.commands[1:], strict=False)
        if command.verb in {b"EHLO", b"HELO"} and later.early
    ]
    return holds(not early, expected="the next command after our reply to EHLO", seen=early)


def gives_a_full_name(_: Received, connection: HopConnection) -> Observation:
    """EHLO has a name with a dot in it, or an address literal."""
    name = connection.client_name or b""
    return holds(NAME.fullmatch(name) is not None, expected="a full name or a literal", seen=visible(name))


CHECKS = {
    "hello-before-mail": row(says_hello_before_mail, "rfc5321/4.1.1.1/hello-before-mail"),
    "ehlo-first": row(begins_with_ehlo, "rfc5321/4.1.4/ehlo-first"),
    "order": row(keeps_the_order, "rfc5321/3.3/commands-in-order"),
    "no-arguments": row(gives_no_arguments, "rfc5321/4.1.1/no-client-arguments"),
    "parameters": row(gives_offered_parameters_only, "rfc5321/4.1.1.3/only-offered-parameters"),
    "ascii": row(says_ascii, "rfc5321/2.4/ascii-commands"),
    "line-ends": row(ends_lines_with_crlf, "rfc5321/2.3.8/client-ends-lines-with-crlf"),
    "no-nested-mail": row(nests_no_mail, "rfc5321/4.1.4/no-nested-mail"),
    "reply-to-ehlo": row(waits_for_the_reply_to_ehlo, "rfc5321/4.3.1/client-waits-for-reply"),
    "name": row(gives_a_full_name, "rfc5321/2.3.5/ehlo-name-or-literal"),
}


@scenario("rfc5321/4.3.1/client-waits-for-reply", start=At.EHLO, check=CHECKS)
async def relay_as_a_client(check: Check, smtp: Client, hop: Hop) -> Observation:
    """A relay talks to the next hop in the order, form and words of a client."""
    await smtp.deliver(smtp.message(), hop.path())
    received = await hop.message()
    return check(received, received.transaction.connection)


@scenario(
    "rfc5321/4.1.4/quit-last",
    start=At.EHLO,
    alone=True,
    clause_of={"last": row(None), "no-close": row(None, "rfc5321/4.1.1.10/client-no-close-before-quit")},
)
async def relay_leaves_with_quit(clause_of: None, smtp: Client, hop: Hop) -> Observation:
    """A relay ends its session with QUIT, and does not just close the connection."""
    del clause_of
    await smtp.deliver(smtp.message(), hop.path())
    connection = await hop.ended(await hop.message())
    return holds(verbs(connection)[-1:] == ["QUIT"], expected="QUIT last", seen=[*verbs(connection), connection.end])


# What the next hop answers.

TAKES_ANY_TEXT = "rfc5321/4.2/client-takes-any-text"
NEW_CODES = "rfc5321/4.2/new-codes-by-first-digit"
REPLIES = {
    "no-text": reply_octets(250, ""),
    "odd-text": reply_octets(250, "550 is not what this is"),
    "bare-code": row(b"250\r\n", "rfc5321/4.2.1/client-takes-missing-space"),
    "many-lines": reply_octets(250, *(f"line {number}" for number in range(20))),
    "512-octets": row(reply_octets(250, "x" * 506), "rfc5321/4.5.3.1.5/client-takes-512"),
    "new-code": row(reply_octets(258, "A code that no list has"), NEW_CODES),
    "unlisted-code": row(
        reply_octets(259, "A code that no list has"), "rfc5321/4.3.2/client-prepared-for-unknown-codes"
    ),
}


async def answered_with(reply: bytes, smtp: Client, hop: Hop) -> Observation:
    """Whether a message goes through where MAIL, RCPT and its end are answered so, and nobody is told otherwise."""
    sender, recipient = new_token(), hop.mailbox()
    hop.script(sender, Rule(Step.MAIL, reply))
    hop.script(recipient, Rule(Step.RCPT, reply), Rule(Step.END_OF_DATA, reply))
    await smtp.deliver(smtp.message(), b"<%b>" % recipient, reverse_path=hop.path(sender))
    if await hop.arrival() is not None:
        return Held("it went through")
    attempts = await hop.transactions(sender)
    presume(holds(bool(attempts), expected="an attempt", seen="none"))
    return holds(False, expected=f"a message in spite of {visible(reply, 60)}", seen="none came")


@scenario(TAKES_ANY_TEXT, start=At.EHLO, facts=["delivery_within"], reply=REPLIES)
async def success_is_told_by_the_code(reply: bytes, smtp: Client, hop: Hop) -> Observation:
    """A relay takes a 2yz for success, whatever its text and its code."""
    return await answered_with(reply, smtp, hop)


@scenario(
    "rfc5321/4.2/client-acts-on-code",
    start=At.EHLO,
    facts=["delivery_within"],
    text={"ok": "250 OK", "queued": "OK, queued"},
)
async def failure_is_told_by_the_code(text: str, smtp: Client, hop: Hop) -> Observation:
    """A relay takes a 5yz for failure, though its text speaks of success."""
    sender, recipient = new_token(), hop.mailbox()
    hop.script(recipient, Rule.answer(Step.RCPT, 550, text))
    await smtp.deliver(smtp.message(), b"<%b>" % recipient, reverse_path=hop.path(sender))
    presume(holds(bool(await hop.transactions(sender)), expected="an attempt", seen="none"))
    told = await hop.notification_arrival(sender)
    return arrived(told, expected="a notification of the failure", seen="none came")


REFUSED_DATA = {
    "5yz": row(554, "rfc5321/3.3/no-data-after-refusal"),
    "250": row(250),
    "new-2yz": row(257),
}


@scenario("rfc5321/3.3/no-data-without-354", start=At.EHLO, code=REFUSED_DATA, alone=True)
async def no_mail_data_without_354(code: int, smtp: Client, hop: Hop) -> Observation:
    """A relay sends the message only where DATA was answered with 354.

    One that does all the same is out of step then, with other mail on the connection: it runs alone.
    """
    sender, recipient = new_token(), hop.mailbox()
    hop.script(recipient, Rule.answer(Step.DATA, code, times=1))
    await smtp.deliver(smtp.message(), b"<%b>" % recipient, reverse_path=hop.path(sender))
    attempts = await hop.transactions(sender)
    presume(holds(bool(attempts), expected="an attempt", seen="none"))
    said = [command for command in attempts[0].commands if command.verb not in VERBS]
    if not said:  # mail data come behind the refusal that ends the transaction
        await hop.ended(attempts[0])
        said = [command for command in attempts[0].commands if command.verb not in VERBS]
    return holds(
        not said, expected="commands, no mail data", seen=[visible(command.octets, 60) for command in said[:3]]
    )
