"""RFC 3464 2.2 - Per-message DSN fields."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    DeliveryReport,
    Hop,
    Observation,
    Rule,
    Step,
    Unclear,
    fields_named,
    holds,
    new_token,
    scenario,
    typed_value,
    value_of,
    visible,
)

ZONE = re.compile(rb"[+-]\d{4}\b")


async def told(smtp: Client, hop: Hop, parameters: bytes = b"") -> DeliveryReport:
    """The report about a recipient that the next hop refuses."""
    sender = new_token()
    hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 550))
    await smtp.deliver(smtp.message(), hop.path(), reverse_path=hop.path(sender), parameters=parameters)
    return await hop.report(sender)


@scenario("rfc3464/2.2.1/envelope-id-supplied", start=At.EHLO, offers=["DSN"])
async def envelope_id_is_supplied(smtp: Client, hop: Hop) -> Observation:
    """A message with ENVID makes a report with Original-Envelope-Id."""
    found = await told(smtp, hop, b" ENVID=QQ314159")
    seen = fields_named(found.message, "Original-Envelope-Id")
    return holds(bool(seen), expected="Original-Envelope-Id", seen="no such field" if not seen else seen[0])


@scenario("rfc3464/2.2.1/no-envelope-id", start=At.EHLO, roles=["mx", "relay"])
async def envelope_id_is_not_made_up(smtp: Client, hop: Hop) -> Observation:
    """A message without ENVID makes a report without Original-Envelope-Id."""
    seen = value_of((await told(smtp, hop)).message, "Original-Envelope-Id")
    return holds(not seen, expected="no such field", seen=seen)


@scenario("rfc3464/2.2.1/at-most-one", start=At.EHLO, offers=["DSN"])
async def envelope_id_stands_there_once(smtp: Client, hop: Hop) -> Observation:
    """A report has one Original-Envelope-Id at most."""
    found = await told(smtp, hop, b" ENVID=QQ314159")
    seen = len(fields_named(found.message, "Original-Envelope-Id"))
    return holds(seen <= 1, expected="one at most", seen=seen)


@scenario("rfc3464/2.2.1/envelope-id-unchanged", start=At.EHLO, offers=["DSN"])
async def envelope_id_keeps_its_case(smtp: Client, hop: Hop) -> Observation:
    """Original-Envelope-Id is spelled as ENVID was."""
    seen = value_of((await told(smtp, hop, b" ENVID=aBc/DeF.4")).message, "Original-Envelope-Id")
    return holds(seen in {b"", b"aBc/DeF.4"}, expected="aBc/DeF.4", seen=seen)


@scenario("rfc3464/2.2.3/no-dsn-gateway", start=At.EHLO)
async def no_gateway_is_named(smtp: Client, hop: Hop) -> Observation:
    """A report about what was tried by SMTP has no DSN-Gateway."""
    seen = value_of((await told(smtp, hop)).message, "DSN-Gateway")
    return holds(not seen, expected="no such field", seen=seen)


@scenario("rfc3464/2.2.4/received-from-mta", start=At.EHLO)
async def client_is_named_as_it_named_itself(smtp: Client, hop: Hop) -> Observation:
    """Received-From-MTA, where it is there, holds the name of EHLO with the type dns."""
    seen = value_of((await told(smtp, hop)).message, "Received-From-MTA")
    kind, name = typed_value(seen)
    good = not seen or (kind == "dns" and name.lower().startswith(smtp.ehlo_name.lower()))
    return holds(good, expected=f"dns; {visible(smtp.ehlo_name)}", seen=seen or "no such field")


@scenario("rfc3464/2.2.4/client-address", start=At.EHLO)
async def address_of_the_client_is_a_comment(smtp: Client, hop: Hop) -> Observation:
    """Received-From-MTA, where it is there, holds our address in parentheses."""
    seen = value_of((await told(smtp, hop)).message, "Received-From-MTA")
    address = smtp.address_literal.removeprefix(b"[").removesuffix(b"]").removeprefix(b"IPv6:")
    inside = seen.partition(b"(")[2]
    return holds(not seen or address in inside, expected=f"({visible(address)})", seen=seen or "no such field")


@scenario("rfc3464/2.2.4/spelling-kept", start=At.GREETING)
async def name_of_the_client_keeps_its_case(smtp: Client, hop: Hop) -> Observation:
    """Received-From-MTA, where it is there, is spelled as EHLO was."""
    name = smtp.ehlo_name if smtp.ehlo_name.startswith(b"[") else smtp.ehlo_name.title()
    await smtp.ehlo(name)
    seen = value_of((await told(smtp, hop)).message, "Received-From-MTA")
    if name.lower() not in seen.lower():
        return Unclear(f"another name, or none: {visible(seen)}")
    return holds(name in seen, expected=visible(name), seen=seen)


@scenario("rfc3464/2.2.5/numeric-zone", start=At.EHLO)
async def arrival_has_a_numeric_zone(smtp: Client, hop: Hop) -> Observation:
    """Arrival-Date, where it is there, has a numeric time zone."""
    seen = value_of((await told(smtp, hop)).message, "Arrival-Date")
    return holds(not seen or ZONE.search(seen) is not None, expected="a numeric zone", seen=seen or "no such field")
