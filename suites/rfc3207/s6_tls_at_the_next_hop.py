"""RFC 3207 6 - Security Considerations, for a relay at its next hop."""

from __future__ import annotations

from collections.abc import Callable

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    HopConnection,
    NotReady,
    Observation,
    Rule,
    Step,
    Unclear,
    holds,
    new_token,
    scenario,
    took,
)

SECURED = ["account_domain", "account_next_hop", "account_authority"]
VERIFIED = [*SECURED, "account_verified"]
SOON = 10.0
"""How many seconds a second session is waited for where a first showed nothing."""
LONG = 90.0
"""How many seconds mail is waited for that comes back only when the target gives it up."""

Attack = Callable[[Hop], None]


def _cut_out(hop: Hop) -> None:
    hop.script_account(Rule.offer(b"SIZE", b"AUTH PLAIN LOGIN CRAM-MD5"))


def _not_now(hop: Hop) -> None:
    hop.script_account(Rule.answer(Step.STARTTLS, 454))


def _never(hop: Hop) -> None:
    hop.script_account(Rule.answer(Step.STARTTLS, 502))


def _closed(hop: Hop) -> None:
    hop.script_account(Rule.close(Step.STARTTLS))


def _stranger(hop: Hop) -> None:
    hop.show(hop.target.account_domain or "", known=False)


ATTACKS: dict[str, tuple[Attack, int]] = {
    "keyword-cut-out": (_cut_out, 1),
    "454": (_not_now, 1),
    "502": (_never, 1),
    "closed": (_closed, 2),
    "certificate-of-a-stranger": (_stranger, 1),
}
"""What is done, and in how many sessions in a row no mail may go for that."""


def _verbs(sessions: tuple[HopConnection, ...]) -> str:
    return " ".join(command.verb.decode("ascii", "replace") for session in sessions for command in session.commands)


@scenario("rfc3207/6/client-can-require-tls", start=At.EHLO, facts=VERIFIED, alone=True, attack=ATTACKS)
async def no_mail_goes_without_tls(attack: tuple[Attack, int], smtp: Client, hop: Hop) -> Observation:
    """A target that is set to require TLS at its next hop sends nothing where there is none that is good enough."""
    act, times = attack
    act(hop)
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account())
    sessions = await hop.account_sessions()
    if not sessions:
        raise NotReady("next hop", "the target did not come")
    sessions = await hop.account_sessions(times, within=SOON)
    mailed = any(command.verb == b"MAIL" for session in sessions for command in session.commands)
    return holds(not mailed, expected="no MAIL", seen=_verbs(sessions))


@scenario("rfc3207/6/use-tls-when-possible", start=At.EHLO, facts=VERIFIED)
async def tls_is_used_where_it_is_offered(smtp: Client, hop: Hop) -> Observation:
    """A message goes under TLS to a next hop that offers it, where the target is set to use it."""
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account())
    connection = (await hop.message()).transaction.connection
    return holds(connection.secured, expected="MAIL under TLS", seen=_verbs((connection,)))


@scenario("rfc3207/6/may-go-on-unauthenticated", start=At.EHLO, facts=SECURED, alone=True)
async def relay_may_go_on_without_tls(smtp: Client, hop: Hop) -> Observation:
    """Where STARTTLS is answered with 454 the message goes without TLS, or it does not."""
    _not_now(hop)
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account())
    sessions = await hop.account_sessions()
    if not sessions:
        return Unclear("the target did not come")
    mailed = [session for session in sessions if session.transactions]
    return took("goes on without" if mailed else "does not go on", _verbs(sessions))


@scenario(
    "rfc3207/6/retry-tls-later",
    start=At.EHLO,
    facts=[*VERIFIED, "timers"],
    alone=True,
    slow=True,
    failure={
        "454": Rule.answer(Step.STARTTLS, 454, times=1),
        "closed": Rule.close(Step.STARTTLS, times=1),
    },
)
async def tls_is_tried_again_later(failure: Rule, smtp: Client, hop: Hop) -> Observation:
    """After STARTTLS has failed once, the next session tries it again."""
    hop.script_account(failure)
    sender = new_token()
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account(), reverse_path=hop.path(sender))
    sessions = await hop.account_sessions(2, within=2 * 3600.0)
    if len(sessions) < 2:
        told = await hop.notification_arrival(sender)
        return Broken("STARTTLS in a later session", "the message came back") if told else Unclear("no second session")
    if sessions[0].transactions:
        return Unclear("the message went in the session in which STARTTLS failed")
    tried = any(command.verb == b"STARTTLS" for command in sessions[1].commands)
    return holds(tried, expected="STARTTLS in the next session", seen=_verbs(sessions[1:2]))


@scenario("rfc3207/6/return-after-timeout", start=At.EHLO, facts=[*VERIFIED, "delivery_within"], alone=True)
async def message_comes_back_where_tls_never_works(smtp: Client, hop: Hop) -> Observation:
    """A message for a next hop whose TLS keeps failing is given back, as one that is refused for now is."""
    _not_now(hop)
    sender = new_token()
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account(), reverse_path=hop.path(sender))
    twin = await hop.refuses(smtp, code=450)
    if await hop.notification_arrival(twin, within=LONG) is None:
        return Unclear(f"mail that is refused for now is still in the queue after {LONG:g} s")
    told = await hop.notification_arrival(sender)
    if any(session.transactions for session in await hop.account_sessions(0)):
        return Unclear("the message went without TLS")
    return Held("it came back") if told else Broken("the message given back", "only a later one came back")
