"""RFC 7293 5.2 - Header Field Used: mailboxes of which the target says who owned them when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from conformance import (
    At,
    Client,
    Held,
    NotReady,
    Observation,
    Outcome,
    Reply,
    Store,
    Unclear,
    accepted,
    answered,
    fields_named,
    holds,
    new_token,
    presume,
    refused,
    row,
    scenario,
    split_message,
)

NAME = "Require-Recipient-Valid-Since"
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)
OWNER_CHANGED = ["owners.changed", "owners.since"]


def changed(smtp: Client) -> bytes:
    """The mailbox that has been another's."""
    return (smtp.target.owners.changed or "").encode("ascii")


def only(smtp: Client) -> bytes:
    """The mailbox that has had one owner ever."""
    return (smtp.target.owners.only or "").encode("ascii")


def since(smtp: Client, days: int) -> datetime:
    """So many days after the mailbox changed hands, or before."""
    return datetime.fromisoformat(smtp.target.owners.since or "").astimezone(UTC) + timedelta(days=days)


def parameter(when: datetime) -> bytes:
    """RRVS with a date and time."""
    return b" RRVS=" + when.strftime("%Y-%m-%dT%H:%M:%SZ").encode("ascii")


def field(mailbox: bytes, when: datetime) -> bytes:
    """The header field with a date and time."""
    return f"{NAME}: ".encode() + mailbox + b"; " + format_datetime(when).encode("ascii") + b"\r\n"


# RCPT.


@scenario("rfc7293/5.1/550-for-new-owner", start=At.MAIL, offers=["RRVS"], facts=OWNER_CHANGED)
async def mailbox_that_is_anothers_now_is_refused(smtp: Client, second: Client) -> Observation:
    """RCPT with RRVS from before the mailbox changed hands is answered with 550."""
    path = b"<%b>" % changed(smtp)
    presume(accepted(await second.mail()))
    presume(accepted(await second.rcpt(path, parameter(since(smtp, 1)))))
    return answered(await smtp.rcpt(path, parameter(since(smtp, -1))), {550})


@scenario("rfc7293/5.2/enhanced-codes", start=At.MAIL, offers=["RRVS"], facts=OWNER_CHANGED)
async def refusal_for_a_new_owner_says_so(smtp: Client, second: Client) -> Observation:
    """The refusal of a mailbox that changed hands carries 5.7.17, or 5.7.18 where its whole domain did."""
    path = b"<%b>" % changed(smtp)
    presume(accepted(await second.mail()))
    presume(accepted(await second.rcpt(path, parameter(since(smtp, 1)))))
    outcome = await smtp.rcpt(path, parameter(since(smtp, -1)))
    presume(refused(outcome))
    assert isinstance(outcome, Reply)
    return holds(outcome.status in {"5.7.17", "5.7.18"}, expected="5.7.17 or 5.7.18", seen=outcome)


@scenario(
    "rfc7293/9/one-owner-passes",
    start=At.MAIL,
    offers=["RRVS"],
    facts=["owners.only"],
    when={"long-ago": LONG_AGO, "yesterday": datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)},
)
async def mailbox_of_one_owner_is_taken(when: datetime, smtp: Client, second: Client) -> Observation:
    """RCPT with RRVS for a mailbox that has had one owner is accepted, whenever it was created."""
    path = b"<%b>" % only(smtp)
    presume(accepted(await second.mail()))
    presume(accepted(await second.rcpt(path, parameter(datetime.now(UTC)))))
    return accepted(await smtp.rcpt(path, parameter(when)))


# The header field.


async def taken(smtp: Client, path: bytes, fields: bytes, parameters: bytes = b"") -> Outcome:
    """The reply to a message with these fields, or to what was refused before it."""
    for outcome in (await smtp.mail(), await smtp.rcpt(path, parameters)):
        if not (isinstance(outcome, Reply) and outcome.severity == 2):
            raise NotReady("RCPT", outcome)
    return await smtp.data(smtp.message(before=fields))


async def arrives(outcome: Outcome, store: Store) -> Observation:
    """A message that is to be taken and delivered."""
    seen = accepted(outcome)
    if not isinstance(seen, Held):
        return seen
    return seen if await store.arrival() is not None else Unclear("it was taken and is in no mailbox yet")


@scenario("rfc7293/5.2/field-checked", start=At.EHLO, offers=["RRVS"], facts=[*OWNER_CHANGED, "delivery_within"])
async def message_for_who_owned_the_mailbox_is_not_delivered(smtp: Client, second: Client, store: Store) -> Observation:
    """A message whose field is from before the mailbox changed hands is refused, or delivered to nobody."""
    path = b"<%b>" % changed(smtp)
    outcome = await taken(smtp, path, field(changed(smtp), since(smtp, -1)))
    control = new_token()
    await second.deliver(second.message(token=control, before=field(changed(smtp), since(smtp, 1))), path)
    if isinstance(outcome, Reply) and outcome.severity == 2:
        return await store.none(after=control)
    return refused(outcome)


@scenario(
    "rfc7293/5.2/field-checked",
    start=At.EHLO,
    offers=["RRVS"],
    facts=[*OWNER_CHANGED, "owners.only"],
    wrong={
        "another-mailbox": lambda smtp: field(changed(smtp), since(smtp, -1)),
        "no-date": lambda smtp: f"{NAME}: ".encode() + only(smtp) + b"; some time ago\r\n",
        "no-mailbox": lambda _: f"{NAME}: ; ".encode() + format_datetime(LONG_AGO).encode() + b"\r\n",
    },
)
async def field_that_does_not_count_is_passed_over(wrong: object, smtp: Client, store: Store) -> Observation:
    """A field that can't be read, or names a mailbox that is no recipient, keeps no message back."""
    assert callable(wrong)
    return await arrives(await taken(smtp, b"<%b>" % only(smtp), wrong(smtp)), store)


@scenario("rfc7293/5.2/field-checked", start=At.EHLO, offers=["RRVS"], facts=["postmaster_domains"])
async def field_with_a_role_is_passed_over(smtp: Client, store: Store) -> Observation:
    """A field that names postmaster keeps no message back."""
    mailbox = b"postmaster@" + smtp.target.postmaster_domains[0].encode("ascii")
    return await arrives(await taken(smtp, b"<%b>" % mailbox, field(mailbox, LONG_AGO)), store)


@scenario("rfc7293/5/parameter-wins", start=At.EHLO, offers=["RRVS"], facts=OWNER_CHANGED)
async def field_does_not_count_beside_the_parameter(smtp: Client, store: Store) -> Observation:
    """A recipient who comes with RRVS gets the message, whatever the field says of the mailbox."""
    fields = field(changed(smtp), since(smtp, -1))
    return await arrives(await taken(smtp, b"<%b>" % changed(smtp), fields, parameter(since(smtp, 1))), store)


@scenario("rfc7293/13.2/ignored-for-one-owner", start=At.EHLO, offers=["RRVS"], facts=["owners.only"])
async def field_does_not_count_for_one_owner(smtp: Client, store: Store) -> Observation:
    """A mailbox that has had one owner gets the message, however old the field's time is."""
    return await arrives(await taken(smtp, b"<%b>" % only(smtp), field(only(smtp), LONG_AGO)), store)


OTHER = b"someone@elsewhere.example.org"


@scenario(
    "rfc7293/5.2/field-removed",
    start=At.EHLO,
    offers=["RRVS"],
    case={
        "checked": row((True, False, False)),
        "of-another": row((False, True, False)),
        "both": row((True, True, False)),
        "beside-the-parameter": row((True, False, True)),
    },
)
async def field_is_gone_from_the_mailbox(case: tuple[bool, bool, bool], smtp: Client, store: Store) -> Observation:
    """A message in a mailbox has no such field, whomever it named."""
    ours, others, asked = case
    mailbox, now = smtp.forward_path.removeprefix(b"<").removesuffix(b">"), datetime.now(UTC).replace(microsecond=0)
    fields = (field(mailbox, now) if ours else b"") + (field(OTHER, now) if others else b"")
    outcome = await taken(smtp, smtp.forward_path, fields, parameter(now) if asked else b"")
    presume(accepted(outcome))
    left = fields_named(split_message((await store.message()).content)[0], NAME)
    return holds(not left, expected="no such field", seen=left[0] if left else "none")
