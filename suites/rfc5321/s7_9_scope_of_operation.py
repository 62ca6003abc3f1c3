"""RFC 5321 7.9 - Scope of Operation of SMTP Servers."""

from __future__ import annotations

from conformance import At, Broken, Client, Held, Observation, Reply, Unclear, scenario, took

FOREIGN = b"<somebody@elsewhere.example.net>"
"""An address that no server of ours has anything to do with (RFC 2606)."""

OF_ANOTHER_KIND = frozenset({521, 530, 551, 556})
"""Codes that say why by themselves: RFC 7504, RFC 4954, the new address of a user."""


@scenario("rfc5321/7.9/may-refuse", start=At.MAIL, facts=["refused"])
async def refusal_has_a_code_of_the_site(smtp: Client) -> Observation:
    """Which code the recipient gets that the target is said to refuse."""
    outcome = await smtp.rcpt(b"<%b>" % (smtp.target.refused or "").encode("ascii"))
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took(f"answers {outcome.code}", outcome)


@scenario("rfc5321/7.9/550-for-policy", start=At.MAIL, facts=["client_trusted"])
async def refusal_to_relay_has_550(smtp: Client) -> Observation:
    """A recipient that is refused because the server does not relay for us is refused with 550."""
    outcome = await smtp.rcpt(FOREIGN)
    if not isinstance(outcome, Reply) or outcome.severity != 5 or outcome.code in OF_ANOTHER_KIND:
        return Unclear(str(outcome))
    if outcome.code < 550:
        return Unclear(f"no refusal by policy: {outcome}")
    return Held(str(outcome)) if outcome.code == 550 else Broken("550", str(outcome))
