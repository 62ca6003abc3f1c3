"""RFC 7293 6.1 - Header Field Conversion, and what else a relay does with the field and with RRVS."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime

from conformance import (
    At,
    Client,
    Field,
    Held,
    Hop,
    NotReady,
    Observation,
    Received,
    Unclear,
    added,
    fields_named,
    holds,
    new_token,
    row,
    scenario,
    split_message,
    took,
)

NAME = "Require-Recipient-Valid-Since"
VALUE = re.compile(rb"(?:^| )RRVS=([^ ;]+)(;[^ ]*)?", re.IGNORECASE)
WHEN = {"utc": "2020-01-02T03:04:05+00:00", "offset": "2021-06-07T08:09:10+05:30"}
NOTHING = b"nothing"


def field(mailbox: bytes, when: str) -> bytes:
    """The header field with a date and time."""
    return f"{NAME}: ".encode() + mailbox + b"; " + format_datetime(datetime.fromisoformat(when)).encode() + b"\r\n"


def fields_of(received: Received) -> tuple[Field, ...]:
    """The fields of this name in what came."""
    return fields_named(split_message(received.content)[0], NAME)


def asked_of(received: Received, mailbox: bytes) -> bytes:
    """The parameters of this mailbox's RCPT."""
    return next(
        (each.parameters for each in received.transaction.recipients if each.forward_path.lower() == mailbox.lower()),
        b"",
    )


def moment(parameters: bytes) -> datetime | None:
    """The date and time of RRVS, or ``None`` where there is none that can be read."""
    found = VALUE.search(parameters)
    try:
        return datetime.fromisoformat(found[1].decode("ascii").upper()) if found else None
    except ValueError:
        return None


# The field becomes a parameter.


@scenario(
    "rfc7293/6.1/header-to-parameter",
    start=At.EHLO,
    offers=["RRVS"],
    facts=["extended_next_hop"],
    when=WHEN,
)
async def field_goes_on_as_parameter(when: str, smtp: Client, hop: Hop) -> Observation:
    """A next hop that offers RRVS is given the time of the header field with RCPT."""
    await smtp.deliver(smtp.message(before=field(hop.extended(), when)), b"<%b>" % hop.extended())
    seen = asked_of(await hop.message(), hop.extended())
    return holds(moment(seen) == datetime.fromisoformat(when), expected=f"RRVS={when}", seen=seen or NOTHING)


@scenario("rfc7293/6.1/header-to-parameter", start=At.EHLO, offers=["RRVS"], facts=["extended_next_hop"])
async def field_does_not_go_on_beside_the_parameter(smtp: Client, hop: Hop) -> Observation:
    """What goes to a next hop that offers RRVS does not have the field any more."""
    await smtp.deliver(smtp.message(before=field(hop.extended(), WHEN["utc"])), b"<%b>" % hop.extended())
    left = fields_of(await hop.message())
    return holds(not left, expected="no such field", seen=left[0] if left else NOTHING)


@scenario("rfc7293/6.1/header-to-parameter", start=At.EHLO, offers=["RRVS"], facts=["extended_next_hop"])
async def each_recipient_gets_the_time_of_its_own_field(smtp: Client, hop: Hop) -> Observation:
    """Of two recipients with a field each, each is given its own time."""
    mailboxes = {hop.extended(local=b"%b.a"): WHEN["utc"], hop.extended(local=b"%b.b"): WHEN["offset"]}
    fields = b"".join(field(mailbox, when) for mailbox, when in mailboxes.items())
    await smtp.deliver(smtp.message(before=fields), *(b"<%b>" % mailbox for mailbox in mailboxes))
    came = await hop.messages(at_least=1)
    if len({path for each in came for path in each.forward_paths}) < len(mailboxes):
        came = await hop.messages(at_least=2)
    seen = {mailbox: next((asked for each in came if (asked := asked_of(each, mailbox))), b"") for mailbox in mailboxes}
    if not came:
        raise NotReady("next hop", "no message came")
    good = all(moment(seen[mailbox]) == datetime.fromisoformat(when) for mailbox, when in mailboxes.items())
    return holds(good, expected="the time of each", seen=b", ".join(seen.values()))


@scenario("rfc7293/3.1/no-support-action", start=At.EHLO, offers=["RRVS"], facts=["extended_next_hop"])
async def action_may_be_said_for_a_field(smtp: Client, hop: Hop) -> Observation:
    """Which action goes with the RRVS that a relay makes of the field, which has none."""
    await smtp.deliver(smtp.message(before=field(hop.extended(), WHEN["utc"])), b"<%b>" % hop.extended())
    seen = asked_of(await hop.message(), hop.extended())
    found = VALUE.search(seen)
    if found is None:
        return Unclear("no RRVS came, which another clause is about")
    return took(f"says {found[2][1:].decode('ascii', 'replace').upper()}" if found[2] else "says none", seen.decode())


# A parameter becomes the field.


@scenario(
    "rfc7293/6.1/parameter-to-header",
    start=At.EHLO,
    offers=["RRVS"],
    facts=["bare_next_hop", "owners.behind"],
    when=WHEN,
)
async def parameter_goes_on_as_field(when: str, smtp: Client, hop: Hop) -> Observation:
    """RRVS with C goes on as a field with the recipient and the time, where a later host is known to act on it."""
    mailbox = where_the_field_counts(smtp, hop)
    await smtp.deliver(smtp.message(), b"<%b> RRVS=%b;C" % (mailbox, when.encode()))
    found = fields_of(await hop.message())
    return holds(any(says(each, mailbox, when) for each in found), expected=f"{NAME}: {when}", seen=bodies(found))


def where_the_field_counts(smtp: Client, hop: Hop, local: bytes = b"%b") -> bytes:
    """A mailbox at the domain behind which the field counts, and at which we see what comes.

    Raises:
        NotReady: the two are not the same.
    """
    if smtp.target.owners.behind != smtp.target.bare_domain:
        raise NotReady("target", "owners.behind is not the bare domain")
    return hop.bare(local=local)


def says(found: Field, mailbox: bytes, when: str) -> bool:
    """Whether the field asks for this mailbox and time."""
    address, _, date = found.body.strip().rpartition(b";")
    try:
        said = parsedate_to_datetime(date.strip().decode("ascii"))
    except ValueError:
        return False
    return address.strip().lower() == mailbox.lower() and said == datetime.fromisoformat(when)


def bodies(found: tuple[Field, ...]) -> bytes:
    """What the fields say."""
    return b", ".join(each.body.strip() for each in found) or b"no such field"


@scenario(
    "rfc7293/4/header-for-one-recipient", start=At.EHLO, offers=["RRVS"], facts=["bare_next_hop", "owners.behind"]
)
async def field_is_not_made_for_several_recipients(smtp: Client, hop: Hop) -> Observation:
    """No message goes to several recipients with a field that was made of their RRVS."""
    mailboxes = [where_the_field_counts(smtp, hop, local) for local in (b"%b.a", b"%b.b")]
    await smtp.deliver(smtp.message(), *(b"<%b> RRVS=%b;C" % (each, WHEN["utc"].encode()) for each in mailboxes))
    came = await hop.messages(at_least=1)
    if not came:
        raise NotReady("next hop", "no message came")
    shared = [found for each in came if len(each.forward_paths) > 1 for found in fields_of(each)]
    return holds(not shared, expected="no such field", seen=bodies(tuple(shared)))


@scenario(
    "rfc7293/6/no-careless-downgrade",
    start=At.EHLO,
    offers=["RRVS"],
    facts=["owners.behind"],
    reading={"careless": row(""), "known": row("", "rfc7293/4/header-only-where-known")},
)
async def field_is_not_made_where_nobody_knows_it(reading: str, smtp: Client, hop: Hop) -> Observation:
    """RRVS with C does not become a field for a next hop behind which nobody is known to act on it."""
    del reading
    if smtp.target.owners.behind in smtp.target.relay_domains:
        raise NotReady("target", "owners.behind is the relay domain")
    sender = new_token()
    await smtp.deliver(smtp.message(), hop.path() + b" RRVS=%b;C" % WHEN["utc"].encode(), reverse_path=hop.path(sender))
    received = await hop.arrival()
    if received is not None:
        found = fields_of(received)
        return holds(not found, expected="no such field", seen=bodies(found))
    told = await hop.notification_arrival(sender)
    return Held("it was given back") if told else Unclear("neither the message nor a notification came")


# Aliases.


@scenario(
    "rfc7293/8.2/later-time",
    start=At.EHLO,
    offers=["RRVS"],
    facts=["extended_next_hop", "alias_elsewhere", "owners.confirmed"],
    later={"confirmed": False, "asked-for": True},
)
async def later_time_goes_along_an_alias(later: bool, smtp: Client, hop: Hop) -> Observation:
    """The address behind an alias gets RRVS with the later of two times: that asked for, and that of its owner."""
    alias, confirmed = smtp.target.alias_elsewhere, datetime.fromisoformat(smtp.target.owners.confirmed or "")
    assert alias is not None
    asked = confirmed.replace(year=confirmed.year + (1 if later else -1), day=1)
    rcpt = b"<%b> RRVS=%b" % (alias.address.encode("ascii"), asked.isoformat().encode("ascii"))
    await smtp.deliver(smtp.message(), rcpt)
    came = await hop.messages(at_least=1)
    if not came:
        raise NotReady("next hop", "no message came by the alias")
    seen = asked_of(came[0], alias.members[0].encode("ascii"))
    wanted = max(asked, confirmed)
    return holds(moment(seen) == wanted, expected=f"RRVS={wanted.isoformat()}", seen=seen or NOTHING)


# Signatures.

SIGNATURES = ("DKIM-Signature", "ARC-Message-Signature")
SIGNED = re.compile(rb"(?:^|;)\s*h\s*=([^;]*)", re.IGNORECASE)


@scenario("rfc7293/10/not-signed", start=At.EHLO, offers=["RRVS"])
async def field_is_under_no_signature(smtp: Client, hop: Hop) -> Observation:
    """A signature that the relay adds does not cover the field."""
    sent = smtp.message(before=field(hop.mailbox(), WHEN["utc"]))
    await smtp.deliver(sent, hop.path())
    received = await hop.message()
    before = added(received, sent)
    header = split_message(received.content)[0] if before is None else before
    signatures = [each for name in SIGNATURES for each in fields_named(header, name)]
    covered = [each for each in signatures if NAME.lower().encode() in names_under(each)]
    if not signatures:
        return Held("it signs nothing")
    return holds(not covered, expected="no signature over the field", seen=signatures[0])


def names_under(signature: Field) -> list[bytes]:
    """The names of the fields that a signature covers, in small letters."""
    found = SIGNED.search(signature.body)
    return [word.strip().lower() for word in found[1].split(b":")] if found else []
