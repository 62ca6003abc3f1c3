"""RFC 1985 5 - The extended ETRN command: the names that a client gives in it."""

from __future__ import annotations

import re

from conformance import Agent, At, NotReady, Observation, Rule, Step, holds, scenario, visible

LABEL = rb"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
QUALIFIED = re.compile(LABEL + rb"(?:\." + LABEL + rb")+\.?")
QUEUE = b"#"
"""Before the name of a queue, which is no node (RFC 1985 §5.3)."""


@scenario("rfc1985/5/node-is-fully-qualified", start=At.CONNECT, facts=["user_agent.ask_for_mail"])
async def etrn_names_nodes_in_full(agent: Agent) -> Observation:
    """Each node for which a client says ETRN is named in full."""
    used = await agent.use("ask_for_mail", Rule.answer(Step.OTHER, 250, "OK, queuing"), offers=[b"ETRN"])
    names = [each.argument.strip() for each in used.said(b"ETRN")]
    nodes = [name.removeprefix(b"@") for name in names if not name.startswith(QUEUE)]
    if not nodes:
        raise NotReady("user agent", "it asked for no node")
    good = all(QUALIFIED.fullmatch(node) for node in nodes)
    return holds(good, expected="names of two labels or more", seen=visible(b", ".join(nodes)))
