"""RFC 5321 4.1.1.2 - MAIL."""

from __future__ import annotations

from conformance import At, Client, Held, Observation, Reply, Unclear, presume, refused, scenario


@scenario("rfc5321/4.1.1.2/mail-clears", start=At.EHLO)
async def nested_mail_is_refused_or_clears(smtp: Client) -> Observation:
    """A second MAIL is refused, or it drops the recipients of the first."""
    presume(refused(await smtp.data()))  # else DATA tells nothing about the recipients
    await smtp.transaction()
    outcome = await smtp.mail()
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return Held(str(outcome))
    if isinstance(outcome, Reply) and outcome.severity == 2:
        return refused(await smtp.data())
    return Unclear(str(outcome))
