"""RFC 5321 4.1.1.6 - VERIFY (VRFY)."""

from __future__ import annotations

from conformance import At, Client, Observation, answered, goes_on, not_refused_as, presume, scenario


@scenario("rfc5321/4.1.1.6/vrfy-keeps-buffers", start=At.MAIL)
async def vrfy_keeps_the_sender(smtp: Client) -> Observation:
    """After VRFY within a transaction a recipient is still taken."""
    presume(answered(await smtp.say(b"VRFY postmaster")))
    return goes_on(await smtp.rcpt())


@scenario("rfc5321/4.1.1.6/vrfy-keeps-buffers", start=At.RCPT)
async def vrfy_keeps_the_recipients(smtp: Client) -> Observation:
    """After VRFY within a transaction DATA is still taken."""
    presume(answered(await smtp.say(b"VRFY postmaster")))
    return goes_on(await smtp.say(b"DATA"))


@scenario("rfc5321/4.1.1.6/confirms-user", start=At.EHLO, facts=["mailboxes"])
async def vrfy_does_not_deny_a_mailbox(smtp: Client) -> Observation:
    """VRFY of a mailbox that takes mail is not answered with 550."""
    return not_refused_as(await smtp.say(b"VRFY " + smtp.forward_path.strip(b"<>")), {550})


@scenario("rfc5321/4.1.1.6/confirms-user", start=At.EHLO, facts=["refused"])
async def vrfy_does_not_confirm_a_refused_mailbox(smtp: Client) -> Observation:
    """VRFY of an address whose mail is refused is not answered with 250."""
    refused = (smtp.target.refused or "").encode("ascii")
    return not_refused_as(await smtp.say(b"VRFY " + refused), {250})


@scenario("rfc5321/4.1.1.6/vrfy-syntax", start=At.EHLO)
async def vrfy_takes_a_quoted_string(smtp: Client, second: Client) -> Observation:
    """VRFY with a quoted string is no syntax error where the same word is none without quotes."""
    word = smtp.forward_path.strip(b"<>").partition(b"@")[0]
    presume(not_refused_as(await second.say(b"VRFY " + word), {500, 501, 502}))
    return not_refused_as(await smtp.say(b'VRFY "%b"' % word), {500, 501})
