"""RFC 3461 2 - Framework for the Delivery Status Notification Extension."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Outcome,
    Reply,
    Unclear,
    holds,
    not_refused_as,
    row,
    scenario,
    took,
    visible,
)


@scenario("rfc3461/2/keyword-no-parameters", start=At.EHLO, offers=["DSN"])
async def keyword_has_no_parameters(smtp: Client) -> Observation:
    """Nothing stands behind DSN in the reply to EHLO."""
    parameters = smtp.offers["DSN"]
    return holds(not parameters, expected="DSN alone", seen=visible(parameters))


async def _given(parameter: bytes, smtp: Client) -> Outcome:
    """The parameter behind MAIL or RCPT, where it belongs."""
    of_mail = parameter.startswith((b" RET", b" ENVID"))
    return await (smtp.mail(parameters=parameter) if of_mail else smtp.rcpt(parameters=parameter))


PARAMETERS = {
    "ret": b" RET=HDRS",
    "envid": b" ENVID=QQ314159",
    "notify": row(b" NOTIFY=SUCCESS,FAILURE", start=At.MAIL),
    "orcpt": row(b" ORCPT=rfc822;someone@example.com", start=At.MAIL),
}


@scenario("rfc3461/2/four-parameters", start=At.EHLO, offers=["DSN"], parameter=PARAMETERS)
async def parameter_is_known_where_dsn_is_listed(parameter: bytes, smtp: Client) -> Observation:
    """The four parameters are not refused as unknown."""
    return not_refused_as(await _given(parameter, smtp), {500, 504, 555})


@scenario("rfc5321/4.1.1.2/parameters-when-negotiated", start=At.EHLO, lacks=["DSN"], parameter=PARAMETERS)
async def parameter_where_dsn_is_not_listed(parameter: bytes, smtp: Client) -> Observation:
    """A server that does not list DSN refuses its parameters, or it knows them all the same."""
    outcome = await _given(parameter, smtp)
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else "refuses it", outcome)
