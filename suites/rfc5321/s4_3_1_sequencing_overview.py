"""RFC 5321 4.3.1 - Sequencing Overview."""

from __future__ import annotations

import re

from conformance import At, Client, Observation, Reply, Unclear, holds, scenario

NAME = re.compile(rb"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.?|\[[\x21-\x5a\x5e-\x7e]+\]")


@scenario("rfc5321/4.3.1/name-in-greeting", start=At.GREETING)
async def greeting_begins_with_the_name(smtp: Client) -> Observation:
    """The first word of the greeting is a domain or an address literal."""
    if not isinstance(smtp.greeting, Reply):
        return Unclear(str(smtp.greeting))
    first = smtp.greeting.lines[0].text.split(b" ")[0]
    return holds(NAME.fullmatch(first) is not None, expected="220 and the server's name", seen=smtp.greeting)
