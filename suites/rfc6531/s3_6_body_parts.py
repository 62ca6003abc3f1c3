"""RFC 6531 3.6 - Body Parts and SMTP Extensions."""

from __future__ import annotations

from conformance import At, Client, Hop, Observation, accepted, presume, row, scenario, took

FIELD = "X-Gruss: Grüße aus Köln\r\n".encode()


@scenario(
    "rfc6531/3.6/may-8bitmime",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    facts=["extended_next_hop"],
    body={"8bitmime": b"8BITMIME", "binarymime": row(b"BINARYMIME", offers=["CHUNKING", "BINARYMIME"])},
)
async def body_may_be_told_with_it(body: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message that came with SMTPUTF8 and a kind of body goes on with both, or with another kind or none."""
    message, path = smtp.message(before=FIELD), b"<%b>" % hop.extended()
    parameters = b" BODY=%b SMTPUTF8" % body
    if body == b"BINARYMIME":
        await smtp.transaction(path, parameters=parameters)
        presume(accepted(await smtp.bdat(message, last=True)))
    else:
        await smtp.deliver(message, path, parameters=parameters)
    received = await hop.message()
    kinds = [word.removeprefix(b"BODY=") for word in received.parameters.upper().split() if word.startswith(b"BODY=")]
    return took(f"with {kinds[0].decode('ascii', 'replace')}" if kinds else "alone", received.parameters)
