"""RFC 4468 3.2 - BURL Transaction, as a client sends it."""

from __future__ import annotations

from conformance import Agent, At, NotReady, Observation, Rule, Step, Use, holds, scenario, took, visible

URL = "imap://user@mail.example.test/sent;uidvalidity=1/;uid=7;urlauth=submit+user:internal:" + "0" * 32


async def _sent(agent: Agent, *rules: Rule, offers: tuple[bytes, ...]) -> Use:
    """A message that is sent by its URL, and one more behind it, where the program can.

    Raises:
        NotReady: no BURL was sent.
    """
    used = await agent.use("burl", *rules, offers=(b"BURL imap", *offers), url=URL, another="another@example.net")
    if not used.said(b"BURL"):
        raise NotReady("user agent", "it sent no URL")
    return used


def _shown(used: Use) -> str:
    """The commands, those with a star that came before the reply before them."""
    return ", ".join(f"{'*' * each.early}{visible(each.octets.strip(), 30)}" for each in used.commands)


@scenario("rfc4468/3.2/client-may-pipeline", start=At.CONNECT, facts=["user_agent.burl"])
async def client_may_send_the_transaction_at_once(agent: Agent) -> Observation:
    """Where PIPELINING is listed, BURL goes out with MAIL and RCPT, or behind the replies to them."""
    used = await _sent(agent, Rule.late(Step.MAIL, 0.3), Rule.late(Step.RCPT, 0.3), offers=(b"PIPELINING",))
    first = used.said(b"BURL")[0]
    return took("at once" if first.early else "one by one", _shown(used))


@scenario("rfc4468/3.2/interleaved-with-bdat", start=At.CONNECT, facts=["user_agent.burl"])
async def client_may_mix_chunks_and_urls(agent: Agent) -> Observation:
    """Where CHUNKING is listed, a part of the message goes by BDAT, or none."""
    used = await _sent(agent, offers=(b"CHUNKING",))
    return took("BDAT too" if used.said(b"BDAT") else "BURL alone", _shown(used))


@scenario(
    "rfc4468/3.2/wait-for-last",
    start=At.CONNECT,
    facts=["user_agent.burl"],
    offers_too={"pipelining": (b"PIPELINING",), "chunking-too": (b"PIPELINING", b"CHUNKING")},
)
async def next_transaction_waits_for_the_reply_to_last(offers_too: tuple[bytes, ...], agent: Agent) -> Observation:
    """No MAIL goes out before the reply to the last BURL or BDAT of the transaction before."""
    used = await _sent(agent, *(Rule.late(step, 0.5) for step in (Step.BURL, Step.END_OF_DATA)), offers=offers_too)
    early = [
        each
        for session in used.sessions
        for before, each in zip(session.commands, session.commands[1:], strict=False)
        if each.early and each.verb == b"MAIL" and before.argument.upper().endswith(b" LAST")
    ]
    return holds(not early, expected="MAIL behind the reply", seen=_shown(used))
