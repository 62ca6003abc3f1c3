"""RFC 3885 3.2 - Use of ENVID, where a user's program has a message tracked."""

from __future__ import annotations

import base64
import hashlib
import re

from conformance import Agent, At, NotReady, Observation, holds, scenario, visible

OFFERS = (b"MTRK", b"DSN")
NAME = "client.example.test"
LONG_NAME = ".".join(["host" * 12, "site" * 12, "example", "test"])
"""A name beside which an ENVID of 100 characters has no room for anything."""
LONGEST = 100
_CODED = re.compile(rb"\+([0-9A-F]{2})")


async def _tracked(agent: Agent, message: bytes, name: str = NAME) -> bytes:
    """The ENVID of a message that is tracked.

    Raises:
        NotReady: it is not tracked, or has none; that it must have one is another clause.
    """
    used = await agent.use("track", message=message, offers=OFFERS, name=name)
    envelope_id = used.parameter(b"ENVID")
    if used.parameter(b"MTRK") is None or not envelope_id:
        raise NotReady("user agent", "it sent no message with MTRK and ENVID")
    return envelope_id


@scenario("rfc3885/3.2/new-envid-on-resubmission", start=At.CONNECT, facts=["user_agent.track"])
async def message_that_is_sent_again_has_a_new_envid(agent: Agent) -> Observation:
    """A message that the user sends a second time has another ENVID than the first time."""
    message = agent.message()
    first, second = await _tracked(agent, message), await _tracked(agent, message)
    return holds(first != second, expected="two", seen=visible(b"%b, then %b" % (first, second)))


@scenario("rfc3885/3.2/long-name-is-hashed", start=At.CONNECT, facts=["user_agent.track"])
async def long_name_stands_in_the_envid_as_its_hash(agent: Agent) -> Observation:
    """The ENVID from a host whose name has no room in it has the hash of the name in its place."""
    envelope_id = await _tracked(agent, agent.message(), LONG_NAME)
    host = _CODED.sub(lambda found: bytes([int(found[1], 16)]), envelope_id.rpartition(b"@")[2]).rstrip(b"=")
    hashes = {
        base64.b64encode(hashlib.sha1(name.encode("ascii"), usedforsecurity=False).digest()).rstrip(b"=")
        for name in (LONG_NAME, LONG_NAME.upper())
    }
    good = host in hashes and len(envelope_id) <= LONGEST
    return holds(good, expected="the hash of the name behind the at sign", seen=visible(envelope_id))
