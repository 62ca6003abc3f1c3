"""RFC 8314 3.3 - Implicit TLS for SMTP Submission: what a client makes of the server's certificate."""

from __future__ import annotations

from conformance import Agent, At, Client, Hop, NotReady, Observation, Use, holds, new_token, scenario

MEANT = "localhost"
"""The name by which the program is to reach our server."""

CASES: dict[str, tuple[str, bool, bool]] = {
    "somebody-else-signed": ("%s", False, False),
    "expired": ("%s", True, True),
    "another-name": ("other.example.org", True, False),
    "name-begins-alike": ("%s.example.org", True, False),
}
"""The name in a certificate, whether who signed it is known, and whether it has expired; %s stands for the host's."""


def _spoke(used: Use) -> bool:
    """Whether the program said more under TLS than that it leaves."""
    return any(command.verb not in {b"QUIT", b"EHLO", b"HELO", b"NOOP"} for command in used.commands)


@scenario(
    "rfc8314/3.3/client-validates",
    start=At.CONNECT,
    facts=["user_agent.submissions", "account_authority"],
    case=CASES,
)
async def no_mail_goes_to_a_server_that_does_not_verify(case: tuple[str, bool, bool], agent: Agent) -> Observation:
    """Mail goes to a submission server under implicit TLS whose certificate verifies, and to no other."""
    usual = await agent.use("submissions", message=agent.message())
    if not usual.messages:
        raise NotReady("control", f"it sends nothing to one that verifies: status {usual.ended.status}")
    name, known, expired = case
    shown = [name.replace("%s", MEANT)]
    used = await agent.use("submissions", message=agent.message(), shows=shown, known=known, expired=expired)
    seen = ", ".join(command.verb.decode("ascii", "replace") for command in used.commands)
    return holds(not _spoke(used), expected="no mail", seen=seen or used.sessions[0].end)


@scenario(
    "rfc8314/3.3/client-validates",
    start=At.EHLO,
    facts=["submissions_domain", "submissions_next_hop", "account_authority"],
    alone=True,
    case=CASES,
)
async def no_mail_is_relayed_to_a_server_that_does_not_verify(
    case: tuple[str, bool, bool], smtp: Client, hop: Hop
) -> Observation:
    """A relay that is to verify its submission server under implicit TLS gives mail to one that does, and no other."""
    host, place = smtp.target.submissions_domain or "", smtp.target.submissions_next_hop or ""
    twin = new_token()
    await smtp.deliver(smtp.message(token=twin), b"<%b>" % hop.submissions(twin))
    await hop.ended(await hop.message(twin))
    before = len(await hop.sessions_at(place))
    name, known, expired = case
    with hop.shows(place, name.replace("%s", host), known=known, expired=expired):
        await smtp.deliver(smtp.message(), b"<%b>" % hop.submissions())
        sessions = (await hop.sessions_at(place, before + 1))[before:]
    if not sessions:
        raise NotReady("next hop", "the target did not come")
    said = [command.verb.decode("ascii", "replace") for each in sessions for command in each.commands]
    mailed = any(each.transactions for each in sessions)
    return holds(not mailed, expected="no mail", seen=", ".join(said) or sessions[0].end)
