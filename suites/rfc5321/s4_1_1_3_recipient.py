"""RFC 5321 4.1.1.3 - RECIPIENT (RCPT)."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, goes_on, presume, refused, row, scenario


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
    presume(refused(await smtp.rcpt(b"<nobody@>")))
    return goes_on(await smtp.say(b"DATA"))
