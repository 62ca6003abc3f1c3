"""RFC 3207 4.1 - Processing After the STARTTLS Command, for a relay at its next hop."""

from __future__ import annotations

from conformance import At, Client, Hop, HopConnection, NotReady, Observation, Unclear, holds, scenario, took

SECURED = ["account_domain", "account_next_hop", "account_authority"]


async def _first_session(smtp: Client, hop: Hop) -> HopConnection:
    """The session in which a message was to go to the next hop.

    Raises:
        NotReady: the target did not come.
    """
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account())
    sessions = await hop.account_sessions()
    if not sessions:
        raise NotReady("next hop", "the target did not come")
    return sessions[0]


def _said_under_tls(session: HopConnection) -> list[str]:
    return [command.verb.decode("ascii", "replace") for command in session.commands if command.secured]


@scenario(
    "rfc3207/4.1/client-quits-when-too-weak",
    start=At.EHLO,
    facts=[*SECURED, "account_verified"],
    alone=True,
    known={"signed-by-a-stranger": False, "for-another-host": True},
)
async def relay_leaves_with_quit_where_tls_is_too_weak(known: bool, smtp: Client, hop: Hop) -> Observation:
    """Where the certificate is not good enough for the target, QUIT is all that it says under TLS."""
    hop.show("other.example.org" if known else smtp.target.account_domain or "", known=known)
    session = await _first_session(smtp, hop)
    if not session.secured:
        return Unclear(f"the handshake did not end: {session.end}")
    said = _said_under_tls(session)
    return holds(said == ["QUIT"], expected="QUIT alone", seen=" ".join(said) or f"nothing; {session.end}")


@scenario("rfc3207/4.1/client-compares-name", start=At.EHLO, facts=SECURED, alone=True)
async def relay_may_compare_the_name(smtp: Client, hop: Hop) -> Observation:
    """A certificate for another host makes the target leave, or go on."""
    hop.show("other.example.org")
    session = await _first_session(smtp, hop)
    return took("goes on" if session.transactions else "leaves", " ".join(_said_under_tls(session)) or session.end)
