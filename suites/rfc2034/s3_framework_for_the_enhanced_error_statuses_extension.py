"""RFC 2034 3 - Framework for the Enhanced Error Statuses Extension."""

from __future__ import annotations

import re

from conformance import At, Client, Exchange, Observation, Unclear, accepted, holds, presume, scenario, visible, watch

BEGUN = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3}")


@scenario("rfc2034/3/keyword-no-parameters", start=At.EHLO, offers=["ENHANCEDSTATUSCODES"])
async def keyword_has_no_parameters(smtp: Client) -> Observation:
    """Nothing stands behind ENHANCEDSTATUSCODES in the reply to EHLO."""
    parameters = smtp.offers["ENHANCEDSTATUSCODES"]
    return holds(not parameters, expected="ENHANCEDSTATUSCODES alone", seen=visible(parameters))


KEYWORD = "ENHANCEDSTATUSCODES"
NO_LETTER = re.compile(r"[^A-Z]")


def _is_meant(keyword: str) -> bool:
    """Whether a keyword is this one but for hyphens, a plural or its like."""
    letters = NO_LETTER.sub("", keyword)
    return letters.startswith("ENHANCED") and ("STATUS" in letters or "CODE" in letters)


@scenario("rfc2034/3/keyword", start=At.EHLO, offers=[KEYWORD])
async def keyword_is_spelt_as_it_is_registered(smtp: Client) -> Observation:
    """Each time that EHLO is said the extension is listed under its own keyword, and under no other like it."""
    told = {keyword for keyword in smtp.offers if _is_meant(keyword)}
    presume(accepted(await smtp.ehlo()))
    told |= {keyword for keyword in smtp.offers if _is_meant(keyword)}
    if not any(_is_meant(keyword) for keyword in smtp.offers):
        return Unclear(f"no longer offered: {smtp.hello}")
    return holds(told == {KEYWORD}, expected=KEYWORD, seen=", ".join(sorted(told)))


@watch("rfc2034/3/followed-by-space")
def watch_status_is_followed_by_a_space(exchange: Exchange) -> Observation | None:
    """Behind a status code stands a space, or nothing at all."""
    if "ENHANCEDSTATUSCODES" not in exchange.offers or exchange.reply.severity not in {2, 4, 5}:
        return None
    begun = [(line, match) for line in exchange.reply.lines if (match := BEGUN.match(line.text))]
    if not begun or exchange.verb in {None, "CONNECT", "EHLO", "HELO", "LHLO"}:
        return None
    parted = all(line.text[match.end() :][:1] in {b"", b" "} for line, match in begun)
    return holds(parted, expected="a space behind the status code", seen=exchange.reply)
