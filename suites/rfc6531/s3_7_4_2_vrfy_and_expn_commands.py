"""RFC 6531 3.7.4.2 - VRFY and EXPN Commands and the SMTPUTF8 Parameter."""

from __future__ import annotations

import re

from conformance import (
    At,
    Broken,
    Client,
    Exchange,
    Held,
    Observation,
    Reply,
    Unclear,
    holds,
    presume,
    row,
    scenario,
    succeeds_with,
    took,
    watch,
)

STATUS = re.compile(rb"^[245]\.\d{1,3}\.\d{1,3} ")
MAILBOX = rb'(?:[^\s<>@"]+|"(?:[^"\\]|\\.)*")@[^\s<>@]+'
FORM = re.compile(rb"(?:[^<>]* ?<%b>|%b)" % (MAILBOX, MAILBOX))
DECLARED = b" SMTPUTF8"


@scenario(
    "rfc6531/3.7.4.2/no-utf-8-unasked",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    verb={"vrfy": b"VRFY", "expn": row(b"EXPN", offers=["EXPN"])},
)
async def reply_without_the_parameter_is_ascii(verb: bytes, smtp: Client) -> Observation:
    """VRFY and EXPN without SMTPUTF8 are answered in ASCII."""
    listed = smtp.target.mailing_list
    name = listed.address if verb == b"EXPN" and listed else smtp.target.mailbox
    outcome = await smtp.say(verb + b" " + name.encode("ascii"))
    if not isinstance(outcome, Reply):
        return Unclear(str(outcome))
    return holds(outcome.octets.isascii(), expected="ASCII", seen=outcome)


@watch("rfc6531/3.7.4.2/no-other-utf-8")
def watch_replies_are_ascii(exchange: Exchange) -> Observation | None:
    """Replies of a server that lists SMTPUTF8 are ASCII, but where an address stands in them."""
    exempt = exchange.verb in {None, "VRFY", "EXPN"} or exchange.reply.code in {251, 551}
    if "SMTPUTF8" not in exchange.offers or exempt:
        return None
    return holds(exchange.reply.octets.isascii(), expected="ASCII", seen=exchange.reply)


def _texts(reply: Reply) -> list[bytes]:
    """The texts of the lines, less an enhanced status code (RFC 2034 4)."""
    return [STATUS.sub(b"", line.text).strip() for line in reply.lines]


def _outside_ascii(smtp: Client) -> bytes:
    """VRFY of the mailbox outside ASCII that the target declares."""
    return b"VRFY " + (smtp.target.utf8_mailbox or "").encode()


def _question(smtp: Client, verb: bytes) -> bytes:
    listed = smtp.target.mailing_list
    name = listed.address if verb == b"EXPN" and listed else smtp.target.mailbox
    return verb + b" " + name.encode("ascii")


async def _confirmed(smtp: Client, line: bytes) -> Reply:
    """The 250 to VRFY or EXPN; without one there is nothing to look at."""
    outcome = await smtp.say(line)
    presume(succeeds_with(outcome, {250}))
    assert isinstance(outcome, Reply)
    return outcome


ASKED = {"vrfy": row(b"VRFY"), "expn": row(b"EXPN", offers=["EXPN"])}


@scenario("rfc6531/3.7.4.2/252-or-550", start=At.EHLO, offers=["SMTPUTF8"], facts=["utf8_mailbox"])
async def mailbox_outside_ascii_is_not_told_unasked(smtp: Client) -> Observation:
    """VRFY of a mailbox outside ASCII without the parameter is answered with 252 or 550."""
    outcome = await smtp.say(_outside_ascii(smtp))
    if not isinstance(outcome, Reply):
        return Unclear(str(outcome))
    if outcome.code in {252, 550}:
        return Held(str(outcome))
    if outcome.severity == 2:
        return Broken("252 or 550", str(outcome))
    return Unclear(f"no reply that would need UTF-8: {outcome}")


@scenario("rfc6531/3.7.4.2/no-utf-8-unasked", start=At.EHLO, offers=["SMTPUTF8"], facts=["utf8_mailbox"])
async def reply_about_a_mailbox_outside_ascii_is_ascii_unasked(smtp: Client) -> Observation:
    """VRFY of a mailbox outside ASCII without the parameter is answered in ASCII, whatever the answer."""
    outcome = await smtp.say(_outside_ascii(smtp))
    if not isinstance(outcome, Reply):
        return Unclear(str(outcome))
    return holds(outcome.octets.isascii(), expected="ASCII", seen=outcome)


@scenario(
    "rfc6531/3.7.4.2/x-6-8",
    start=At.EHLO,
    offers=["SMTPUTF8", "ENHANCEDSTATUSCODES"],
    facts=["utf8_mailbox"],
)
async def reply_that_may_not_hold_utf_8_says_so(smtp: Client) -> Observation:
    """Where VRFY with the parameter tells the mailbox, the 252 or 550 without it carries X.6.8."""
    told = await smtp.say(_outside_ascii(smtp) + DECLARED)
    if not isinstance(told, Reply) or told.severity != 2 or told.octets.isascii():
        return Unclear(f"no mailbox outside ASCII to be told: {told}")
    outcome = await smtp.say(_outside_ascii(smtp))
    if not isinstance(outcome, Reply) or outcome.code not in {252, 550, 553}:
        return Unclear(f"no such reply to look at: {outcome}")
    return holds(outcome.status[1:] == ".6.8", expected="X.6.8", seen=outcome)


@scenario("rfc6531/3.7.4.2/for-that-command-only", start=At.EHLO, offers=["SMTPUTF8"], facts=["utf8_mailbox"])
async def parameter_holds_for_its_command_only(smtp: Client) -> Observation:
    """After VRFY with the parameter one without it is answered in ASCII again."""
    told = await smtp.say(_outside_ascii(smtp) + DECLARED)
    if not isinstance(told, Reply) or told.octets.isascii():
        return Unclear(f"no mailbox outside ASCII to be told: {told}")
    outcome = await smtp.say(_outside_ascii(smtp))
    if not isinstance(outcome, Reply):
        return Unclear(str(outcome))
    return holds(outcome.octets.isascii(), expected="ASCII", seen=outcome)


@scenario("rfc6531/3.7.4.2/may-full-name", start=At.EHLO, offers=["SMTPUTF8"], facts=["mailboxes"])
async def success_may_tell_the_full_name(smtp: Client) -> Observation:
    """A 250 to VRFY with the parameter has a name before the mailbox, or the mailbox alone."""
    reply = await smtp.say(_question(smtp, b"VRFY") + DECLARED)
    if not isinstance(reply, Reply) or reply.severity not in {2, 5}:
        return Unclear(str(reply))
    if reply.code != 250:
        return took("tells nothing", reply)
    name = _texts(reply)[0].partition(b"<")[0].strip()
    return took("tells a name" if name and b"@" not in name else "tells the mailbox alone", reply)


@scenario("rfc6531/3.7.4.2/mailbox-in-success", start=At.EHLO, offers=["SMTPUTF8"], facts=["mailboxes"], verb=ASKED)
async def success_tells_the_mailbox(verb: bytes, smtp: Client) -> Observation:
    """A 250 to VRFY or EXPN with the parameter has a mailbox, that to EXPN on each line."""
    reply = await _confirmed(smtp, _question(smtp, verb) + DECLARED)
    mailboxes = [b"@" in text for text in _texts(reply)]
    return holds(all(mailboxes) if verb == b"EXPN" else any(mailboxes), expected="a mailbox", seen=reply)


@scenario("rfc6531/3.7.4.2/success-form", start=At.EHLO, offers=["SMTPUTF8"], facts=["mailboxes"], verb=ASKED)
async def success_has_one_of_two_forms(verb: bytes, smtp: Client) -> Observation:
    """Each line of a 250 to VRFY or EXPN is a name and a mailbox in brackets, or a mailbox alone."""
    reply = await _confirmed(smtp, _question(smtp, verb) + DECLARED)
    if not all(b"@" in text for text in _texts(reply)):
        return Unclear(f"no mailbox whose form could be looked at: {reply}")
    good = all(FORM.fullmatch(text) for text in _texts(reply))
    return holds(good, expected="User Name <mailbox>, or mailbox", seen=reply)


@scenario("rfc6531/3.7.4.2/mailbox-in-success", start=At.EHLO, offers=["SMTPUTF8"], facts=["utf8_mailbox"])
async def success_tells_the_mailbox_outside_ascii(smtp: Client) -> Observation:
    """A 250 to VRFY of a mailbox outside ASCII with the parameter has that mailbox in it."""
    reply = await _confirmed(smtp, _outside_ascii(smtp) + DECLARED)
    wanted = smtp.target.utf8_mailbox or ""
    return holds(wanted.encode() in reply.text, expected=wanted, seen=reply)


@scenario("rfc6531/3.7.4.2/success-form", start=At.EHLO, offers=["SMTPUTF8"], facts=["utf8_mailbox"])
async def success_outside_ascii_has_one_of_two_forms(smtp: Client) -> Observation:
    """A 250 to VRFY of a mailbox outside ASCII is a name and a mailbox in brackets, or a mailbox alone."""
    reply = await _confirmed(smtp, _outside_ascii(smtp) + DECLARED)
    if b"@" not in reply.text:
        return Unclear(f"no mailbox whose form could be looked at: {reply}")
    good = all(FORM.fullmatch(text) for text in _texts(reply))
    return holds(good, expected="User Name <mailbox>, or mailbox", seen=reply)
