"""RFC 3464 2.3 - Per-recipient DSN fields."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from conformance import (
    At,
    Broken,
    Client,
    DeliveryReport,
    Field,
    Hop,
    NotReady,
    Observation,
    Rule,
    Step,
    delivery_report,
    fields_named,
    holds,
    new_token,
    presume,
    row,
    scenario,
    took,
    typed_value,
    value_of,
    visible,
    without_comments,
)

ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
STATUS = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}")
ZEROS = re.compile(rb"\.0\d")
ZONE = re.compile(rb"[+-]\d{4}\b")
TRACE = b"Received: from a.client.example.test by b.client.example.test; Thu, 26 Nov 2026 10:00:00 +0000\r\n"
ROUNDS = 150
"""More trace fields than any server takes for a way that a message went (RFC 5321 §6.3)."""


async def told(smtp: Client, hop: Hop, local: bytes = b"%b") -> tuple[DeliveryReport, tuple[Field, ...]]:
    """The report about a recipient that the next hop refuses, and the group of fields for it.

    Raises:
        NotReady: no report came, or it has no group.
    """
    sender = new_token()
    hop.script(hop.mailbox(local=local), Rule.answer(Step.RCPT, 550))
    await smtp.deliver(smtp.message(), hop.path(local=local), reverse_path=hop.path(sender))
    found = await hop.report(sender)
    if not found.recipients:
        raise NotReady("notification", "it has no group of fields for a recipient")
    return found, found.recipients[0]


async def both_fail(smtp: Client, hop: Hop) -> list[tuple[Field, ...]]:
    """All groups about two recipients that the next hop refuses, in however many reports."""
    sender = new_token()
    both = [hop.mailbox(local=local) for local in (b"first-%b", b"second-%b")]
    for mailbox in both:
        hop.script(mailbox, Rule.answer(Step.RCPT, 550))
    await smtp.deliver(smtp.message(), *(b"<%b>" % each for each in both), reverse_path=hop.path(sender))
    groups = list((await hop.report(sender)).recipients)
    if len(groups) < 2:
        reports = [delivery_report(each.content) for each in await hop.messages(sender, at_least=2)]
        groups = [group for found in reports if found is not None for group in found.recipients]
    if not groups:
        raise NotReady("notification", "it has no group of fields for a recipient")
    return groups


NEEDED = {
    "final-recipient": row("Final-Recipient", "rfc3464/2.3.2/final-recipient"),
    "action": row("Action", "rfc3464/2.3.3/action"),
    "status": row("Status", "rfc3464/2.3.4/status"),
}


@scenario("rfc3464/2.3.2/final-recipient", start=At.EHLO, name=NEEDED)
async def each_recipient_has(name: str, smtp: Client, hop: Hop) -> Observation:
    """The group of each of two recipients has one such field."""
    counts = [len(fields_named(group, name)) for group in await both_fail(smtp, hop)]
    return holds(all(count == 1 for count in counts), expected=f"one {name} each", seen=counts)


@scenario("rfc3464/2.3.2/address-of-the-envelope", start=At.EHLO)
async def final_recipient_is_that_of_the_envelope(smtp: Client, hop: Hop) -> Observation:
    """Final-Recipient holds the address of RCPT, with a type before it."""
    _, group = await told(smtp, hop)
    kind, address = typed_value(without_comments(value_of(group, "Final-Recipient")))
    good = bool(kind) and address.lower() == hop.mailbox().lower()
    return holds(good, expected=f"rfc822; {visible(hop.mailbox())}", seen=f"{kind}; {visible(address)}")


ODD = {
    "plus": b"a+b-%b",
    "slash": b"a/b=c-%b",
    "quoted": b'"a b-%b"',
}


@scenario("rfc3464/2.3.2/address-not-adjusted", start=At.EHLO, local=ODD)
async def odd_address_is_not_adjusted(local: bytes, smtp: Client, hop: Hop) -> Observation:
    """Final-Recipient holds an odd local-part as it came."""
    _, group = await told(smtp, hop, local)
    seen = typed_value(value_of(group, "Final-Recipient"))[1]
    wanted = hop.mailbox(local=local)
    return holds(wanted.lower() in seen.lower(), expected=visible(wanted), seen=seen)


@scenario("rfc3464/2.3.2/address-case-kept", start=At.EHLO)
async def address_keeps_its_case(smtp: Client, hop: Hop) -> Observation:
    """Final-Recipient holds the local-part with its capitals and small letters."""
    _, group = await told(smtp, hop, b"CaseOf-%b")
    seen = typed_value(value_of(group, "Final-Recipient"))[1]
    return holds(b"CaseOf-" in seen, expected="CaseOf-", seen=seen)


@scenario("rfc3464/2.3.3/action", start=At.EHLO)
async def action_is_a_word_of_the_five(smtp: Client, hop: Hop) -> Observation:
    """Action is one of the five words, in any case of letters."""
    found, _ = await told(smtp, hop)
    return holds(set(found.actions) <= ACTIONS, expected=", ".join(sorted(ACTIONS)), seen=", ".join(found.actions))


@scenario("rfc3464/2.3.3/relayed-when-asked", start=At.EHLO, facts=["delivery_within"])
async def relaying_is_not_told_unasked(smtp: Client, hop: Hop) -> Observation:
    """A message that was passed on makes no report that says relayed where nobody asked for one."""
    sender = new_token()
    await smtp.deliver(smtp.message(), hop.path(), reverse_path=hop.path(sender))
    await hop.message()
    twin = await hop.refuses(smtp)
    seen = await hop.no_notification(sender, after=twin)
    if isinstance(seen, Broken):
        actions = (await hop.report(sender)).actions
        return holds("relayed" not in actions, expected="no report that says relayed", seen=", ".join(actions))
    return seen


@scenario(
    "rfc3464/2.3.3/expanded-not-for-lists",
    start=At.EHLO,
    offers=["DSN"],
    facts=["mailing_list"],
    wanted={
        "not-expanded": row(ACTIONS - {"expanded"}),
        "delivered": row(frozenset({"delivered"}), "rfc3464/3/list-is-final"),
    },
)
async def list_is_a_delivery(wanted: frozenset[str], smtp: Client, hop: Hop) -> Observation:
    """A message that a list took under SUCCESS is called delivered, and not expanded."""
    assert smtp.target.mailing_list is not None
    sender = new_token()
    path = b"<%b> NOTIFY=SUCCESS" % smtp.target.mailing_list.address.encode("ascii")
    await smtp.deliver(smtp.message(), path, reverse_path=hop.path(sender))
    actions = (await hop.report(sender)).actions
    presume(holds(bool(actions), expected="an action", seen="none"))
    return holds(set(actions) <= wanted, expected=" or ".join(sorted(wanted)), seen=", ".join(actions))


@scenario(
    "rfc3464/2.3.4/status",
    start=At.EHLO,
    reading={"form": "", "class": row("5", "rfc3463/2/class-5")},
)
async def status_is_a_code(reading: str, smtp: Client, hop: Hop) -> Observation:
    """Status is a code of three numbers, and of class 5 for what was refused for good."""
    _, group = await told(smtp, hop)
    seen = without_comments(value_of(group, "Status"))
    good = STATUS.fullmatch(seen) is not None and seen.startswith(reading.encode("ascii"))
    return holds(good, expected=f"{reading or 'd'}.d.d", seen=seen or "no such field")


@scenario("rfc3464/2.3.4/no-leading-zeros", start=At.EHLO)
async def status_has_no_leading_zeros(smtp: Client, hop: Hop) -> Observation:
    """No number of a Status begins with a zero and has more digits."""
    _, group = await told(smtp, hop)
    seen = without_comments(value_of(group, "Status"))
    return holds(ZEROS.search(seen) is None, expected="no leading zeros", seen=seen)


@scenario("rfc3464/2.3.4/comment-behind-status", start=At.EHLO)
async def comment_may_follow_the_status(smtp: Client, hop: Hop) -> Observation:
    """A comment follows the Status, or none does."""
    _, group = await told(smtp, hop)
    seen = value_of(group, "Status")
    return took("a comment" if b"(" in seen else "none", visible(seen))


async def loops(smtp: Client, hop: Hop) -> tuple[Field, ...]:
    """The group about a message that the target gives back by itself: it has gone in circles.

    Raises:
        NotReady: it was refused at once or passed on, or no report came.
    """
    sender = new_token()
    await smtp.deliver(smtp.message(before=TRACE * ROUNDS), hop.path(), reverse_path=hop.path(sender))
    found = await hop.report(sender)
    if not found.recipients:
        raise NotReady("notification", "it has no group of fields for a recipient")
    return found.recipients[0]


@scenario("rfc3464/2.3.5/remote-mta-when-involved", start=At.EHLO)
async def no_remote_host_is_named_where_none_was_asked(smtp: Client, hop: Hop) -> Observation:
    """A message that was given back without a try has no Remote-MTA."""
    seen = value_of(await loops(smtp, hop), "Remote-MTA")
    return holds(not seen, expected="no such field", seen=seen)


@scenario("rfc3463/3.5/x-4-6-loop", start=At.EHLO)
async def message_in_circles_has_a_code_of_its_own(smtp: Client, hop: Hop) -> Observation:
    """A message that goes in circles is given back with the status x.4.6, or one that says less."""
    seen = without_comments(value_of(await loops(smtp, hop), "Status"))
    return holds(seen[1:] in {b".4.6", b".4.0", b".0.0"}, expected="5.4.6", seen=seen)


@scenario("rfc3464/2.3.6/diagnostic-when-known", start=At.EHLO)
async def reply_of_the_next_hop_is_in_the_report(smtp: Client, hop: Hop) -> Observation:
    """A recipient that the next hop refused has Diagnostic-Code."""
    _, group = await told(smtp, hop)
    seen = value_of(group, "Diagnostic-Code")
    return holds(bool(seen), expected="Diagnostic-Code", seen=seen or "no such field")


@scenario("rfc3464/2.3.6/description", start=At.EHLO)
async def description_may_be_a_comment(smtp: Client, hop: Hop) -> Observation:
    """Diagnostic-Code has a comment, or none."""
    _, group = await told(smtp, hop)
    seen = value_of(group, "Diagnostic-Code")
    return took("a comment" if b"(" in seen else "none", visible(seen, 200))


@scenario("rfc3464/2.3.7/no-unknown-date", start=At.EHLO)
async def last_attempt_was_now(smtp: Client, hop: Hop) -> Observation:
    """Last-Attempt-Date, where it is there, is a date of today, give or take a day."""
    _, group = await told(smtp, hop)
    seen = value_of(group, "Last-Attempt-Date")
    if not seen:
        return holds(True, expected="", seen="no such field")
    try:
        when = parsedate_to_datetime(seen.decode("latin-1"))
    except ValueError:
        return holds(False, expected="a date", seen=seen)
    away = abs((when if when.tzinfo else when.replace(tzinfo=UTC)) - datetime.now(UTC))
    return holds(away < timedelta(days=1), expected="the date of the attempt", seen=seen)


@scenario("rfc3464/2.3.7/numeric-zone", start=At.EHLO)
async def last_attempt_has_a_numeric_zone(smtp: Client, hop: Hop) -> Observation:
    """Last-Attempt-Date, where it is there, has a numeric time zone."""
    _, group = await told(smtp, hop)
    seen = value_of(group, "Last-Attempt-Date")
    return holds(not seen or ZONE.search(seen) is not None, expected="a numeric zone", seen=seen or "no such field")


@scenario("rfc3464/2.3.9/only-when-delayed", start=At.EHLO)
async def no_more_tries_are_promised(smtp: Client, hop: Hop) -> Observation:
    """A report that says failed has no Will-Retry-Until."""
    _, group = await told(smtp, hop)
    seen = value_of(group, "Will-Retry-Until")
    return holds(not seen, expected="no such field", seen=seen)
