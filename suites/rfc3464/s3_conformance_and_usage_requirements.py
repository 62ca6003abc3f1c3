"""RFC 3464 3 - Conformance and Usage Requirements."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    DeliveryReport,
    Hop,
    NotReady,
    Observation,
    Rule,
    Step,
    delivery_report,
    fields_named,
    holds,
    new_token,
    scenario,
    took,
    value_of,
)


async def told(smtp: Client, hop: Hop) -> tuple[str, DeliveryReport]:
    """The sender's token of a message that the next hop refuses, and the report about it."""
    sender = new_token()
    hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 550))
    await smtp.deliver(smtp.message(), hop.path(), reverse_path=hop.path(sender))
    return sender, await hop.report(sender)


@scenario("rfc3464/3/minimal-fields", start=At.EHLO)
async def least_fields_are_there(smtp: Client, hop: Hop) -> Observation:
    """A report has Reporting-MTA, an empty line behind it, and Final-Recipient, Action and Status of a recipient."""
    _, found = await told(smtp, hop)
    missing = [] if fields_named(found.message, "Reporting-MTA") else ["Reporting-MTA"]
    group = found.recipients[0] if found.recipients else ()
    missing += [name for name in ("Final-Recipient", "Action", "Status") if not fields_named(group, name)]
    return holds(not missing, expected="the four fields", seen=f"missing: {', '.join(missing) or 'none'}")


@scenario("rfc3464/3/no-made-up-original-recipient", start=At.EHLO)
async def original_recipient_is_not_made_up(smtp: Client, hop: Hop) -> Observation:
    """A message that came without ORCPT makes a report without Original-Recipient."""
    _, found = await told(smtp, hop)
    seen = b" ".join(value_of(group, "Original-Recipient") for group in found.recipients).strip()
    return holds(not seen, expected="no such field", seen=seen)


@scenario("rfc3464/3/one-report-each", start=At.EHLO)
async def failure_is_told_once(smtp: Client, hop: Hop) -> Observation:
    """One recipient that fails makes one report, though a later one has come."""
    sender, _ = await told(smtp, hop)
    await hop.notification(await hop.refuses(smtp))
    came = [found for each in await hop.messages(sender, at_least=1) if (found := delivery_report(each.content))]
    about = sum(found.about(hop.mailbox()) is not None for found in came)
    return holds(about <= 1, expected="one report", seen=f"{about} reports")


async def alias_is_asked(smtp: Client, hop: Hop) -> tuple[str, ...]:
    """The actions that a sender is told who asked an alias of several for SUCCESS.

    Raises:
        NotReady: it was told nothing.
    """
    assert smtp.target.alias is not None
    sender = new_token()
    path = b"<%b> NOTIFY=SUCCESS" % smtp.target.alias.address.encode("ascii")
    await smtp.deliver(smtp.message(), path, reverse_path=hop.path(sender))
    reports = [delivery_report(each.content) for each in await hop.messages(sender, at_least=3)]
    actions = tuple(action for found in reports if found is not None for action in found.actions)
    if not actions:
        raise NotReady("notification", "none came")
    return actions


@scenario("rfc3464/3/expanded-for-aliases", start=At.EHLO, offers=["DSN"], facts=["alias"])
async def alias_of_several_is_expanded(smtp: Client, hop: Hop) -> Observation:
    """SUCCESS for an alias of several is told as expanded, and not asked of its members; or asked of one of them."""
    actions = await alias_is_asked(smtp, hop)
    return holds(actions in {("expanded",), ("delivered",)}, expected="expanded", seen=", ".join(actions))


@scenario("rfc3464/3/or-relay-to-one", start=At.EHLO, offers=["DSN"], facts=["alias"])
async def one_member_may_be_asked(smtp: Client, hop: Hop) -> Observation:
    """SUCCESS for an alias of several is asked of one of them, or of none."""
    actions = await alias_is_asked(smtp, hop)
    return took("asks one member" if actions == ("delivered",) else "asks none", ", ".join(actions))
