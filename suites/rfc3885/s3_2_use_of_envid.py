"""RFC 3885 3.2 - Use of ENVID."""

from __future__ import annotations

import re

from conformance import At, Client, Hop, Observation, Unclear, holds, scenario

MTRK = re.compile(rb"(?:^| )MTRK=", re.IGNORECASE)
ENVID = re.compile(rb"(?:^| )ENVID=[^ ]", re.IGNORECASE)
CERTIFIER = b"6xGf4fGvEHHmn0xHTvSv5VRwPrk"


@scenario(
    "rfc3885/3.2/envid-with-mtrk",
    start=At.EHLO,
    offers=["MTRK"],
    facts=["extended_next_hop"],
    value={"with-a-time": CERTIFIER + b":86400", "without-a-time": CERTIFIER},
)
async def certifier_has_an_envid_beside_it(value: bytes, smtp: Client, hop: Hop) -> Observation:
    """A relay that gives its next hop MTRK gives it ENVID too."""
    envid = smtp.token.encode("ascii") + b"@client.example.test"
    await smtp.deliver(smtp.message(), b"<%b>" % hop.extended(), parameters=b" MTRK=%b ENVID=%b" % (value, envid))
    seen = (await hop.message()).parameters
    if MTRK.search(seen) is None:
        return Unclear("no MTRK came, which another clause is about")
    return holds(ENVID.search(seen) is not None, expected="ENVID beside MTRK", seen=seen)
