"""RFC 3030 2 - Framework for the Large Message Extensions: the last chunk, and where chunks may be offered."""

from __future__ import annotations

from conformance import At, Broken, Client, Held, Observation, Store, Unclear, accepted, presume, scenario, took


@scenario(
    "rfc3030/2/last-marks-the-end",
    start=At.EHLO,
    offers=["CHUNKING"],
    facts=["delivery_within"],
    parts={"one": 1, "two": 2, "five": 5, "empty-last": 0},
)
async def message_ends_with_the_last_chunk(parts: int, smtp: Client, store: Store) -> Observation:
    """The message is delivered, and complete, once the chunk with LAST is taken, though the session goes on."""
    message = smtp.message()
    size = -(-len(message) // (parts or 1))
    chunks = [message[at : at + size] for at in range(0, len(message), size)] + ([b""] if not parts else [])
    await smtp.transaction()
    for number, chunk in enumerate(chunks):
        presume(accepted(await smtp.bdat(chunk, last=number == len(chunks) - 1)))
    came = await store.arrival()
    if came is None:
        return Broken("the message in the store", "nothing came")
    body = message.partition(b"\r\n\r\n")[2].strip()
    if body not in came.content:
        return Broken("all chunks", came.content[-80:].decode("ascii", "replace"))
    taken = accepted(await smtp.mail())
    return Held("it came, and the next message begins") if isinstance(taken, Held) else Unclear(f"it came; {taken}")


@scenario("rfc3030/2/submission", roles=["submission"], start=At.EHLO)
async def chunking_may_be_offered_for_submission(smtp: Client) -> Observation:
    """A submission server offers CHUNKING, or does not."""
    return took("offered" if "CHUNKING" in smtp.offers else "not offered", smtp.hello)
