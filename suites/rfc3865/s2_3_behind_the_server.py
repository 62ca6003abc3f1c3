"""RFC 3865 2.3 - The MAIL FROM Command: what becomes of messages that have a Solicitation field."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Outcome,
    Reply,
    Store,
    Unclear,
    added,
    fields_named,
    holds,
    new_token,
    refused,
    row,
    scenario,
    took,
)

WORD = re.compile(rb"[A-Za-z][A-Za-z0-9._:-]*")
WORDS = re.compile(rb"[A-Za-z][A-Za-z0-9._:-]*(?:,[A-Za-z][A-Za-z0-9._:-]*)*")
VALUE = re.compile(rb"(?:^| )SOLICIT=([^ ]*)", re.IGNORECASE)
OURS = b"com.example.suite:NONE"
"""A class that nobody refuses mail for."""
OTHER = b"com.example.suite:OTHER"
NOTHING = b"nothing"


def trace(words: bytes) -> bytes:
    """A time stamp of a host before, which was told these classes."""
    stamp = b"Received: from client.example.test ([192.0.2.1]) by before.example.test\r\n with ESMTP (SOLICIT=%b);"
    return stamp % words + b"\r\n Sat, 9 Aug 2003 16:54:42 -0700\r\n"


def field(words: bytes) -> bytes:
    """The Solicitation field."""
    return b"Solicitation: " + words + b"\r\n"


# Here.


def listed(smtp: Client) -> bytes:
    """The first class that EHLO lists.

    Raises:
        NotReady: it lists none.
    """
    word = smtp.offers["NO-SOLICITING"].strip().split(b",")[0]
    if WORD.fullmatch(word) is None:
        raise NotReady("EHLO", "NO-SOLICITING lists no class, or none that is one")
    return word


async def taken(smtp: Client, fields: bytes) -> Outcome:
    """The reply to a message with these fields that came without SOLICIT."""
    await smtp.transaction()
    return await smtp.data(smtp.message(before=fields))


@scenario(
    "rfc3865/2.3/not-delivered",
    start=At.EHLO,
    offers=["NO-SOLICITING"],
    facts=["delivery_within"],
    fields={
        "alone": field(b"%b"),
        "first-of-two": field(b"%b," + OURS),
        "last-of-two": field(OURS + b",%b"),
        "beside-a-trace": row(trace(OURS) + field(b"%b"), "rfc3865/2.6/classes-from-the-header"),
        "small-letters": row(b"solicitation: %b\r\n", "rfc3865/2.6/classes-from-the-header"),
    },
)
async def message_of_a_listed_class_is_not_delivered(
    fields: bytes, smtp: Client, second: Client, store: Store
) -> Observation:
    """A message whose Solicitation field names a class that EHLO lists is refused, or delivered to nobody."""
    outcome = await taken(smtp, fields.replace(b"%b", listed(smtp)))
    control = new_token()
    await second.deliver(second.message(token=control, before=fields.replace(b"%b", OTHER)))
    if isinstance(outcome, Reply) and outcome.severity == 2:
        return await store.none(after=control)
    return refused(outcome)


@scenario(
    "rfc3865/2.7/applies-to-relayed-mail",
    start=At.EHLO,
    offers=["NO-SOLICITING"],
    facts=["delivery_within"],
    case={"field": (b"", field(b"%b")), "parameter": (b" SOLICIT=%b", field(b"%b"))},
)
async def message_of_a_listed_class_is_not_relayed(
    case: tuple[bytes, bytes], smtp: Client, second: Client, hop: Hop
) -> Observation:
    """A message of a class that EHLO lists is refused, or does not reach the next hop."""
    parameters, fields = (part.replace(b"%b", listed(smtp)) for part in case)
    outcomes = [await smtp.mail(parameters=parameters), await smtp.rcpt(hop.path())]
    outcomes.append(await smtp.data(smtp.message(before=fields)))
    control = new_token()
    given = parameters.replace(listed(smtp), OURS)
    await second.deliver(second.message(token=control, before=field(OURS)), hop.path(control), parameters=given)
    if isinstance(outcomes[-1], Reply) and outcomes[-1].severity == 2:
        return await hop.none(after=control)
    return refused(next((each for each in outcomes if isinstance(each, Reply) and each.severity == 5), outcomes[-1]))


@scenario("rfc3865/2.6/classes-from-trace", start=At.EHLO, offers=["NO-SOLICITING"], facts=["delivery_within", "store"])
async def classes_in_a_trace_may_count(smtp: Client, second: Client, store: Store) -> Observation:
    """Whether a message is kept back whose time stamp names a class that EHLO lists, and whose header does not."""
    outcome = await taken(smtp, trace(listed(smtp)))
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return took("refuses it", outcome)
    control = new_token()
    await second.deliver(second.message(token=control, before=trace(OURS)))
    await store.message(control)
    if await store.arrival(within=smtp.target.delivery_within) is not None:
        return took("delivers it", outcome)
    return took("keeps it back", outcome)


# On the way.


async def passed_on(smtp: Client, hop: Hop, fields: bytes, parameters: bytes = b"") -> bytes | None:
    """SOLICIT at the next hop that offers NO-SOLICITING, or ``None`` where it was not given."""
    await smtp.deliver(smtp.message(before=fields), b"<%b>" % hop.extended(), parameters=parameters)
    found = VALUE.search((await hop.message()).parameters)
    return found[1] if found else None


def words_of(value: bytes) -> set[bytes]:
    """The classes of a list."""
    return set(value.split(b","))


ONE, TWO = OURS, OURS + b"," + OTHER


@scenario(
    "rfc3865/2.7/server-sets-it",
    start=At.EHLO,
    offers=["NO-SOLICITING"],
    facts=["extended_next_hop"],
    case={
        "one": row((ONE, False)),
        "two": row((TWO, False)),
        "given-one": row((ONE, True), "rfc3865/2.7/client-takes-it-from-the-field"),
        "given-two": row((TWO, True), "rfc3865/2.7/client-takes-it-from-the-field"),
    },
)
async def classes_of_the_field_are_passed_on(case: tuple[bytes, bool], smtp: Client, hop: Hop) -> Observation:
    """A next hop that offers NO-SOLICITING is given the classes of the field, whether or not they came with MAIL."""
    words, given = case
    seen = await passed_on(smtp, hop, field(words), b" SOLICIT=" + words if given else b"")
    good = seen is not None and words_of(seen) == words_of(words)
    return holds(good, expected=f"SOLICIT={words.decode()}", seen=seen or NOTHING)


@scenario(
    "rfc3865/2.3/same-as-header",
    start=At.EHLO,
    offers=["NO-SOLICITING"],
    facts=["extended_next_hop"],
    case={
        "not-given": row((TWO, b"")),
        "given": row((TWO, b" SOLICIT=" + TWO)),
        "source": row((TWO, b""), "rfc3865/2.3/from-solicitation-field"),
    },
)
async def classes_are_those_of_the_field(case: tuple[bytes, bytes], smtp: Client, hop: Hop) -> Observation:
    """Where the next hop is given classes they are those of the field: no more, and no fewer."""
    words, parameters = case
    seen = await passed_on(smtp, hop, trace(b"com.example.suite:TRACE") + field(words), parameters)
    if seen is None:
        return Unclear("no SOLICIT came, which another clause is about")
    return holds(words_of(seen) == words_of(words), expected=f"SOLICIT={words.decode()}", seen=seen)


@scenario(
    "rfc3865/2.3/not-from-received",
    start=At.EHLO,
    offers=["NO-SOLICITING"],
    facts=["extended_next_hop"],
    case={
        "beside-a-field": (field(OURS), b""),
        "beside-a-field-and-a-parameter": (field(OURS), b" SOLICIT=" + OURS),
        "alone": (b"", b""),
    },
)
async def classes_of_a_trace_are_not_passed_on(case: tuple[bytes, bytes], smtp: Client, hop: Hop) -> Observation:
    """What a time stamp says of classes does not go into SOLICIT."""
    fields, parameters = case
    seen = await passed_on(smtp, hop, trace(OTHER) + fields, parameters)
    return holds(seen is None or OTHER not in words_of(seen), expected="none of the trace", seen=seen or NOTHING)


@scenario(
    "rfc3865/2.7/client-checks-syntax",
    start=At.EHLO,
    offers=["NO-SOLICITING"],
    facts=["extended_next_hop"],
    words={
        "exclamation-mark": b"com.example:ADV!",
        "digit-first": b"1com.example:ADV",
        "slash": b"com.example/ADV",
        "empty-member": b"com.example:ADV,,com.example:TWO",
        "sentence": b"this is an advertisement",
    },
)
async def words_that_are_no_classes_are_not_passed_on(words: bytes, smtp: Client, hop: Hop) -> Observation:
    """What a field says that is no list of classes is not passed on as one."""
    seen = await passed_on(smtp, hop, field(words))
    return holds(
        seen is None or WORDS.fullmatch(seen) is not None, expected="no SOLICIT, or classes", seen=seen or NOTHING
    )


@scenario("rfc3865/2.6/received-carries-classes", start=At.EHLO, offers=["NO-SOLICITING"])
async def time_stamp_may_say_the_classes(smtp: Client, hop: Hop) -> Observation:
    """Whether the time stamp of a relay names the classes that it was told."""
    sent = smtp.message(before=field(OURS))
    await smtp.deliver(sent, hop.path(), parameters=b" SOLICIT=" + OURS)
    stamps = fields_named(added(await hop.message(), sent) or (), "Received")
    if not stamps:
        raise NotReady("next hop", "no time stamp can be told")
    said = [stamp for stamp in stamps if b"SOLICIT=" in stamp.body.upper()]
    return took("says them" if said else "says nothing of them", str(stamps[0]))
