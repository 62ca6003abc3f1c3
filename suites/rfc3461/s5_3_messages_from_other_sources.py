"""RFC 3461 5.3 - Handling of messages from other sources."""

from __future__ import annotations

from conformance import (
    At,
    Hop,
    Observation,
    Received,
    Submit,
    fields_named,
    holds,
    new_token,
    presume,
    scenario,
    split_message,
)


def asks_to_be_told(came: Received) -> bool:
    """Whether a recipient has a NOTIFY."""
    return any(b"NOTIFY=" in to.parameters.upper() for to in came.transaction.recipients)


@scenario(
    "rfc3461/5.3/requests-removed",
    start=At.EHLO,
    facts=["submit.request_field", "extended_domain", "extended_next_hop"],
)
async def request_in_the_header_is_taken_out(submit: Submit, hop: Hop) -> Observation:
    """A field by which a local user asks for a notification becomes a NOTIFY, and does not go on."""
    name, plain = submit.target.submit.request_field or "", new_token()
    await submit.message(submit.content(b"To: " + hop.extended(plain), token=plain))
    without = await hop.message(plain)
    presume(
        holds(not asks_to_be_told(without), expected="no NOTIFY where the field is not", seen=without.forward_paths)
    )
    await submit.message(submit.content(b"To: " + hop.extended(), b"%b: <%b>" % (name.encode("ascii"), submit.user)))
    came = await hop.message()
    presume(holds(asks_to_be_told(came), expected=f"a NOTIFY for {name}", seen="none"))
    found = fields_named(split_message(came.content)[0], name)
    return holds(not found, expected=f"no {name}", seen=b"".join(field.octets for field in found) or "none")
