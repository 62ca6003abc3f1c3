"""RFC 3461 5.4 - Implementation limits: the ENVID of a message that a user's program hands in."""

from __future__ import annotations

from conformance import Agent, At, Held, NotReady, Observation, holds, scenario, visible

LONGEST = 38


@scenario("rfc3461/5.4/short-envid", start=At.CONNECT, facts=["user_agent.send"])
async def user_agent_gives_no_long_envid(agent: Agent) -> Observation:
    """A user's program gives an ENVID of no more than 38 characters to a server with DSN, or none."""
    used = await agent.use("send", message=agent.message(), offers=[b"DSN"])
    if not used.mail:
        raise NotReady("user agent", "it sent nothing")
    value = used.parameter(b"ENVID")
    if value is None:
        return Held("no ENVID")
    return holds(len(value) <= LONGEST, expected=f"at most {LONGEST} characters", seen=visible(value))
