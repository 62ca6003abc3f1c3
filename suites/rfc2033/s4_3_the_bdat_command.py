"""RFC 2033 4.3 - The BDAT command."""

from __future__ import annotations

from collections.abc import Sequence

from conformance import (
    At,
    Broken,
    Client,
    Held,
    NotReady,
    Observation,
    Reply,
    Unclear,
    accepted,
    one_reply_each,
    presume,
    scenario,
)

PLAIN = {"one": ("first",), "two": ("first", "other"), "two-reversed": ("other", "first")}
TWICE = {"twice": ("first", "first"), "around-another": ("first", "other", "first")}


async def _recipients(smtp: Client, names: Sequence[str]) -> int:
    """Give the recipients and count those that are accepted.

    Raises:
        NotReady: none is.
    """
    paths = {"first": smtp.forward_path, "other": smtp.other_forward_path}
    outcomes = [await smtp.rcpt(paths[name]) for name in names]
    count = sum(isinstance(outcome, Reply) and outcome.severity == 2 for outcome in outcomes)
    if not count:
        raise NotReady("RCPT", outcomes[-1])
    return count


@scenario(
    "rfc2033/4.3/bdat-last-one-reply-per-recipient", roles=["lmtp"], start=At.MAIL, offers=["CHUNKING"], names=PLAIN
)
async def last_chunk_brings_a_reply_each(names: Sequence[str], smtp: Client) -> Observation:
    """After a message in one chunk come as many replies as recipients were accepted."""
    count = await _recipients(smtp, names)
    await smtp.send_chunk(smtp.message(), last=True)
    return one_reply_each(await smtp.replies_until_quit(), count)


@scenario(
    "rfc2033/4.3/bdat-last-one-reply-per-recipient", roles=["lmtp"], start=At.MAIL, offers=["CHUNKING"], names=PLAIN
)
async def empty_last_chunk_brings_a_reply_each(names: Sequence[str], smtp: Client) -> Observation:
    """After a last chunk without octets come as many replies as recipients were accepted."""
    count = await _recipients(smtp, names)
    presume(accepted(await smtp.bdat(smtp.message())))
    await smtp.send_chunk(b"", last=True)
    return one_reply_each(await smtp.replies_until_quit(), count)


@scenario(
    "rfc2033/4.3/bdat-last-one-reply-per-duplicate", roles=["lmtp"], start=At.MAIL, offers=["CHUNKING"], names=TWICE
)
async def last_chunk_brings_a_reply_for_each_duplicate(names: Sequence[str], smtp: Client) -> Observation:
    """A recipient that was accepted twice gets two replies after the last chunk."""
    count = await _recipients(smtp, names)
    if count < len(names):
        return Unclear("a recipient that stood there already was refused")
    await smtp.send_chunk(smtp.message(), last=True)
    return one_reply_each(await smtp.replies_until_quit(), count)


@scenario(
    "rfc2033/4.3/bdat-without-last-one-reply", roles=["lmtp"], start=At.MAIL, offers=["CHUNKING"], names=PLAIN | TWICE
)
async def other_chunks_bring_one_reply(names: Sequence[str], smtp: Client) -> Observation:
    """A chunk that is not the last is answered once, however many recipients there are."""
    await _recipients(smtp, names)
    await smtp.send_chunk(smtp.message())
    return one_reply_each(await smtp.replies_until_quit(), 1)


@scenario("rfc2033/4.3/bdat-last-without-recipients", roles=["lmtp"], start=At.MAIL, offers=["CHUNKING"])
async def last_chunk_for_nobody_is_not_taken(smtp: Client) -> Observation:
    """The last chunk without an accepted recipient brings no reply, or one refusal as RFC 3030 has it."""
    await smtp.send_chunk(smtp.message(), last=True)
    outcomes = await smtp.replies_until_quit()
    codes = [outcome.code for outcome in outcomes if isinstance(outcome, Reply)]
    seen = " | ".join(map(str, outcomes))
    if not codes or codes[-1] != 221 or 421 in codes:
        return Unclear(f"the session has no end: {seen}")
    refusals = [code for code in codes[:-1] if code // 100 == 5]
    if len(refusals) < len(codes) - 1 or len(refusals) > 1:
        return Broken("no reply, or one refusal, then 221 to QUIT", seen)
    return Held(seen)
