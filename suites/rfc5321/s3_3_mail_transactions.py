"""RFC 5321 3.3 - Mail Transactions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from conformance import (
    CRLF,
    At,
    Client,
    Observation,
    Reply,
    Silence,
    Unclear,
    accepted,
    answered,
    holds,
    not_refused_as,
    one_message,
    presume,
    refused,
    refused_with,
    row,
    scenario,
    silent,
    stays_open,
    succeeds_with,
    took,
)

A_MOMENT = 0.25
"""Seconds in which a server that does not wait for the end of the data has answered."""


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
    presume(refused(await smtp.rcpt(b"<@>")))


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


async def _delivered(smtp: Client) -> None:
    await smtp.deliver()
    presume(accepted(await smtp.mail()))


async def _reset(smtp: Client) -> None:
    await smtp.transaction()
    presume(accepted(await smtp.say(b"RSET")))
    presume(accepted(await smtp.mail()))


@scenario(
    "rfc5321/3.3/mail-resets",
    start=At.EHLO,
    before={"after-delivery": row(_delivered, segments=False), "after-rset": _reset},
    segments=["octets", "line-ends"],
)
async def mail_begins_without_recipients(
    before: Callable[[Client], Awaitable[None]], smtp: Client, second: Client
) -> Observation:
    """Behind a new MAIL no recipient is left of the transaction before it."""
    presume(accepted(await second.mail()))
    presume(refused(await second.data()))  # else DATA tells nothing about recipients
    await before(smtp)
    return refused(await smtp.data())


@scenario("rfc5321/3.3/may-judge-reverse-path-later", start=At.EHLO, facts=["refused"])
async def reverse_path_may_be_judged_later(smtp: Client) -> Observation:
    """A sender to whom no mail can go is refused at MAIL, at the recipient, or not at all."""
    outcome = await smtp.mail(b"<%b>" % (smtp.target.refused or "").encode("ascii"))
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return took("judges it at MAIL", outcome)
    if not isinstance(outcome, Reply) or outcome.severity != 2:
        return Unclear(str(outcome))
    outcome = await smtp.rcpt()
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("judges it at RCPT" if outcome.severity == 5 else "takes it", outcome)


@scenario("rfc5321/3.3/550-or-553-for-mail", start=At.EHLO, facts=["refused"])
async def refused_reverse_path_gets_550_or_553(smtp: Client, second: Client) -> Observation:
    """A sender to whom no mail can go is refused with 550 or 553 and no other code."""
    await second.transaction()
    outcome = await smtp.mail(b"<%b>" % (smtp.target.refused or "").encode("ascii"))
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.rcpt()
    return refused_with(outcome, {550, 553})


ELSEWHERE = b"<someone@elsewhere.example.org>"
"""Nobody's mailbox (RFC 2606); no mail data ever follow."""


@scenario("rfc5321/3.3/may-decline-relaying", start=At.MAIL)
async def relaying_may_be_declined(smtp: Client) -> Observation:
    """A recipient at another host is taken, or refused."""
    outcome = await smtp.rcpt(ELSEWHERE)
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else "declines", outcome)


OBJECTIONABLE = {
    "8-bit": b"Gr\xc3\xbc\xc3\x9fe\r\n",
    "long-line": b"a" * 1200 + CRLF,
}


@scenario("rfc5321/3.3/data-fails-at-two-points", start=At.DATA, body=OBJECTIONABLE)
async def data_are_not_refused_before_their_end(body: bytes, smtp: Client) -> Observation:
    """Nothing is said of mail data before they end."""
    await smtp.raw(smtp.message(body=body))
    early = await smtp.reply(within=A_MOMENT)
    if not isinstance(early, Silence):
        return silent([early])
    await smtp.raw(b"." + CRLF)
    return one_message(await smtp.replies_until_quit())


@scenario("rfc5321/3.3/no-550-for-recipients-after-data", start=At.RCPT, facts=["refused"])
async def refused_recipient_does_not_fail_the_data(smtp: Client, second: Client) -> Observation:
    """Mail data for a good and a refused recipient do not get 550 where those for the good one alone do not."""
    await second.deliver()
    presume(refused(await smtp.rcpt(b"<%b>" % (smtp.target.refused or "").encode("ascii"))))
    return not_refused_as(await smtp.data(), {550})


VALID_FORMS = {
    "group": b"To: friends: <postmaster@example.test>, postmaster@example.test;",
    "empty-group": b"To: undisclosed-recipients:;",
    "comment": b"To: postmaster@example.test (the person (in charge) of mail)",
    "quoted-name": b'To: "Master, Post" <postmaster@example.test>',
    "quoted-local-part": b'To: <"post master"@example.test>',
    "literal": b"To: <postmaster@[192.0.2.1]>",
    "folded": b"To: Post\r\n Master\r\n\t<postmaster@example.test>",
    "encoded-word": b"To: =?utf-8?q?Post=20Master?= <postmaster@example.test>",
    "route": b"To: <@relay.example.test:postmaster@example.test>",
}
"""Address fields that RFC 5322 3.4 and 4.4 have; the last is obsolete and to be understood."""


@scenario("rfc5321/3.3/tolerate-header-defects", start=At.EHLO, to=VALID_FORMS)
async def form_of_address_field_is_no_reason_to_refuse(to: bytes, smtp: Client) -> Observation:
    """A message with an address field in a valid form is taken where one in a plain form is taken."""
    await smtp.deliver()
    await smtp.transaction()
    return accepted(await smtp.data(to + CRLF + smtp.message(without=["To"])))
