"""RFC 3463 3.3 - Mailbox Status."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, carries_none_of, presume, refused, scenario

FULL = "rfc3463/3.3/x-2-2-full"


@scenario(FULL, start=At.MAIL, offers=["ENHANCEDSTATUSCODES"], facts=["refused"])
async def unknown_mailbox_is_not_full(smtp: Client) -> Observation:
    """The code for a mailbox that is not there does not say that it is full."""
    outcome = await smtp.rcpt(b"<%b>" % (smtp.target.refused or "").encode("ascii"))
    presume(refused(outcome))
    return carries_none_of(outcome, {"2.2"})


@scenario(FULL, start=At.MAIL, offers=["ENHANCEDSTATUSCODES"])
async def mailbox_that_takes_mail_is_not_full(smtp: Client) -> Observation:
    """The code for a recipient that is taken does not say that the mailbox is full."""
    outcome = await smtp.rcpt()
    presume(accepted(outcome))
    return carries_none_of(outcome, {"2.2"})
