"""RFC 5321 4.1.1.9 - NOOP (NOOP)."""

from __future__ import annotations

from conformance import At, Client, Observation, answered, goes_on, presume, scenario


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
