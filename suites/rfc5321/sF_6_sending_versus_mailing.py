"""RFC 5321 F.6 - Sending versus Mailing."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, Unclear, accepted, not_refused_as, presume, row, scenario, took

VERBS = {"send": b"SEND", "soml": b"SOML", "saml": b"SAML"}


@scenario("rfc5321/F.6/servers-may-have-send", start=At.EHLO, verb=VERBS)
async def sending_command_is_served_or_refused(verb: bytes, smtp: Client) -> Observation:
    """SEND, SOML and SAML are served, or refused."""
    outcome = await smtp.say(verb + b" FROM:" + smtp.reverse_path)
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("served" if outcome.severity == 2 else f"answers {outcome.code}", outcome)


@scenario(
    "rfc5321/F.6/send-as-in-rfc-821",
    start=At.EHLO,
    verb={name: row(verb, offers=[name]) for name, verb in VERBS.items()},
)
async def listed_sending_command_opens_a_transaction(verb: bytes, smtp: Client) -> Observation:
    """SEND, SOML and SAML that are listed and accepted stand in the place of MAIL: a recipient comes next."""
    presume(accepted(await smtp.say(verb + b" FROM:" + smtp.reverse_path)))
    return not_refused_as(await smtp.rcpt(), {500, 502, 503})
