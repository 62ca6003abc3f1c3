"""RFC 1870 6.4 - Per-recipient rejection based on message size."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, Unclear, accepted, presume, scenario, took


@scenario("rfc1870/6.4/may-refuse-a-recipient", start=At.EHLO, offers=["SIZE"])
async def recipient_may_be_refused_for_the_size(smtp: Client, second: Client) -> Observation:
    """A recipient that takes mail is taken or refused where the largest size has been declared."""
    await second.transaction()
    given = smtp.offers["SIZE"].strip()
    size = given if given.isdigit() and int(given) > 0 else b"10000000"
    presume(accepted(await smtp.mail(parameters=b" SIZE=" + size)))
    outcome = await smtp.rcpt()
    match outcome:
        case Reply(severity=2):
            return took("takes the recipient", outcome)
        case Reply(code=452 | 552):
            return took("refuses the recipient", outcome)
        case _:
            return Unclear(str(outcome))
