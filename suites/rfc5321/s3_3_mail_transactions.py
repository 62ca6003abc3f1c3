"""RFC 5321 3.3 - Mail Transactions."""

from __future__ import annotations

from conformance import (
    CRLF,
    At,
    Client,
    Observation,
    Reply,
    Unclear,
    accepted,
    answered,
    holds,
    presume,
    refused,
    row,
    scenario,
    stays_open,
    succeeds_with,
    took,
)


@scenario("rfc5321/3.3/mail-accepted-250", start=At.EHLO, segments=["octets", "line-ends"])
async def accepted_mail_gets_250(smtp: Client) -> Observation:
    """MAIL that is accepted is answered with 250 and no other code."""
    return succeeds_with(await smtp.mail(), {250})


@scenario("rfc5321/3.3/rcpt-accepted-250", start=At.MAIL, segments=["octets", "line-ends"])
async def accepted_rcpt_gets_250(smtp: Client) -> Observation:
    """RCPT that is accepted is answered with 250, or 251 where the address is elsewhere (4.3.2)."""
    return succeeds_with(await smtp.rcpt(), {250, 251})


@scenario("rfc5321/3.3/mail-refusal-says-how-long", start=At.EHLO)
async def refused_reverse_path_gets_4yz_or_5yz(smtp: Client) -> Observation:
    """A reverse-path that is no address is refused with a reply that says whether to come back."""
    outcome = await smtp.mail(b"<@>")
    if isinstance(outcome, Reply) and outcome.severity == 2:
        return Unclear(f"not refused: {outcome}")
    if isinstance(outcome, Reply):
        return holds(outcome.severity in {4, 5}, expected="a 4yz or 5yz reply", seen=outcome)
    return Unclear(str(outcome))


@scenario("rfc5321/3.3/rcpt-repeats", start=At.RCPT, facts=["mailboxes", "sender"])
async def second_recipient_is_taken(smtp: Client) -> Observation:
    """A second RCPT is taken like the first."""
    return accepted(await smtp.rcpt(smtp.other_forward_path))


@scenario("rfc5321/3.3/rcpt-refused-550", start=At.MAIL, facts=["refused"])
async def undeliverable_recipient_is_refused(smtp: Client) -> Observation:
    """A recipient that the target is said to refuse gets a 5yz reply."""
    return refused(await smtp.rcpt(b"<%b>" % (smtp.target.refused or "").encode("ascii")))


async def _nothing(smtp: Client) -> None:
    del smtp


async def _after_rset(smtp: Client) -> None:
    await smtp.transaction()
    presume(accepted(await smtp.say(b"RSET")))


async def _after_delivery(smtp: Client) -> None:
    await smtp.deliver()


@scenario(
    "rfc5321/3.3/rcpt-without-mail",
    start=At.EHLO,
    before={"first": _nothing, "after-rset": _after_rset, "after-delivery": row(_after_delivery, segments=False)},
    segments=["octets", "line-ends"],
)
async def rcpt_without_mail_gets_503(before: object, smtp: Client) -> Observation:
    """RCPT where no transaction is open is answered with 503 exactly."""
    assert callable(before)
    await before(smtp)
    return answered(await smtp.rcpt(), {503})


@scenario(
    "rfc5321/3.3/source-route-tolerated",
    start=At.MAIL,
    facts=["mailboxes", "sender"],
    route={
        "one-hop": row(b"@relay.client.example.test:", "rfc5321/4.1.1.3/recognise-source-routes"),
        "two-hops": b"@one.client.example.test,@two.client.example.test:",
    },
)
async def source_route_does_not_end_the_session(route: bytes, smtp: Client) -> Observation:
    """A source route is stripped or refused; either way the session goes on."""
    presume(accepted(await smtp.rcpt()))
    outcome = await smtp.rcpt(b"<" + route + smtp.forward_path[1:])
    if isinstance(outcome, Reply) and outcome.code != 421:
        outcome = await smtp.say(b"NOOP")
    return stays_open(outcome)


@scenario("rfc5321/3.3/data-354", start=At.RCPT, segments=["octets", "line-ends"])
async def accepted_data_gets_354(smtp: Client) -> Observation:
    """DATA that is accepted is answered with 354 and no other code."""
    return succeeds_with(await smtp.say(b"DATA"), {354})


@scenario("rfc5321/3.3/end-of-data-250", start=At.DATA)
async def accepted_message_gets_250(smtp: Client) -> Observation:
    """A message that is taken is answered with 250 and no other code."""
    await smtp.raw(smtp.message() + b"." + CRLF)
    return succeeds_with(await smtp.reply(), {250})


@scenario("rfc5321/3.3/data-without-recipients", start=At.MAIL)
async def data_without_recipients_may_fail_at_two_points(smtp: Client) -> Observation:
    """DATA without a recipient fails at once with 503 or 554, or only behind the data."""
    outcome = await smtp.say(b"DATA")
    if isinstance(outcome, Reply) and outcome.code in {503, 554}:
        return took(f"{outcome.code} to DATA", outcome)
    if isinstance(outcome, Reply) and outcome.code == 354:
        await smtp.raw(smtp.message() + b"." + CRLF)
        return took("354, and the reply behind the data", await smtp.reply())
    return Unclear(str(outcome))


async def _mail_only(smtp: Client) -> None:
    presume(accepted(await smtp.mail()))


async def _all_refused(smtp: Client) -> None:
    presume(accepted(await smtp.mail()))
    presume(refused(await smtp.rcpt(b"<nobody@>")))


@scenario(
    "rfc5321/3.3/no-message-without-recipients",
    start=At.EHLO,
    before={"no-mail": _nothing, "no-rcpt": _mail_only, "all-rcpt-refused": _all_refused},
)
async def no_message_without_recipients(before: object, smtp: Client) -> Observation:
    """DATA without a sender or a recipient never ends in an accepted message."""
    assert callable(before)
    await before(smtp)
    return refused(await smtp.data())


def _resent(*fields: bytes) -> bytes:
    return b"".join(field + CRLF for field in fields)


@scenario(
    "rfc5321/3.3/tolerate-header-defects",
    start=At.EHLO,
    defect={
        "without-date": ({"Date"}, b""),
        "without-message-id": ({"Message-ID"}, b""),
        "without-from": ({"From"}, b""),
        "without-to-and-subject": ({"To", "Subject"}, b""),
        "two-subjects": (set[str](), _resent(b"Subject: another one")),
        "bad-date": ({"Date"}, _resent(b"Date: yesterday")),
        "resent-to-alone": row(
            (set[str](), _resent(b"Resent-To: <postmaster@example.test>")), "rfc5321/3.3/resent-fields-do-not-matter"
        ),
        "resent-from-twice": row(
            (set[str](), _resent(b"Resent-From: <a@client.example.test>", b"Resent-From: <b@client.example.test>")),
            "rfc5321/3.3/resent-fields-do-not-matter",
        ),
    },
)
async def header_defect_is_no_reason_to_refuse(defect: tuple[set[str], bytes], smtp: Client) -> Observation:
    """A message with a flaw in its header section is taken where one without is taken."""
    without, added = defect
    await smtp.deliver()
    await smtp.transaction()
    return accepted(await smtp.data(added + smtp.message(without=without)))
