"""RFC 5321 4.5.3.1.8 - Recipients Buffer."""

from __future__ import annotations

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
    Reset,
    Unclear,
    accepted,
    new_token,
    presume,
    scenario,
    stays_open,
    stuff,
    taken_like_any_other,
)

MOST = 2000
"""A limit above this is not tried: so many commands are a burden by themselves."""


async def _fill(smtp: Client, count: int) -> tuple[int, Outcome]:
    """Say RCPT so often, with one mailbox after the other; the number accepted, and the last outcome."""
    mailboxes = [mailbox.encode("ascii") for mailbox in smtp.target.mailboxes or (smtp.target.mailbox,)]
    for number in range(count):
        outcome = await smtp.rcpt(b"<%b>" % mailboxes[number % len(mailboxes)])
        if not isinstance(outcome, Reply) or outcome.severity != 2:
            return number, outcome
    return count, outcome


def _room(number: int, outcome: Outcome, count: int, smtp: Client) -> Observation:
    """Whether there was room for so many recipients: a refusal of the first of each mailbox has other grounds."""
    if number == count:
        return Held(f"{number} recipients were accepted")
    own_grounds = number < len(smtp.target.mailboxes)
    too_many = isinstance(outcome, Reply) and (outcome.code == 452 or outcome.severity == 5)
    if own_grounds or not too_many:
        return Unclear(f"recipient {number + 1}: {outcome}")
    return Broken(f"room for {count} recipients", f"recipient {number + 1}: {outcome}")


@scenario("rfc5321/4.5.3.1.8/100-recipients", start=At.MAIL, facts=["mailboxes"])
async def hundred_recipients_are_accepted(smtp: Client) -> Observation:
    """RCPT is accepted a hundred times in one transaction."""
    number, outcome = await _fill(smtp, 100)
    return _room(number, outcome, 100, smtp)


@scenario("rfc5321/4.5.3.1.8/no-rejection-under-100", start=At.MAIL, facts=["mailboxes"])
async def message_for_99_recipients_is_taken(smtp: Client, second: Client) -> Observation:
    """A message with 99 recipients is taken to the end."""
    number, outcome = await _fill(smtp, 99)
    room = _room(number, outcome, 99, smtp)
    if not isinstance(room, Held):
        return room
    begun = accepted(await smtp.say(b"DATA"), {354})
    if isinstance(begun, Broken):
        await second.deliver()
    if not isinstance(begun, Held):
        return begun
    return await taken_like_any_other(smtp.message(), smtp, second)


@scenario("rfc5321/4.5.3.1.8/orderly-limit", start=At.MAIL, facts=["mailboxes", "limits.recipients"])
async def recipient_above_the_limit_is_refused_in_order(smtp: Client) -> Observation:
    """The recipient above the stated limit gets a reply, and the session goes on."""
    limit = smtp.target.limits.recipients or 0
    if not 0 < limit <= MOST:
        return Unclear(f"a limit of {limit} is not tried")
    number, outcome = await _fill(smtp, limit + 1)
    if number < limit:
        return Unclear(f"recipient {number + 1}: {outcome}")
    if isinstance(outcome, Closed | Reset):
        return Broken("a reply to the recipient above the limit", str(outcome))
    if not isinstance(outcome, Reply) or outcome.code == 421:
        return Unclear(str(outcome))
    behind = await smtp.say(b"NOOP")
    if isinstance(behind, Reply) and behind.code == 421:
        return Unclear(f"the session is ended for another reason: {behind}")
    return stays_open(behind)


def _header(count: int) -> bytes:
    """A To field with so many recipients."""
    return b"To: " + b",\r\n ".join(b"<user%d@client.example.test>" % number for number in range(count)) + b"\r\n"


@scenario("rfc5321/4.5.3.1.8/recipients-in-header", start=At.DATA, count={"120": 120, "1000": 1000})
async def message_with_many_recipients_in_its_header_is_taken(count: int, smtp: Client, second: Client) -> Observation:
    """A message whose To field names many more recipients than its envelope is taken."""
    return await taken_like_any_other(_header(count) + smtp.message(without=["To"]), smtp, second)


HEADER_DEFECTS = {
    "date-of-no-form": b"Date: some time ago\r\n",
    "two-from-fields": b"From: <one@client.example.test>\r\nFrom: <two@client.example.test>\r\n",
    "empty-address": b"Cc: <>\r\n",
    "unknown-field": b"X-No-Such-Field:\r\n",
}


@scenario("rfc5321/4.5.3.1.8/relay-no-header-tests", start=At.EHLO, fields=HEADER_DEFECTS)
async def message_to_relay_is_taken_whatever_its_fields(
    fields: bytes, smtp: Client, second: Client, hop: Hop
) -> Observation:
    """A message for the next hop with a field that is in disorder is taken where one in good order is."""
    await smtp.transaction(hop.path())
    presume(accepted(await smtp.say(b"DATA"), {354}))
    await smtp.raw(stuff(fields + smtp.message(without=["Date"] if fields.startswith(b"Date") else [])) + b"." + CRLF)
    seen = accepted(await smtp.reply())
    if isinstance(seen, Broken):
        control = new_token()
        await second.deliver(second.message(token=control), hop.path(control))
    return seen
