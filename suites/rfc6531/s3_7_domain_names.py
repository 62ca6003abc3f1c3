"""RFC 6531 3.7 - Additional ESMTP Changes and Clarifications: domain names in either form."""

from __future__ import annotations

from conformance import At, Client, Hop, NotReady, Observation, accepted, added, fields_named, holds, presume, scenario

A_LABEL, U_LABEL = b"xn--bcher-kva", "bücher".encode()


@scenario(
    "rfc6531/3.7/u-label-with-extension",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    facts=["extended_next_hop"],
    declared={"with": True, "without": False},
)
async def our_name_goes_on_in_the_form_of_the_message(declared: bool, smtp: Client, hop: Hop) -> Observation:
    """Where the time stamp has the name of our EHLO, it is in U-labels with SMTPUTF8, and in A-labels without."""
    presume(accepted(await smtp.ehlo(A_LABEL + b"." + smtp.helo_name)))
    sent = smtp.message(before="X-Gruss: Grüße\r\n".encode() if declared else b"")
    path = b"<%b>" % hop.extended()
    await smtp.deliver(sent, path, parameters=b" SMTPUTF8" if declared else b"")
    stamps = fields_named(added(await hop.message(), sent) or (), "Received")
    octets = b"".join(stamp.octets for stamp in stamps)
    if A_LABEL not in octets.lower() and U_LABEL not in octets.lower():
        raise NotReady("next hop", "no time stamp has our name")
    other, wanted = (A_LABEL, U_LABEL) if declared else (U_LABEL, A_LABEL)
    return holds(other not in octets.lower(), expected=wanted.decode(), seen=octets[:300])
