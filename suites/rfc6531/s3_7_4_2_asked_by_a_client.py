"""RFC 6531 3.7.4.2 - VRFY and EXPN Commands and the SMTPUTF8 Parameter, as a client says them."""

from __future__ import annotations

from conformance import Agent, At, NotReady, Observation, Rule, Step, Use, holds, reply_octets, scenario, visible

MAILBOX = "jürgen@example.net"
"""A mailbox for which a client may well want the parameter."""

ASCII = (b"Juergen Muster <juergen@example.net>",)
UTF8: dict[str, tuple[bytes, ...]] = {
    "name": ("Jürgen Muster <juergen@example.net>".encode(),),
    "mailbox": ("<jürgen@example.net>".encode(),),
    "outside-latin": ("田中 <田中@example.net>".encode(),),
    "several-lines": ("Jürgen Muster <jürgen@example.net>".encode(), b"Bob <bob@example.net>"),
}
"""What a server with SMTPUTF8 may say of a mailbox."""


async def _asked(agent: Agent, task: str, texts: tuple[bytes, ...], *offers: bytes) -> Use:
    """VRFY or EXPN, to which these texts are the reply.

    Raises:
        NotReady: it did not come.
    """
    rule = Rule(Step.OTHER, reply_octets(250, *texts))
    used = await agent.use(task, rule, offers=(b"HELP", *offers), recipient=MAILBOX)
    if not used.said(b"VRFY", b"EXPN"):
        raise NotReady("user agent", "it asked nothing")
    return used


def _has_parameter(used: Use) -> bool:
    return used.said(b"VRFY", b"EXPN")[0].argument.upper().endswith(b" SMTPUTF8")


async def _asks_in_ascii(agent: Agent, task: str) -> Observation:
    used = await _asked(agent, task, ASCII, b"8BITMIME")
    seen = visible(used.said(b"VRFY", b"EXPN")[0].octets.strip())
    return holds(not _has_parameter(used), expected="no SMTPUTF8", seen=seen)


async def _takes(agent: Agent, task: str, texts: tuple[bytes, ...]) -> Observation:
    usual = await _asked(agent, task, ASCII, b"SMTPUTF8")
    if not _has_parameter(usual) or usual.ended.status != 0:
        raise NotReady("control", f"it does not ask in UTF-8, or ends with status {usual.ended.status} in any case")
    used = await _asked(agent, task, texts, b"SMTPUTF8")
    return holds(used.ended.status == 0, expected="status 0", seen=f"status {used.ended.status}")


@scenario("rfc6531/3.7.4.2/only-after-ehlo", start=At.CONNECT, facts=["user_agent.verify"])
async def vrfy_has_the_parameter_only_where_it_is_listed(agent: Agent) -> Observation:
    """VRFY has no SMTPUTF8 at a server that does not list it."""
    return await _asks_in_ascii(agent, "verify")


@scenario("rfc6531/3.7.4.2/only-after-ehlo", start=At.CONNECT, facts=["user_agent.expand"])
async def expn_has_the_parameter_only_where_it_is_listed(agent: Agent) -> Observation:
    """EXPN has no SMTPUTF8 at a server that does not list it."""
    return await _asks_in_ascii(agent, "expand")


@scenario("rfc6531/3.7.4.2/client-takes-utf-8", start=At.CONNECT, facts=["user_agent.verify"], texts=UTF8)
async def reply_in_utf_8_to_vrfy_is_taken(texts: tuple[bytes, ...], agent: Agent) -> Observation:
    """A client that gave SMTPUTF8 with VRFY takes a reply in UTF-8 as it takes one in ASCII."""
    return await _takes(agent, "verify", texts)


@scenario("rfc6531/3.7.4.2/client-takes-utf-8", start=At.CONNECT, facts=["user_agent.expand"], texts=UTF8)
async def reply_in_utf_8_to_expn_is_taken(texts: tuple[bytes, ...], agent: Agent) -> Observation:
    """A client that gave SMTPUTF8 with EXPN takes a reply in UTF-8 as it takes one in ASCII."""
    return await _takes(agent, "expand", texts)
