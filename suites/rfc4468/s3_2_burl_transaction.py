"""RFC 4468 3.2 - BURL Transaction."""

from __future__ import annotations

from conformance import At, Client, Observation, presume, recognised, refused, scenario

NOWHERE = b"imap://nowhere.invalid/outbox;uidvalidity=1/;uid=1"


@scenario(
    "rfc4468/3.2/fails-without-recipients", roles=["submission"], start=At.MAIL, offers=["BURL"], facts=["refused"]
)
async def burl_after_a_refused_recipient_fails(smtp: Client) -> Observation:
    """BURL is refused where every recipient was."""
    presume(refused(await smtp.rcpt(b"<%b>" % (smtp.target.refused or "").encode("ascii"))))
    return refused(await smtp.say(b"BURL " + NOWHERE + b" LAST"))


@scenario(
    "rfc4468/3.2/resolved-before-the-reply",
    roles=["submission"],
    start=At.RCPT,
    offers=["BURL"],
    line={"last": b"BURL " + NOWHERE + b" LAST", "more": b"BURL " + NOWHERE},
)
async def url_that_leads_nowhere_is_refused(line: bytes, smtp: Client) -> Observation:
    """A URL at a host that does not exist is not answered with success."""
    return refused(await smtp.say(line))


@scenario("rfc4468/3.2/failed-fetch-fails-all", roles=["submission"], start=At.RCPT, offers=["BURL"])
async def failed_fetch_ends_the_transaction(smtp: Client) -> Observation:
    """After a URL that can't be fetched the recipients are gone: DATA is refused."""
    outcome = await smtp.say(b"BURL " + NOWHERE + b" LAST")
    presume(recognised(outcome))
    presume(refused(outcome))
    return refused(await smtp.data())
