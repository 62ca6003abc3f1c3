"""RFC 4468 3.1 - SMTP Submission Extension Registration."""

from __future__ import annotations

from conformance import At, Client, Held, Observation, holds, refused, scenario, took, visible

SMTP_PORT = 25


@scenario("rfc4468/3.1/not-on-port-25", roles=["mx", "relay"], start=At.EHLO)
async def relay_does_not_list_burl(smtp: Client) -> Observation:
    """On port 25 EHLO does not list BURL; on any other port it may."""
    if smtp.target.where.port != SMTP_PORT:
        return Held(f"not port {SMTP_PORT}: {smtp.hello}")
    return holds("BURL" not in smtp.offers, expected="no BURL in the list", seen=smtp.hello)


@scenario(
    "rfc5321/4.1.1.1/lists-all-optional-commands",
    start=At.RCPT,
    lacks=["BURL"],
    line={
        "last": b"BURL imap://mail.example.test/outbox;uid=1 LAST",
        "more": b"BURL imap://mail.example.test/outbox;uid=1",
    },
)
async def unlisted_command_does_not_work(line: bytes, smtp: Client) -> Observation:
    """BURL that EHLO does not list is refused."""
    return refused(await smtp.say(line))


URL = b"imap://mail.example.test/outbox;uid=1"


@scenario(
    "rfc4468/3.1/needs-a-recipient",
    roles=["submission"],
    start=(At.EHLO, At.MAIL),
    offers=["BURL"],
    line={"last": b"BURL " + URL + b" LAST", "more": b"BURL " + URL},
)
async def burl_without_a_recipient_fails(line: bytes, smtp: Client) -> Observation:
    """BURL before RCPT is refused."""
    return refused(await smtp.say(line))


@scenario("rfc4468/3.1/imap-argument", roles=["submission"], start=At.RCPT, offers=["BURL"])
async def imap_urls_need_the_argument(smtp: Client) -> Observation:
    """Where imap is not among the arguments, an IMAP URL is refused."""
    listed = [each.lower().split(b":")[0] for each in smtp.offers["BURL"].split()]
    if b"imap" in listed:
        return Held(str(smtp.hello))
    return refused(await smtp.say(b"BURL " + URL + b" LAST"))


@scenario(
    "rfc4468/3.1/arguments-change-with-auth",
    roles=["submission"],
    start=At.UNAUTHENTICATED,
    offers=["BURL"],
    facts=["credentials"],
)
async def arguments_may_change_with_auth(smtp: Client) -> Observation:
    """Whether what stands behind BURL is another list after AUTH."""
    before = smtp.offers["BURL"].split()
    await smtp.authenticate()
    await smtp.ehlo()
    if "BURL" not in smtp.offers:
        return took("lists it no more", str(smtp.hello))
    after = smtp.offers["BURL"].split()
    seen = f"{visible(b' '.join(before)) or 'nothing'}, then {visible(b' '.join(after)) or 'nothing'}"
    return took("lists the same" if before == after else "lists others", seen)
