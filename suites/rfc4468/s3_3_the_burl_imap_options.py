"""RFC 4468 3.3 - The BURL IMAP Options."""

from __future__ import annotations

from conformance import At, Client, Observation, refused, scenario, took, visible

OTHERS = (
    b"imap://nowhere.invalid/outbox;uidvalidity=1/;uid=1;urlauth=submit+%b:internal:91354a473744909de610943775f92038"
)


@scenario(
    "rfc4468/3.3/submit-userid-matches",
    roles=["submission"],
    start=At.RCPT,
    offers=["BURL"],
    user={"stranger": b"mallory", "nobody": b"", "everybody": b"*"},
)
async def url_of_another_user_is_refused(user: bytes, smtp: Client) -> Observation:
    """A URL that was made out to another user than the one who submits is refused."""
    return refused(await smtp.say(b"BURL " + OTHERS % user + b" LAST"))


@scenario("rfc4468/3.3/trusted-server-listed", roles=["submission"], start=At.EHLO, offers=["BURL"])
async def trusted_server_may_be_listed(smtp: Client) -> Observation:
    """Whether an IMAP server that the server trusts stands behind BURL."""
    listed = [each for each in smtp.offers["BURL"].split() if each.lower().startswith(b"imap://")]
    return took("lists a server" if listed else "lists none", visible(smtp.offers["BURL"]))
