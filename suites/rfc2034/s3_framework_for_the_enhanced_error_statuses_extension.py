"""RFC 2034 3 - Framework for the Enhanced Error Statuses Extension."""

from __future__ import annotations

import re

from conformance import At, Client, Exchange, Observation, holds, scenario, visible, watch

BEGUN = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3}")


@scenario("rfc2034/3/keyword-no-parameters", start=At.EHLO, offers=["ENHANCEDSTATUSCODES"])
async def keyword_has_no_parameters(smtp: Client) -> Observation:
    """Nothing stands behind ENHANCEDSTATUSCODES in the reply to EHLO."""
    parameters = smtp.offers["ENHANCEDSTATUSCODES"]
    return holds(not parameters, expected="ENHANCEDSTATUSCODES alone", seen=visible(parameters))


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
