"""RFC 3463 3.2 - Address Status."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, Unclear, holds, scenario

OTHER_REASONS = {"5.0.0", "5.7.0", "5.7.1"}
"""What a site can say instead of telling who is there."""


@scenario("rfc3463/3.2/x-1-1-bad-mailbox", start=At.MAIL, offers=["ENHANCEDSTATUSCODES"], facts=["refused"])
async def unknown_mailbox_is_not_called_something_else(smtp: Client) -> Observation:
    """The code for a mailbox that is not there is about addresses, mailboxes or policy."""
    outcome = await smtp.rcpt(b"<%b>" % (smtp.target.refused or "").encode("ascii"))
    if not isinstance(outcome, Reply) or outcome.severity != 5 or not outcome.status:
        return Unclear(f"no status code of a refusal: {outcome}")
    fits = outcome.status.startswith(("5.1.", "5.2.")) or outcome.status in OTHER_REASONS
    return holds(fits, expected="5.1.1 or another code of addresses or policy", seen=outcome)


@scenario("rfc3463/3.2/x-1-5-valid", start=At.MAIL, offers=["ENHANCEDSTATUSCODES"])
async def good_recipient_is_not_called_bad(smtp: Client) -> Observation:
    """The code for a recipient that is taken is 2.1.5, or one that says no less of the address."""
    outcome = await smtp.rcpt()
    if not isinstance(outcome, Reply) or outcome.severity != 2 or not outcome.status:
        return Unclear(f"no status code of a success: {outcome}")
    bad = {f"2.1.{detail}" for detail in (1, 2, 3, 4, 6, 7, 8)}
    return holds(outcome.status not in bad, expected="2.1.5", seen=outcome)
