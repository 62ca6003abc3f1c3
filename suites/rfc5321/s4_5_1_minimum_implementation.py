"""RFC 5321 4.5.1 - Minimum Implementation."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Held,
    Observation,
    Reply,
    Unclear,
    accepted,
    presume,
    recognised,
    refused,
    row,
    scenario,
    took,
)


@scenario(
    "rfc5321/4.5.1/noop-supported",
    start=At.EHLO,
    line={
        "ehlo": row(b"EHLO client.example.test", "rfc5321/4.5.1/ehlo-supported", start=At.GREETING),
        "helo": row(b"HELO client.example.test", "rfc5321/4.5.1/helo-supported", start=At.GREETING),
        "mail": row(b"MAIL FROM:<>", "rfc5321/4.5.1/mail-supported"),
        "rcpt": row(b"RCPT TO:<postmaster>", "rfc5321/4.5.1/rcpt-supported", start=At.MAIL),
        "data": row(b"DATA", "rfc5321/4.5.1/data-supported", start=At.RCPT),
        "rset": row(b"RSET", "rfc5321/4.5.1/rset-supported"),
        "noop": b"NOOP",
        "quit": row(b"QUIT", "rfc5321/4.5.1/quit-supported"),
        "vrfy": row(b"VRFY postmaster", "rfc5321/4.5.1/vrfy-supported"),
    },
    segments=["octets"],
)
async def required_command_is_known(line: bytes, smtp: Client) -> Observation:
    """A required command is not answered with 500 or 502."""
    return recognised(await smtp.say(line))


@scenario("rfc5321/4.5.1/postmaster-without-domain", start=At.MAIL, segments=["octets"])
async def postmaster_without_domain_is_taken(smtp: Client) -> Observation:
    """Mail for postmaster alone is accepted."""
    return accepted(await smtp.rcpt(b"<postmaster>"))


@scenario(
    "rfc5321/4.5.1/postmaster-at-each-domain",
    start=At.EHLO,
    facts=["domains"],
    local={
        "lower": b"postmaster",
        "capital": row(b"Postmaster", "rfc5321/4.5.1/postmaster-has-no-case"),
        "upper": row(b"POSTMASTER", "rfc5321/4.5.1/postmaster-has-no-case"),
    },
    segments=["octets"],
)
async def postmaster_at_each_domain_is_taken(local: bytes, smtp: Client) -> Observation:
    """Mail for postmaster is accepted at each domain that the target serves."""
    for domain in smtp.target.postmaster_domains or smtp.target.domains:
        presume(accepted(await smtp.mail()))
        taken = accepted(await smtp.rcpt(b"<%b@%b>" % (local, domain.encode("ascii"))))
        if not isinstance(taken, Held):
            return taken
        presume(accepted(await smtp.say(b"RSET")))
    return Held("taken at each domain")


@scenario(
    "rfc5321/4.5.1/postmaster-from-anywhere",
    start=At.GREETING,
    facts=["not auth_required"],
    hello={"ehlo": b"EHLO ", "helo": b"HELO "},
)
async def postmaster_gets_mail_without_a_sender(hello: bytes, smtp: Client) -> Observation:
    """Mail for postmaster with the null reverse-path is accepted, behind EHLO and behind HELO."""
    presume(accepted(await smtp.say(hello + smtp.helo_name)))
    presume(accepted(await smtp.mail(b"<>")))
    return accepted(await smtp.rcpt(b"<postmaster>"))


@scenario("rfc5321/4.5.1/no-postmaster-behind-554", start=At.CONNECT, roles=["554-only"])
async def server_that_takes_no_mail_has_a_postmaster_or_none(smtp: Client) -> Observation:
    """Behind a greeting with 554 mail for postmaster is refused, or taken."""
    presume(refused(await smtp.reply(), {554}))
    for line in (b"EHLO " + smtp.ehlo_name, b"MAIL FROM:" + smtp.reverse_path, b"RCPT TO:<postmaster>"):
        outcome = await smtp.say(line)
        if not isinstance(outcome, Reply):
            return Unclear(str(outcome))
        if outcome.severity != 2:
            return took(f"refuses {line.split(b' ')[0].decode()}", outcome)
    return took("takes mail for postmaster", outcome)
