"""RFC 3207 4.1 - Processing After the STARTTLS Command."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    HandshakeFailed,
    Observation,
    Outcome,
    Reply,
    Secured,
    Store,
    Unclear,
    accepted,
    answered,
    fields_named,
    presume,
    scenario,
    split_message,
    took,
    visible,
)


@scenario("rfc3207/4.1/may-continue-unprotected", start=At.EHLO, offers=["STARTTLS"], tags=["starttls"])
async def server_may_go_on_without_a_client_certificate(smtp: Client) -> Observation:
    """Under TLS a client that has shown no certificate may send mail, or may not."""
    await smtp.starttls()
    await smtp.introduce()
    outcome = await smtp.mail()
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    return took("goes on" if outcome.severity == 2 else "asks for more", outcome)


REFUSED = {
    "ehlo": b"EHLO client.example.test",
    "helo": b"HELO client.example.test",
    "mail": b"MAIL FROM:<>",
    "rcpt": b"RCPT TO:<postmaster>",
    "data": b"DATA",
    "rset": b"RSET",
    "noop": b"NOOP",
    "vrfy": b"VRFY postmaster",
    "starttls": b"STARTTLS",
    "unknown": b"BOGUS",
}


async def _past_a_greeting(smtp: Client, outcome: Outcome) -> Outcome:
    """A server that greets again under TLS has a clause of its own; here the reply behind that greeting counts."""
    return await smtp.reply() if isinstance(outcome, Reply) and outcome.code == 220 else outcome


async def _not_enough(smtp: Client) -> None:
    """Go over to TLS without a certificate of ours, where the target asks for one."""
    presume(accepted(await smtp.ehlo()))
    await smtp.starttls()


@scenario(
    "rfc3207/4.1/554-when-too-weak",
    start=At.GREETING,
    facts=["certificate_required", "client_certificate"],
    tags=["starttls"],
    line=REFUSED,
)
async def command_gets_554_where_tls_is_too_weak(line: bytes, smtp: Client, second: Client) -> Observation:
    """Where a certificate is asked for, every command but QUIT gets 554 under TLS without one."""
    presume(accepted(await second.ehlo()))
    await second.starttls(certified=True)
    presume(accepted(await second.ehlo()))  # with a certificate commands are served
    await _not_enough(smtp)
    return answered(await _past_a_greeting(smtp, await smtp.say(line)), {554})


@scenario(
    "rfc3207/4.1/554-when-too-weak",
    start=At.GREETING,
    facts=["certificate_required", "client_certificate"],
    tags=["starttls"],
)
async def later_commands_get_554_too(smtp: Client) -> Observation:
    """What comes behind the first refusal is refused with 554 as well."""
    await _not_enough(smtp)
    presume(answered(await _past_a_greeting(smtp, await smtp.say(b"EHLO " + smtp.ehlo_name)), {554}))
    return answered(await smtp.say(b"NOOP"), {554})


@scenario(
    "rfc3207/4.1/quit-served-when-too-weak",
    start=At.GREETING,
    facts=["certificate_required"],
    tags=["starttls"],
    before={"at-once": b"", "after-ehlo": b"EHLO client.example.test"},
)
async def quit_is_served_where_tls_is_too_weak(before: bytes, smtp: Client) -> Observation:
    """Where a certificate is asked for, QUIT is served under TLS without one, at once and after a refusal."""
    await _not_enough(smtp)
    if before:
        presume(answered(await _past_a_greeting(smtp, await smtp.say(before)), {554}))
    return answered(await _past_a_greeting(smtp, await smtp.say(b"QUIT")), {221})


@scenario(
    "rfc3207/6/may-end-when-too-weak",
    start=At.GREETING,
    facts=["certificate_required"],
    tags=["starttls"],
)
async def server_may_serve_no_more_where_tls_is_too_weak(smtp: Client) -> Observation:
    """Under TLS without the certificate that is asked for no command is served, or commands are."""
    await _not_enough(smtp)
    outcome = await _past_a_greeting(smtp, await smtp.say(b"NOOP"))
    if not isinstance(outcome, Reply):
        return Unclear(str(outcome))
    return took("serves no commands" if outcome.severity in {4, 5} else "serves commands", outcome)


@scenario(
    "rfc3207/4.1/accept-verifiable-certificates",
    start=At.EHLO,
    offers=["STARTTLS"],
    facts=["client_certificate"],
    tags=["starttls"],
)
async def certificate_of_the_client_may_be_taken(smtp: Client, second: Client) -> Observation:
    """A client with a certificate that the server can verify may send mail, or may not."""
    await second.starttls()
    await second.introduce()
    presume(accepted(await second.mail()))
    outcome = await smtp.try_starttls(certified=True)
    if isinstance(outcome, HandshakeFailed):
        return took("does not take it", outcome)
    if not isinstance(outcome, Secured):
        return Unclear(str(outcome))
    await smtp.introduce()
    answer = await smtp.mail()
    if not isinstance(answer, Reply) or answer.severity == 4:
        return Unclear(str(answer))
    return took("takes it" if answer.severity == 2 else "does not take it", answer)


@scenario(
    "rfc3207/4.1/certificate-in-received",
    start=At.EHLO,
    offers=["STARTTLS"],
    facts=["client_certificate", "client_certificate_name", "mailboxes"],
    tags=["starttls"],
)
async def received_may_name_the_certificate(smtp: Client, store: Store) -> Observation:
    """The Received field holds the name of the client's certificate, not in the recipient's mailbox alone, or not."""
    await smtp.starttls(certified=True)
    await smtp.introduce()
    await smtp.deliver()
    stamps = fields_named(split_message((await store.message()).content)[0], "Received")
    name = (smtp.target.client_certificate_name or "").encode()
    named = [stamp.body for stamp in stamps if name in stamp.body.replace(smtp.target.mailbox.encode(), b"")]
    return took("names it" if named else "does not name it", visible(named[0], 200) if named else "")
