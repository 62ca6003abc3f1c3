"""RFC 6409 7 - Interaction with SMTP Extensions."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, holds, not_refused_as, row, scenario, took

SHOULD = {
    "pipelining": row("PIPELINING", "rfc6409/7/pipelining"),
    "enhancedstatuscodes": row("ENHANCEDSTATUSCODES", "rfc6409/7/enhanced-status-codes"),
    "dsn": row("DSN", "rfc6409/7/dsn"),
    "8bitmime": row("8BITMIME", "rfc6409/7/8bitmime"),
    "auth": row("AUTH", "rfc6409/7/auth"),
}


@scenario("rfc6409/7/pipelining", roles=["submission"], start=At.UNAUTHENTICATED, keyword=SHOULD)
async def keyword_is_listed(keyword: str, smtp: Client) -> Observation:
    """A submission server offers PIPELINING, ENHANCEDSTATUSCODES, DSN, 8BITMIME and AUTH, be it to a known client."""
    seen = [smtp.hello]
    if keyword not in smtp.offers and "STARTTLS" in smtp.offers:
        await smtp.starttls()
        await smtp.introduce()
        seen.append(smtp.hello)
    if keyword not in smtp.offers and "AUTH" in smtp.offers and smtp.target.credentials:
        await smtp.authenticate()
        await smtp.introduce()
        seen.append(smtp.hello)
    return holds(keyword in smtp.offers, expected=f"{keyword} in the list", seen=" | ".join(map(str, seen)))


@scenario(
    "rfc6409/7/no-etrn",
    roles=["submission"],
    start=At.EHLO,
    keyword={"etrn": "ETRN", "atrn": row("ATRN", "rfc6409/7/no-atrn")},
)
async def keyword_is_not_listed(keyword: str, smtp: Client) -> Observation:
    """A submission server does not offer ETRN or ATRN."""
    return holds(keyword not in smtp.offers, expected=f"no {keyword} in the list", seen=smtp.hello)


MAY = (
    ("SIZE", "size"),
    ("CHECKPOINT", "checkpoint"),
    ("BINARYMIME", "binarymime"),
    ("CHUNKING", "chunking"),
    ("STARTTLS", "starttls"),
    ("NO-SOLICITING", "no-soliciting"),
    ("MTRK", "mtrk"),
    ("DELIVERBY", "deliverby"),
    ("CONPERM", "conperm"),
    ("CONNEG", "conneg"),
)


@scenario(
    "rfc6409/7/size",
    roles=["submission"],
    start=At.UNAUTHENTICATED,
    keyword={slug: row(keyword, f"rfc6409/7/{slug}") for keyword, slug in MAY},
)
async def keyword_may_be_listed(keyword: str, smtp: Client) -> Observation:
    """Which of the extensions that are left to it a submission server offers."""
    return took("offered" if keyword in smtp.offers else "not offered", smtp.hello)


@scenario("rfc6409/7/no-521", roles=["submission"], start=At.CONNECT)
async def greeting_is_no_521(smtp: Client) -> Observation:
    """The greeting has not the code 521."""
    return not_refused_as(await smtp.reply(), {521})


REFUSED = ("unknown-recipient", "malformed-sender", "unknown-command", "relaying")


@scenario(
    "rfc6409/7/no-521",
    roles=["submission"],
    start=At.EHLO,
    facts=["refused"],
    refused={each: each for each in REFUSED},
)
async def refusal_is_no_521(refused: str, smtp: Client) -> Observation:
    """What is refused is refused with another code than 521."""
    if refused == "unknown-command":
        return not_refused_as(await smtp.say(b"XUNKNOWN"), {521})
    if refused == "malformed-sender":
        return not_refused_as(await smtp.mail(b"<user@@example..com>"), {521})
    outcome = await smtp.mail()
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        return not_refused_as(outcome, {521})
    unknown = (smtp.target.refused or "").encode("ascii") if refused == "unknown-recipient" else b"a@example.org"
    return not_refused_as(await smtp.rcpt(b"<%b>" % unknown), {521})


@scenario("rfc6409/7/no-521", roles=["submission"], start=At.UNAUTHENTICATED, facts=["auth_required"])
async def stranger_is_not_refused_with_521(smtp: Client) -> Observation:
    """A message from a client that has not authenticated is refused with another code than 521."""
    outcome = await smtp.mail()
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.rcpt()
    return not_refused_as(outcome, {521})
