"""Twins: the same again without what is tried, to show that the server does not refuse everything."""

from __future__ import annotations

from conformance.client import Client
from conformance.scenario._observation import Broken, Held, Observation
from conformance.scenario._oracles import accepted, not_refused_as, presume
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


async def read_at_length(begun: bytes, length: int, smtp: Client, second: Client) -> Observation:
    """Whether this command, filled with spaces to a line of so many octets, is read like a short one.

    Broken only where it is called a syntax error (500, 501) and the second session's, with a few spaces, is not: white
    space behind an argument is put up with (RFC 5321 §4.1.1).
    """
    seen = not_refused_as(await smtp.say(begun.ljust(length - len(CRLF))), {500, 501})
    if isinstance(seen, Broken):
        short = not_refused_as(await second.say(begun + b" " * 4), {500, 501})
        if isinstance(short, Broken):
            return Held(f"refused, and not for its length: {short.seen}")
        presume(short)
    return seen
