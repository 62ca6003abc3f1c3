"""RFC 5321 3.4 - Forwarding for Address Correction or Updating."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, Unclear, scenario, took


async def _rcpt(smtp: Client, branches: dict[int, str]) -> Observation:
    """What RCPT of the address that moved is answered with."""
    outcome = await smtp.rcpt(b"<%b>" % (smtp.target.moved or "").encode("ascii"))
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    branch = branches.get(outcome.code) or branches.get(outcome.severity) or "another answer"
    return took(branch, outcome)


@scenario("rfc5321/3.4/may-answer-251", start=At.MAIL, facts=["moved"])
async def new_address_may_be_told_with_251(smtp: Client) -> Observation:
    """A recipient who moved is taken with 251 or silently with 250."""
    return await _rcpt(smtp, {251: "tells the new address", 2: "forwards silently", 5: "does not forward"})


@scenario("rfc5321/3.4/may-reject-changed-address", start=At.MAIL, facts=["moved"])
async def recipient_who_moved_may_be_refused(smtp: Client) -> Observation:
    """A recipient who moved is taken, or refused."""
    return await _rcpt(smtp, {2: "takes it", 5: "refuses it"})


@scenario("rfc5321/3.4/may-answer-551", start=At.MAIL, facts=["moved"])
async def new_address_may_be_told_with_551(smtp: Client) -> Observation:
    """A recipient who moved is refused with 551 or, without a word of the new address, with 550."""
    return await _rcpt(smtp, {551: "tells the new address", 5: "tells nothing", 2: "refuses nobody"})
