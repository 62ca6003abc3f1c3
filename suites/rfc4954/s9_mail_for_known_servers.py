"""RFC 4954 9 - Security Considerations, for a relay that sends mail to its next hop after AUTH under TLS alone."""

from __future__ import annotations

from collections.abc import Callable

from conformance import At, Client, Hop, NotReady, Observation, Rule, Step, holds, scenario

VERIFIED = ["account_domain", "account_next_hop", "account_authority", "account_verified"]

Attack = Callable[[Hop], None]


def _no_auth(hop: Hop) -> None:
    """As if somebody had cut AUTH out of the reply to EHLO."""
    hop.offer_account(b"PIPELINING", b"8BITMIME", b"SIZE")


def _failing_auth(hop: Hop) -> None:
    hop.script_account(Rule.answer(Step.AUTH, 535), Rule.answer(Step.RESPONSE, 535))


def _auth_not_implemented(hop: Hop) -> None:
    hop.script_account(Rule.answer(Step.AUTH, 502))


def _no_tls(hop: Hop) -> None:
    hop.script_account(Rule.offer(b"SIZE", b"AUTH PLAIN LOGIN CRAM-MD5"))


def _failing_tls(hop: Hop) -> None:
    hop.script_account(Rule.answer(Step.STARTTLS, 454))


def _helo_alone(hop: Hop) -> None:
    hop.script_account(Rule.answer(Step.EHLO, 502))


ATTACKS: dict[str, Attack] = {
    "auth-cut-out": _no_auth,
    "auth-fails": _failing_auth,
    "auth-not-implemented": _auth_not_implemented,
    "starttls-cut-out": _no_tls,
    "starttls-fails": _failing_tls,
    "helo-alone": _helo_alone,
}


@scenario("rfc4954/9/configured-never-to-send", start=At.EHLO, facts=VERIFIED, alone=True, attack=ATTACKS)
async def no_mail_goes_to_whom_nobody_knows(attack: Attack, smtp: Client, hop: Hop) -> Observation:
    """Where the next hop seems to have no AUTH or no TLS, mail that needs both does not go there."""
    attack(hop)
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account())
    sessions = await hop.account_sessions()
    if not sessions:
        raise NotReady("next hop", "the target did not come")
    said = [command.verb.decode("ascii", "replace") for session in sessions for command in session.commands]
    return holds("MAIL" not in said, expected="no MAIL", seen=" ".join(said))
