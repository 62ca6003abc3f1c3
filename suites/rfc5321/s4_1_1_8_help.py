"""RFC 5321 4.1.1.8 - HELP (HELP)."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Reply,
    Unclear,
    accepted,
    answered,
    goes_on,
    holds,
    not_refused_as,
    presume,
    recognised,
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


@scenario("rfc5321/4.1.1.8/helpful-information", start=At.EHLO, offers=["HELP"])
async def help_says_something(smtp: Client) -> Observation:
    """HELP that is served brings text."""
    outcome = await smtp.say(b"HELP")
    presume(accepted(outcome))
    text = outcome.text.strip() if isinstance(outcome, Reply) else b""
    return holds(bool(text), expected="a text", seen=outcome)


@scenario("rfc5321/4.1.1.8/help-at-any-time", start=(At.GREETING, At.MAIL, At.RCPT), offers=["HELP"])
async def help_is_served_at_any_time(smtp: Client, second: Client) -> Observation:
    """HELP that is no error after EHLO is not out of sequence elsewhere."""
    if second.hello is None:
        presume(accepted(await second.ehlo()))
    presume(not_refused_as(await second.say(b"HELP"), {500, 502, 503}))
    return not_refused_as(await smtp.say(b"HELP"), {503})


@scenario(
    "rfc5321/4.1.1.8/help-syntax",
    start=At.EHLO,
    offers=["HELP"],
    argument={"none": b"", "atom": b" NOOP", "quoted-string": b' "NOOP"'},
)
async def help_takes_a_string(argument: bytes, smtp: Client, second: Client) -> Observation:
    """HELP alone or with a string is no line that can't be read."""
    presume(recognised(await second.say(b"HELP")))
    return not_refused_as(await smtp.say(b"HELP" + argument), {500} if argument else {500, 501})
