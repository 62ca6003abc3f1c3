"""RFC 6409 4.3 - Require Authentication."""

from __future__ import annotations

from conformance import At, Broken, Client, Held, Observation, Outcome, Reply, Unclear, answered, scenario


async def _first_refusal(smtp: Client) -> Outcome:
    """The first refusal that a message meets without AUTH, or the reply after the dot."""
    outcome = await smtp.mail()
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.rcpt()
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.data()
    return outcome


@scenario(
    "rfc6409/4.3/requires-authentication", roles=["submission"], start=At.UNAUTHENTICATED, facts=["auth_required"]
)
async def message_without_auth_is_refused(smtp: Client) -> Observation:
    """Nothing is taken from a client that has not authenticated; a refusal after MAIL will do (354-361)."""
    outcome = await _first_refusal(smtp)
    if not isinstance(outcome, Reply) or outcome.code == 421:
        return Unclear(str(outcome))
    return Held(str(outcome)) if outcome.severity in {4, 5} else Broken("a refusal for want of AUTH", str(outcome))


@scenario("rfc6409/4.3/530-for-authentication", roles=["submission"], start=At.UNAUTHENTICATED, facts=["auth_required"])
async def message_without_auth_gets_530(smtp: Client) -> Observation:
    """The refusal for want of AUTH has the code 530."""
    outcome = await _first_refusal(smtp)
    if isinstance(outcome, Reply) and outcome.severity == 2:
        return Unclear(f"no refusal to look at: {outcome}")
    return answered(outcome, {530})
