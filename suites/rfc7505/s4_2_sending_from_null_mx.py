"""RFC 7505 4.2 - Sending Mail from Domains That Publish Null MX."""

from __future__ import annotations

from conformance import At, Broken, Client, Held, Observation, Reply, Unclear, accepted, presume, scenario

NULL_MX = b"5.7.27"


@scenario("rfc7505/4.2/null-reverse-path-unchanged", start=At.EHLO)
async def null_reverse_path_is_no_null_mx(smtp: Client, second: Client) -> Observation:
    """The null reverse-path is no address whose domain could have a null MX: it is not refused for that."""
    presume(accepted(await second.mail()))
    outcome = await smtp.mail(b"<>")
    if not isinstance(outcome, Reply) or outcome.code == 421:
        return Unclear(str(outcome))
    if outcome.severity == 5 and outcome.text.startswith(NULL_MX):
        return Broken("no refusal for a null MX", str(outcome))
    return Held(str(outcome))
