"""RFC 8314 3.3 - Implicit TLS for SMTP Submission: what a client makes of the server's certificate."""

from __future__ import annotations

from conformance import Agent, At, NotReady, Observation, Use, holds, scenario

MEANT = "localhost"
"""The name by which the program is to reach our server."""

CASES: dict[str, tuple[tuple[str, ...], bool, bool]] = {
    "somebody-else-signed": ((MEANT,), False, False),
    "expired": ((MEANT,), True, True),
    "another-name": (("other.example.org",), True, False),
    "name-begins-alike": ((MEANT + ".example.org",), True, False),
}
"""The names in a certificate, whether who signed it is known, and whether it has expired."""


def _spoke(used: Use) -> bool:
    """Whether the program said more under TLS than that it leaves."""
    return any(command.verb not in {b"QUIT", b"EHLO", b"HELO", b"NOOP"} for command in used.commands)


@scenario(
    "rfc8314/3.3/client-validates",
    start=At.CONNECT,
    facts=["user_agent.submissions", "account_authority"],
    case=CASES,
)
async def no_mail_goes_to_a_server_that_does_not_verify(
    case: tuple[tuple[str, ...], bool, bool], agent: Agent
) -> Observation:
    """Mail goes to a submission server under implicit TLS whose certificate verifies, and to no other."""
    usual = await agent.use("submissions", message=agent.message())
    if not usual.messages:
        raise NotReady("control", f"it sends nothing to one that verifies: status {usual.ended.status}")
    names, known, expired = case
    used = await agent.use("submissions", message=agent.message(), shows=names, known=known, expired=expired)
    seen = ", ".join(command.verb.decode("ascii", "replace") for command in used.commands)
    return holds(not _spoke(used), expected="no mail", seen=seen or used.sessions[0].end)
