"""RFC 5321 4.4 - Trace Information."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from conformance import (
    CRLF,
    At,
    Client,
    Delivered,
    Field,
    Held,
    Hop,
    NotReady,
    Observation,
    Received,
    Reply,
    StampClause,
    Store,
    TimeStamp,
    Unclear,
    accepted,
    added,
    fields_named,
    holds,
    new_token,
    row,
    scenario,
    split_message,
    time_stamp,
    took,
    visible,
)

Check = Callable[[TimeStamp, Client], Observation]

ATOM = re.compile(rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")
DOT_ATOM = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
MSG_ID = re.compile(rb"<?(?:%b|\"[^\"]*\")@(?:%b|\[[^\[\]]*\])>?" % (DOT_ATOM, DOT_ATOM))
DOMAIN = re.compile(rb"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*")
LITERAL = re.compile(rb"\[[^\[\]\s]+\]")
MAILBOX = re.compile(rb"[^\s<>@,]+@[^\s<>@,]+|<[^<>,]+>")
DATE = re.compile(
    rb"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),\s*)?\d{1,2}\s+"
    rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+\d+\s+\d\d:\d\d(?::\d\d)?\s+(?:[+-]\d{4}|[A-Za-z]+)",
    re.IGNORECASE,
)
DAYS_AND_MONTHS = frozenset(b"mon tue wed thu fri sat sun jan feb mar apr may jun jul aug sep oct nov dec".split())
PROTOCOLS = frozenset(
    f"{head}{kind}MTP{tail}"
    for head, kinds in (("", ("S", "ES", "L")), ("UTF8", ("S", "L")))
    for kind in kinds
    for tail in ("", "A", "S", "SA")
    if (head, kind, tail) not in {("", "S", "A"), ("", "S", "S"), ("", "S", "SA")}
) | {"MMS"}
"""What IANA's registry of mail transmission types has for WITH."""
LINKS = frozenset({"TCP", "UUCP"})
CLAUSES = ("FROM", "BY", "VIA", "WITH", "ID", "FOR")
FURTHER = frozenset({"TLS"})
"""What the registry has of additional clauses (RFC 8314 §4.3)."""


def text(stamp: TimeStamp) -> str:
    """The stamp in one line."""
    clauses = [b" ".join((clause.name.encode("latin-1"), clause.text)) for clause in stamp.clauses]
    return visible(b" ".join((*stamp.before, *clauses)) + b"; " + stamp.date, 300)


def clause_of(stamp: TimeStamp, name: str) -> StampClause:
    """The clause, or nothing to look at."""
    clause = stamp.clause(name)
    if clause is None:
        raise NotReady("Received", f"no {name} clause: {text(stamp)}")
    return clause


def date_is_readable(stamp: TimeStamp) -> None:
    """Go on only where the date is one."""
    if not stamp.year:
        raise NotReady("Received", f"no date to look at: {text(stamp)}")


def names_both_hosts(stamp: TimeStamp, _: Client) -> Observation:
    """FROM, BY and a date are there."""
    names = {clause.name for clause in stamp.clauses if clause.words}
    return holds({"FROM", "BY"} <= names and stamp.date != b"", expected="FROM, BY and a date", seen=text(stamp))


def has_from(stamp: TimeStamp, _: Client) -> Observation:
    """A FROM clause is there."""
    return holds(stamp.clause("FROM") is not None, expected="a FROM clause", seen=text(stamp))


def has_the_demanded_form(stamp: TimeStamp, _: Client) -> Observation:
    """What the list demands: FROM, and no more than one path in FOR."""
    paths = paths_of(stamp)
    expected = "a FROM clause and at most one path in FOR"
    return holds(stamp.clause("FROM") is not None and len(paths) <= 1, expected=expected, seen=text(stamp))


def names_the_client(stamp: TimeStamp, smtp: Client) -> Observation:
    """FROM has the name of EHLO."""
    said = clause_of(stamp, "FROM").text
    name = smtp.ehlo_name
    return holds(name.lower() in said.lower(), expected=f"{visible(name)} in FROM", seen=text(stamp))


def names_our_address(stamp: TimeStamp, smtp: Client) -> Observation:
    """FROM has our address, as a literal."""
    said = clause_of(stamp, "FROM").text
    literal = smtp.address_literal
    return holds(literal.lower() in said.lower(), expected=f"{visible(literal)} in FROM", seen=text(stamp))


def paths_of(stamp: TimeStamp) -> list[bytes]:
    """The paths that FOR names."""
    clause = stamp.clause("FOR")
    return MAILBOX.findall(b" ".join(clause.words)) if clause else []


def names_one_path(stamp: TimeStamp, _: Client) -> Observation:
    """FOR has one path or is not there."""
    return holds(len(paths_of(stamp)) <= 1, expected="at most one path in FOR", seen=text(stamp))


def has_an_offset(stamp: TimeStamp, _: Client) -> Observation:
    """The zone is an offset in digits."""
    date_is_readable(stamp)
    return holds(stamp.zone[:1] in {b"+", b"-"}, expected="an offset in digits", seen=text(stamp))


def has_no_zone_name_outside_a_comment(stamp: TimeStamp, _: Client) -> Observation:
    """The date has no words but those of day and month; a name in the place of the offset is another clause's."""
    if not stamp.date:
        raise NotReady("Received", f"no date to look at: {text(stamp)}")
    date = stamp.date.removesuffix(stamp.zone)
    names = [word for word in re.findall(rb"[A-Za-z]+", date) if word.lower() not in DAYS_AND_MONTHS]
    return holds(not names, expected="the name of a zone in a comment only", seen=text(stamp))


def has_four_digits_of_year(stamp: TimeStamp, _: Client) -> Observation:
    """The year has more than two digits."""
    date_is_readable(stamp)
    return holds(len(stamp.year) != 2, expected="a year of four digits", seen=text(stamp))


def has_no_obsolete_date(stamp: TimeStamp, _: Client) -> Observation:
    """The date has the form of today; names of zones are another clause's."""
    if not stamp.date:
        raise NotReady("Received", f"no date to look at: {text(stamp)}")
    good = DATE.fullmatch(stamp.date) is not None and len(stamp.year) != 3
    return holds(good, expected="a date-time of RFC 5322 without obsolete forms", seen=text(stamp))


def has_the_clauses_and_a_date(stamp: TimeStamp, _: Client) -> Observation:
    """FROM, BY, what else there is, a semicolon and a date."""
    names = [clause.name for clause in stamp.clauses[:2]]
    good = not stamp.before and names == ["FROM", "BY"] and stamp.date != b""
    return holds(good, expected="FROM, BY, a semicolon and a date", seen=text(stamp))


def is_extended_domain(clause: StampClause) -> bool:
    """A domain, or an address literal, which many write without connection data behind it."""
    return len(clause.words) == 1 and any(form.fullmatch(clause.words[0]) for form in (DOMAIN, LITERAL))


def has_a_domain_in_from(stamp: TimeStamp, _: Client) -> Observation:
    """FROM has one domain or address literal."""
    good = is_extended_domain(clause_of(stamp, "FROM"))
    return holds(good, expected="one domain or address literal behind FROM", seen=text(stamp))


def has_a_domain_in_by(stamp: TimeStamp, _: Client) -> Observation:
    """BY has one domain or address literal."""
    good = is_extended_domain(clause_of(stamp, "BY"))
    return holds(good, expected="one domain or address literal behind BY", seen=text(stamp))


def has_the_connection_from_tcp(stamp: TimeStamp, smtp: Client) -> Observation:
    """Connection data have the address from which we came."""
    comments = b" ".join(clause_of(stamp, "FROM").comments)
    literals = [literal.lower() for literal in LITERAL.findall(comments)]
    if not literals:
        raise NotReady("Received", f"no connection data to look at: {text(stamp)}")
    return holds(smtp.address_literal.lower() in literals, expected=visible(smtp.address_literal), seen=text(stamp))


def has_the_clauses_in_order(stamp: TimeStamp, _: Client) -> Observation:
    """VIA, WITH, ID, FOR in this order, none twice, further ones behind."""
    places = [CLAUSES.index(clause.name) if clause.name in CLAUSES else 9 for clause in stamp.clauses]
    known = [place for place in places if place < 9]
    good = places == sorted(places) and len(known) == len(set(known))
    return holds(good, expected="VIA, WITH, ID, FOR in this order and none twice", seen=text(stamp))


def one_word(stamp: TimeStamp, name: str, *forms: re.Pattern[bytes]) -> Observation:
    """The clause, where it is there, has one word of one of these forms."""
    clause = stamp.clause(name)
    if clause is None:
        return Held(f"no {name} clause")
    good = len(clause.words) == 1 and any(form.fullmatch(clause.words[0]) for form in forms)
    return holds(good, expected=f"one word of the right form behind {name}", seen=text(stamp))


def has_a_link(stamp: TimeStamp, _: Client) -> Observation:
    """VIA has an atom."""
    return one_word(stamp, "VIA", ATOM)


def has_a_protocol(stamp: TimeStamp, _: Client) -> Observation:
    """WITH has an atom."""
    return one_word(stamp, "WITH", ATOM)


def has_an_id(stamp: TimeStamp, _: Client) -> Observation:
    """ID has an atom or a message identifier."""
    return one_word(stamp, "ID", ATOM, MSG_ID)


def has_a_recipient(stamp: TimeStamp, _: Client) -> Observation:
    """FOR has a path or a mailbox."""
    return one_word(stamp, "FOR", MAILBOX)


def has_a_registered_protocol(stamp: TimeStamp, _: Client) -> Observation:
    """WITH names a registered protocol."""
    clause = stamp.clause("WITH")
    if clause is None:
        return Held("no WITH clause")
    said = b" ".join(clause.words).decode("latin-1").upper()
    return holds(said in PROTOCOLS, expected="a registered protocol behind WITH", seen=text(stamp))


def has_a_registered_link(stamp: TimeStamp, _: Client) -> Observation:
    """VIA names a registered link."""
    clause = stamp.clause("VIA")
    if clause is None:
        return Held("no VIA clause")
    said = b" ".join(clause.words).decode("latin-1").upper()
    return holds(said in LINKS, expected="a registered link behind VIA", seen=text(stamp))


def has_registered_clauses(stamp: TimeStamp, _: Client) -> Observation:
    """No clause has a name that nobody registered."""
    names = {clause.name for clause in stamp.clauses} - {*CLAUSES, *FURTHER}
    return holds(not names, expected="registered clauses only", seen=text(stamp))


def has_further_clauses_in_pairs(stamp: TimeStamp, _: Client) -> Observation:
    """A further clause is a name and one string."""
    further = [clause for clause in stamp.clauses if clause.name not in CLAUSES]
    return holds(all(len(each.words) == 1 for each in further), expected="a name and a string", seen=text(stamp))


def may_have_an_at_in_id(stamp: TimeStamp, _: Client) -> Observation:
    """With an at sign, or without."""
    return took("with an at sign" if b"@" in clause_of(stamp, "ID").text else "without", text(stamp))


STAMPS = {
    "both-hosts": row(names_both_hosts, "rfc5321/4.1.1.4/trace-record-content"),
    "form": row(has_the_demanded_form, "rfc5321/4.4/received-form"),
    "from": row(has_from, "rfc5321/4.4/from-clause"),
    "ehlo-name": row(names_the_client, "rfc5321/4.4/from-ehlo-name"),
    "address": row(names_our_address, "rfc5321/4.4/from-address-literal"),
    "connection-data": row(has_the_connection_from_tcp, "rfc5321/4.4/connection-data-not-from-ehlo"),
    "at-in-id": row(may_have_an_at_in_id, "rfc5321/4.4/id-with-at"),
    "offset": row(has_an_offset, "rfc5321/4.4/numeric-offset"),
    "zone-name": row(has_no_zone_name_outside_a_comment, "rfc5321/4.4/zone-name-in-comment"),
    "four-digit-year": row(has_four_digits_of_year, "rfc5321/4.4/no-two-digit-year"),
    "obsolete-date": row(has_no_obsolete_date, "rfc5321/4.4/no-obsolete-date"),
    "syntax": row(has_the_clauses_and_a_date, "rfc5321/4.4/time-stamp-syntax"),
    "from-domain": row(has_a_domain_in_from, "rfc5321/4.4/from-syntax"),
    "by-domain": row(has_a_domain_in_by, "rfc5321/4.4/by-syntax"),
    "order": row(has_the_clauses_in_order, "rfc5321/4.4/clause-order"),
    "via": row(has_a_link, "rfc5321/4.4/via-syntax"),
    "with": row(has_a_protocol, "rfc5321/4.4/with-syntax"),
    "id": row(has_an_id, "rfc5321/4.4/id-syntax"),
    "for": row(has_a_recipient, "rfc5321/4.4/for-syntax"),
    "further": row(has_further_clauses_in_pairs, "rfc5321/4.4/further-clause-syntax"),
    "registered-clauses": row(has_registered_clauses, "rfc5321/4.4/no-unregistered-clause"),
    "registered-link": row(has_a_registered_link, "rfc5321/4.4/no-unregistered-link"),
    "registered-protocol": row(has_a_registered_protocol, "rfc5321/4.4/no-unregistered-protocol"),
}
FOR_SEVERAL = {
    "one-path": row(names_one_path, "rfc5321/4.4/for-one-path"),
    "form": row(has_the_demanded_form, "rfc5321/4.4/received-form"),
}


def new_fields(mail: Received | Delivered, sent: bytes) -> tuple[Field, ...]:
    """The fields that were put before what we sent."""
    fields = added(mail, sent)
    if fields is None:
        raise NotReady("message", "it is not what was sent with fields before it")
    return fields


def stamp_of(mail: Received | Delivered, sent: bytes) -> TimeStamp:
    """The first Received field among the new ones that names a sending host; where none does, the first.

    A server that hands a message on within itself may leave a field of that above the one that it put in when it took
    the message from us: FROM is demanded in an SMTP environment only (line 3165), and RFC 5322 wants no more than a
    date.
    """
    fields = fields_named(new_fields(mail, sent), "Received")
    if not fields:
        raise NotReady("Received", "no new Received field")
    stamps = [time_stamp(field.body.strip()) for field in fields]
    return next((stamp for stamp in stamps if stamp.clause("FROM") is not None), stamps[0])


def is_stamped(mail: Received | Delivered, sent: bytes) -> Observation:
    """A Received field that we did not send."""
    ours = len(fields_named(split_message(sent)[0], "Received"))
    there = fields_named(split_message(mail.content)[0], "Received")
    return holds(len(there) > ours, expected="a new Received field", seen=[str(field) for field in there])


@scenario("rfc5321/4.1.1.4/insert-trace-record", start=At.EHLO)
async def relayed_message_has_a_received_field(smtp: Client, hop: Hop) -> Observation:
    """The copy that the next hop gets has a Received field that we did not send."""
    sent = smtp.message()
    await smtp.deliver(sent, hop.path())
    return is_stamped(await hop.message(), sent)


@scenario("rfc5321/4.4/insert-received", start=At.EHLO)
async def delivered_message_has_a_received_field(smtp: Client, store: Store) -> Observation:
    """The copy in the mailbox has a Received field that we did not send."""
    sent = smtp.message()
    await smtp.deliver(sent)
    return is_stamped(await store.message(), sent)


@scenario("rfc5321/4.4/received-form", start=At.EHLO, check=STAMPS)
async def relayed_stamp(check: Check, smtp: Client, hop: Hop) -> Observation:
    """The Received field that the next hop sees is in order."""
    sent = smtp.message()
    await smtp.deliver(sent, hop.path())
    return check(stamp_of(await hop.message(), sent), smtp)


@scenario("rfc5321/4.4/received-form", start=At.EHLO, check=STAMPS)
async def delivered_stamp(check: Check, smtp: Client, store: Store) -> Observation:
    """The Received field in the mailbox is in order."""
    sent = smtp.message()
    await smtp.deliver(sent)
    return check(stamp_of(await store.message(), sent), smtp)


@scenario("rfc5321/4.4/for-one-path", start=At.EHLO, check=FOR_SEVERAL)
async def relayed_stamp_for_several(check: Check, smtp: Client, hop: Hop) -> Observation:
    """With several recipients the next hop sees no more than one of them in FOR."""
    sent = smtp.message()
    await smtp.deliver(sent, hop.path(), hop.path(local=b"second-%b"), hop.path(local=b"third-%b"))
    return check(stamp_of(await hop.message(), sent), smtp)


@scenario("rfc5321/4.4/for-one-path", start=At.EHLO, facts=["mailboxes"], check=FOR_SEVERAL)
async def delivered_stamp_for_several(check: Check, smtp: Client, store: Store) -> Observation:
    """With several recipients the mailbox has no more than one of them in FOR."""
    sent = smtp.message()
    await smtp.deliver(sent, smtp.forward_path, smtp.other_forward_path)
    return check(stamp_of(await store.message(), sent), smtp)


# What was there before stays.


def foreign(token: str, *numbers: int) -> bytes:
    """Received fields of other hosts, each with a mark of its own."""
    return b"".join(
        b"Received: from h%d.example.com (h%d.example.com [192.0.2.%d])" % (number, number, number)
        + CRLF
        + b"\tby h%d.example.com with ESMTP id mark%d%b;" % (number + 1, number, token[-4:].encode("ascii"))
        + CRLF
        + b"\tMon, 2 Nov 2026 10:00:%02d -0800" % number
        + CRLF
        for number in numbers
    )


def in_one_form(field: Field) -> bytes:
    """The field with the line ends of the wire, which stores lose."""
    return field.octets.replace(b"\r\n", b"\n")


Judge = Callable[[Sequence[Field], Sequence[Field]], Observation]


def marks(fields: Sequence[Field]) -> list[bytes]:
    """The marks of the other hosts' fields, in their order."""
    return [found[0] for field in fields if (found := re.findall(rb"mark\d+", field.octets))]


def all_are_there(there: Sequence[Field], sent: Sequence[Field]) -> Observation:
    """None of them is missing."""
    gone = set(marks(sent)) - set(marks(there))
    return holds(not gone, expected="all Received fields that were sent", seen=marks(there))


def none_is_changed(there: Sequence[Field], sent: Sequence[Field]) -> Observation:
    """Those that are there are as they were."""
    forms = {in_one_form(field) for field in sent}
    changed = [field for field in there if marks([field]) and in_one_form(field) not in forms]
    return holds(not changed, expected="the Received fields as they were sent", seen=[str(each) for each in changed])


def order_is_kept(there: Sequence[Field], sent: Sequence[Field]) -> Observation:
    """Those that are there stand in the order in which they were sent."""
    in_order = [mark for mark in marks(sent) if mark in marks(there)]
    return holds(marks(there) == in_order, expected="the order in which they were sent", seen=marks(there))


def new_one_is_on_top(there: Sequence[Field], _: Sequence[Field]) -> Observation:
    """The first Received field is a new one."""
    if not there:
        return Unclear("no Received field at all")
    return holds(not marks(there[:1]), expected="a new Received field before the others", seen=str(there[0]))


def no_new_one_is_below(there: Sequence[Field], _: Sequence[Field]) -> Observation:
    """Behind the first field that was sent no new one stands."""
    first = next((place for place, field in enumerate(there) if marks([field])), len(there))
    below = [str(field) for field in there[first:] if not marks([field])]
    return holds(not below, expected="new Received fields at the top only", seen=below)


FOREIGN = {
    "not-removed": row(all_are_there, "rfc5321/4.4/received-not-removed"),
    "not-changed": row(none_is_changed, "rfc5321/4.4/received-not-changed"),
    "order-kept": row(order_is_kept, "rfc5321/4.4/received-order-kept"),
    "on-top": row(new_one_is_on_top, "rfc5321/4.4/received-on-top"),
    "nowhere-else": row(no_new_one_is_below, "rfc5321/4.4/received-nowhere-else"),
}


@scenario("rfc5321/4.4/received-not-changed", start=At.EHLO, judge=FOREIGN)
async def relayed_trace(judge: Judge, smtp: Client, hop: Hop) -> Observation:
    """Received fields that came with a message reach the next hop as they were, below the new one."""
    sent = smtp.message(before=foreign(smtp.token, 3, 2, 1))
    await smtp.deliver(sent, hop.path())
    there = split_message((await hop.message()).content)[0]
    return judge(fields_named(there, "Received"), split_message(sent)[0])


@scenario("rfc5321/4.4/received-not-changed", start=At.EHLO, judge=FOREIGN)
async def delivered_trace(judge: Judge, smtp: Client, store: Store) -> Observation:
    """Received fields that came with a message reach the mailbox as they were, below the new one."""
    sent = smtp.message(before=foreign(smtp.token, 3, 2, 1))
    await smtp.deliver(sent)
    there = split_message((await store.message()).content)[0]
    return judge(fields_named(there, "Received"), split_message(sent)[0])


# Return-path.


def return_paths(mail: Received | Delivered) -> tuple[Field, ...]:
    """The Return-Path fields of a message."""
    return fields_named(split_message(mail.content)[0], "Return-Path")


PATHS = {"ours": None, "null": b"<>"}


@scenario("rfc5321/4.4/return-path-added", start=At.EHLO, path=PATHS)
async def final_delivery_adds_a_return_path(path: bytes | None, smtp: Client, store: Store) -> Observation:
    """A delivered message has a Return-Path field, that of a notification too."""
    await smtp.deliver(smtp.message(), reverse_path=path)
    there = return_paths(await store.message())
    return holds(bool(there), expected="a Return-Path field", seen=[str(field) for field in there])


@scenario("rfc5321/4.4/return-path-from-mail", start=At.EHLO, path=PATHS)
async def return_path_is_that_of_mail(path: bytes | None, smtp: Client, store: Store) -> Observation:
    """Return-Path holds the reverse-path of MAIL, the null one too."""
    given = path or smtp.reverse_path
    await smtp.deliver(smtp.message(), reverse_path=given)
    there = return_paths(await store.message())
    if not there:
        return Unclear("no Return-Path field")
    said = there[0].body.strip()
    return holds(given in said or said == given[1:-1] != b"", expected=visible(given), seen=str(there[0]))


@scenario("rfc5321/4.4/return-path-syntax", start=At.EHLO, path=PATHS)
async def return_path_has_its_form(path: bytes | None, smtp: Client, store: Store) -> Observation:
    """Return-Path holds a reverse-path in brackets and nothing else."""
    await smtp.deliver(smtp.message(), reverse_path=path or smtp.reverse_path)
    there = return_paths(await store.message())
    if not there:
        return Unclear("no Return-Path field")
    good = re.fullmatch(rb"<[^<>\s]*>", there[0].body.strip()) is not None
    return holds(good, expected="a path in brackets", seen=str(there[0]))


@scenario("rfc5321/4.4/return-path-first", start=At.EHLO)
async def return_path_stands_before_the_stamps(smtp: Client, store: Store) -> Observation:
    """Return-Path stands above the Received fields."""
    await smtp.deliver(smtp.message(before=foreign(smtp.token, 1)))
    names = [field.name for field in split_message((await store.message()).content)[0]]
    if "return-path" not in names or "received" not in names:
        return Unclear(f"one of the two is missing: {names}")
    good = names.index("return-path") < names.index("received")
    return holds(good, expected="Return-Path before Received", seen=names[:5])


OLD = b"Return-Path: <old@client.example.test>" + CRLF


@scenario("rfc5321/4.4/one-return-path", start=At.EHLO)
async def old_return_path_makes_no_second(smtp: Client, store: Store) -> Observation:
    """A message that came with a Return-Path field is delivered with one."""
    await smtp.deliver(smtp.message(before=OLD))
    there = return_paths(await store.message())
    if not there:
        return Unclear("no Return-Path field")
    return holds(len(there) == 1, expected="one Return-Path field", seen=[str(field) for field in there])


@scenario("rfc5321/4.4/old-return-path-removed", start=At.EHLO)
async def old_return_path_may_be_removed(smtp: Client, store: Store) -> Observation:
    """The Return-Path field that a message came with is dropped at final delivery, or stays."""
    await smtp.deliver(smtp.message(before=OLD))
    there = return_paths(await store.message())
    stays = any(b"old@client.example.test" in field.body for field in there)
    return took("stays" if stays else "dropped", [str(field) for field in there])


@scenario("rfc5321/4.4/relay-does-not-inspect", start=At.EHLO)
async def return_path_is_no_reason_to_refuse(smtp: Client, hop: Hop) -> Observation:
    """A message that has a Return-Path field already is relayed like one that has none."""
    control = new_token()
    await smtp.deliver(smtp.message(token=control), hop.path(control))
    await smtp.transaction(hop.path())
    begun = await smtp.say(b"DATA")
    if not (isinstance(begun, Reply) and begun.code == 354):
        raise NotReady("DATA", begun)
    await smtp.raw(smtp.message(before=OLD) + b"." + CRLF)
    return accepted(await smtp.reply())


@scenario("rfc5321/4.4/may-take-return-path-off", start=At.EHLO)
async def relay_may_take_the_return_path_off(smtp: Client, hop: Hop) -> Observation:
    """A Return-Path field in relayed mail is taken off, or stays."""
    await smtp.deliver(smtp.message(before=OLD), hop.path())
    there = return_paths(await hop.message())
    stays = any(b"old@client.example.test" in field.body for field in there)
    return took("stays" if stays else "taken off", [str(field) for field in there])
