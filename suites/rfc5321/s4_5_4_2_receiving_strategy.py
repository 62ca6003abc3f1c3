"""RFC 5321 4.5.4.2 - Receiving Strategy: several connections at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from conformance import (
    CRLF,
    At,
    Broken,
    Client,
    Held,
    NotReady,
    Observation,
    Reply,
    Silence,
    Unclear,
    accepted,
    answered,
    presume,
    scenario,
    stuff,
    took,
)


async def _reaches(rung: At, second: Client) -> Observation:
    """Whether a session gets there while another one is open; only silence is held against the server."""
    try:
        await second.climb(rung)
    except NotReady as late:
        if isinstance(late.outcome, Silence):
            return Broken(f"{late.rung} is answered while another session is open", str(late))
        raise
    return Held(f"{rung.name} while another session is open")


@scenario("rfc5321/4.5.4.2/always-listens", start=At.CONNECT, alone=True)
async def second_connection_is_greeted(smtp: Client, second: Client) -> Observation:
    """A connection is greeted while another one, greeted before it, is open."""
    await smtp.climb(At.GREETING)
    return await _reaches(At.GREETING, second)


@scenario("rfc5321/4.5.4.2/several-connections", start=At.CONNECT, alone=True)
async def two_sessions_are_served_by_turns(smtp: Client, second: Client) -> Observation:
    """Two sessions are served by turns, command by command."""
    await smtp.climb(At.EHLO)
    seen = await _reaches(At.EHLO, second)
    if isinstance(seen, Broken):
        return seen
    for client in (smtp, second, smtp, second):
        seen = answered(await client.say(b"NOOP"))
        if not isinstance(seen, Held):
            return seen
    return seen


@scenario("rfc5321/4.5.4.2/several-transactions-at-once", start=At.CONNECT, alone=True)
async def two_transactions_are_open_at_once(smtp: Client, second: Client) -> Observation:
    """A transaction goes from MAIL to the end of its data while another one is between its lines of mail data."""
    await smtp.climb(At.DATA)
    content = stuff(smtp.message())
    await smtp.raw(content[:100])
    seen = await _reaches(At.DATA, second)
    if isinstance(seen, Broken):
        return seen
    await second.raw(stuff(second.message()) + b"." + CRLF)
    taken = answered(await second.reply())
    if not isinstance(taken, Held):
        return taken
    await smtp.raw(content[100:] + b"." + CRLF)
    presume(accepted(await smtp.reply()))
    return taken


MANY = 30


@scenario("rfc5321/4.5.4.2/connection-limit", start=At.GREETING, slow=True, alone=True, tags=["attack"])
async def many_connections_are_greeted_or_not(smtp: Client, another: Callable[[], Awaitable[Client]]) -> Observation:
    """Many connections at once are all greeted, or one of them is turned away."""
    for number in range(2, MANY + 1):
        try:
            client = await another()
            await client.climb(At.GREETING)
        except NotReady as turned_away:
            if isinstance(turned_away.outcome, Silence):
                return Unclear(f"connection {number}: {turned_away}")
            limited = isinstance(turned_away.outcome, Reply) and turned_away.outcome.code == 421
            return took("turned away with 421" if limited else "turned away", f"connection {number}: {turned_away}")
    return took("all are greeted", f"{MANY} connections: {smtp.greeting}")
