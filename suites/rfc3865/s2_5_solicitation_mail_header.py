"""RFC 3865 2.5 - Solicitation Mail Header: as a user's program writes it."""

from __future__ import annotations

import re

from conformance import Agent, At, NotReady, Observation, fields_named, holds, scenario, split_message, visible

WORD = rb"[A-Za-z][A-Za-z0-9._:-]*"
KEYWORDS = re.compile(rb" +" + WORD + rb"(?:," + WORD + rb")*")
LONGEST = 1000
FOLD = re.compile(rb"\r\n(?=[ \t])")


@scenario(
    "rfc3865/2.5/header-syntax",
    start=At.CONNECT,
    facts=["user_agent.solicit"],
    classes={"one": "net.example:ADV", "several": "net.example:ADV,org.example:ADV:ADLT,com.example:Survey-2"},
)
async def solicitation_field_is_a_list_of_keywords(classes: str, agent: Agent) -> Observation:
    """The Solicitation field of a message that says its classes is a list of class keywords."""
    used = await agent.use("solicit", message=agent.message(), offers=[b"NO-SOLICITING"], classes=classes)
    found = [
        field.body for each in used.messages for field in fields_named(split_message(each.content)[0], "solicitation")
    ]
    if not found:
        raise NotReady("user agent", "it sent no message with a Solicitation field")
    good = all(len(body) <= LONGEST and KEYWORDS.fullmatch(FOLD.sub(b"", body).rstrip(b"\r\n")) for body in found)
    return holds(good, expected="a list of class keywords with commas", seen=visible(b"; ".join(found)))
