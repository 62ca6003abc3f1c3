"""RFC 5321 4.5.3.1.10 - Too Many Recipients Code."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Held,
    NotReady,
    Observation,
    Reply,
    Unclear,
    accepted,
    holds,
    presume,
    scenario,
    took,
)

MOST = 2000
"""A limit above this is not tried: so many commands are a burden by themselves."""

STATED = ["mailboxes", "limits.recipients"]
OF_A_KIND = [*STATED, "limits.recipients_kind"]


async def _overfill(smtp: Client) -> Reply:
    """The reply to the first recipient above the stated limit, which the ones below it did not get."""
    limit = smtp.target.limits.recipients or 0
    if not 0 < limit <= MOST:
        raise NotReady("control", f"a limit of {limit} is not tried")
    mailboxes = [mailbox.encode("ascii") for mailbox in smtp.target.mailboxes]
    for number in range(limit):
        presume(accepted(await smtp.rcpt(b"<%b>" % mailboxes[number % len(mailboxes)])))
    outcome = await smtp.rcpt()
    if not isinstance(outcome, Reply) or outcome.severity not in {4, 5} or outcome.code in {421, 450, 451}:
        raise NotReady("control", f"not refused as one too many: {outcome}")
    return outcome


@scenario("rfc5321/4.5.3.1.10/452-for-too-many", start=At.MAIL, facts=OF_A_KIND)
async def one_recipient_too_many_is_no_excess_of_storage(smtp: Client) -> Observation:
    """The recipient above an implementation's limit does not get the 552 of RFC 821."""
    if smtp.target.limits.recipients_kind != "implementation":
        return Unclear("the limit is the site's own, which may be answered with 5yz")
    outcome = await _overfill(smtp)
    return holds(outcome.code != 552, expected="452", seen=outcome)


@scenario("rfc5321/4.5.3.1.10/452-at-the-limit", start=At.MAIL, facts=OF_A_KIND)
async def one_recipient_too_many_gets_452(smtp: Client) -> Observation:
    """The recipient above an implementation's limit is answered with 452."""
    if smtp.target.limits.recipients_kind != "implementation":
        return Unclear("the limit is the site's own, which may be answered with 5yz")
    outcome = await _overfill(smtp)
    return holds(outcome.code == 452, expected="452", seen=outcome)


@scenario("rfc5321/4.5.3.1.10/5yz-for-site-policy", start=At.MAIL, facts=STATED)
async def one_recipient_too_many_gets(smtp: Client) -> Observation:
    """Which code the recipient above the stated limit gets."""
    outcome = await _overfill(smtp)
    return took(f"answers {outcome.code}", outcome)


@scenario("rfc5321/4.5.3.1.10/503-to-data", start=At.MAIL, facts=STATED)
async def data_behind_one_recipient_too_many_gets(smtp: Client) -> Observation:
    """Behind a recipient above the stated limit DATA is answered with 354, or refused."""
    await _overfill(smtp)
    outcome = await smtp.say(b"DATA")
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    return took(f"answers {outcome.code}", outcome)


@scenario("rfc5321/4.5.3.1.10/100-before-the-limit", start=At.MAIL, facts=["mailboxes"])
async def hundred_come_before_one_too_many(smtp: Client) -> Observation:
    """A recipient that is refused as one too many has 100 before it."""
    mailboxes = [mailbox.encode("ascii") for mailbox in smtp.target.mailboxes]
    for number in range(101):
        outcome = await smtp.rcpt(b"<%b>" % mailboxes[number % len(mailboxes)])
        if isinstance(outcome, Reply) and outcome.severity == 2:
            continue
        if number < len(mailboxes) or not isinstance(outcome, Reply) or outcome.code not in {452, 552}:
            return Unclear(f"recipient {number + 1}: {outcome}")
        return holds(number >= 100, expected="100 accepted before", seen=f"recipient {number + 1}: {outcome}")
    return Held("101 recipients were accepted")
