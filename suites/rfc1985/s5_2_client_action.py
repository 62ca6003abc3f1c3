"""RFC 1985 5.2 - Client action on receiving the response to ETRN."""

from __future__ import annotations

from conformance import Agent, At, NotReady, Observation, Rule, Step, holds, scenario, visible

SEVERAL = 2
"""Names for which the program asks, where all goes well."""


@scenario(
    "rfc1985/5.2/client-gives-up-at-5yz",
    start=At.CONNECT,
    facts=["user_agent.ask_for_mail"],
    code={"unknown": 500, "not-taken": 550},
)
async def no_more_etrn_follows_a_5yz(code: int, agent: Agent) -> Observation:
    """Behind a 5yz to ETRN no ETRN for another name of the client follows."""
    usual = await agent.use("ask_for_mail", Rule.answer(Step.OTHER, 250, "OK, queuing"), offers=[b"ETRN"])
    if len(usual.said(b"ETRN")) < SEVERAL:
        raise NotReady("control", "it asks for no more than one name where all goes well")
    refused = await agent.use("ask_for_mail", Rule.answer(Step.OTHER, code, "No such luck"), offers=[b"ETRN"])
    asked = refused.said(b"ETRN")
    if not asked:
        raise NotReady("user agent", "it did not say ETRN")
    return holds(len(asked) == 1, expected="one ETRN", seen=", ".join(visible(each.octets.strip()) for each in asked))
