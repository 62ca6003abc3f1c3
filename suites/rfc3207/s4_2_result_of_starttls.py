"""RFC 3207 4.2 - Result of the STARTTLS Command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from conformance import (
    At,
    Broken,
    Client,
    Delivered,
    HandshakeFailed,
    Held,
    Observation,
    Outcome,
    Reply,
    Secured,
    Store,
    Unclear,
    accepted,
    fields_named,
    holds,
    new_token,
    not_refused_as,
    one_reply,
    presume,
    refused,
    scenario,
    split_message,
    stays_open,
    took,
    visible,
)

INJECTED = {
    "noop": b"NOOP\r\n",
    "rset": b"RSET\r\n",
    "ehlo": b"EHLO injected.example.test\r\n",
    "mail": b"MAIL FROM:<>\r\n",
    "vrfy": b"VRFY postmaster\r\n",
    "unknown": b"BOGUS\r\n",
    "several": b"RSET\r\nNOOP\r\nNOOP\r\n",
    "helo": b"HELO injected.example.test\r\n",
    "rcpt": b"RCPT TO:<postmaster>\r\n",
    "expn": b"EXPN postmaster\r\n",
    "help": b"HELP\r\n",
    "starttls": b"STARTTLS\r\n",
    "auth": b"AUTH PLAIN AGEAYg==\r\n",
    "bdat": b"BDAT 4 LAST\r\nNOOP",
    "ehlo-and-mail": b"EHLO injected.example.test\r\nMAIL FROM:<>\r\n",
}


async def _past_a_greeting(smtp: Client, outcome: Outcome) -> Outcome:
    """A server that greets again under TLS has a clause of its own; here the reply behind that greeting counts."""
    return await smtp.reply() if isinstance(outcome, Reply) and outcome.code == 220 else outcome


async def _introduced(smtp: Client) -> None:
    """Introduce ourselves under TLS, to a server that greets again too."""
    presume(accepted(await _past_a_greeting(smtp, await smtp.ehlo())))


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


@scenario("rfc3207/4.2/discard-client-knowledge", start=At.EHLO, offers=["STARTTLS"], tags=["starttls"])
async def starttls_forgets_the_name(smtp: Client, second: Client, store: Store) -> Observation:
    """What comes under TLS without a new EHLO is refused, or its Received field lacks the name given in the clear."""
    of_the_twin = new_token()
    await second.starttls()
    presume(accepted(await _past_a_greeting(second, await second.say(b"EHLO " + _name(of_the_twin)))))
    await second.deliver(second.message(token=of_the_twin))
    presume(_is_named(await store.message(of_the_twin), of_the_twin))
    presume(accepted(await smtp.say(b"EHLO " + _name(smtp.token))))
    await smtp.starttls()
    outcome = await _past_a_greeting(smtp, await smtp.mail())
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return Held(f"wants a new EHLO: {outcome}")
    presume(accepted(outcome))
    presume(accepted(await smtp.rcpt()))
    presume(accepted(await smtp.data()))
    named = _is_named(await store.message(), smtp.token)
    return holds(not isinstance(named, Held), expected="no name from before the handshake", seen=named.seen)


def _name(token: str) -> bytes:
    return b"%b.client.example.test" % token.encode("ascii")


def _is_named(delivered: Delivered, token: str) -> Held | Broken:
    """Whether the first Received field has the name that EHLO gave."""
    stamps = fields_named(split_message(delivered.content)[0], "Received")
    seen = visible(stamps[0].body) if stamps else "no Received field"
    return Held(seen) if bool(stamps) and _name(token) in stamps[0].body else Broken("the name of EHLO", seen)


@scenario(
    "rfc3207/6/server-discards-cleartext",
    start=At.EHLO,
    offers=["STARTTLS"],
    behind=INJECTED,
    tags=["starttls", "smuggling"],
)
async def injected_command_is_never_acted_on(
    behind: bytes, smtp: Client, another: Callable[[], Awaitable[Client]]
) -> Observation:
    """What came in clear behind STARTTLS brings no reply under TLS; a handshake that fails over it is right too."""
    return await _nothing_is_acted_on(smtp, await smtp.try_starttls(behind), another)


async def _not_secured(outcome: HandshakeFailed | Outcome, another: Callable[[], Awaitable[Client]]) -> Observation:
    """What was injected is refused with STARTTLS, or makes the handshake fail, which succeeds without it."""
    if isinstance(outcome, HandshakeFailed):
        clean = await another()
        await clean.climb(At.EHLO)
        await clean.starttls()
        return Held(str(outcome))
    return Held(str(outcome)) if isinstance(outcome, Reply) and outcome.severity == 5 else Unclear(str(outcome))


async def _nothing_is_acted_on(
    smtp: Client, outcome: Secured | HandshakeFailed | Outcome, another: Callable[[], Awaitable[Client]]
) -> Observation:
    if not isinstance(outcome, Secured):
        return await _not_secured(outcome, another)
    await smtp.raw(b"NOOP\r\n")
    outcomes = await smtp.replies_until_quit()
    greeted_again = isinstance(outcomes[0], Reply) and outcomes[0].code == 220
    return one_reply(outcomes[1:] if greeted_again else outcomes)


@scenario(
    "rfc3207/6/server-discards-cleartext",
    start=At.EHLO,
    offers=["STARTTLS"],
    behind={name: INJECTED[name] for name in ("noop", "mail", "ehlo-and-mail", "several")},
    tags=["starttls", "smuggling"],
)
async def command_injected_in_a_second_segment_is_never_acted_on(
    behind: bytes, smtp: Client, another: Callable[[], Awaitable[Client]]
) -> Observation:
    """What comes in clear behind STARTTLS in a segment of its own brings no reply under TLS either."""
    return await _nothing_is_acted_on(smtp, await smtp.try_starttls(behind, apart=True), another)


@scenario("rfc3207/6/server-discards-cleartext", start=At.EHLO, offers=["STARTTLS"], tags=["starttls", "smuggling"])
async def injected_quit_is_never_acted_on(smtp: Client, another: Callable[[], Awaitable[Client]]) -> Observation:
    """QUIT in clear behind STARTTLS does not end the session under TLS."""
    outcome = await smtp.try_starttls(b"QUIT\r\n")
    if not isinstance(outcome, Secured):
        return await _not_secured(outcome, another)
    behind = await _past_a_greeting(smtp, await smtp.say(b"NOOP"))
    if isinstance(behind, Reply) and behind.code == 221:
        return Broken("no answer to the QUIT in clear", str(behind))
    return stays_open(behind)


@scenario("rfc3207/6/server-discards-cleartext", start=At.EHLO, offers=["STARTTLS"], tags=["starttls", "smuggling"])
async def injected_transaction_is_not_there_under_tls(
    smtp: Client, another: Callable[[], Awaitable[Client]]
) -> Observation:
    """A sender and a recipient given in clear behind STARTTLS do not serve DATA under TLS."""
    presume(refused(await smtp.data()))
    transaction = b"MAIL FROM:%b\r\nRCPT TO:%b\r\n" % (smtp.reverse_path, smtp.forward_path)
    outcome = await smtp.try_starttls(transaction)
    if not isinstance(outcome, Secured):
        return await _not_secured(outcome, another)
    await smtp.raw(b"DATA\r\n")
    outcomes = await smtp.replies_until_quit()
    asked = any(isinstance(outcome, Reply) and outcome.code == 354 for outcome in outcomes)
    return holds(not asked, expected="no 354", seen=" | ".join(str(outcome) for outcome in outcomes))


@scenario("rfc3207/6/server-discards-cleartext", start=At.EHLO, offers=["STARTTLS"], tags=["starttls", "smuggling"])
async def injected_half_command_is_dropped(smtp: Client, second: Client) -> Observation:
    """The beginning of a command in clear behind STARTTLS is not put before what comes under TLS."""
    await second.starttls()
    await _introduced(second)  # else a refusal of EHLO under TLS tells nothing about the half command
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


ANYWHERE = (At.EHLO, At.MAIL, At.RCPT)


@scenario("rfc3207/4.2/reset-to-initial-state", start=ANYWHERE, offers=["STARTTLS"], tags=["starttls"])
async def ehlo_is_taken_under_tls(smtp: Client) -> Observation:
    """The session begins anew under TLS: EHLO is taken, wherever the session stood before."""
    await smtp.starttls()
    return accepted(await _past_a_greeting(smtp, await smtp.ehlo()))


@scenario("rfc3207/4.2/reset-to-initial-state", start=ANYWHERE, offers=["STARTTLS"], tags=["starttls"])
async def mail_is_taken_under_tls(smtp: Client, second: Client) -> Observation:
    """A transaction that is opened in clear can be opened under TLS, wherever the session stood before."""
    presume(accepted(await second.mail()))
    await smtp.starttls()
    await _introduced(smtp)
    return accepted(await smtp.mail())


@scenario("rfc3207/4.2/extensions-may-differ", start=At.EHLO, offers=["STARTTLS"], tags=["starttls"])
async def extensions_may_differ_under_tls(smtp: Client) -> Observation:
    """The reply to EHLO under TLS lists what it lists in clear, STARTTLS apart, or something else."""
    before = set(smtp.offers) - {"STARTTLS"}
    await smtp.starttls()
    await _introduced(smtp)
    after = set(smtp.offers) - {"STARTTLS"}
    changes = [f"-{keyword}" for keyword in sorted(before - after)] + [f"+{word}" for word in sorted(after - before)]
    return took("lists others" if changes else "lists the same", " ".join(changes))


@scenario("rfc3207/4.2/second-starttls-refused", start=At.EHLO, offers=["STARTTLS"], tags=["starttls"])
async def second_starttls_is_refused(smtp: Client) -> Observation:
    """STARTTLS under TLS is refused, with a 4yz or a 5yz."""
    await smtp.starttls()
    await _introduced(smtp)
    outcome = await smtp.say(b"STARTTLS")
    if not isinstance(outcome, Reply) or outcome.code == 421:
        return Unclear(str(outcome))
    return holds(outcome.severity in {4, 5}, expected="a refusal", seen=outcome)


@scenario("rfc5321/4.2.1/5yz-not-done", start=At.EHLO, offers=["STARTTLS"], tags=["starttls"])
async def refused_second_starttls_changes_nothing(smtp: Client) -> Observation:
    """After STARTTLS was refused under TLS a recipient still goes to the sender before it."""
    await smtp.starttls()
    await _introduced(smtp)
    presume(accepted(await smtp.mail()))
    outcome = await smtp.say(b"STARTTLS")
    presume(holds(isinstance(outcome, Reply) and outcome.severity == 5, expected="a refusal", seen=outcome))
    return not_refused_as(await smtp.rcpt(), {503})
