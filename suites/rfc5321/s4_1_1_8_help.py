"""RFC 5321 4.1.1.8 - HELP (HELP)."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Reply,
    Unclear,
    answered,
    goes_on,
    not_refused_as,
    presume,
    scenario,
    took,
)


@scenario("rfc5321/4.1.1.8/help-supported", start=At.EHLO)
async def help_is_supported(smtp: Client) -> Observation:
    """HELP without an argument is not answered as unknown or not implemented."""
    return not_refused_as(await smtp.say(b"HELP"), {500, 502})


@scenario("rfc5321/4.1.1.8/help-argument", start=At.EHLO)
async def help_may_have_an_argument(smtp: Client) -> Observation:
    """HELP with an argument is answered, or the argument is refused."""
    outcome = await smtp.say(b"HELP NOOP")
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("answers it" if outcome.severity == 2 else "refuses it", outcome)


@scenario("rfc5321/4.1.1.8/help-keeps-buffers", start=At.MAIL)
async def help_keeps_the_sender(smtp: Client) -> Observation:
    """After HELP within a transaction a recipient is still taken."""
    presume(answered(await smtp.say(b"HELP")))
    return goes_on(await smtp.rcpt())


@scenario("rfc5321/4.1.1.8/help-keeps-buffers", start=At.RCPT)
async def help_keeps_the_recipients(smtp: Client) -> Observation:
    """After HELP within a transaction DATA is still taken."""
    presume(answered(await smtp.say(b"HELP")))
    return goes_on(await smtp.say(b"DATA"))
