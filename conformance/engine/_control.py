"""Control deliveries: a target that does not work must not come out green (RFC 5321 §4.5.1)."""

from __future__ import annotations

from dataclasses import dataclass

import trio

from conformance.client import At, NotReady, Outcome, new_token
from conformance.engine._attempt import Session, Setting, session
from conformance.engine._events import ConnectionRecord
from conformance.engine._limit import ConnectionLimit
from conformance.store import StoreError
from conformance.wire import CRLF, Reply, stuff, visible

ATTEMPTS = 3
DELIVERY_SECONDS = 30.0
"""How long a control message may take to arrive, where the target does not say that it takes longer."""

PAUSE = 1.0
"""Seconds before the second try; it doubles."""


class TargetUnusableError(Exception):
    """The target did not take an ordinary message; ``evidence`` shows at which step."""

    def __init__(self, problem: str, evidence: tuple[ConnectionRecord, ...]) -> None:
        super().__init__(problem)
        self.evidence = evidence


@dataclass(frozen=True, slots=True)
class Introduced:
    """What a target says of itself, made visible.

    ``offers`` are those to who is known, ``first_offers`` to others, ``clear_offers`` to who has not said STARTTLS.
    """

    greeting: str
    ehlo: tuple[str, ...]
    offers: frozenset[str]
    first_offers: frozenset[str] = frozenset()
    clear_offers: frozenset[str] = frozenset()


async def introduce(setting: Setting, limit: ConnectionLimit) -> Introduced:
    """Greet the target and deliver one control message to every declared mailbox.

    Raises:
        TargetUnusableError: one of them did not reach its 250.
    """
    introduced: Introduced | None = None
    if setting.target.role == "554-only":
        return await _greeting_only(setting)
    for mailbox in setting.target.mailboxes or (setting.target.mailbox,):
        introduced = await _deliver(setting, limit, mailbox.encode("ascii"))
    assert introduced is not None
    await _look_around(setting, limit)
    return introduced


async def _look_around(setting: Setting, limit: ConnectionLimit) -> None:
    """One message must reach the next hop, and one the store: else all that did not come would be the target's fault.

    Raises:
        TargetUnusableError: it did not.
    """
    around, target = setting.around, setting.target
    within = max(target.delivery_within or 0.0, DELIVERY_SECONDS)
    if around is None:
        return
    if around.hop is not None and target.next_hop and target.relay_domains:
        token = new_token()
        await _deliver(setting, limit, f"{token}@{target.relay_domains[0]}".encode("ascii"), token)
        if not await around.hop.message(token, within=within):
            raise TargetUnusableError(
                f"no message for {target.relay_domains[0]} came to our next hop {target.next_hop} within {within:g} s: "
                "does the target send it there? A server that found nobody there before waits for some minutes",
                (),
            )
        around.hop.forget(token)
    if around.store is not None and target.store is not None:
        token = new_token()
        await _deliver(setting, limit, target.mailbox.encode("ascii"), token)
        try:
            found = await around.store.message(token, within=within)
        except StoreError as error:
            raise TargetUnusableError(str(error), ()) from error
        if found is None:
            raise TargetUnusableError(
                f"no message for {target.mailbox} came into the store {target.store.where} within {within:g} s", ()
            )
        around.store.forget(token)


async def _deliver(setting: Setting, limit: ConnectionLimit, mailbox: bytes, token: str | None = None) -> Introduced:
    greylisted = False
    refusals = 0
    while True:
        async with limit.connections(1) as epoch, session(setting) as run:
            try:
                introduced = await _one_delivery(run, mailbox, token)
            except NotReady as error:
                wait = setting.target.greylist_delay
                temporary = isinstance(error.outcome, Reply) and error.outcome.code in {450, 451}
                if temporary and wait is not None and not greylisted:
                    greylisted, pause = True, wait
                elif error.service_refused and refusals < ATTEMPTS - 1:
                    limit.refused(epoch)
                    pause = PAUSE * 2**refusals
                    refusals += 1
                else:
                    await run.leave()
                    raise TargetUnusableError(
                        f"control delivery to <{visible(mailbox)}> failed at {error}", run.records()
                    ) from error
            else:
                return introduced
        await trio.sleep(pause)


async def _one_delivery(run: Session, mailbox: bytes, token: str | None) -> Introduced:
    client = await run.open()
    await client.climb(At.UNAUTHENTICATED)
    first_offers = client.offered
    if client.target.auth_required:
        await client.become_known()
    introduced = Introduced(
        greeting=str(client.greeting),
        ehlo=tuple(visible(line.text) for line in client.hello.lines) if isinstance(client.hello, Reply) else (),
        offers=client.offered,
        first_offers=first_offers,
        clear_offers=client.offered_first,
    )
    _accepted("MAIL", await client.mail())
    _accepted("RCPT", await client.rcpt(b"<%b>" % mailbox))
    _accepted("DATA", await client.say(b"DATA"), severity=3)
    await client.raw(stuff(client.message(token=token)) + b"." + CRLF)
    _accepted("end of data", await client.reply())
    return introduced


def _accepted(rung: str, outcome: Outcome, severity: int = 2) -> None:
    if not (isinstance(outcome, Reply) and outcome.severity == severity):
        raise NotReady(rung, outcome, service_refused=isinstance(outcome, Reply) and outcome.code == 421)


async def _greeting_only(setting: Setting) -> Introduced:
    async with session(setting) as run:
        try:
            client = await run.open()
        except NotReady as error:
            raise TargetUnusableError(str(error), run.records()) from error
        client.greeting = await client.reply()
        if not (isinstance(client.greeting, Reply) and client.greeting.code in {521, 554}):  # RFC 7504 §3
            await run.leave()
            raise TargetUnusableError(f"greeting: expected 521 or 554, got {client.greeting}", run.records())
        return Introduced(str(client.greeting), (), frozenset())
