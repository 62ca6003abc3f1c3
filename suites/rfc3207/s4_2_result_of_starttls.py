"""RFC 3207 4.2 - Result of the STARTTLS Command."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    HandshakeFailed,
    Held,
    Observation,
    Outcome,
    Reply,
    Secured,
    Unclear,
    accepted,
    holds,
    one_reply,
    presume,
    refused,
    scenario,
)

INJECTED = {
    "noop": b"NOOP\r\n",
    "rset": b"RSET\r\n",
    "ehlo": b"EHLO injected.example.test\r\n",
    "mail": b"MAIL FROM:<>\r\n",
    "vrfy": b"VRFY postmaster\r\n",
    "unknown": b"BOGUS\r\n",
    "several": b"RSET\r\nNOOP\r\nNOOP\r\n",
}


async def _past_a_greeting(smtp: Client, outcome: Outcome) -> Outcome:
    """A server that greets again under TLS has a clause of its own; here the reply behind that greeting counts."""
    return await smtp.reply() if isinstance(outcome, Reply) and outcome.code == 220 else outcome


@scenario("rfc3207/4.2/discard-client-knowledge", start=At.EHLO, offers=["STARTTLS"], tags=["starttls"])
async def starttls_forgets_the_open_transaction(smtp: Client) -> Observation:
    """MAIL and RCPT given in the clear are gone after the handshake."""
    presume(refused(await smtp.data()))  # else DATA tells nothing about the state
    await smtp.transaction()
    await smtp.starttls()
    # No EHLO here: EHLO itself resets, and would hide a server that kept the state.
    return refused(await _past_a_greeting(smtp, await smtp.data()))


@scenario("rfc3207/4.2/discard-client-knowledge", start=At.EHLO, offers=["STARTTLS"], tags=["starttls"])
async def starttls_forgets_the_sender(smtp: Client) -> Observation:
    """MAIL given in the clear is gone after the handshake: a recipient is out of order."""
    presume(refused(await smtp.rcpt()))
    presume(accepted(await smtp.mail()))
    await smtp.starttls()
    return refused(await _past_a_greeting(smtp, await smtp.rcpt()))


@scenario("rfc3207/4.2/discard-client-knowledge", start=At.GREETING, offers=["STARTTLS"], tags=["starttls"])
async def starttls_forgets_the_hello(smtp: Client) -> Observation:
    """Where MAIL needs EHLO, the EHLO given in the clear does not serve after the handshake."""
    presume(refused(await smtp.mail()))  # only a server that asks for EHLO can show that it forgot one
    await smtp.introduce()
    await smtp.starttls()
    return refused(await _past_a_greeting(smtp, await smtp.mail()))


@scenario(
    "rfc3207/6/server-discards-cleartext",
    start=At.EHLO,
    offers=["STARTTLS"],
    behind=INJECTED,
    tags=["starttls", "smuggling"],
)
async def injected_command_is_never_acted_on(behind: bytes, smtp: Client) -> Observation:
    """What came in clear behind STARTTLS brings no reply under TLS; a handshake that fails over it is right too."""
    outcome = await smtp.try_starttls(behind)
    if isinstance(outcome, HandshakeFailed):
        return Held(str(outcome))
    if not isinstance(outcome, Secured):
        return Held(str(outcome)) if isinstance(outcome, Reply) and outcome.severity == 5 else Unclear(str(outcome))
    await smtp.raw(b"NOOP\r\n")
    outcomes = await smtp.replies_until_quit()
    greeted_again = isinstance(outcomes[0], Reply) and outcomes[0].code == 220
    return one_reply(outcomes[1:] if greeted_again else outcomes)


@scenario("rfc3207/6/server-discards-cleartext", start=At.EHLO, offers=["STARTTLS"], tags=["starttls", "smuggling"])
async def injected_half_command_is_dropped(smtp: Client) -> Observation:
    """The beginning of a command in clear behind STARTTLS is not put before what comes under TLS."""
    outcome = await smtp.try_starttls(b"BOG")
    if isinstance(outcome, HandshakeFailed):
        return Held(str(outcome))
    if not isinstance(outcome, Secured):
        return Held(str(outcome)) if isinstance(outcome, Reply) and outcome.severity == 5 else Unclear(str(outcome))
    return accepted(await _past_a_greeting(smtp, await smtp.ehlo()))


@scenario("rfc3207/4.2/no-second-greeting", start=At.EHLO, offers=["STARTTLS"])
async def no_greeting_after_the_handshake(smtp: Client) -> Observation:
    """The handshake is followed by nothing: the server waits for a command."""
    await smtp.starttls()
    await smtp.raw(b"NOOP\r\n")
    return one_reply(await smtp.replies_until_quit())


@scenario("rfc3207/4.2/starttls-not-listed-under-tls", start=At.EHLO, offers=["STARTTLS"])
async def starttls_is_not_offered_under_tls(smtp: Client) -> Observation:
    """The reply to EHLO under TLS does not list STARTTLS."""
    await smtp.starttls()
    outcome = await smtp.ehlo()
    presume(accepted(outcome))
    return holds("STARTTLS" not in smtp.offers, expected="no STARTTLS in the list", seen=outcome)
