"""RFC 3463 3.5 - Network and Routing Status: what a relay reports of the mail that it gives back."""

from __future__ import annotations

from collections.abc import Collection

from conformance import (
    At,
    Client,
    Fault,
    Field,
    Hop,
    Names,
    NotReady,
    Observation,
    Reply,
    Rule,
    Step,
    Unclear,
    carries_none_of,
    delivery_report,
    holds,
    new_token,
    row,
    scenario,
    value_of,
    without_comments,
)

ANY = frozenset({"0.0", "4.0"})
"""The codes that say no more than that something went wrong, or something of the network."""

UNKNOWN_ROUTE = frozenset({"1.0", "1.2", "4.3", "4.4"})
"""What can be said of a domain that leads nowhere: of its name server, of the way, of the domain itself."""

REFUSED = frozenset({550, 554, 556})
"""What refuses a recipient for what it means, and not for its form."""

NOT_OF_THE_ROUTE = frozenset({"1.1", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "2.", "4.1", "4.2", "4.6", "4.7"})

GIVES_UP = ["gives_up_within"]
A_WHILE = 60.0
"""Seconds that a notification takes once the mail was given up."""


async def reported(smtp: Client, hop: Hop, recipient: bytes, within: float | None = None) -> tuple[Field, ...]:
    """The fields about a recipient whose mail the target gives back; notifications of delay are not asked for.

    Raises:
        NotReady: no report came, or it has no group of fields for anybody.
    """
    sender = new_token()
    asked = b" NOTIFY=FAILURE" if "DSN" in smtp.offers else b""
    await smtp.deliver(smtp.message(), b"<%b>" % recipient + asked, reverse_path=hop.path(sender))
    came = await hop.notification_arrival(sender, within)
    found = delivery_report(came.content) if came is not None else None
    if found is None or not found.recipients:
        raise NotReady("notification", "none came" if came is None else "it tells programs nothing of a recipient")
    return found.recipients[0]


async def given_up(smtp: Client, hop: Hop, recipient: bytes) -> tuple[Field, ...]:
    """As ``reported``, for mail that the target tries to send until it is too old."""
    return await reported(smtp, hop, recipient, (smtp.target.gives_up_within or 0.0) + A_WHILE)


def status_of(fields: tuple[Field, ...]) -> str:
    """The value of Status; nothing where there is none."""
    return without_comments(value_of(fields, "Status")).decode("latin-1")


def means(fields: tuple[Field, ...], meanings: Collection[str]) -> Observation:
    """Held where Status has one of these subjects and details, whatever its class."""
    status = status_of(fields)
    if not status:
        return Unclear("the report has no Status")
    expected = ", ".join(f"X.{each}" for each in sorted(meanings))
    return holds(status.partition(".")[2] in meanings, expected=expected, seen=status)


def does_not_mean(fields: tuple[Field, ...], meaning: str) -> Observation:
    """Broken where Status has this subject and detail."""
    status = status_of(fields)
    if not status:
        return Unclear("the report has no Status")
    return holds(status.partition(".")[2] != meaning, expected=f"another code than X.{meaning}", seen=status)


NOT_MEANT = {
    "no-answer": row("4.1"),
    "bad-connection": row("4.2", "rfc3463/3.5/x-4-2-bad-connection"),
    "directory": row("4.3", "rfc3463/3.5/x-4-3-directory"),
    "no-route": row("4.4", "rfc3463/3.5/x-4-4-unable-to-route"),
    "too-old": row("4.7", "rfc3463/3.5/x-4-7-expired"),
    "conversion": row("6.3", "rfc3463/3.7/x-6-3-conversion"),
}


@scenario("rfc3463/3.5/x-4-1-no-answer", start=At.EHLO, meaning=NOT_MEANT)
async def refusal_of_the_next_hop_is_not_called(meaning: str, smtp: Client, hop: Hop) -> Observation:
    """The status of a message that the next hop refused at once does not blame what brought it there.

    Its host was found, answered and took the commands, and the message was new and plain.
    """
    hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 550, "not here"))
    return does_not_mean(await reported(smtp, hop, hop.mailbox()), meaning)


@scenario("rfc3463/3.5/x-4-1-no-answer", start=At.EHLO, facts=GIVES_UP)
async def host_that_does_not_answer_is_the_fault(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """The status of a message whose only host takes no connections is X.4.1, or one that says less."""
    dns.add(f"{dns.name()}. MX 10 {dns.name('host')}.\n{dns.name('host')}. A {dns.dead()}\n")
    recipient = b"recipient@" + dns.name().encode("ascii")
    return means(await given_up(smtp, hop, recipient), {*ANY, "3.0", "3.2", "4.1", "4.5", "4.7"})


@scenario(
    "rfc3463/3.5/x-4-2-bad-connection",
    start=At.EHLO,
    facts=GIVES_UP,
    rule={
        "closed-at-rcpt": Rule.close(Step.RCPT),
        "closed-at-data": Rule.close(Step.DATA),
        "closed-at-the-end": Rule.close(Step.END_OF_DATA),
        "reset-at-rcpt": Rule.reset(Step.RCPT),
    },
)
async def connection_that_breaks_off_is_the_fault(rule: Rule, smtp: Client, hop: Hop) -> Observation:
    """The status of a message whose connections all break off is X.4.2, or one that says less."""
    hop.script(hop.mailbox(), rule)
    return means(await given_up(smtp, hop, hop.mailbox()), {*ANY, "3.0", "3.2", "4.2", "4.5", "4.7", "5.0"})


@scenario(
    "rfc3463/3.5/x-4-3-directory",
    start=At.EHLO,
    facts=GIVES_UP,
    fault={"failure": Fault.SERVFAIL, "refused": Fault.REFUSED},
)
async def name_server_is_the_fault(fault: Fault, smtp: Client, hop: Hop, dns: Names) -> Observation:
    """The status of a message for a domain of which the name server can't speak is X.4.3, or one that says less."""
    dns.fail(dns.name(), fault)
    recipient = b"recipient@" + dns.name().encode("ascii")
    return means(await given_up(smtp, hop, recipient), {*ANY, "4.3", "4.4", "4.7"})


@scenario("rfc3463/3.5/x-4-4-unable-to-route", start=At.EHLO)
async def domain_without_a_way_is_the_fault(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """The status of a message for a domain that has neither MX nor address records is X.4.4, or one of the domain.

    A target that refuses such a recipient at once says it with its reply.
    """
    dns.add(f'{dns.name()}. TXT "no mail"\n')
    recipient = b"recipient@" + dns.name().encode("ascii")
    await smtp.transaction()
    outcome = await smtp.rcpt(b"<%b>" % recipient)
    await smtp.say(b"RSET")
    if isinstance(outcome, Reply) and outcome.code in REFUSED:
        return carries_none_of(outcome, NOT_OF_THE_ROUTE)
    return means(await reported(smtp, hop, recipient), {*ANY, *UNKNOWN_ROUTE})


BUSY = Rule.answer(Step.RCPT, 450, "4.2.1 not now")


@scenario("rfc3463/3.5/x-4-7-expired", start=At.EHLO, facts=GIVES_UP)
async def code_of_the_problem_goes_before_that_of_age(smtp: Client, hop: Hop) -> Observation:
    """A message that grew too old has the status of what kept it, where the next hop gave one, and not X.4.7.

    The target passes on such codes: a twin that is refused for good has the next hop's.
    """
    twin = new_token()
    hop.script(hop.mailbox(twin), Rule.answer(Step.RCPT, 550, "5.2.1 not here"))
    if status_of(await reported(smtp, hop, hop.mailbox(twin))) != "5.2.1":
        return Unclear("the target reports no codes of its next hop")
    hop.script(hop.mailbox(), BUSY)
    return does_not_mean(await given_up(smtp, hop, hop.mailbox()), "4.7")


@scenario("rfc3463/2/class-4", start=At.EHLO, facts=GIVES_UP)
async def passing_trouble_has_class_4(smtp: Client, hop: Hop) -> Observation:
    """A message that was put off until it was too old has a status of class 4: it was in order itself."""
    hop.script(hop.mailbox(), BUSY)
    status = status_of(await given_up(smtp, hop, hop.mailbox()))
    if not status:
        return Unclear("the report has no Status")
    return holds(status.startswith("4."), expected="a status of class 4", seen=status)
