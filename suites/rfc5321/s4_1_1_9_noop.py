"""RFC 5321 4.1.1.9 - NOOP (NOOP)."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, answered, goes_on, not_refused_as, presume, scenario


@scenario("rfc5321/4.1.1.9/noop-250", start=(At.EHLO, At.MAIL, At.RCPT), segments=["octets", "line-ends"])
async def noop_gets_250(smtp: Client) -> Observation:
    """NOOP is answered with 250."""
    return answered(await smtp.say(b"NOOP"), {250})


@scenario(
    "rfc5321/4.1.1.9/noop-ignores-argument",
    start=At.EHLO,
    argument={"word": b"word", "quoted-string": b'"two words"', "verb": b"QUIT"},
)
async def noop_argument_is_ignored(argument: bytes, smtp: Client) -> Observation:
    """NOOP with an argument is answered with 250."""
    return answered(await smtp.say(b"NOOP " + argument), {250})


@scenario("rfc5321/4.1.1.9/noop-keeps-buffers", start=At.MAIL)
async def noop_keeps_the_sender(smtp: Client) -> Observation:
    """After NOOP within a transaction a recipient is still taken."""
    presume(answered(await smtp.say(b"NOOP")))
    return goes_on(await smtp.rcpt())


@scenario("rfc5321/4.1.1.9/noop-keeps-buffers", start=At.RCPT)
async def noop_keeps_the_recipients(smtp: Client) -> Observation:
    """After NOOP within a transaction DATA is still taken."""
    presume(answered(await smtp.say(b"NOOP")))
    return goes_on(await smtp.say(b"DATA"))


@scenario("rfc5321/4.1.1.9/changes-nothing", start=At.EHLO, offers=["8BITMIME"])
async def extensions_survive_noop(smtp: Client, second: Client) -> Observation:
    """A parameter of an extension that EHLO brought is still known after NOOP."""
    presume(accepted(await second.mail(parameters=b" BODY=8BITMIME")))
    presume(answered(await smtp.say(b"NOOP")))
    return not_refused_as(await smtp.mail(parameters=b" BODY=8BITMIME"), {500, 501, 504, 555})


@scenario("rfc5321/4.1.1.9/noop-at-any-time", start=(At.GREETING, At.MAIL, At.RCPT))
async def noop_is_served_at_any_time(smtp: Client) -> Observation:
    """NOOP is not out of sequence anywhere between commands."""
    return not_refused_as(await smtp.say(b"NOOP"), {503})


@scenario(
    "rfc5321/4.1.1.9/noop-syntax",
    start=At.EHLO,
    argument={"none": b"", "atom": b" word", "quoted-string": b' "two words"'},
)
async def noop_takes_a_string(argument: bytes, smtp: Client) -> Observation:
    """NOOP alone or with a string is no syntax error."""
    return not_refused_as(await smtp.say(b"NOOP" + argument), {500, 501})
