"""Defects against RFC 5321 4.4: Received and Return-Path fields that are missing, wrong or in the wrong place."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._relay import RelaySession
from conformance.reference._session import Answer, ServerSession, Transaction, answer
from conformance.reference._trace import Accepted, Trace
from conformance.wire import CRLF

OfMessage = Callable[[Accepted], bytes]
OfNothing = Callable[[], bytes]
TRACED = {f"rfc5321/4.4/{place}_trace[on-top]" for place in ("relayed", "delivered")}


def stamp(row: str, *, several: bool = False) -> set[str]:
    """The scenarios of a row, at the next hop and in the store."""
    behind = "_for_several" if several else ""
    return {f"rfc5321/4.4/{place}_stamp{behind}[{row}]" for place in ("relayed", "delivered")}


def trace(row: str) -> set[str]:
    """The scenarios of a row about the fields of other hosts."""
    return {f"rfc5321/4.4/{place}_trace[{row}]" for place in ("relayed", "delivered")}


@defect(
    Trace.with_trace,
    proves={
        "rfc5321/4.4/relayed_message_has_a_received_field",
        "rfc5321/4.4/delivered_message_has_a_received_field",
        *TRACED,
    },
    also={"rfc4954/7/esmtpa", "rfc4954/7/received-inserted", "rfc5321/4.1.1.4/no-empty-mail-data"},
)
def no_received_field(
    clean: Callable[[Accepted, bytes], bytes], trace: Trace, accepted: Accepted, content: bytes
) -> bytes:
    """Passes messages on and delivers them without a Received field."""
    del clean, trace, accepted
    return content


@defect(
    Trace.from_clause,
    proves=stamp("from") | stamp("form") | stamp("form", several=True),
    also={"rfc5321/4.1.1.4/trace-record-content", "rfc5321/4.4/time-stamp-syntax"},
)
def received_without_from(clean: OfMessage, trace: Trace, accepted: Accepted) -> bytes:
    """Writes Received fields without a FROM clause."""
    del clean, trace, accepted
    return b""


@defect(Trace.from_clause, proves=stamp("ehlo-name"))
def received_names_the_client_by_its_address_only(clean: OfMessage, trace: Trace, accepted: Accepted) -> bytes:
    """Writes the client's address and not the name that it gave."""
    del clean
    return b"from %b (%b)" % (trace.address_of(accepted), trace.address_of(accepted))


@defect(
    Trace.from_clause,
    proves=stamp("address"),
    also={"rfc6531/3.7.3/u-label-in-trace", "rfc6531/3.7/u-label-with-extension"},
)
def received_without_the_address(clean: OfMessage, trace: Trace, accepted: Accepted) -> bytes:
    """Writes the client's name and not its address."""
    del clean, trace
    return b"from " + accepted.client_name


@defect(
    Trace.address_of,
    proves=stamp("connection-data"),
    also={"rfc3464/2.2.4/client-address", "rfc5321/4.4/from-address-literal"},
)
def received_believes_the_client(clean: OfMessage, trace: Trace, accepted: Accepted) -> bytes:
    """Writes as the client's address what it could not have seen."""
    del clean, trace, accepted
    return b"[192.0.2.99]"


@defect(Trace.from_clause, proves=stamp("from-domain"))
def received_has_words_behind_from(clean: OfMessage, _: Trace, accepted: Accepted) -> bytes:
    """Writes a host name and more words behind FROM."""
    return clean(accepted).replace(b"from ", b"from host ")


@defect(Trace.by_clause, proves=stamp("by-domain"))
def received_has_words_behind_by(clean: OfNothing, _: Trace) -> bytes:
    """Writes more than a domain behind BY."""
    return clean() + b" port 25"


@defect(Trace.by_clause, proves=stamp("both-hosts") | stamp("syntax"))
def received_without_by(clean: OfNothing, trace: Trace) -> bytes:
    """Writes Received fields without a BY clause."""
    del clean, trace
    return b""


@defect(
    Trace.received,
    proves=stamp("both-hosts") | stamp("syntax"),
)
def received_without_a_date(clean: OfMessage, _: Trace, accepted: Accepted) -> bytes:
    """Writes Received fields without a date."""
    return clean(accepted).rpartition(b";")[0] + CRLF


@defect(Trace.with_clause, proves=stamp("order"))
def received_has_for_before_with(clean: OfMessage, _: Trace, accepted: Accepted) -> bytes:
    """Writes FOR before WITH."""
    return b"for <someone@client.example.test> " + clean(accepted)


@defect(Trace.with_clause, proves=stamp("via"), also={"rfc5321/4.4/no-unregistered-link"})
def received_has_no_atom_behind_via(clean: OfMessage, _: Trace, accepted: Accepted) -> bytes:
    """Writes behind VIA what is no atom."""
    return b"via TCP:IP " + clean(accepted)


@defect(Trace.with_clause, proves=stamp("registered-link"))
def received_has_an_unknown_link(clean: OfMessage, _: Trace, accepted: Accepted) -> bytes:
    """Writes a name of its own behind VIA."""
    return b"via PIGEON " + clean(accepted)


@defect(Trace.with_clause, proves=stamp("with"), also={"rfc5321/4.4/no-unregistered-protocol"})
def received_has_two_words_behind_with(clean: OfMessage, _: Trace, accepted: Accepted) -> bytes:
    """Writes two words behind WITH."""
    return clean(accepted) + b" 1.0"


@defect(
    Trace.with_clause,
    proves=stamp("registered-protocol"),
    also={"rfc4954/7/esmtpa", "rfc6531/3.1/with-keywords", "rfc6531/3.7.3/with-utf8-values"},
)
def received_has_an_unknown_protocol(clean: OfMessage, trace: Trace, accepted: Accepted) -> bytes:
    """Writes a protocol of its own behind WITH."""
    del clean, trace, accepted
    return b"with X-SMTP"


@defect(Trace.id_clause, proves=stamp("id"))
def received_has_an_id_that_is_no_atom(clean: OfMessage, trace: Trace, accepted: Accepted) -> bytes:
    """Writes an ID that is neither an atom nor a message identifier."""
    del clean, trace
    return b"id %d:%d" % (accepted.number, accepted.number)


@defect(Trace.id_clause, varies=stamp("at-in-id"))
def received_has_a_message_identifier_as_id(clean: OfMessage, trace: Trace, accepted: Accepted) -> bytes:
    """Writes an ID with an at sign, as RFC 822 suggested."""
    del clean, trace
    return b"id <%d@mail.example.test>" % accepted.number


@defect(Trace.for_clause, proves=stamp("for"))
def received_has_a_name_behind_for(clean: OfMessage, trace: Trace, accepted: Accepted) -> bytes:
    """Writes a recipient behind FOR that is no address."""
    del clean, trace, accepted
    return b"for somebody"


@defect(
    Trace.for_clause,
    proves=stamp("one-path", several=True) | stamp("form", several=True),
    also={
        "rfc5321/7.2/client-keeps-recipients-out",
        "rfc5321/7.2/recipients-not-in-header",
        "rfc5321/7.6/for-with-several-recipients",
    },
)
def received_lists_all_recipients(clean: OfMessage, trace: Trace, accepted: Accepted) -> bytes:
    """Writes all recipients behind FOR."""
    del clean, trace
    return b"for " + b",".join(b"<%b>" % each for each in accepted.forward_paths)


@defect(Trace.for_clause, proves=stamp("registered-clauses"))
def received_has_an_unknown_clause(clean: OfMessage, _: Trace, accepted: Accepted) -> bytes:
    """Writes a clause that nobody registered."""
    return (clean(accepted) or b"for <several@example.test>") + b" spam none"


@defect(Trace.for_clause, proves=stamp("further"), also={"rfc5321/4.4/no-unregistered-clause"})
def received_has_a_further_clause_of_several_words(clean: OfMessage, _: Trace, accepted: Accepted) -> bytes:
    """Writes a further clause with more than a string."""
    return (clean(accepted) or b"for <several@example.test>") + b' tls "one" "two"'


@defect(Trace.time_stamp, proves=stamp("zone-name"), also={"rfc5321/4.4/no-obsolete-date"})
def received_has_a_zone_name_behind_the_offset(clean: OfNothing, _: Trace) -> bytes:
    """Writes the name of a zone behind the offset, and no comment around it."""
    return clean().replace(b"+0000", b"+0000 UTC")


@defect(Trace.time_stamp, proves=stamp("offset"), also={"rfc3464/2.2.5/numeric-zone", "rfc3464/2.3.7/numeric-zone"})
def received_has_a_zone_name(clean: OfNothing, _: Trace) -> bytes:
    """Writes the name of a zone in the place of the offset."""
    return clean().replace(b"+0000", b"GMT")


@defect(Trace.time_stamp, proves=stamp("four-digit-year"), also={"rfc5321/F.5/client-four-digit-years"})
def received_has_two_digits_of_year(clean: OfNothing, _: Trace) -> bytes:
    """Writes the year with two digits."""
    return re.sub(rb"\b20(\d\d)\b", rb"\1", clean(), count=1)


@defect(Trace.time_stamp, proves=stamp("obsolete-date"), also={"rfc3464/2.3.7/no-unknown-date"})
def received_has_spaces_in_the_time(clean: OfNothing, _: Trace) -> bytes:
    """Writes the time with white space around its colons, as the obsolete form has it."""
    return re.sub(rb"(\d\d):(\d\d):(\d\d)", rb"\1 : \2 : \3", clean())


@defect(Trace.with_trace, proves=trace("not-removed"))
def old_received_fields_are_removed(
    clean: Callable[[Accepted, bytes], bytes], _: Trace, accepted: Accepted, content: bytes
) -> bytes:
    """Drops the Received fields that came with a message."""
    kept = re.sub(rb"(?m)^Received:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", b"", content)
    return clean(accepted, kept)


@defect(Trace.with_trace, proves=trace("not-changed"))
def old_received_fields_are_changed(
    clean: Callable[[Accepted, bytes], bytes], _: Trace, accepted: Accepted, content: bytes
) -> bytes:
    """Writes the dates of Received fields of other hosts anew."""
    return clean(accepted, content.replace(b"-0800", b"+0000"))


@defect(Trace.with_trace, proves=trace("order-kept"))
def old_received_fields_are_sorted(
    clean: Callable[[Accepted, bytes], bytes], _: Trace, accepted: Accepted, content: bytes
) -> bytes:
    """Puts the Received fields of other hosts into another order."""
    fields = re.findall(rb"(?m)^Received:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", content)
    before = b"".join(fields)
    if not before or not content.startswith(before):
        return clean(accepted, content)
    return clean(accepted, b"".join(reversed(fields)) + content[len(before) :])


@defect(
    Trace.with_trace,
    proves=trace("on-top") | trace("nowhere-else"),
    also={
        "rfc3030/3/preserve-all-bits",
        "rfc5321/3.9.1/alias-keeps-the-rest",
        "rfc5321/2.4/relay-trusts-content",
        "rfc5321/3.6.3/relay-*",
        "rfc5321/6.4/relay-changes-nothing",
        "rfc5321/4.1.1.4/end-keeps-the-last-crlf",
        "rfc5321/4.5.2/reversible-storage",
        "rfc5321/4.5.4.2/several-transactions-at-once",
    },
)
def received_field_goes_to_the_end_of_the_header(
    clean: Callable[[Accepted, bytes], bytes], _: Trace, accepted: Accepted, content: bytes
) -> bytes:
    """Adds its Received field behind all other fields."""
    field = clean(accepted, b"")
    header, empty, body = content.partition(CRLF + CRLF)
    return header + CRLF + field + CRLF + body if empty else field + content


OfContent = Callable[[bytes, bytes], bytes]


@defect(
    Trace.return_path,
    proves={"rfc5321/4.4/final_delivery_adds_a_return_path*"},
)
def no_return_path(clean: Callable[[bytes], bytes], trace: Trace, reverse_path: bytes) -> bytes:
    """Delivers without a Return-Path field."""
    del clean, trace, reverse_path
    return b""


@defect(Trace.return_path, proves={"rfc5321/4.4/final_delivery_adds_a_return_path[null]"})
def no_return_path_for_null(clean: Callable[[bytes], bytes], _: Trace, reverse_path: bytes) -> bytes:
    """Delivers what has the null reverse-path without a Return-Path field."""
    return clean(reverse_path) if reverse_path else b""


@defect(
    Trace.return_path,
    proves={"rfc5321/4.4/return_path_is_that_of_mail*"},
    also={
        "rfc5321/2.4/server-keeps-case-of-local-part",
        "rfc5321/3.9.1/alias-keeps-the-rest",
    },
)
def return_path_of_the_postmaster(clean: Callable[[bytes], bytes], _: Trace, reverse_path: bytes) -> bytes:
    """Writes the postmaster into every Return-Path field."""
    del reverse_path
    return clean(b"postmaster@example.test")


@defect(Trace.return_path, proves={"rfc5321/4.4/return_path_has_its_form*"})
def return_path_has_a_comment(clean: Callable[[bytes], bytes], _: Trace, reverse_path: bytes) -> bytes:
    """Writes more than a path into the Return-Path field."""
    return clean(reverse_path).replace(CRLF, b" (envelope)" + CRLF)


@defect(
    Trace.finally_delivered,
    proves={"rfc5321/4.4/return_path_stands_before_the_stamps"},
    also={"rfc5321/3.9.1/alias-keeps-the-rest"},
)
def return_path_behind_the_stamps(clean: OfContent, trace: Trace, reverse_path: bytes, content: bytes) -> bytes:
    """Puts the Return-Path field below the Received fields."""
    field = trace.return_path(reverse_path)
    header, _, body = clean(reverse_path, content).removeprefix(field).partition(CRLF + CRLF)
    return header + CRLF + field + CRLF + body


@defect(
    Trace.finally_delivered,
    proves={"rfc5321/4.4/old_return_path_makes_no_second"},
    varies={"rfc5321/4.4/old_return_path_may_be_removed"},
)
def old_return_path_stays(clean: OfContent, trace: Trace, reverse_path: bytes, content: bytes) -> bytes:
    """Delivers with its own Return-Path field and the one that came."""
    del clean
    return trace.return_path(reverse_path) + content


@defect(ServerSession.end_of_data, proves={"rfc5321/4.4/return_path_is_no_reason_to_refuse"})
def refuses_what_has_a_return_path(
    clean: Callable[[bytes], Answer | None], session: ServerSession, content: bytes
) -> Answer | None:
    """Refuses mail for others that has a Return-Path field."""
    transaction: Transaction | None = session.transaction
    elsewhere = transaction is not None and any(b"@relay." in each for each in transaction.forward_paths)
    if elsewhere and content.startswith(b"Return-Path:"):
        session.clear("end of data")
        return answer(554, b"A Return-Path field stands there already")
    return clean(content)


@defect(RelaySession.outward_data, varies={"rfc5321/4.4/relay_may_take_the_return_path_off"})
def relay_takes_the_return_path_off(clean: Callable[[bytes], bytes], _: RelaySession, content: bytes) -> bytes:
    """Relays without the Return-Path field that came."""
    return clean(re.sub(rb"(?m)^Return-Path:[^\r\n]*\r\n", b"", content))


@defect(
    RelaySession.outward_data,
    proves={"rfc5321/6.4/relay_adds_no_return_path*"},
    also={"rfc5321/4.4/originator-sends-no-return-path", "rfc1870/6/estimate-high"},
)
def relay_adds_a_return_path(clean: Callable[[bytes], bytes], _: RelaySession, content: bytes) -> bytes:
    """Relays with a Return-Path field of its own, whether one stands there or not."""
    return clean(b"Return-Path: <relay@mail.example.test>" + CRLF + content)


@defect(RelaySession.outward_data, proves={"rfc5321/6.4/relay_adds_no_return_path[one]"})
def relay_doubles_the_return_path(clean: Callable[[bytes], bytes], _: RelaySession, content: bytes) -> bytes:
    """Relays with the Return-Path field that came twice."""
    return clean(re.sub(rb"(?m)^(Return-Path:[^\r\n]*\r\n)", rb"\1\1", content, count=1))


@defect(
    Trace.for_clause,
    proves={
        "rfc5321/7.6/for_names_no_other_recipient_at_the_next_hop",
        "rfc5321/7.6/for_names_no_other_recipient_in_the_mailboxes",
    },
)
def received_names_one_of_several(clean: OfMessage, _: Trace, accepted: Accepted) -> bytes:
    """Writes the last of several recipients behind FOR, for all to see."""
    return clean(accepted) or b"for <%b>" % accepted.forward_paths[-1]
