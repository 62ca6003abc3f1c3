"""RFC 3463 3.2 - Address Status."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Reply,
    Unclear,
    accepted,
    carries_none_of,
    holds,
    presume,
    refused,
    row,
    scenario,
)

OTHER_REASONS = {"5.0.0", "5.7.0", "5.7.1"}
"""What a site can say instead of telling who is there."""

RECIPIENTS = frozenset({"1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "2."})
"""What is said of an address that mail goes to, or of its mailbox."""

SENDERS = frozenset({"1.7", "1.8"})
"""What is said of the address that mail comes from."""


@scenario("rfc3463/3.2/x-1-1-bad-mailbox", start=At.MAIL, offers=["ENHANCEDSTATUSCODES"], facts=["refused"])
async def unknown_mailbox_is_not_called_something_else(smtp: Client) -> Observation:
    """The code for a mailbox that is not there is about addresses, mailboxes or policy."""
    outcome = await smtp.rcpt(b"<%b>" % (smtp.target.refused or "").encode("ascii"))
    if not isinstance(outcome, Reply) or outcome.severity != 5 or not outcome.status:
        return Unclear(f"no status code of a refusal: {outcome}")
    fits = outcome.status.startswith(("5.1.", "5.2.")) or outcome.status in OTHER_REASONS
    return holds(fits, expected="5.1.1 or another code of addresses or policy", seen=outcome)


NOT_MEANT = {
    "domain": row({"1.2"}),
    "syntax": row({"1.3"}, "rfc3463/3.2/x-1-3-bad-syntax"),
    "sender-syntax": row({"1.7"}, "rfc3463/3.2/x-1-7-bad-sender-syntax"),
    "sender-domain": row({"1.8"}, "rfc3463/3.2/x-1-8-bad-sender-domain"),
    "size": row({"3.4"}, "rfc3463/3.4/x-3-4-too-big"),
    "protocol": row({"5."}, "rfc3463/2/subject-5"),
    "number": row({"5.3"}, "rfc3463/3.6/x-5-3-too-many"),
}


@scenario(
    "rfc3463/3.2/x-1-2-bad-domain",
    start=At.MAIL,
    offers=["ENHANCEDSTATUSCODES"],
    facts=["refused", "mailboxes"],
    meanings=NOT_MEANT,
)
async def unknown_mailbox_is_not_blamed_on(meanings: set[str], smtp: Client) -> Observation:
    """The code for a mailbox that is not there does not find fault with what its neighbours show to be in order.

    Before and behind it stand recipients that are taken: one at the same domain, in the same transaction.
    """
    path = b"<%b>" % (smtp.target.refused or "").encode("ascii")
    ends = [each.strip(b"<>").rpartition(b"@")[2].lower() for each in (path, smtp.forward_path)]
    presume(holds(ends[0] == ends[1], expected="a mailbox at the same domain", seen=ends))
    presume(accepted(await smtp.rcpt()))
    outcome = await smtp.rcpt(path)
    presume(refused(outcome))
    presume(accepted(await smtp.rcpt(smtp.other_forward_path)))
    return carries_none_of(outcome, meanings)


ELSEWHERE = {
    "domain": b"<someone@elsewhere.example>",
    "top-level-domain": b"<someone@example>",
}


@scenario("rfc3463/3.2/x-1-2-bad-domain", start=At.MAIL, offers=["ENHANCEDSTATUSCODES"], path=ELSEWHERE)
async def domain_that_is_not_served_is_the_fault(path: bytes, smtp: Client) -> Observation:
    """The code for a recipient at a domain that is not served says nothing of its form, its mailbox or the sender."""
    presume(accepted(await smtp.rcpt()))
    outcome = await smtp.rcpt(path)
    presume(refused(outcome))
    return carries_none_of(outcome, {"1.3", "1.4", "1.5", "1.6", "2.", *SENDERS})


NO_PATHS = {
    "no-domain": b"<someone@>",
    "no-local-part": b"<@>",
    "space": b"<some one@example.test>",
    "two-at-signs": b"<some@one@example.test>",
    "empty-label": b"<someone@example..test>",
}


@scenario("rfc3463/3.2/x-1-3-bad-syntax", start=At.MAIL, offers=["ENHANCEDSTATUSCODES"], path=NO_PATHS)
async def recipient_that_is_no_address_is_the_fault(path: bytes, smtp: Client) -> Observation:
    """The code for a recipient that is no address says nothing of the sender, nor of any mailbox."""
    presume(accepted(await smtp.rcpt()))
    outcome = await smtp.rcpt(path)
    presume(refused(outcome))
    return carries_none_of(outcome, {"1.5", "1.6", "2.", "4.", "6.", *SENDERS})


@scenario("rfc3463/3.2/x-1-7-bad-sender-syntax", start=At.EHLO, offers=["ENHANCEDSTATUSCODES"], path=NO_PATHS)
async def sender_that_is_no_address_is_the_fault(path: bytes, smtp: Client, second: Client) -> Observation:
    """The code for a reverse-path that is no address says nothing of a recipient: there is none yet."""
    presume(accepted(await second.mail()))
    outcome = await smtp.mail(path)
    presume(refused(outcome))
    return carries_none_of(outcome, RECIPIENTS)


@scenario("rfc3463/3.2/x-1-8-bad-sender-domain", start=At.EHLO, offers=["ENHANCEDSTATUSCODES"])
async def sender_at_no_domain_is_not_blamed_on_a_recipient(smtp: Client, second: Client) -> Observation:
    """Where mail from a domain that can't be is refused, at MAIL or at RCPT, the code says nothing of a recipient.

    Where it is taken no code calls the sender bad.
    """
    await second.transaction()
    outcome = await smtp.mail(b"<sender@no-such-host.invalid>")
    if isinstance(outcome, Reply) and outcome.severity == 2:
        presume(carries_none_of(outcome, SENDERS))
        outcome = await smtp.rcpt()
    taken = isinstance(outcome, Reply) and outcome.severity == 2
    return carries_none_of(outcome, SENDERS if taken else RECIPIENTS)


@scenario("rfc3463/3.2/x-1-6-moved", start=At.MAIL, offers=["ENHANCEDSTATUSCODES"], facts=["moved"])
async def mailbox_that_mail_is_forwarded_from_is_not_gone(smtp: Client) -> Observation:
    """The code for a mailbox whose mail is taken and forwarded does not say that it takes none and left no address."""
    outcome = await smtp.rcpt(b"<%b>" % (smtp.target.moved or "").encode("ascii"))
    presume(accepted(outcome))
    return carries_none_of(outcome, {"1.6"})


@scenario("rfc3463/3.2/x-1-6-moved", start=At.MAIL, offers=["ENHANCEDSTATUSCODES"])
async def mailbox_that_takes_mail_is_not_gone(smtp: Client) -> Observation:
    """The code for a mailbox that takes mail does not say that it once did."""
    outcome = await smtp.rcpt()
    presume(accepted(outcome))
    return carries_none_of(outcome, {"1.6"})


@scenario("rfc3463/3.2/x-1-5-valid", start=At.MAIL, offers=["ENHANCEDSTATUSCODES"])
async def good_recipient_is_not_called_bad(smtp: Client) -> Observation:
    """The code for a recipient that is taken is 2.1.5, or one that says no less of the address."""
    outcome = await smtp.rcpt()
    if not isinstance(outcome, Reply) or outcome.severity != 2 or not outcome.status:
        return Unclear(f"no status code of a success: {outcome}")
    bad = {f"2.1.{detail}" for detail in (1, 2, 3, 4, 6, 7, 8)}
    return holds(outcome.status not in bad, expected="2.1.5", seen=outcome)
