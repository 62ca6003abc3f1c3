"""RFC 4865 6 - Security Considerations: what one user may have on hold."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Outcome,
    Reply,
    Unclear,
    accepted,
    holds,
    new_token,
    presume,
    refused,
    refused_with,
    row,
    scenario,
)

HOLD = 120
"""Seconds on hold, where the server lets us ask for so many: longer than the messages take."""
FEW = 20
"""Messages that are no burden; a limit above it is not tried."""


async def one_more(smtp: Client, hop: Hop) -> Outcome:
    """The reply to MAIL with one more hold than the user may have, or the first refusal before.

    Raises:
        NotReady: the limit is too high to be tried, or a message is not taken.
    """
    most, longest = smtp.target.limits.on_hold or 0, smtp.offers["FUTURERELEASE"].split()[:1]
    if most > FEW or not (longest and longest[0].isdigit()):
        raise NotReady("limit", f"{most} messages may be on hold, for {longest} s")
    if not smtp.target.auth_required:
        await smtp.authenticate()
    parameters = b" HOLDFOR=%d" % min(HOLD, int(longest[0]))
    for number in range(most):
        token = new_token()
        outcome = await smtp.mail(parameters=parameters)
        if not number:
            presume(accepted(outcome))
        if not (isinstance(outcome, Reply) and outcome.severity == 2):
            return outcome
        presume(accepted(await smtp.rcpt(hop.path(token))))
        presume(accepted(await smtp.data(smtp.message(token=token))))
    return await smtp.mail(parameters=parameters)


@scenario(
    "rfc4865/6/over-quota-rejected",
    roles=["submission"],
    start=At.EHLO,
    offers=["FUTURERELEASE"],
    facts=["credentials", "limits.on_hold"],
    alone=True,
    reading={"refused": row(""), "552": row("552", "rfc4865/6/552-for-quota")},
)
async def hold_beyond_the_quota_is_refused(reading: str, smtp: Client, hop: Hop) -> Observation:
    """MAIL with one more hold than the user may have is refused, with 552."""
    outcome = await one_more(smtp, hop)
    return refused_with(outcome, {552}) if reading else refused(outcome)


@scenario(
    "rfc4865/6/status-for-quota",
    roles=["submission"],
    start=At.EHLO,
    offers=["FUTURERELEASE", "ENHANCEDSTATUSCODES"],
    facts=["credentials", "limits.on_hold"],
    alone=True,
)
async def hold_beyond_the_quota_has_its_status(smtp: Client, hop: Hop) -> Observation:
    """The refusal of one more hold than the user may have carries 5.7.16, or 5.7.17 where it is the server's limit."""
    outcome = await one_more(smtp, hop)
    if not (isinstance(outcome, Reply) and outcome.severity == 5):
        return Unclear(f"no refusal to look at: {outcome}")
    return holds(outcome.status in {"5.7.16", "5.7.17"}, expected="5.7.16 or 5.7.17", seen=outcome)
