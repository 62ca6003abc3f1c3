"""Twins: the same again without what is tried, to show that the server does not refuse everything."""

from __future__ import annotations

from conformance.client import Client
from conformance.scenario._observation import Broken, Observation
from conformance.scenario._oracles import accepted
from conformance.wire import CRLF, stuff


async def taken_like_any_other(content: bytes, smtp: Client, second: Client) -> Observation:
    """Whether this message is taken, on a session that waits for mail data; the second session is the twin's.

    Broken only where an ordinary message from the same client to the same mailbox is taken afterwards.

    Raises:
        NotReady: this message was refused, and the ordinary one too.
    """
    await smtp.raw(stuff(content) + b"." + CRLF)
    seen = accepted(await smtp.reply())
    if isinstance(seen, Broken):
        await second.deliver()
    return seen
