"""RFC 8689 4.3 - REQUIRETLS Submission."""

from __future__ import annotations

from conformance import Agent, At, Held, NotReady, Observation, Use, holds, scenario, visible

HOST = "localhost"


def _shown(used: Use) -> str:
    return ", ".join(f"{visible(each.octets.strip(), 60)}{' under TLS' * each.secured}" for each in used.commands)


@scenario("rfc8689/4.3/negotiates", start=At.CONNECT, facts=["user_agent.require_tls", "account_authority"])
async def message_that_wants_tls_is_handed_in_so(agent: Agent) -> Observation:
    """A message that wants TLS is handed in behind STARTTLS, with REQUIRETLS."""
    used = await agent.use("require_tls", message=agent.message(), under_tls=[b"REQUIRETLS"], shows=[HOST])
    if not used.mail:
        raise NotReady("user agent", f"it sent nothing: {_shown(used)}")
    good = used.mail[0].secured and used.parameter(b"REQUIRETLS") is not None
    return holds(good, expected="MAIL under TLS, with REQUIRETLS", seen=_shown(used))


@scenario(
    "rfc8689/4.3/negotiates",
    start=At.CONNECT,
    facts=["user_agent.require_tls", "account_authority"],
    lacking={"starttls": "STARTTLS", "requiretls": "REQUIRETLS", "requiretls-under-tls": "REQUIRETLS under TLS"},
)
async def message_that_wants_tls_goes_to_no_server_without(lacking: str, agent: Agent) -> Observation:
    """A message that wants TLS is not handed in where the server lacks STARTTLS or REQUIRETLS."""
    usual = await agent.use("require_tls", message=agent.message(), under_tls=[b"REQUIRETLS"], shows=[HOST])
    if not usual.messages:
        raise NotReady("control", f"it sends nothing to a server that has both: {_shown(usual)}")
    used = await agent.use(
        "require_tls",
        message=agent.message(),
        offers=[b"REQUIRETLS"] if lacking == "REQUIRETLS under TLS" else [],
        under_tls=[],
        shows=[] if lacking == "STARTTLS" else [HOST],
    )
    return holds(not used.mail, expected="no MAIL", seen=_shown(used)) if used.commands else Held("it left")
