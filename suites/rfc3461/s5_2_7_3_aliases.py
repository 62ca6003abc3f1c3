"""RFC 3461 5.2.7.3 - Multiple-recipient aliases."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    DeliveryReport,
    Hop,
    Observation,
    Unclear,
    delivery_report,
    holds,
    new_token,
    scenario,
    visible,
)


@scenario("rfc3461/5.2.7.3/aliases-three-ways", start=At.EHLO, offers=["DSN"], facts=["delivery_within", "alias"])
async def alias_tells_of_success_once(smtp: Client, hop: Hop) -> Observation:
    """SUCCESS for an alias of several says relayed or expanded for the alias, or delivered for one member alone."""
    assert smtp.target.alias is not None
    sender = new_token()
    address = smtp.target.alias.address.encode("ascii")
    await smtp.deliver(smtp.message(), b"<%b> NOTIFY=SUCCESS" % address, reverse_path=hop.path(sender))
    reports: list[DeliveryReport] = []
    came = await hop.messages(sender, at_least=3)
    for told in came:
        found = delivery_report(told.content)
        if found is not None:
            reports.append(found)
    actions = sorted(action for each in reports for action in each.actions)
    if came and not actions:
        return Unclear(f"no action is told to programs: {visible(came[0].content, 1500)}")
    good = actions in (["relayed"], ["expanded"], ["delivered"])
    return holds(good, expected="relayed, or expanded, or delivered once", seen=", ".join(actions) or "none")
