"""RFC 5321 4.1.1.3 - RECIPIENT (RCPT)."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Reply,
    Unclear,
    accepted,
    goes_on,
    presume,
    refused,
    row,
    scenario,
    took,
)


@scenario(
    "rfc5321/4.1.1.3/postmaster-has-no-case",
    start=At.MAIL,
    path={
        "capital": b"<Postmaster>",
        "upper": b"<POSTMASTER>",
        "mixed": b"<pOsTmAsTeR>",
        "lower": row(b"<postmaster>", "rfc5321/2.3.5/postmaster-without-domain"),
    },
)
async def bare_postmaster_is_taken(path: bytes, smtp: Client) -> Observation:
    """RCPT takes the word postmaster without a domain, in any case."""
    return accepted(await smtp.rcpt(path))


@scenario("rfc5321/4.1.1.3/rcpt-appends", start=At.RCPT, facts=["refused"])
async def refused_recipient_leaves_the_others(smtp: Client) -> Observation:
    """A recipient that is refused does not take an accepted one away."""
    presume(refused(await smtp.rcpt(b"<%b>" % (smtp.target.refused or "").encode("ascii"))))
    return goes_on(await smtp.say(b"DATA"))


@scenario("rfc5321/4.1.1.3/rcpt-appends", start=At.RCPT)
async def bad_recipient_leaves_the_others(smtp: Client) -> Observation:
    """A forward-path that is no path does not take an accepted one away."""
    presume(refused(await smtp.rcpt(b"<@>")))
    return goes_on(await smtp.say(b"DATA"))


@scenario("rfc5321/4.1.1.3/parameters-when-negotiated", start=At.MAIL, offers=["DSN"])
async def rcpt_may_have_parameters(smtp: Client) -> Observation:
    """RCPT with a parameter of an offered extension is taken, or refused."""
    outcome = await smtp.rcpt(parameters=b" NOTIFY=NEVER")
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else "refuses it", outcome)


@scenario("rfc5321/4.1.1.3/may-refuse-source-route", start=At.MAIL)
async def source_route_to_elsewhere_may_be_refused(smtp: Client) -> Observation:
    """A recipient behind a source route over the server itself is refused, or taken."""
    outcome = await smtp.rcpt(b"<@relay.client.example.test:" + smtp.forward_path[1:])
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else f"refuses it with {outcome.code}", outcome)
