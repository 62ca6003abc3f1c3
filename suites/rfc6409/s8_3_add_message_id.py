"""RFC 6409 8.3 - Add 'Message-ID'."""

from __future__ import annotations

import re

from conformance import At, Client, Held, Hop, Observation, Reply, Unclear, fields_named, holds, scenario, split_message

ATEXT = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
MESSAGE_ID = re.compile(
    rb"<(?:%b(?:\.%b)*|\"[^\"]*\")@(?:%b(?:\.%b)*|\[[^\[\]\\\s]*\])>" % (ATEXT, ATEXT, ATEXT, ATEXT)
)

GIVEN = {
    "none": b"",
    "empty": b"Message-ID:\r\n",
    "no-brackets": b"Message-ID: someone@client.example.test\r\n",
    "no-at": b"Message-ID: <someone>\r\n",
    "space": b"Message-ID: <some one@client.example.test>\r\n",
    "unclosed": b"Message-ID: <someone@client.example.test\r\n",
    "good": b"Message-ID: <someone.else@client.example.test>\r\n",
}


@scenario("rfc6409/8.3/message-id", roles=["submission"], start=At.EHLO, facts=["next_hop"], given=GIVEN)
async def message_goes_on_with_a_message_id(given: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message with no Message-ID, or with one that is none, goes on with one that is; a good one may stay."""
    await smtp.transaction(hop.path())
    outcome = await smtp.data(smtp.message(without=["Message-ID"], before=given))
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    if outcome.severity == 5:
        return Held(f"refused: {outcome}")
    fields = fields_named(split_message((await hop.message()).content)[0], "Message-ID")
    good = len(fields) == 1 and MESSAGE_ID.fullmatch(fields[0].body.strip()) is not None
    return holds(good, expected="one Message-ID", seen=b"".join(each.octets for each in fields) or b"none")
