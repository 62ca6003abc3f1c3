"""RFC 6409 7 - Interaction with SMTP Extensions."""

from __future__ import annotations

from conformance import At, Client, Observation, holds, row, scenario, took

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
