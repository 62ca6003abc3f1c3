"""RFC 6409 8.8 - Header Rewriting."""

from __future__ import annotations

from conformance import At, Client, Hop, Observation, holds, scenario

LOCALS = {
    "mixed-case": b"JRU-%b",
    "plus": b"jru+%b",
    "dots": b"j.r.u.%b",
    "hyphens": b"jru--%b",
    "percent": b"jru%%%b",
    "bang": b"host!jru-%b",
    "slash": b"/g=j/s=ru/%b",
    "equals": b"jru=%b",
    "quoted": b'"j r u %b"',
    "quoted-at": b'"jru@%b"',
}


@scenario("rfc6409/8.8/recipients-kept", roles=["submission"], start=At.EHLO, facts=["next_hop"], local=LOCALS)
async def recipient_elsewhere_keeps_its_local_part(local: bytes, smtp: Client, hop: Hop) -> Observation:
    """The local-part of a recipient in a domain that is relayed goes on as it came."""
    wanted = hop.mailbox(local=local)
    await smtp.deliver(smtp.message(), b"<%b>" % wanted)
    received = await hop.message()
    paths = [each.rpartition(b"@")[0] for each in received.forward_paths]
    return holds(
        wanted.rpartition(b"@")[0] in paths, expected=wanted.decode("ascii"), seen=b" ".join(received.forward_paths)
    )
